"""The answer to one report request: rows by its dimensions, in no particular order unless one was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any, Final

from console.sample.ga4_facts import Group, Source, Sums, added, events_of
from console.sample.ga4_query import InvalidArgumentError, Query, Range
from console.sample.ga4_story import KEY_EVENTS, Ga4Conduct, Ga4Fault

_SOURCES: Final = ("sessionSource", "sessionMedium", "sessionCampaignName")
_FEW: Final = 35  # fewer sessions or users than this are held back, where small numbers are
_SELLING: Final = frozenset({"addToCarts", "checkouts", "ecommercePurchases", "transactions", "totalPurchasers"})
_MONEY: Final = frozenset({"purchaseRevenue", "totalRevenue", "grossPurchaseRevenue"})
_Keyed = tuple[tuple[str, ...], Sums]


def _share(part: str, whole: str) -> Callable[[Sums], Decimal]:
    return lambda sums: sums[part] / sums[whole] if sums[whole] else Decimal(0)


def _of(name: str) -> Callable[[Sums], Decimal]:
    return lambda sums: sums[name]


# What a metric is made of, and the type that GA4 calls it.
_METRICS: Final[Mapping[str, tuple[str, Callable[[Sums], Decimal]]]] = {
    "sessions": ("TYPE_INTEGER", _of("sessions")),
    "engagedSessions": ("TYPE_INTEGER", lambda sums: sums["engaged"].to_integral_value()),
    "totalUsers": ("TYPE_INTEGER", _of("users")),
    "activeUsers": ("TYPE_INTEGER", _of("users")),
    "newUsers": ("TYPE_INTEGER", lambda sums: sums["users"] - sums["returning"]),
    "bounceRate": ("TYPE_FLOAT", lambda sums: 1 - _share("engaged", "sessions")(sums)),
    "engagementRate": ("TYPE_FLOAT", _share("engaged", "sessions")),
    "screenPageViews": ("TYPE_INTEGER", _of("views")),
    "screenPageViewsPerSession": ("TYPE_FLOAT", _share("views", "sessions")),
    "averageSessionDuration": ("TYPE_SECONDS", _share("seconds", "sessions")),
    "keyEvents": ("TYPE_FLOAT", _of("goals")),
    "sessionKeyEventRate": ("TYPE_FLOAT", lambda sums: min(_share("goals", "sessions")(sums), Decimal(1))),
    "addToCarts": ("TYPE_INTEGER", lambda sums: (sums["carts"] * Decimal("1.3")).to_integral_value()),
    "checkouts": ("TYPE_INTEGER", _of("checkouts")),
    "ecommercePurchases": ("TYPE_INTEGER", _of("orders")),
    "transactions": ("TYPE_INTEGER", _of("orders")),
    "totalPurchasers": ("TYPE_INTEGER", _of("buyers")),
    "purchaseRevenue": ("TYPE_CURRENCY", _of("revenue")),
    "totalRevenue": ("TYPE_CURRENCY", _of("revenue")),
    "grossPurchaseRevenue": ("TYPE_CURRENCY", _of("revenue")),
    "eventCount": ("TYPE_INTEGER", _of("events")),
    **{f"keyEvents:{event}": ("TYPE_FLOAT", _of(f"goals:{event}")) for event in KEY_EVENTS},
}
_DIMENSIONS: Final = frozenset({"newVsReturning", "date", "landingPage", "eventName", *_SOURCES})


def report_of(query: Query, groups: Sequence[Group], conduct: Ga4Conduct, *, mark: str) -> dict[str, Any]:
    """Return headers and rows of one report, without its metadata.

    Raises:
        InvalidArgumentError: GA4 would not take it.
    """
    _take(query, conduct)
    several = len(query.ranges) > 1
    rows: list[tuple[tuple[str, ...], tuple[Decimal, ...]]] = []
    for of in query.ranges:
        for keys, sums in _merged(query, groups, of):
            values = tuple(_value(metric, sums, conduct) for metric in query.metrics)
            held_back = conduct.fault is Ga4Fault.THRESHOLDED and _is_small(sums)
            if (any(values) or (query.keep_empty and not query.dimensions)) and not held_back:
                rows.append(((*keys, of.name) if several else keys, values))
    named = (*query.dimensions, "dateRange") if several else query.dimensions
    _sort(rows, query, named, mark)
    if conduct.fault is Ga4Fault.CROWDED_OUT and "landingPage" in query.dimensions:
        rows = rows[: len(rows) // 2]
    report: dict[str, Any] = {
        "metricHeaders": [{"name": metric, "type": _METRICS[metric][0]} for metric in query.metrics],
        "kind": "analyticsData#runReport",
    }
    if named:
        report["dimensionHeaders"] = [{"name": name} for name in named]
    if rows:
        end = query.offset + min(query.limit, conduct.rows)
        report["rows"] = [_row(keys, values) for keys, values in rows[query.offset : end]]
        report["rowCount"] = len(rows)
    return report


def _take(query: Query, conduct: Ga4Conduct) -> None:
    for name in query.dimensions:
        if name not in _DIMENSIONS:
            raise InvalidArgumentError(f"Field {name} is not a valid dimension.", "dimensions")
    for name in query.metrics:
        if name not in _METRICS:
            raise InvalidArgumentError(f"Field {name} is not a valid metric.", "metrics")
    by_event = "eventName" in query.dimensions
    odd = by_event and conduct.fault is Ga4Fault.EVENTS_REFUSED and "sessions" in query.metrics
    if odd or ("eventName" in query.about and not by_event):
        raise _incompatible("eventName")
    if len(query.dimensions) > 1 and not set(query.dimensions) <= set(_SOURCES):
        raise _incompatible(query.dimensions[-1])


def _incompatible(name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"Please remove {name} to make the request compatible. The request's dimensions & metrics are incompatible."
    )


def _merged(query: Query, groups: Sequence[Group], of: Range) -> Iterator[_Keyed]:
    """Yield the rows of one range, those of all groups together."""
    merged: dict[tuple[str, ...], Sums] = {}
    for group in groups:
        for keys, sums in _rows_of(query, group, of):
            merged[keys] = added(merged[keys], sums) if keys in merged else sums
    yield from merged.items()


def _rows_of(query: Query, group: Group, of: Range) -> Iterator[_Keyed]:
    match query.dimensions:
        case ("eventName",):
            yield from _events(query, group, of)
        case names if names and set(names) <= set(_SOURCES):
            yield from _sources(query, group, of)
        case _:
            chosen = [source for source in group.sources if query.holds(source.record)]
            if chosen:
                yield from _plain(query, group, of, _part_of(group, chosen))


def _plain(query: Query, group: Group, of: Range, part: Decimal) -> Iterator[_Keyed]:
    """Yield rows that do not tell sources apart, for that part of the group that the filter leaves."""
    match query.dimensions:
        case ("date",):
            for day, sums in group.days(of):
                yield (day.strftime("%Y%m%d"),), _scaled(sums, part)
        case ("landingPage",):
            for path, sums in _periods(lambda: group.pages(of)):
                yield (path,), _scaled(sums, part)
        case _:
            for sums in filter(None, _periods(lambda: iter([group.totals(of)]))):
                yield from _kinds(query, _scaled(sums, part))


def _kinds(query: Query, totals: Sums) -> Iterator[_Keyed]:
    if not query.dimensions:
        yield (), totals
        return
    back, users = totals["returning"], totals["users"]
    rest = totals["sessions"] * back // users if users else Decimal(0)
    yield ("new",), {"users": users - back, "returning": Decimal(0), "sessions": totals["sessions"] - rest}
    yield ("returning",), {"users": back, "returning": back, "sessions": rest}


def _sources(query: Query, group: Group, of: Range) -> Iterator[_Keyed]:
    for source in group.sources:
        sums = source.current if of.start == group.channel.window.start else source.prior
        if sums is not None and query.holds(source.record):
            yield tuple(source.record[name] for name in query.dimensions), sums


def _events(query: Query, group: Group, of: Range) -> Iterator[_Keyed]:
    for totals in filter(None, _periods(lambda: iter([group.totals(of)]))):
        for event, (sessions, count) in events_of(totals, group.conduct).items():
            chosen = [source for source in group.sources if query.holds({**source.record, "eventName": event})]
            if chosen:
                yield (event,), _scaled({"sessions": sessions, "events": count}, _part_of(group, chosen))


def _periods(found: Callable[[], Iterator[Any]]) -> list[Any]:
    try:
        return list(found())
    except KeyError as error:
        # A restriction of the sample, not of GA4: nobody would believe totals made up for any range.
        raise InvalidArgumentError(
            "This property keeps totals of the audit's two periods only.", "dateRanges"
        ) from error


def _part_of(group: Group, chosen: Sequence[Source]) -> Decimal:
    if len(chosen) == len(group.sources):
        return Decimal(1)
    sessions = sum((source.current["sessions"] for source in chosen), Decimal(0))
    return sessions / sum((source.current["sessions"] for source in group.sources), Decimal(1))


def _scaled(sums: Sums, part: Decimal) -> Sums:
    return sums if part == 1 else {name: (value * part).to_integral_value() for name, value in sums.items()}


def _value(metric: str, sums: Sums, conduct: Ga4Conduct) -> Decimal:
    untold = conduct.fault is Ga4Fault.NO_ECOMMERCE and metric in _SELLING | _MONEY
    if untold or (conduct.fault is Ga4Fault.REVENUE_HIDDEN and metric in _MONEY):
        return Decimal(0)
    try:
        return _METRICS[metric][1](sums)
    except KeyError as error:
        raise _incompatible(metric) from error


def _is_small(sums: Sums) -> bool:
    return max(sums.get("sessions", Decimal(0)), sums.get("users", Decimal(0))) < _FEW


def _sort(rows: list[Any], query: Query, named: Sequence[str], mark: str) -> None:
    """Put the rows into an order that nobody can rely on, then into the one that was asked for."""
    rows.sort()
    Random(mark).shuffle(rows)  # noqa: S311 - any order, the same one for the same question
    for order in reversed(query.orders):
        if order.name in query.metrics:
            at = query.metrics.index(order.name)
            rows.sort(key=lambda row, at=at: row[1][at], reverse=order.descending)  # type: ignore[misc] # bound above
        elif order.name in named:
            at = named.index(order.name)
            rows.sort(key=lambda row, at=at: row[0][at], reverse=order.descending)  # type: ignore[misc] # bound above
        else:
            raise InvalidArgumentError(f"{order.name} is not in the request.", "orderBys")


def _row(keys: Sequence[str], values: Sequence[Decimal]) -> dict[str, Any]:
    row: dict[str, Any] = {"metricValues": [{"value": _text(value)} for value in values]}
    if keys:
        row["dimensionValues"] = [{"value": key} for key in keys]
    return row


def _text(value: Decimal) -> str:
    """Write a number as Google does: all of them as texts, fractions with the digits of a double."""
    return str(int(value)) if value == value.to_integral_value() else repr(float(value))
