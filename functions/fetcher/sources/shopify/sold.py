"""What a shop sold to visitors from TikTok, whichever of its two ways of telling it came from: reports or orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from functions.audit.absence import Absent
from functions.audit.periods import Periods
from functions.audit.snapshot import Count, Figure


@dataclass(frozen=True, slots=True)
class Sales:
    """One period's orders and revenue."""

    orders: Count
    revenue: Figure


@dataclass(frozen=True, slots=True)
class Sold:
    """Both periods and the days of the series, all told in one way: what two ways tell cannot be compared.

    ``daily`` holds every day of the series that the shop can speak of; a day without a sale is a real 0. ``prior`` is
    absent as a whole where there is none to compare with. ``currency`` is that of the current period.
    """

    current: Sales
    prior: Sales | Absent
    daily: Mapping[date, Decimal] | Absent
    currency: str
    mixed_currency: Absent | None = None
    flags: tuple[str, ...] = ()

    def since(self, first: date, why: Absent) -> Sold:
        """Return the sales of a shop that began so late: there is no prior period, and no day before its first."""
        daily = self.daily
        if not isinstance(daily, Absent):
            daily = {day: revenue for day, revenue in daily.items() if day >= first}
        return replace(self, prior=why, daily=daily)

    @classmethod
    def unseen(cls, why: Absent, currency: str) -> Sold:
        """Return sales of which nothing could be seen, for this reason."""
        return cls(Sales(why, why), why, why, currency)


def late_start(days: Collection[date], periods: Periods, *, known_from: date) -> date | None:
    """Return the first of the days with sales, where the shop seems to have begun inside the prior period.

    Nobody tells when a shop began to sell here. But one that was silent longer before its first sale than it ever was
    afterwards had not begun: what it sold before, if anything, is on record elsewhere. ``None``: it had begun.
    """
    sold = sorted(day for day in days if known_from <= day <= periods.current.end)
    if not sold or sold[0] <= max(periods.prior.start, known_from):
        return None
    ends = [*sold[1:], periods.current.end + timedelta(days=1)]
    longest = max((end - day).days - 1 for day, end in zip(sold, ends, strict=True))
    return sold[0] if (sold[0] - known_from).days > longest else None
