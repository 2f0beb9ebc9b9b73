"""One page a table: keys, indexes with the question each answers, every attribute with type and unit, an example."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from console.contract.schema import Schema, schema_file, schema_of
from functions.store.contract.declare import Table

# DynamoDB's own letters for what the schema calls by JSON's names.
_LETTERS: Final = {"string": "S", "number": "N", "integer": "N", "boolean": "BOOL", "object": "M", "array": "L"}


def page(table: Table, examples: Sequence[dict[str, Any]]) -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines(table, schema_of(table), examples)) + "\n"


def _lines(table: Table, schema: Schema, examples: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"# `{table.name}`"
    yield ""
    yield "<!-- made by `python -m console.contract`; edit functions/store/contract instead -->"
    yield ""
    yield schema["description"]
    yield ""
    yield f"Table `nightjar-<stage>-{table.name}` · [JSON Schema]({schema_file(table.name)}) · {_for_whom(table)}"
    yield ""
    yield "| reach it by | partition key | sort key | and it answers |"
    yield "|---|---|---|---|"
    yield f"| the table | `{table.partition}` | {_code(table.sort)} | {table.answers} |"
    for index in table.indexes:
        only = " Shows keys only." if index.keys_only else ""
        yield f"| index `{index.name}` | `{index.partition}` | `{index.sort}` | {index.answers}{only} |"
    yield ""
    if table.indexes:
        yield "An index is a moment behind the table, and cannot be read consistently."
        yield ""
    if table.expires:
        yield "Items end by `ttl`. DynamoDB deletes late: until then, what is over still shows."
        yield ""
    yield "## Attributes"
    yield ""
    yield from _attributes(schema, schema)
    for name, part in sorted(schema.get("$defs", {}).items()):
        if "properties" in part:
            yield ""
            yield f"### {name}"
            yield ""
            yield part["description"]
            yield ""
            yield from _attributes(part, schema)
    if examples:
        yield ""
        yield "## Example"
        for example in examples:
            yield ""
            yield "```json"
            yield json.dumps(example, indent=2, ensure_ascii=False)
            yield "```"


def _for_whom(table: Table) -> str:
    if not table.readable:
        return "not for readers"
    return (
        "for the fleet's readers, and for a tenant's own rows" if table.of_one_merchant else "for the fleet's readers"
    )


def _attributes(part: Schema, whole: Schema) -> Iterator[str]:
    yield "| attribute | type | unit | always there | what it says |"
    yield "|---|---|---|---|---|"
    always = set(part.get("required", ()))
    for name, attribute in part["properties"].items():
        target = _target(attribute, whole)
        says = f"{attribute.get('description', target.get('description', ''))}{_values(target, whole)}"
        unit = attribute.get("x-unit", "")
        yield f"| `{name}` | {_type(attribute, whole)} | {unit} | {'yes' if name in always else ''} | {says} |"


def _target(attribute: Schema, whole: Schema) -> Schema:
    if "$ref" not in attribute:
        return attribute
    found: Schema = whole["$defs"][_name(attribute)]
    return found


def _name(attribute: Schema) -> str:
    return str(attribute["$ref"]).rpartition("/")[2]


def _type(attribute: Schema, whole: Schema) -> str:
    """Return DynamoDB's letter for an attribute, and what is inside it."""
    target = _target(attribute, whole)
    if target.get("contentEncoding") == "base64":
        return "B"
    letter = _LETTERS[target.get("type", "integer")]
    if "$ref" in attribute and "properties" in target:
        return f"{letter} [{_name(attribute)}](#{_name(attribute).lower()})"
    if isinstance(inner := target.get("items"), dict):
        return f"{letter} of {_type(inner, whole)}"
    if isinstance(inner := target.get("additionalProperties"), dict):
        return f"{letter} of {_type(inner, whole)}"
    return f"{letter}, {target['format']}" if "format" in target else letter


def _values(target: Schema, whole: Schema) -> str:
    if "enum" in target:
        return f" One of {_listed(target['enum'])}."
    for inside in (target, target.get("items"), target.get("propertyNames")):
        if isinstance(inside, dict) and "x-values" in (found := _target(inside, whole)):
            return f" Today: {_listed(found['x-values'])}."
    return ""


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _code(name: str | None) -> str:
    return f"`{name}`" if name else ""
