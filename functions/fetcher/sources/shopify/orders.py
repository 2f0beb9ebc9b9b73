"""Revenue and orders from the orders themselves, for an app that may not read reports (APIS 6.2).

``read_orders`` shows the last 60 days only. What begins before them is absent: cut off, it would look like a rise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Period, Periods
from functions.fetcher.sources.channel import Asked
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.shopify.admin import Admin
from functions.fetcher.sources.shopify.order import Order, Origin, UnreadableOrderError, read_order
from functions.fetcher.sources.shopify.shop import ALL_ORDERS, Shop, midnight
from functions.fetcher.sources.shopify.sold import Sales, Sold, late_start

WHAT: Final = "Shopify's orders"
NEEDS: Final = "the scope read_orders"
_VISIT: Final = "{source landingPage referrerUrl utmParameters{source medium}}"
DOCUMENT: Final = (
    "query($after:String,$q:String!){orders(first:100,after:$after,sortKey:PROCESSED_AT,query:$q){nodes{"
    "id processedAt test cancelledAt currentTotalPriceSet{shopMoney{amount currencyCode}} "
    f"customerJourneySummary{{ready firstVisit{_VISIT} lastVisit{_VISIT}}}}} "
    "pageInfo{hasNextPage endCursor}}}"
)
MOST_PAGES: Final = 250  # of 100 orders: Shopify pages no deeper than 25,000
VISIBLE: Final = timedelta(days=60)
# More journeys than these still being worked out, in percent of the orders and beyond what the shop always has (tills),
# could by themselves make the fall of 5 % that the audit warns of.
UNREADY_PERCENT: Final = 5
FLAG: Final = "revenue_from_orders"


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which days the app can see orders of: all, or those that begin within the last 60 days."""

    periods: Periods
    first: date | None

    @classmethod
    def of(cls, asked: Asked, shop: Shop) -> _Reach:
        if ALL_ORDERS in shop.scopes:
            return cls(asked.periods, None)
        # What is at the edge now is gone a moment later: it must be there until the last moment that it may be asked.
        latest = asked.now + timedelta(seconds=max(asked.deadline - asked.http.clock(), 0))
        return cls(asked.periods, _first_day_from(latest - VISIBLE, asked.merchant.zone))

    def sees(self, period: Period) -> bool:
        """Say whether a period lies within reach from its first day on."""
        return self.first is None or self.first <= period.start

    def earlier(self) -> Period | None:
        """Return the days before the current period that anything is asked about, as far as they can be seen."""
        starts = [self.periods.series.start, *([self.periods.prior.start] if self.sees(self.periods.prior) else [])]
        start = min(starts) if self.first is None else max(min(starts), self.first)
        end = self.periods.current.start - timedelta(days=1)
        return Period(start=start, end=end) if start <= end else None


async def sold_by_orders(admin: Admin, asked: Asked, shop: Shop) -> Sold:
    """Return what the orders tell of both periods, and of the days before them that the series shows."""
    periods, zone, reach = asked.periods, asked.merchant.zone, _Reach.of(asked, shop)
    if not reach.sees(periods.current):
        why = Absent.because(Reason.SCOPE_MISSING, _out_of_reach("the period", periods.current))
        return Sold.unseen(why, shop.currency)
    earlier = reach.earlier()
    now, before = await asyncio.gather(
        _orders(admin, periods.current, zone), _orders(admin, earlier, zone) if earlier is not None else _none()
    )
    if isinstance(now, Absent):
        return Sold.unseen(now, shop.currency)
    if isinstance(before, Absent):
        return Sold.unseen(before, shop.currency)
    prior = _within(before, periods.prior, zone) if reach.sees(periods.prior) else None
    if (unready := _unready(now, prior or [])) is not None:
        return Sold.unseen(unready, shop.currency)
    known = periods.current if earlier is None else Period(start=earlier.start, end=periods.current.end)
    sold = Sold(
        current=_sales(now),
        prior=Absent.because(Reason.NO_PRIOR, _out_of_reach("the prior period", periods.prior))
        if prior is None
        else _sales(prior),
        daily=_daily([*before, *now], [day for day in known if day >= periods.series.start], zone),
        currency=_currency(now) or shop.currency,
        mixed_currency=_changed(_currency(prior or []), _currency(now)),
        flags=(FLAG,),
    )
    days = {order.at.astimezone(zone).date() for order in (*before, *now) if order.origin is not Origin.NO_SALE}
    first = None if prior is None else late_start(days, periods, known_from=known.start)
    if first is None:
        return sold
    began = f"{WHAT} begin on {first}, the prior period on {periods.prior.start}"
    return sold.since(first, Absent.because(Reason.NO_PRIOR, began))


def _first_day_from(instant: datetime, zone: ZoneInfo) -> date:
    """Return the first day that begins at the instant or later."""
    day = instant.astimezone(zone).date()
    return day if midnight(day, zone) >= instant else day + timedelta(days=1)


def _out_of_reach(what: str, period: Period) -> str:
    return f"{WHAT}: read_orders shows 60 days only and {what} begins on {period.start}; the app needs {ALL_ORDERS}"


async def _none() -> list[Order]:
    return []


async def _orders(admin: Admin, window: Period, zone: ZoneInfo) -> list[Order] | Absent:
    """Return every order of a window of whole days in the merchant's time zone, none of them twice."""
    start, end = midnight(window.start, zone), midnight(window.end + timedelta(days=1), zone)
    search = f"processed_at:>='{start:%Y-%m-%dT%H:%M:%SZ}' processed_at:<'{end:%Y-%m-%dT%H:%M:%SZ}'"
    orders: dict[str, Order] = {}
    cursors: set[str] = set()
    after: str | None = None
    for _ in range(MOST_PAGES):
        data = await admin.ask(DOCUMENT, {"q": search, "after": after}, what=WHAT, kind="orders", needs=NEEDS)
        page = data.absent if isinstance(data, Failure) else _page(data)
        if isinstance(page, Absent):
            return page
        # Shopify's search has been seen to answer with more than it was asked for.
        orders.update((order.id, order) for order in page.orders if start <= order.at < end)
        if page.cursor is None:
            return list(orders.values())
        if page.cursor in cursors:
            return _wrong("a cursor came again")
        cursors.add(page.cursor)
        after = page.cursor
    return _wrong(f"there are more than {MOST_PAGES * 100} in a period, more than can be paged through")


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer's orders, and the cursor to the next answer; ``None`` at the end."""

    orders: list[Order]
    cursor: str | None


def _page(data: Mapping[str, Any]) -> _Page | Absent:
    listing = data.get("orders")
    nodes = listing.get("nodes") if isinstance(listing, dict) else None
    info = listing.get("pageInfo") if isinstance(listing, dict) else None
    more = info.get("hasNextPage") if isinstance(info, dict) else None
    cursor = info.get("endCursor") if isinstance(info, dict) else None
    if not isinstance(nodes, list) or not isinstance(more, bool):
        return _wrong("the answer is no page of orders")
    if more and (not isinstance(cursor, str) or not cursor):
        return _wrong("there is more, but no cursor to it")
    try:
        return _Page([read_order(node) for node in nodes], cursor if more else None)
    except UnreadableOrderError as error:
        return _wrong(f"an order cannot be read: {error}")


def _within(orders: Sequence[Order], period: Period, zone: ZoneInfo) -> list[Order]:
    return [order for order in orders if period.start <= order.at.astimezone(zone).date() <= period.end]


def _tiktoks(orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders if order.origin is Origin.TIKTOK]


def _sales(orders: Sequence[Order]) -> Sales:
    bought = _tiktoks(orders)
    return Sales(len(bought), _revenue(bought))


def _revenue(bought: Sequence[Order]) -> Decimal | Absent:
    currencies = sorted({order.currency for order in bought})
    if len(currencies) > 1:
        return Absent.because(Reason.MIXED_UNITS, f"{WHAT} of one period are in {' and '.join(currencies[:4])}")
    return sum((order.amount for order in bought), Decimal())


def _currency(orders: Sequence[Order]) -> str | None:
    """Return the one currency that a period's orders are in, if it is one."""
    currencies = {order.currency for order in _tiktoks(orders)}
    return currencies.pop() if len(currencies) == 1 else None


def _changed(before: str | None, now: str | None) -> Absent | None:
    if before is None or now is None or before == now:
        return None
    return Absent.because(Reason.MIXED_UNITS, f"{WHAT}: the currency changed from {before} to {now}")


def _daily(orders: Sequence[Order], days: Sequence[date], zone: ZoneInfo) -> dict[date, Decimal] | Absent:
    wanted = dict.fromkeys(days, Decimal())
    bought = [order for order in _tiktoks(orders) if order.at.astimezone(zone).date() in wanted]
    whole = _revenue(bought)
    if isinstance(whole, Absent):
        return whole
    for order in bought:
        wanted[order.at.astimezone(zone).date()] += order.amount
    return wanted


def _unready(now: Sequence[Order], before: Sequence[Order]) -> Absent | None:
    """Return why the period cannot be told yet: too many buyers' journeys are still being worked out."""
    share, usual = _unready_percent(now), _unready_percent(before)
    if share - usual <= UNREADY_PERCENT:
        return None
    waiting = sum(order.origin is Origin.NOT_READY for order in now)
    return Absent.because(
        Reason.SOURCE_STALE, f"{WHAT}: where the buyers of {waiting} of {len(now)} came from is not worked out yet"
    )


def _unready_percent(orders: Sequence[Order]) -> Decimal:
    sales = [order for order in orders if order.origin is not Origin.NO_SALE]
    waiting = sum(order.origin is Origin.NOT_READY for order in sales)
    return Decimal(100 * waiting) / len(sales) if sales else Decimal()


def _wrong(why: str) -> Absent:
    return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: {why}")
