"""A sample channel as one request sees it: its days, and the totals of both periods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from console.sample.days import ORDERS_PER_BUYER, Day, Window, days_of
from console.sample.story import SampleMerchant
from console.sample.traits import Rates, Traits, traits_of

# Of the carts that are not bought, so many reach the checkout.
_REACHED_CHECKOUT = 0.35
# Carts of a shop whose checkout is broken, for each session: none of them can be derived from buyers.
_CARTS_WITHOUT_BUYERS = 0.05


@dataclass(frozen=True, slots=True)
class Totals:
    """One period's counts. Every rate of the wire follows from these."""

    start: date
    end: date
    sessions: int
    users: int
    returning_users: int
    bounced: int
    pageviews: int
    duration: float
    conversions: int
    buyers: int
    carts: int
    checkouts: int
    goals: int
    revenue: Decimal

    @property
    def conversion_rate(self) -> float | None:
        """Percent of sessions that convert."""
        return percent(self.buyers, self.sessions)

    @property
    def bounce_rate(self) -> float | None:
        """Percent of sessions that bounce."""
        return percent(self.bounced, self.sessions)


@dataclass(frozen=True, slots=True)
class Channel:
    """Everything that one merchant's storefront knows about the window asked for."""

    merchant: SampleMerchant
    traits: Traits
    window: Window
    days: tuple[Day, ...]
    current: Totals
    prior: Totals | None

    @property
    def series(self) -> tuple[Day, ...]:
        """The last days of the window, as many as were asked for."""
        first = self.window.end - timedelta(days=self.window.series_days - 1)
        return tuple(day for day in self.days if day.date >= first)

    @property
    def data_through(self) -> date:
        """The last day that the storefront has data of."""
        return self.days[-1].date


def channel_of(merchant: SampleMerchant, window: Window) -> Channel:
    """Return the merchant's channel."""
    traits = traits_of(merchant)
    through = window.end - timedelta(days=merchant.conduct.stale_days)
    days = tuple(day for day in days_of(traits, window) if day.date <= through)
    current = _totals(traits, traits.current, days, window.start, window.end)
    prior = None
    if merchant.shape.prior:
        prior = _totals(traits, traits.prior, days, window.compare_start, window.compare_end)
    return Channel(merchant, traits, window, days, current, prior)


def percent(part: int, whole: int) -> float | None:
    """Return the share in percent as the wire gives it, ``None`` of nothing."""
    return round(100 * part / whole, 2) if whole else None


def _totals(traits: Traits, rates: Rates, days: Iterable[Day], start: date, end: date) -> Totals:
    inside = [day for day in days if start <= day.date <= end]
    sessions = sum(day.sessions for day in inside)
    conversions = sum(day.conversions for day in inside)
    users = round(sessions * rates.users)
    buyers = min(conversions, round(conversions / ORDERS_PER_BUYER))
    carts = round(buyers / (1 - rates.abandonment / 100)) if buyers else round(sessions * _CARTS_WITHOUT_BUYERS)
    # A second order in the same visit passes the checkout again, so carts never count fewer than orders.
    carts = max(carts, conversions)
    return Totals(
        start=start,
        end=end,
        sessions=sessions,
        users=users,
        returning_users=round(users * rates.returning / 100),
        bounced=round(sessions * rates.bounce / 100),
        pageviews=sum(day.pageviews for day in inside),
        duration=round(rates.duration, 1),
        conversions=conversions,
        buyers=buyers,
        carts=carts,
        checkouts=conversions + round((carts - conversions) * _REACHED_CHECKOUT),
        goals=sum(day.goals for day in inside),
        revenue=sum((day.revenue for day in inside), Decimal().quantize(traits.cent)),
    )
