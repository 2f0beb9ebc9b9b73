"""The sales report: what was sold to visitors from TikTok, as the merchant's own reports tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Period, Periods
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.freshness import parse_day
from functions.fetcher.sources.shopify.admin import ACCESS_DENIED
from functions.fetcher.sources.shopify.reports import (
    NOT_UNDERSTOOD,
    Query,
    Reports,
    Row,
    Rows,
    cut_short,
    name_of,
)
from functions.fetcher.sources.shopify.sold import Sales, Sold, late_start
from functions.fetcher.sources.shopify.sums import count_of, money_of
from functions.fetcher.sources.shopify.tiktok import is_paid, names_tiktok

WHAT: Final = "Shopify's sales report"
_ORIGIN: Final = ("order_utm_source", "order_referrer_source", "order_utm_medium")
# The referrer's source is a class such as "social"; only its name tells TikTok from other social networks. It is in
# use but not in the reference: a shop that does not know it is asked without it.
TOTALS: Final = Query("sales", ("total_sales", "orders"), group=_ORIGIN, spare="order_referrer_name")
_NONE_NOW: Final = Absent.because(Reason.NOT_MEASURED, f"{WHAT} has no sale at all in the period")
_NONE_BEFORE: Final = Absent.because(Reason.NO_PRIOR, f"{WHAT} has no sale at all in the prior period")


async def sold_by_reports(reports: Reports, periods: Periods, currency: str) -> Sold | Failure:
    """Return what the sales report tells of both periods; a failure only when the app may not read reports.

    Both periods or none: a prior period that could not be read is not made up for in another way.
    """
    query = TOTALS
    now = await reports.rows(query, periods.current)
    if isinstance(now, Failure) and now.code == NOT_UNDERSTOOD:
        query = replace(TOTALS, spare="")
        now = await reports.rows(query, periods.current)
    if isinstance(now, Failure):
        return now if now.code == ACCESS_DENIED else Sold.unseen(now.absent, currency)
    before, daily = await asyncio.gather(
        reports.rows(query, periods.prior),
        reports.rows(replace(query, group=("day", *query.group)), periods.series),
    )
    for part in (before, daily):
        if isinstance(part, Failure) and part.code == ACCESS_DENIED:
            return part
    if isinstance(before, Failure):
        return Sold.unseen(before.absent, currency)
    sold = Sold(
        current=_sales(now, nothing=_NONE_NOW),
        prior=_sales(before, nothing=_NONE_BEFORE) if before.rows else _NONE_BEFORE,
        daily=daily.absent if isinstance(daily, Failure) else _daily(daily, periods.series),
        currency=currency,
    )
    return sold if isinstance(sold.prior, Absent) else _whole(sold, daily, periods)


def _whole(sold: Sold, daily: Rows | Failure, periods: Periods) -> Sold:
    """Return the sales without a prior period where it is not known to be whole: half of one hides a fall."""
    if isinstance(daily, Failure):
        return replace(sold, prior=daily.absent)
    days = {day for row in daily.rows if (day := parse_day(row.get("day"))) is not None}
    if not days:
        return replace(sold, prior=Absent.because(Reason.NOT_MEASURED, f"{WHAT} has no day of the series"))
    first = late_start(days, periods, known_from=periods.series.start)
    if first is None:
        return sold
    if daily.cut:
        return replace(sold, prior=cut_short(WHAT))
    why = f"{WHAT} begins on {first}, the prior period on {periods.prior.start}"
    return sold.since(first, Absent.because(Reason.NO_PRIOR, why))


def _sales(listed: Rows, *, nothing: Absent) -> Sales:
    if not listed.rows or listed.cut:
        why = cut_short(WHAT) if listed.cut else nothing
        return Sales(why, why)
    rows = _organic(listed.rows)
    return Sales(count_of(rows, "orders", within=WHAT), money_of(rows, "total_sales", within=WHAT))


def _daily(listed: Rows, window: Period) -> dict[date, Decimal] | Absent:
    """Return the revenue of every day of the series. An order may be refunded later: a day may be below 0."""
    if not listed.rows or listed.cut:
        return cut_short(WHAT) if listed.cut else _NONE_NOW
    days = [window.start + timedelta(days=at) for at in range(window.days)]
    by_day: dict[date, list[Row]] = {day: [] for day in days}
    for row in _organic(listed.rows):
        day = parse_day(row.get("day"))
        if day is None:
            return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: a row has no day")
        by_day.get(day, []).append(row)
    revenue: dict[date, Decimal] = {}
    for day, rows in by_day.items():
        taken = money_of(rows, "total_sales", within=f"{WHAT}, {day}")
        if isinstance(taken, Absent):
            return taken
        revenue[day] = taken
    return revenue


def _organic(rows: Iterable[Row]) -> list[Row]:
    names = ("order_utm_source", "order_referrer_source", TOTALS.spare)
    return [
        row
        for row in rows
        if names_tiktok(*(name_of(row, name) for name in names)) and not is_paid(name_of(row, "order_utm_medium"))
    ]
