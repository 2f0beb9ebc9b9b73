"""What a chart is made of: what is to be drawn, and what is on the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from functions.audit.periods import Period, Periods


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. ``kind``: ``current``, ``prior``, ``earlier``, ``spike`` or ``unknown``, which is no bar of height 0."""

    on: date
    x: str
    y: str
    width: str
    height: str
    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class Level:
    """A line across the days that it is about: a mean, a threshold or a trend."""

    kind: str
    x1: str
    y1: str
    x2: str
    y2: str
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that stands out; ``missed`` when neither goals nor revenue followed."""

    x: str
    y: str
    missed: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One series as it is drawn. ``described`` says in words what is seen; ``band`` is the current period."""

    name: str
    title: str
    described: str
    bars: tuple[Bar, ...]
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[str, str], ...]
    dates: tuple[tuple[str, str, str], ...]
    band: tuple[str, str]
    unknown: int

    @property
    def has_spikes(self) -> bool:
        """Whether a day stands out to which something came."""
        return not all(mark.missed for mark in self.marks)

    @property
    def has_missed(self) -> bool:
        """Whether attention came to nothing on one of the days."""
        return any(mark.missed for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Daily:
    """What is to be drawn. ``warn_drop``: the fall against the prior period, in percent, that warns.

    ``times_median``: from how many times the median day on a day stands out; ``None`` where that is not asked.
    ``trend_days``: over how many last days the trend is fitted. ``missed``: the days whose attention brought nothing.
    """

    name: str
    title: str
    unit: str
    start: date
    values: Sequence[Decimal | None]
    periods: Periods
    warn_drop: Decimal | None = None
    times_median: Decimal | None = None
    trend_days: int | None = None
    missed: frozenset[date] = frozenset()

    @property
    def known(self) -> list[Decimal]:
        """What was measured."""
        return [value for value in self.values if value is not None]

    def day(self, at: int) -> date:
        """Return which day a place of the series is."""
        return self.start + timedelta(days=at)

    def places(self, period: Period) -> range:
        """Return the places of a period's days, as far as the series has them."""
        first = max((period.start - self.start).days, 0)
        return range(first, max(min((period.end - self.start).days + 1, len(self.values)), first))

    def mean(self, period: Period) -> Decimal | None:
        """Return the mean day of a period; ``None`` unless all of its days are known."""
        days = [value for at in self.places(period) if (value := self.values[at]) is not None]
        return sum(days, Decimal()) / len(days) if days and len(days) == period.days else None
