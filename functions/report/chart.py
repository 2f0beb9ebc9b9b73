"""Daily figures drawn as bars: which period a day belongs to, what it is judged by, and which days stand out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from functions.audit.periods import Periods
from functions.report.drawing import Bar, Chart, Daily, Level, Mark
from functions.report.levels import levels, spike_line
from functions.report.scale import BOTTOM, TOP, Scale, coordinate
from functions.report.words import day, figure


def drawn(of: Daily) -> Chart:
    """Return the chart of a series."""
    known, line = of.known, spike_line(of)
    outstanding = {at for at, value in enumerate(of.values) if line is not None and value is not None and value >= line}
    shown = [*known, *([line] if line is not None and outstanding else [])]
    scale = Scale(len(of.values), min([Decimal(), *known]), max([Decimal(1), *shown]))
    lines = tuple(levels(of, scale, line if outstanding else None))
    current = of.places(of.periods.current)
    return Chart(
        name=of.name,
        title=of.title,
        described=_described(of, len(outstanding), lines),
        bars=tuple(_bar(of, scale, at, value, spike=at in outstanding) for at, value in enumerate(of.values)),
        levels=lines,
        marks=tuple(
            Mark(
                coordinate(scale.middle(at)),
                coordinate(scale.y(of.values[at] or Decimal()) - 7),
                of.day(at) in of.missed,
            )
            for at in sorted(outstanding)
        ),
        ticks=tuple(scale.ticks()),
        dates=_dates(of, scale),
        band=(coordinate(scale.x(current[0])), coordinate(scale.x(current[-1] + 1) - scale.x(current[0])))
        if current
        else ("0", "0"),
        unknown=len(of.values) - len(known),
    )


def _bar(of: Daily, scale: Scale, at: int, value: Decimal | None, *, spike: bool) -> Bar:
    on, left, wide = of.day(at), coordinate(scale.x(at)), coordinate(scale.bar)
    if value is None:
        return Bar(on, left, str(TOP), wide, str(BOTTOM - TOP), "unknown", "not measured")
    top, foot = scale.y(max(value, Decimal())), scale.y(min(value, Decimal()))
    kind = "spike" if spike else _kind(of.periods, on)
    return Bar(on, left, coordinate(top), wide, coordinate(foot - top), kind, figure(value, of.unit))


def _kind(periods: Periods, on: date) -> str:
    if periods.current.start <= on <= periods.current.end:
        return "current"
    return "prior" if periods.prior.start <= on <= periods.prior.end else "earlier"


def _described(of: Daily, spikes: int, lines: Iterable[Level]) -> str:
    known, days, wanted = of.known, len(of.values), of.periods.series.days
    if not known:
        return f"None of the {days} days was measured."
    so_many = f"{days} days" if days >= wanted else f"{days} of {wanted} days, there are no others"
    told = [f"{so_many}, to {day(of.day(days - 1))}"]
    told.append(f"between {figure(min(known), of.unit)} and {figure(max(known), of.unit)} a day")
    told += [line.said for line in lines]
    if of.times_median is not None:
        told.append(f"{spikes} stand out" if spikes != 1 else "1 stands out")
    if unknown := days - len(known):
        told.append(f"{unknown} not measured")
    return "; ".join(told) + "."


def _dates(of: Daily, scale: Scale) -> tuple[tuple[str, str, str], ...]:
    """Return where the axis names days: the first, the current period's first, and the last."""
    last = len(of.values) - 1
    if last < 0:
        return ()
    named = {0: "start", last: "end"}
    if current := of.places(of.periods.current):
        named.setdefault(current[0], "middle")
    return tuple(
        (coordinate(scale.middle(at)), day(of.day(at), year=False), anchor) for at, anchor in sorted(named.items())
    )
