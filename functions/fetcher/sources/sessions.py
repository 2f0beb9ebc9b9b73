"""`/analytics/sessions` as a part of the snapshot: two periods and the daily series (wire contract: APIS 4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Periods
from functions.audit.snapshot import PeriodFigures, Series, SessionsSeen
from functions.fetcher import figures
from functions.fetcher.sources.freshness import data_through, parse_day, staleness

WHAT: Final = "/analytics/sessions"
FLAGS: Final = ("sampled", "thresholded", "truncated")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def sessions_seen(data: Mapping[str, Any], periods: Periods, *, currency: str) -> SessionsSeen | Absent:
    """Return what an answer's ``data`` shows; ``currency`` is the one that was asked for."""
    if (stale := staleness(data, periods, what=WHAT)) is not None:
        return stale
    current, prior = data.get("current"), data.get("prior")
    meta = data.get("meta") or {}
    named = meta.get("currency")
    return SessionsSeen(
        current=_current(current),
        prior=_prior(prior),
        series=_series(data, periods),
        currency=named if isinstance(named, str) and _CURRENCY.fullmatch(named) else currency,
        mixed_currency=_mixed(current, prior, ("currency",)),
        mixed_definition=_mixed(current, prior, ("backend", "attribution")),
        flags=tuple(flag for flag in FLAGS if meta.get(flag) is True),
    )


def _current(current: object) -> PeriodFigures:
    """Return the current period. Where it is missing, its figures are, and the series is still worth reading."""
    if current is None:
        return PeriodFigures.unseen(Absent.because(Reason.NOT_MEASURED, f"{WHAT}: current is missing or null"))
    if not isinstance(current, dict):
        return PeriodFigures.unseen(Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: current is not an object"))
    return _period(current, "current")


def _prior(prior: object) -> PeriodFigures | Absent:
    if prior is None:
        return Absent.because(Reason.NO_PRIOR, f"{WHAT}: there is no prior period")
    if not isinstance(prior, dict):
        return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: prior is not an object")
    return _period(prior, "prior")


def _period(of: Mapping[str, Any], within: str) -> PeriodFigures:
    return PeriodFigures(
        sessions=figures.count(of, "sessions", within=within),
        users=figures.count(of, "users", within=within),
        new_users=figures.count(of, "new_users", within=within),
        returning_users=figures.count(of, "returning_users", within=within),
        bounce_rate=figures.rate(of, "bounce_rate", within=within),
        pageviews_per_session=figures.amount(of, "pageviews_per_session", within=within),
        avg_session_duration=figures.amount(of, "avg_session_duration_sec", within=within),
        session_conversion_rate=figures.rate(of, "session_conversion_rate", within=within),
        carts=figures.count(of, "sessions_with_cart", within=within),
        cart_abandonment_rate=figures.rate(of, "cart_abandonment_rate", within=within),
        goal_completions=figures.amount(of, "goal_completions", within=within),
        orders=figures.count(of, "orders", within=within),
        revenue=figures.money(of, "revenue", within=within),
    )


def _mixed(current: object, prior: object, names: tuple[str, ...]) -> Absent | None:
    """Return why the periods cannot be compared: both name the thing, and name it differently."""
    if not isinstance(current, dict) or not isinstance(prior, dict):
        return None
    for name in names:
        now, before = current.get(name), prior.get(name)
        if now is not None and before is not None and now != before:
            return Absent.because(Reason.MIXED_UNITS, f"{WHAT}: {name} changed between the periods")
    return None


def _series(data: Mapping[str, Any], periods: Periods) -> Series | Absent:
    """Return the series without holes: days that were left out had no traffic, up to ``data_through`` (APIS 4.2).

    Before the first entry nothing is known: those days are no history.
    """
    rows = data.get("series")
    if rows is None:
        return Absent.because(Reason.NOT_MEASURED, f"{WHAT}: series is missing or null")
    if not isinstance(rows, list):
        return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: series is not a list")
    by_day = _by_day(rows)
    if isinstance(by_day, Absent):
        return by_day
    window = periods.series
    inside = sorted(day for day in by_day if window.start <= day <= window.end)
    if not inside:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, f"{WHAT}: the series has no day of the period")
    through = data_through(data, what=WHAT)
    last = min(through, window.end) if isinstance(through, date) else inside[-1]
    days = [inside[0] + timedelta(days=at) for at in range((last - inside[0]).days + 1)]
    return _columns(by_day, days)


def _by_day(rows: list[Any]) -> dict[date, Mapping[str, Any]] | Absent:
    by_day: dict[date, Mapping[str, Any]] = {}
    for row in rows:
        day = parse_day(row.get("date")) if isinstance(row, dict) else None
        if day is None:
            return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: an entry of the series has no date")
        if day in by_day:
            return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: the series names {day} twice")
        by_day[day] = row
    return by_day


def _columns(by_day: Mapping[date, Mapping[str, Any]], days: list[date]) -> Series | Absent:
    sessions: list[int | None] = []
    goals: list[Decimal | None] = []
    revenue: list[Decimal | None] = []
    for day in days:
        row = by_day.get(day)
        if row is None:
            sessions.append(0)
            goals.append(Decimal())
            revenue.append(Decimal())
            continue
        within = f"series {day}"
        figure = (
            figures.count(row, "sessions", within=within),
            figures.amount(row, "goal_completions", within=within),
            figures.money(row, "revenue", within=within),
        )
        for value in figure:
            if isinstance(value, Absent) and value.causes[0].reason is Reason.SOURCE_FAILED:
                return value
        sessions.append(figure[0] if isinstance(figure[0], int) else None)
        goals.append(figure[1] if isinstance(figure[1], Decimal) else None)
        revenue.append(figure[2] if isinstance(figure[2], Decimal) else None)
    return Series(start=days[0], sessions=tuple(sessions), goal_completions=tuple(goals), revenue=tuple(revenue))
