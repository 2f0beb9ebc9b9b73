"""The sessions report as a channel's traffic: totals of a period, its carts, the daily series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.periods import Period
from functions.audit.snapshot import Count, Figure, Series
from functions.fetcher import figures
from functions.fetcher.sources.freshness import parse_day
from functions.fetcher.sources.shopify.reports import Query, Row, Rows, cut_short, name_of
from functions.fetcher.sources.shopify.sums import count_of, mean_of, percent
from functions.fetcher.sources.shopify.tiktok import is_paid, names_tiktok

WHAT: Final = "Shopify's sessions report"
HUMAN: Final = "human_or_bot_session = 'human'"
ORIGIN: Final = ("referrer_name", "utm_source", "utm_medium")
SESSIONS: Final = "sessions"
COMPLETED: Final = "sessions_that_completed_checkout"
_IN_CARTS: Final = "sessions_with_cart_additions"
_VISITORS: Final = "online_store_visitors"
_VIEWS: Final = "pageviews"
_RATES: Final = ("pageviews_per_session", "average_session_duration", "bounce_rate")
TOTALS: Final = Query(SESSIONS, (SESSIONS, _VISITORS, _VIEWS, *_RATES, _IN_CARTS, COMPLETED), group=ORIGIN, where=HUMAN)
CARTS: Final = Query(SESSIONS, (SESSIONS, _IN_CARTS, COMPLETED), group=ORIGIN, where=HUMAN)
DAILY: Final = Query(SESSIONS, (SESSIONS, COMPLETED), group=("day", *ORIGIN), where=HUMAN)


@dataclass(frozen=True, slots=True)
class Carts:
    """One period's carts of visitors from TikTok, and how many percent of them were left."""

    carts: Count
    cart_abandonment_rate: Figure


@dataclass(frozen=True, slots=True)
class Traffic:
    """One period's traffic from TikTok. Rates in percent."""

    sessions: Count
    users: Count
    bounce_rate: Figure
    pageviews_per_session: Figure
    avg_session_duration: Figure
    session_conversion_rate: Figure
    goal_completions: Figure
    carts: Carts


def traffic_of(listed: Rows, *, nothing: Absent) -> Traffic | Absent:
    """Return a period's traffic. ``nothing`` is what it means when there were no sessions at all, from anywhere."""
    if not listed.rows or listed.cut:
        return cut_short(WHAT) if listed.cut else nothing
    rows = organic(listed.rows)
    sessions, completed = count_of(rows, SESSIONS, within=WHAT), count_of(rows, COMPLETED, within=WHAT)
    bounced = _mean(rows, "bounce_rate", at_most=1)
    return Traffic(
        sessions=sessions,
        users=_users(rows),
        bounce_rate=bounced if isinstance(bounced, Absent) else bounced * 100,
        pageviews_per_session=_pages_per_session(rows, sessions),
        avg_session_duration=_mean(rows, "average_session_duration"),
        session_conversion_rate=percent(completed, sessions, of=f"{WHAT}: sessions that completed the checkout"),
        goal_completions=completed if isinstance(completed, Absent) else Decimal(completed),
        carts=_carts(rows, completed),
    )


def carts_of(listed: Rows, *, nothing: Absent) -> Carts:
    """Return a period's carts alone. ``nothing`` as for the traffic."""
    if not listed.rows or listed.cut:
        why = cut_short(WHAT) if listed.cut else nothing
        return Carts(why, why)
    rows = organic(listed.rows)
    return _carts(rows, count_of(rows, COMPLETED, within=WHAT))


def first_day(listed: Rows, window: Period) -> date | None:
    """Return the first day of a daily listing with any session, from anywhere: there the shop's history begins."""
    days = [day for row in listed.rows if (day := parse_day(row.get("day"))) is not None]
    return min((day for day in days if window.start <= day <= window.end), default=None)


def series_of(listed: Rows, window: Period, revenue: Mapping[date, Decimal] | Absent) -> Series | Absent:
    """Return the daily series. A day without a row from TikTok is a real 0, from the shop's first day on."""
    if listed.cut:
        return cut_short(WHAT)
    start = first_day(listed, window)
    if start is None:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, f"{WHAT} has no day of the series")
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in organic(listed.rows):
        day = parse_day(row.get("day"))
        if day is None:
            return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: a row has no day")
        by_day[day].append(row)
    days = [start + timedelta(days=at) for at in range((window.end - start).days + 1)]
    sessions = [count_of(by_day[day], SESSIONS, within=f"{WHAT}, {day}") for day in days]
    goals = [count_of(by_day[day], COMPLETED, within=f"{WHAT}, {day}") for day in days]
    wrong = [cause for cause in causes_of(*sessions, *goals) if cause.reason is Reason.SOURCE_FAILED]
    if wrong:
        return Absent(tuple(wrong))
    taken = {} if isinstance(revenue, Absent) else revenue
    return Series(
        start=start,
        sessions=tuple(None if isinstance(value, Absent) else value for value in sessions),
        goal_completions=tuple(None if isinstance(value, Absent) else Decimal(value) for value in goals),
        revenue=tuple(taken.get(day) for day in days),
    )


def from_tiktok(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that came from TikTok, paid or not."""
    return [row for row in rows if names_tiktok(name_of(row, "utm_source"), name_of(row, "referrer_name"))]


def organic(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that came from TikTok without being paid for."""
    return [row for row in from_tiktok(rows) if not is_paid(name_of(row, "utm_medium"))]


def _users(rows: Sequence[Row]) -> Count:
    """Return the visitors. One who came on two ways or in two windows is in both rows: there is no sum of several."""
    if len(rows) > 1:
        return Absent.because(Reason.NOT_MEASURED, f"{WHAT} counts visitors by source: those of several do not add up")
    return count_of(rows, _VISITORS, within=WHAT)


def _carts(rows: Sequence[Row], completed: Count) -> Carts:
    carts = count_of(rows, _IN_CARTS, within=WHAT)
    if isinstance(carts, Absent) or isinstance(completed, Absent):
        return Carts(carts, Absent(causes_of(carts, completed)))
    # Who buys at once has put nothing in a cart: more purchases than carts leave no cart behind.
    return Carts(carts, percent(max(carts - completed, 0), carts, of=f"{WHAT}: carts that were left"))


def _pages_per_session(rows: Sequence[Row], sessions: Count) -> Figure:
    """Return the views of a session, from both counts where the report has them, else from its own rate."""
    views = count_of(rows, _VIEWS, within=WHAT)
    if isinstance(views, Absent) or isinstance(sessions, Absent) or sessions == 0:
        return _mean(rows, "pageviews_per_session")
    return Decimal(views) / sessions


def _mean(rows: Sequence[Row], name: str, *, at_most: int | None = None) -> Figure:
    weights = [figures.count(row, SESSIONS, within=WHAT) for row in rows]
    known = [weight for weight in weights if isinstance(weight, int)]
    if len(known) < len(weights):
        return Absent(causes_of(*weights))
    return mean_of(rows, name, known, within=WHAT, at_most=at_most)
