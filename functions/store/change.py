"""One UpdateItem: what it sets, counts up and takes away, and the conditions under which it may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from functions.store.items import to_item

_NOTHING: Final[Mapping[str, Any]] = {}
_NAME: Final = re.compile(r"#(\w+)")


def change(
    values: Mapping[str, Any],
    *conditions: str,
    given: Mapping[str, Any] = _NOTHING,
    unless_there: Mapping[str, Any] = _NOTHING,
    count_up: str | None = None,
) -> dict[str, Any]:
    """Return the request. In a condition ``#name`` is an attribute, ``:name`` a value that is set or ``given``.

    ``values``: what is set; an attribute whose value is ``None`` is taken away. ``unless_there``: what is set only
    where nothing stands. ``count_up``: the attribute that grows by one, from nothing to 1.
    """
    told = {name: value for name, value in values.items() if value is not None}
    sets = [f"#{name} = :{name}" for name in told]
    sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in unless_there]
    gone = [f"#{name}" for name, value in values.items() if value is None]
    clauses = [("SET", sets), ("REMOVE", gone), ("ADD", [f"#{count_up} :one"] if count_up else [])]
    expression = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts)
    condition = " AND ".join(conditions)
    named = {*_NAME.findall(expression), *_NAME.findall(condition)}
    plain = {**told, **unless_there, **given} | ({"one": 1} if count_up else {})
    request: dict[str, Any] = {
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {f"#{name}": name for name in sorted(named)},
    }
    if plain:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in _typed(plain).items()}
    if condition:
        request["ConditionExpression"] = condition
    return request


def _typed(plain: Mapping[str, Any]) -> dict[str, Any]:
    typed = to_item(plain)
    return {name: typed[name] for name in plain}
