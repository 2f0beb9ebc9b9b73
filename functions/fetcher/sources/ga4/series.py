"""The channel day by day out of GA4's reports, without holes from its first day with data on (APIS 5.7, 5.9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import Count, Figure, Series
from functions.fetcher.sources.ga4.answers import Answers
from functions.fetcher.sources.ga4.plan import DAYS, GOAL_DAYS, KEY_EVENTS, PURCHASE
from functions.fetcher.sources.ga4.reading import Cell
from functions.fetcher.sources.ga4.report import Report, Row

_DAY: Final = re.compile(r"\d{8}")
_BROKEN: Final = Absent.because(Reason.SOURCE_FAILED, "GA4's report of days cannot be read: a row has no date")


def days_with_data(report: Report) -> dict[date, Row] | Absent:
    """Return the rows by their day."""
    by_day: dict[date, Row] = {}
    for row in report.rows:
        day = _day(row.keys["date"])
        if day is None:
            return _BROKEN
        by_day[day] = row
    return by_day


def series_of(answers: Answers) -> Series | Absent:
    """Return the daily series. GA4 leaves out days without traffic; before the first of its days nothing is known."""
    report = answers.report(DAYS)
    rows = report if isinstance(report, Absent) else days_with_data(report)
    if isinstance(report, Absent) or isinstance(rows, Absent):
        return rows if isinstance(rows, Absent) else _BROKEN
    window = answers.periods.series
    inside = [day for day in rows if window.start <= day <= window.end]
    if not inside:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, "GA4's daily series is empty")
    first = min(inside)
    days = [first + timedelta(days=at) for at in range((window.end - first).days + 1)]
    goals = _goals(answers, report, rows, days)
    cells = {day: Cell(report, rows.get(day), f"series {day}") for day in days}
    sessions: list[Count] = [cell.count("sessions") for cell in cells.values()]
    revenue: list[Figure] = [answers.told(cell.money("purchaseRevenue"), PURCHASE) for cell in cells.values()]
    for figure in (*sessions, *goals, *revenue):
        if isinstance(figure, Absent) and figure.causes[0].reason is Reason.SOURCE_FAILED:
            return figure
    return Series(
        start=first,
        sessions=tuple(None if isinstance(figure, Absent) else figure for figure in sessions),
        goal_completions=tuple(None if isinstance(figure, Absent) else figure for figure in goals),
        revenue=tuple(None if isinstance(figure, Absent) else figure for figure in revenue),
    )


def _goals(answers: Answers, report: Report, rows: Mapping[date, Row], days: list[date]) -> list[Figure]:
    """Return the key events of each day: all of them, or the sum of those that the merchant chose.

    Chosen ones come in a report of their own; that it is missing leaves the rest of the series as it is.
    """
    chosen = answers.settings.key_events
    if not chosen:
        return [Cell(report, rows.get(day), f"series {day}").amount(KEY_EVENTS) for day in days]
    own = answers.report(GOAL_DAYS)
    theirs = own if isinstance(own, Absent) else days_with_data(own)
    if isinstance(own, Absent) or isinstance(theirs, Absent):
        return [Absent.because(Reason.NOT_MEASURED, "GA4's goals of each day are missing")] * len(days)
    cells = [Cell(own, theirs.get(day), f"series {day}") for day in days]
    return [_sum([cell.amount(f"{KEY_EVENTS}:{event}") for event in chosen]) for cell in cells]


def _sum(figures: list[Figure]) -> Figure:
    absent = next((figure for figure in figures if isinstance(figure, Absent)), None)
    return absent or sum((figure for figure in figures if not isinstance(figure, Absent)), Decimal(0))


def _day(text: str) -> date | None:
    """Return the day of ``YYYYMMDD``, the only form that GA4 has."""
    if not _DAY.fullmatch(text) or not text.isascii():
        return None
    try:
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        return None
