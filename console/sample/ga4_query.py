"""One report request of the Data API, understood or refused as GA4 refuses it (APIS 5.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

Record = Mapping[str, str]
Test = Callable[[Record], bool]

_MOST: Final = {"dimensions": 9, "metrics": 10, "dateRanges": 4, "requests": 5}
_LIMITS: Final = (1, 250_000)
_KNOWN: Final = frozenset(
    {
        "property",
        "dimensions",
        "metrics",
        "dateRanges",
        "dimensionFilter",
        "offset",
        "limit",
        "orderBys",
        "currencyCode",
        "keepEmptyRows",
        "returnPropertyQuota",
    }
)
# What a report may be filtered by here; the sample knows no other column of a visit.
FILTERED: Final = frozenset({"sessionSource", "sessionMedium", "sessionCampaignName", "eventName"})


class InvalidArgumentError(Exception):
    """GA4 does not take the request. The text is GA4's, ``field`` is what it complains about."""

    def __init__(self, message: str, field: str = "requests") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Range:
    """One range of days, both included, and the name that its rows carry."""

    name: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key: the name of a metric or dimension."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One report as it was asked for. ``holds`` is its filter, ``about`` the columns that the filter looks at."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    ranges: tuple[Range, ...]
    holds: Test
    about: frozenset[str]
    orders: tuple[Order, ...]
    offset: int
    limit: int
    keep_empty: bool
    quota: bool


def understand_batch(body: object) -> list[Query]:
    """Return the requests of a batch.

    Raises:
        InvalidArgumentError: GA4 would not take one of them, and so none.
    """
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not 1 <= len(requests) <= _MOST["requests"]:
        raise InvalidArgumentError("A batch holds 1 to 5 requests.")
    return [_query(request) for request in requests]


def _query(request: object) -> Query:
    if not isinstance(request, dict):
        raise InvalidArgumentError("Request contains an invalid argument.")
    for name in request:
        if name not in _KNOWN:
            raise InvalidArgumentError(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.', name
            )
    ranges = _ranges(_listed(request, "dateRanges", least=1))
    about: set[str] = set()
    holds = _filter(request["dimensionFilter"], about) if "dimensionFilter" in request else lambda _: True
    return Query(
        dimensions=_names(request, "dimensions", least=0),
        metrics=_names(request, "metrics", least=1),
        ranges=ranges,
        holds=holds,
        about=frozenset(about),
        orders=tuple(_order(entry) for entry in _listed(request, "orderBys", least=0)),
        offset=_int64(request, "offset", default=0, limits=(0, 10**9)),
        limit=_int64(request, "limit", default=10_000, limits=_LIMITS),
        keep_empty=request.get("keepEmptyRows") is True,
        quota=request.get("returnPropertyQuota") is True,
    )


def _listed(request: Mapping[str, Any], name: str, *, least: int) -> list[Any]:
    listed = request.get(name, [])
    most = _MOST.get(name, 100)
    if not isinstance(listed, list) or not least <= len(listed) <= most:
        raise InvalidArgumentError(f"{name} must hold {least} to {most} entries.", name)
    return listed


def _names(request: Mapping[str, Any], field: str, *, least: int) -> tuple[str, ...]:
    names = tuple(
        entry.get("name") if isinstance(entry, dict) else None for entry in _listed(request, field, least=least)
    )
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise InvalidArgumentError(f"{field} must have names, each once.", field)
    return tuple(map(str, names))


def _ranges(listed: Sequence[Any]) -> tuple[Range, ...]:
    ranges = []
    for at, entry in enumerate(listed):
        named = entry.get("name") if isinstance(entry, dict) else None
        name = str(named) if named is not None else f"date_range_{at}"
        if named is not None and name.startswith(("date_range_", "RESERVED_")):
            raise InvalidArgumentError(f"{name} is a reserved name.", f"dateRanges[{at}].name")
        try:
            start, end = date.fromisoformat(entry["startDate"]), date.fromisoformat(entry["endDate"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgumentError("Dates are written YYYY-MM-DD.", f"dateRanges[{at}]") from error
        if end < start:
            raise InvalidArgumentError("A range ends after it starts.", f"dateRanges[{at}]")
        ranges.append(Range(name, start, end))
    return tuple(ranges)


def _int64(request: Mapping[str, Any], name: str, *, default: int, limits: tuple[int, int]) -> int:
    """Return a whole number, which JSON may write as a text."""
    said = request.get(name, default)
    text = str(said) if not isinstance(said, bool) else ""
    if not re.fullmatch(r"\d{1,18}", text) or not limits[0] <= int(text) <= limits[1]:
        raise InvalidArgumentError(f"{name} must be a number from {limits[0]} to {limits[1]}.", name)
    return int(text)


def _order(entry: object) -> Order:
    plain = entry if isinstance(entry, dict) else {}
    name = plain.get("metric", {}).get("metricName") or plain.get("dimension", {}).get("dimensionName")
    if not isinstance(name, str):
        raise InvalidArgumentError("An order needs a metric or a dimension.", "orderBys")
    return Order(name, plain.get("desc") is True)


def _filter(expression: object, about: set[str]) -> Test:
    """Return the test that an expression stands for; ``about`` collects the columns that it looks at."""
    if not isinstance(expression, dict) or len(expression) != 1:
        raise InvalidArgumentError("A filter expression holds exactly one kind.", "dimensionFilter")
    ((kind, inner),) = expression.items()
    match kind:
        case "andGroup" | "orGroup":
            parts = [_filter(part, about) for part in inner["expressions"]]
            every = kind == "andGroup"
            return lambda record: (all if every else any)(part(record) for part in parts)
        case "notExpression":
            denied = _filter(inner, about)
            return lambda record: not denied(record)
        case "filter":
            return _leaf(inner, about)
        case _:
            raise InvalidArgumentError(f"Cannot find field {kind}.", "dimensionFilter")


def _leaf(leaf: Mapping[str, Any], about: set[str]) -> Test:
    name = leaf.get("fieldName", "")
    if name not in FILTERED:
        raise InvalidArgumentError(f"Field {name} is not a valid dimension.", "dimensionFilter")
    about.add(name)
    if (listed := leaf.get("inListFilter")) is not None:
        fold = _fold(listed)
        values = {fold(value) for value in listed["values"]}
        return lambda record: fold(record[name]) in values
    if (text := leaf.get("stringFilter")) is not None:
        return _string(name, text)
    raise InvalidArgumentError("A filter needs a stringFilter or an inListFilter.", "dimensionFilter")


def _string(name: str, text: Mapping[str, Any]) -> Test:
    fold, wanted = _fold(text), str(text.get("value", ""))
    flags = 0 if text.get("caseSensitive") is True else re.IGNORECASE
    match text.get("matchType", "EXACT"):
        case "EXACT":
            return lambda record: fold(record[name]) == fold(wanted)
        case "BEGINS_WITH":
            return lambda record: fold(record[name]).startswith(fold(wanted))
        case "ENDS_WITH":
            return lambda record: fold(record[name]).endswith(fold(wanted))
        case "CONTAINS":
            return lambda record: fold(wanted) in fold(record[name])
        case "FULL_REGEXP":
            return lambda record: re.fullmatch(wanted, record[name], flags) is not None
        case "PARTIAL_REGEXP":
            return lambda record: re.search(wanted, record[name], flags) is not None
        case other:
            raise InvalidArgumentError(f"{other} is no match type.", "dimensionFilter")


def _fold(filter_: Mapping[str, Any]) -> Callable[[str], str]:
    return str if filter_.get("caseSensitive") is True else str.casefold
