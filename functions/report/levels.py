"""The lines across a chart: the mean day of each period, what warns, where spikes begin, and the fitted trend."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from statistics import median
from typing import Final

from functions.report.drawing import Daily, Level
from functions.report.scale import Scale, coordinate
from functions.report.words import figure

_LEAST_TO_FIT: Final = 2


def spike_line(of: Daily) -> Decimal | None:
    """Return from where on a day stands out; ``None`` where a day is unknown, as the check has it."""
    known = of.known
    if of.times_median is None or not known or len(known) < len(of.values):
        return None
    return Decimal(median(known)) * of.times_median or None


def levels(of: Daily, scale: Scale, spike: Decimal | None) -> Iterable[Level]:
    """Yield the lines. ``spike``: from where on days stand out, where some do."""
    before, now = of.mean(of.periods.prior), of.mean(of.periods.current)
    if before is not None:
        said = f"mean day before: {figure(before, of.unit)}"
        yield _flat("prior", scale, of.places(of.periods.prior), before, said)
    if now is not None:
        yield _flat("current", scale, of.places(of.periods.current), now, f"mean day now: {figure(now, of.unit)}")
    if before is not None and of.warn_drop is not None and before > 0:
        limit = before * (100 - of.warn_drop) / 100
        said = f"warns below a mean of {figure(limit, of.unit)}"
        yield _flat("warn", scale, of.places(of.periods.current), limit, said)
    if spike is not None:
        yield _flat("spike", scale, range(len(of.values)), spike, f"a spike from {figure(spike, of.unit)} on")
    if of.trend_days is not None:
        yield from _trend(of, scale, of.trend_days)


def _flat(kind: str, scale: Scale, places: range, value: Decimal, said: str) -> Level:
    y = coordinate(scale.y(value))
    return Level(kind, coordinate(scale.x(places[0])), y, coordinate(scale.x(places[-1] + 1)), y, said)


def _trend(of: Daily, scale: Scale, trend_days: int) -> Iterable[Level]:
    """Yield the fitted line of the last days; none where one of them is unknown."""
    missing_at_end = (of.periods.series.end - of.start).days + 1 - len(of.values)
    first = max(len(of.values) + missing_at_end - trend_days, 0)
    days = [value for value in of.values[first:] if value is not None]
    count = len(days)
    if count < len(of.values) - first or count < _LEAST_TO_FIT:
        return
    mean = sum(days, Decimal()) / count
    slope = sum((Decimal(2 * x - count + 1) * y for x, y in enumerate(days)), Decimal()) * 6 / (count * (count**2 - 1))
    ends = (mean - slope * (count - 1) / 2, mean + slope * (count - 1) / 2)
    said = f"fitted trend of the last {count} days: {figure(ends[0], of.unit)} to {figure(ends[1], of.unit)}"
    left, right = coordinate(scale.middle(first)), coordinate(scale.middle(len(of.values) - 1))
    yield Level("trend", left, coordinate(scale.y(ends[0])), right, coordinate(scale.y(ends[1])), said)
