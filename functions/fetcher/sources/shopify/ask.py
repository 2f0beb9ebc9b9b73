"""The night's questions to one Shopify shop, and what its answers make of the channel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.merchant import Provider
from functions.audit.snapshot import PeriodFigures, SessionsSeen
from functions.fetcher.guarded import guarded
from functions.fetcher.sources.channel import Asked, Channel, Commerce, CommerceFigures
from functions.fetcher.sources.shopify.admin import Admin
from functions.fetcher.sources.shopify.orders import FLAG as BY_ORDERS
from functions.fetcher.sources.shopify.orders import sold_by_orders
from functions.fetcher.sources.shopify.reports import Reports
from functions.fetcher.sources.shopify.sales import sold_by_reports
from functions.fetcher.sources.shopify.shop import Shop, look_up, same_days, unsettled
from functions.fetcher.sources.shopify.sold import Sales, Sold
from functions.fetcher.sources.shopify.traffic import WHAT, Carts, Traffic, series_of
from functions.fetcher.sources.shopify.visits import Visits, ask_carts, ask_visits

OTHER_TIMEZONE: Final = "shop_timezone_differs"
_SALES: Final = "Shopify's sales"
_UNSPLIT: Final = Absent.because(Reason.NOT_MEASURED, f"{WHAT} does not tell new visitors from returning ones")


@dataclass(frozen=True, slots=True)
class _Open:
    """A shop that may be asked: the door to it, and what it says of itself."""

    asked: Asked
    admin: Admin
    reports: Reports
    shop: Shop

    def flags(self, *, by_reports: bool, sold: Sold) -> tuple[str, ...]:
        """Return the warnings. Reports count days in the shop's time zone, orders are counted in the merchant's."""
        same = same_days(self.shop.timezone, self.asked.merchant.zone, self.asked.periods)
        return (*((OTHER_TIMEZONE,) if by_reports and not same else ()), *sold.flags)


async def ask_shopify(asked: Asked, token: str) -> Channel:
    """Return the channel as the shop saw it: traffic, audience and commerce."""
    opened = await _open(asked, token)
    if isinstance(opened, Absent):
        return Channel.unseen(opened)
    visits, sold = await asyncio.gather(
        guarded(ask_visits(opened.reports, asked.periods), WHAT), guarded(_sell(opened), _SALES)
    )
    if isinstance(visits, Absent):
        visits = Visits.unseen(visits)
    if isinstance(sold, Absent):
        sold = Sold.unseen(sold, opened.shop.currency)
    return Channel(_sessions(opened, visits, sold), visits.pages, visits.sources)


async def ask_commerce(asked: Asked, token: str) -> Commerce | Absent:
    """Return revenue, orders and carts alone, for a merchant whose traffic another provider measures."""
    opened = await _open(asked, token)
    if isinstance(opened, Absent):
        return opened
    carts, sold = await asyncio.gather(
        guarded(ask_carts(opened.reports, asked.periods), WHAT), guarded(_sell(opened), _SALES)
    )
    if isinstance(sold, Absent):
        sold = Sold.unseen(sold, opened.shop.currency)
    now, before = (Carts(carts, carts), Carts(carts, carts)) if isinstance(carts, Absent) else carts
    by_reports = BY_ORDERS not in sold.flags or not isinstance(now.carts, Absent)
    return Commerce(
        backend=Provider.SHOPIFY.value,
        current=_commerce(now, sold.current),
        prior=_commerce(before, Sales(sold.prior, sold.prior) if isinstance(sold.prior, Absent) else sold.prior),
        daily_revenue=sold.daily,
        currency=sold.currency,
        mixed_currency=sold.mixed_currency,
        flags=opened.flags(by_reports=by_reports, sold=sold),
    )


async def _open(asked: Asked, token: str) -> _Open | Absent:
    """Return the shop, or why there is no use in asking it: nothing is asked about days that have hardly ended."""
    if (early := unsettled(asked.periods, asked.merchant.zone, asked.now)) is not None:
        return early
    admin = Admin(asked, token)
    shop = await look_up(admin)
    if isinstance(shop, Absent):
        return shop
    early = unsettled(asked.periods, shop.timezone, asked.now)
    return early or _Open(asked, admin, Reports(admin), shop)


async def _sell(opened: _Open) -> Sold:
    """Return what was sold, as the reports tell it; from the orders where the app may not read reports."""
    shop = opened.shop
    told = await sold_by_reports(opened.reports, opened.asked.periods, shop.currency)
    if isinstance(told, Sold):
        return told
    sold = await sold_by_orders(opened.admin, opened.asked, shop)
    if isinstance(sold.current.orders, Absent):
        return Sold.unseen(Absent(causes_of(told.absent, sold.current.orders)), shop.currency)
    return sold


def _sessions(opened: _Open, visits: Visits, sold: Sold) -> SessionsSeen | Absent:
    periods = opened.asked.periods
    if isinstance(visits.current, Absent) and isinstance(sold.current.orders, Absent):
        # Nothing of this period could be seen: what was before it is of no use.
        return Absent(causes_of(visits.current, sold.current.orders))
    by_reports = BY_ORDERS not in sold.flags or not isinstance(visits.current, Absent)
    return SessionsSeen(
        current=_figures(visits.current, sold.current),
        prior=visits.began or _prior(visits.prior, sold.prior),
        series=visits.daily
        if isinstance(visits.daily, Absent)
        else series_of(visits.daily, periods.series, sold.daily),
        currency=sold.currency,
        mixed_currency=sold.mixed_currency,
        backend=Provider.SHOPIFY.value,
        flags=opened.flags(by_reports=by_reports, sold=sold),
    )


def _prior(traffic: Traffic | Absent, sales: Sales | Absent) -> PeriodFigures | Absent:
    if isinstance(traffic, Absent) and isinstance(sales, Absent):
        return Absent(causes_of(traffic, sales))
    return _figures(traffic, Sales(sales, sales) if isinstance(sales, Absent) else sales)


def _figures(traffic: Traffic | Absent, sales: Sales) -> PeriodFigures:
    if isinstance(traffic, Absent):
        return PeriodFigures.unseen(traffic).model_copy(update={"orders": sales.orders, "revenue": sales.revenue})
    return PeriodFigures(
        sessions=traffic.sessions,
        users=traffic.users,
        new_users=_UNSPLIT,
        returning_users=_UNSPLIT,
        bounce_rate=traffic.bounce_rate,
        pageviews_per_session=traffic.pageviews_per_session,
        avg_session_duration=traffic.avg_session_duration,
        session_conversion_rate=traffic.session_conversion_rate,
        carts=traffic.carts.carts,
        cart_abandonment_rate=traffic.carts.cart_abandonment_rate,
        goal_completions=traffic.goal_completions,
        orders=sales.orders,
        revenue=sales.revenue,
    )


def _commerce(carts: Carts, sales: Sales) -> CommerceFigures:
    return CommerceFigures(carts.carts, carts.cart_abandonment_rate, sales.orders, sales.revenue)
