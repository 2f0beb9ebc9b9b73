"""What a change of a schema would break for somebody who wrote a reader against the published one.

| change | within a version |
|---|---|
| an optional attribute, an index, a value where ``x-values`` are listed | may be added |
| whatever is there: an attribute, an index, a key, a value | must stay, with its type, format, unit and meaning |
| an attribute that is always there | must always be there |
| a new attribute that is always there | no: items that were written before lack it |
| a value where ``enum`` is listed | no: a reader may have a case for each |

Everything else takes another ``schema_version``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from console.contract.schema import Schema

# What must be the same word for word: each says how a value is to be understood.
_SAME: Final = ("type", "format", "contentEncoding", "const", "x-unit")
_INSIDE: Final = ("items", "additionalProperties", "propertyNames")


def breaks(published: Schema, now: Schema) -> list[str]:
    """Return what the change from ``published`` to ``now`` breaks, a sentence each; nothing when it is compatible."""
    return [*_table(published["x-table"], now["x-table"]), *_Walk(published, now).compare(published, now, "")]


def _table(published: Schema, now: Schema) -> Iterator[str]:
    for key in ("name", "partition", "sort"):
        if published[key] != now[key]:
            yield f"the table's {key} was {published[key]} and is {now[key]}"
    for name, index in published["indexes"].items():
        if name not in now["indexes"]:
            yield f"the index {name} is gone"
        elif now["indexes"][name] != index:
            yield f"the index {name} has other keys or shows other attributes"


class _Walk:
    """Both schemas, so that references can be followed in each."""

    def __init__(self, published: Schema, now: Schema) -> None:
        self._published = published
        self._now = now

    def compare(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        before, after = _followed(before, self._published), _followed(after, self._now)
        at = where or "the item"
        for word in _SAME:
            if before.get(word) != after.get(word):
                yield f"{at}: {word} was {before.get(word)} and is {after.get(word)}"
        yield from _values(before, after, at)
        yield from self._attributes(before, after, where)
        for word in _INSIDE:
            inner = before.get(word)
            if isinstance(inner, Mapping):
                other = after.get(word)
                if isinstance(other, Mapping):
                    yield from self.compare(dict(inner), dict(other), f"{where}[]")
                else:
                    yield f"{at}: {word} is no longer said"

    def _attributes(self, before: Schema, after: Schema, where: str) -> Iterator[str]:
        old, new = before.get("properties", {}), after.get("properties", {})
        old_always, new_always = set(before.get("required", ())), set(after.get("required", ()))
        for name, attribute in old.items():
            at = f"{where}.{name}" if where else name
            if name not in new:
                yield f"{at} is gone"
                continue
            if name in old_always - new_always:
                yield f"{at} was always there and may now be absent"
            yield from self.compare(attribute, new[name], at)
        for name in sorted(new_always - set(old)):
            yield f"{where}.{name}".lstrip(".") + " is new and always there, but items that were written before lack it"


def _values(before: Schema, after: Schema, at: str) -> Iterator[str]:
    if set(before.get("enum", ())) != set(after.get("enum", ())):
        yield f"{at}: the values were {before.get('enum')} and are {after.get('enum')}"
    if before.get("minimum") is not None and after.get("minimum") != before["minimum"]:
        yield f"{at}: the least was {before['minimum']} and is {after.get('minimum')}"
    if "x-values" in before and "x-values" not in after:
        yield f"{at}: its values are no longer listed"
    for value in before.get("x-values", ()):
        if "x-values" in after and value not in after["x-values"]:
            yield f"{at}: the value {value} is gone"


def _followed(part: Schema, whole: Schema) -> Schema:
    """Return a part with what it refers to; what it says itself comes first."""
    while "$ref" in part:
        target: Schema = whole["$defs"][part["$ref"].rpartition("/")[2]]
        part = {**target, **{name: value for name, value in part.items() if name != "$ref"}}
    return part
