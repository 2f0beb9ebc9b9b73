"""What is asked of a provider of traffic and commerce, and what every one of them hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from functions.audit.absence import Absent
from functions.audit.merchant import Analytics, Merchant
from functions.audit.periods import Periods
from functions.audit.snapshot import Count, Figure, PagesSeen, SessionsSeen, SourcesSeen
from functions.fetcher.http import Http


@dataclass(frozen=True, slots=True)
class Asked:
    """One merchant, one night's windows, and the time until which answers count (``deadline`` of ``http.clock``)."""

    http: Http
    merchant: Merchant
    settings: Analytics
    periods: Periods
    now: datetime
    deadline: float


@dataclass(frozen=True, slots=True)
class Channel:
    """The channel as one provider saw it: each part a value or an absence with its reason."""

    sessions: SessionsSeen | Absent
    pages: PagesSeen | Absent
    sources: SourcesSeen | Absent

    @classmethod
    def unseen(cls, why: Absent) -> Channel:
        """Return a channel of which nothing could be seen, for this reason."""
        return cls(why, why, why)


@dataclass(frozen=True, slots=True)
class CommerceFigures:
    """What a shop system counted in one period, of buyers who came from TikTok. Rates in percent."""

    carts: Count
    cart_abandonment_rate: Figure
    orders: Count
    revenue: Figure


@dataclass(frozen=True, slots=True)
class Commerce:
    """What a shop system says of the channel beside another provider's traffic.

    ``daily_revenue`` holds every day of the series that the shop system can speak of; a day without an order is a
    real 0. ``mixed_currency`` and ``mixed_definition`` are set when the two periods cannot be compared.
    """

    backend: str
    current: CommerceFigures
    prior: CommerceFigures | Absent
    daily_revenue: Mapping[date, Decimal] | Absent
    currency: str
    mixed_currency: Absent | None = None
    mixed_definition: Absent | None = None
    flags: tuple[str, ...] = ()
