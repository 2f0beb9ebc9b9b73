"""One report of GA4, read by the names of its columns, in whatever order they and the rows come (APIS 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.fetcher.sources.ga4.plan import CURRENT, PRIOR, RANGE, Wanted
from functions.fetcher.sources.ga4.worth import Unreadable, Worth, worth_of

KIND: Final = "analyticsData#runReport"
# GA4 numbers ranges that it was given no names for.
_RANGES: Final = {CURRENT: CURRENT, PRIOR: PRIOR, "date_range_0": CURRENT, "date_range_1": PRIOR}
_MOST_ROWS: Final = 10**12  # that rowCount may claim


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its dimensions and its metrics by name, the values as they came."""

    keys: Mapping[str, str]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it arrived. ``columns`` are the metrics that it answers for, with rows or without.

    ``row_count`` is the number of rows that GA4 has, of which fewer may have come.
    """

    name: str
    columns: frozenset[str]
    rows: tuple[Row, ...]
    row_count: int
    worth: Worth = field(default_factory=Worth)

    def row(self, **keys: str) -> Row | None:
        """Return the row with these dimensions; ``None`` where GA4 has none: it leaves out rows in which all is 0."""
        return next((row for row in self.rows if all(row.keys.get(key) == is_ for key, is_ in keys.items())), None)


def read_report(raw: object, wanted: Wanted) -> Report | Absent:
    """Return the report that answers ``wanted``, or why it cannot be read."""
    try:
        return _report(raw, wanted)
    except Unreadable as why:
        return Absent.because(Reason.SOURCE_FAILED, f"GA4's report of {wanted.name} cannot be read: {why}")


def _report(raw: object, wanted: Wanted) -> Report:
    if not isinstance(raw, dict):
        raise Unreadable("it is no object")
    worth = worth_of(raw.get("metadata"))
    dimensions, metrics = _names(raw, "dimensionHeaders"), _names(raw, "metricHeaders")
    listed = raw.get("rows", [])
    if not isinstance(listed, list):
        raise Unreadable("its rows are no list")
    if not metrics and not listed and raw.get("kind") == KIND:
        # Whole and empty: what holds nothing is left out of what Google sends.
        return Report(wanted.name, frozenset(wanted.metrics), (), 0, worth)
    if not metrics or set(dimensions) != set(wanted.dimensions):
        raise Unreadable("it has other columns than those asked for")
    rows = tuple(_row(entry, dimensions, metrics) for entry in listed)
    if wanted.events and not all(row.keys["eventName"] in wanted.events for row in rows):
        raise Unreadable("a row is about an event that was not asked for")
    if len({tuple(row.keys.values()) for row in rows}) < len(rows):
        raise Unreadable("a row came twice")
    columns = frozenset(metrics) & frozenset(wanted.metrics)
    return Report(wanted.name, columns, rows, max(_count(raw.get("rowCount")), len(rows)), worth)


def _names(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    headers = raw.get(name, [])
    names = [header.get("name") for header in headers if isinstance(header, dict)] if isinstance(headers, list) else []
    known = tuple(name for name in names if isinstance(name, str))
    if not isinstance(headers, list) or not len(headers) == len(known) == len(set(known)):
        raise Unreadable(f"its {name} are no names")
    return known


def _count(said: object) -> int:
    """Return how many rows there are; without a word about it there are those that came."""
    if said is None:
        return 0
    if isinstance(said, str) and said.isascii() and said.isdecimal():
        said = int(said[:20])
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= _MOST_ROWS:
        raise Unreadable("its rowCount is no number of rows")
    return said


def _row(entry: object, dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> Row:
    keys, values = _values(entry, "dimensionValues"), _values(entry, "metricValues")
    if len(keys) != len(dimensions) or len(values) != len(metrics):
        raise Unreadable("a row does not fit its headers")
    # An empty text is left out of what Google sends.
    named = dict(zip(dimensions, ("" if key is None else key for key in keys), strict=True))
    if not all(isinstance(key, str) for key in named.values()):
        raise Unreadable("a dimension's value is no text")
    if RANGE in named:
        named[RANGE] = _RANGES.get(named[RANGE], "")
        if not named[RANGE]:
            raise Unreadable("a row belongs to no range that was asked for")
    return Row(named, dict(zip(metrics, values, strict=True)))


def _values(entry: object, name: str) -> list[Any]:
    values = entry.get(name, []) if isinstance(entry, dict) else None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise Unreadable("a row is no row")
    return [value.get("value") for value in values]
