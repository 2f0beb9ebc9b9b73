"""The JSON Schema of a table's items, in plain values: numbers as numbers, binaries in base64.

Beside what JSON Schema knows there are ``x-unit``, ``x-values`` (the values of today, of which there may be more) and
``x-table`` (keys and indexes).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from functions.store.contract.declare import Index, Table
from functions.store.items import SCHEMA_VERSION

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(table: Table, version: int = SCHEMA_VERSION) -> Schema:
    """Return the schema that is published. It is open: an item may have attributes that it does not name."""
    made = _bare(TypeAdapter(table.item).json_schema())
    for part in made.get("$defs", {}).values():
        if "enum" in part:
            part.pop("description", None)  # those speak to who reads the code
    return {
        "$schema": DIALECT,
        "$id": f"urn:nightjar:table:{table.name}:{version}",
        "x-table": {
            "name": table.name,
            "partition": table.partition,
            "sort": table.sort,
            "indexes": {index.name: _index(index) for index in table.indexes},
        },
        **made,
    }


def schema_file(table: str, version: int = SCHEMA_VERSION) -> Path:
    """Return where a table's schema is published, below docs/data. Those of former versions stay there."""
    return Path("schemas", f"{table}.v{version}.json")


def closed(schema: Schema) -> Schema:
    """Return the schema that admits nothing undeclared: no other attribute, no value beyond those of today."""
    return {name: _closed(value) for name, value in _shut(schema).items()}


def as_json(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    """Return an item's plain values as JSON has them."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {name: as_json(entry) for name, entry in value.items()}
        case list():
            return [as_json(entry) for entry in value]
        case _:
            return value


def _index(index: Index) -> Schema:
    return {"partition": index.partition, "sort": index.sort, "keys_only": index.keys_only}


def _bare(part: Any) -> Any:  # noqa: ANN401 - a schema's parts
    """Return a schema without the titles that pydantic makes of names. An attribute may itself be called `title`."""
    match part:
        case dict():
            return {name: _bare(value) for name, value in part.items() if not (name == "title" and _is_text(value))}
        case list():
            return [_bare(entry) for entry in part]
        case _:
            return part


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _shut(part: Schema) -> Schema:
    shut = {name: value for name, value in part.items() if name != "x-values"}
    if "x-values" in part:
        shut["enum"] = part["x-values"]
    if "properties" in part and "additionalProperties" not in part:
        shut["additionalProperties"] = False
    return shut


def _closed(value: Any) -> Any:  # noqa: ANN401 - a schema's parts
    match value:
        case dict():
            return {name: _closed(entry) for name, entry in _shut(value).items()}
        case list():
            return [_closed(entry) for entry in value]
        case _:
            return value
