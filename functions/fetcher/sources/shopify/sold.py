"""What a shop sold to visitors from TikTok, whichever of its two ways of telling it came from: reports or orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from functions.audit.absence import Absent
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

    @classmethod
    def unseen(cls, why: Absent, currency: str) -> Sold:
        """Return sales of which nothing could be seen, for this reason."""
        return cls(Sales(why, why), why, why, currency)
