"""The channel as a whole out of GA4's reports: both periods, the series, and what must be known about them."""

from __future__ import annotations

from datetime import date

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.snapshot import PeriodFigures, SessionsSeen
from functions.fetcher.sources.ga4.answers import Answers
from functions.fetcher.sources.ga4.plan import (
    AUDIENCE,
    COMMERCE,
    CURRENT,
    DAYS,
    FUNNEL,
    GOAL_DAYS,
    GOALS,
    PRIOR,
    RANGE,
    TOTALS,
)
from functions.fetcher.sources.ga4.reading import Cell
from functions.fetcher.sources.ga4.report import Report
from functions.fetcher.sources.ga4.series import days_with_data, series_of
from functions.fetcher.sources.ga4.totals import period_figures, stand_ins

BACKEND = "ga4"
_REPORTS = (TOTALS, AUDIENCE, DAYS, COMMERCE, FUNNEL, GOALS, GOAL_DAYS)
_BOTH = (TOTALS, COMMERCE, FUNNEL, AUDIENCE)


def sessions_seen(answers: Answers, *, currency: str, flags: tuple[str, ...]) -> SessionsSeen | Absent:
    """Return the channel; ``currency`` is the one that was asked for, ``flags`` what holds for all of the night."""
    needed = [answers.report(name) for name in (*_BOTH, DAYS)]
    if all(isinstance(report, Absent) for report in needed):
        return Absent(causes_of(*needed))
    return SessionsSeen(
        current=period_figures(answers, CURRENT),
        prior=_prior(answers),
        series=series_of(answers),
        currency=answers.first(COMMERCE, DAYS, TOTALS, said="currency") or currency,
        backend=BACKEND,
        flags=tuple(dict.fromkeys((*answers.flags(*_REPORTS), *stand_ins(answers), *flags))),
    )


def _prior(answers: Answers) -> PeriodFigures | Absent:
    return _no_whole_prior(answers) or period_figures(answers, PRIOR)


def _no_whole_prior(answers: Answers) -> Absent | None:
    """Return why there is no prior period to compare with, if there is none.

    GA4 has data from its installation on and leaves out what is all 0, so a period without a row is either quiet or
    before its time, and the first days of one may be. The daily series tells: it begins before the prior period does.
    A period that is known in part would be compared with a whole one, and a fall would not show. So where the days
    cannot tell, because they are missing or some are held back, there is no prior period either.
    """
    prior, window, known_from = answers.periods.prior, answers.periods.series, answers.known_from
    if known_from is not None and known_from > prior.start:
        return _none(f"GA4 has no data before {known_from}, the prior period begins {prior.start}")
    totals, days = answers.report(TOTALS), answers.report(DAYS)
    visited = _visited(days)
    if isinstance(visited, Absent):
        return visited
    counted = isinstance(totals, Report) and totals.row(**{RANGE: PRIOR}) is not None
    first = min((day for day in visited if day >= window.start), default=None)
    if first is None or first > prior.start >= window.start or (first > prior.end and not counted):
        if isinstance(days, Report) and days.worth.hushed:
            return Absent.because(
                Reason.NOT_MEASURED, f"GA4 holds days back, so nobody knows whether its data reach to {prior.start}"
            )
        since = answers.periods.current.start if first is None else first
        return _none(f"GA4 has nothing from TikTok before {since}, the prior period begins {prior.start}")
    silent = isinstance(totals, Report) and not (counted or totals.worth.hushed)
    if silent and any(prior.start <= day <= prior.end for day in visited):
        return Absent.because(Reason.SOURCE_FAILED, "GA4 has days of the prior period and no total of it")
    return None


def _visited(days: Report | Absent) -> list[date] | Absent:
    """Return the days with visits; one whose visits are unknown may be one."""
    by_day = days if isinstance(days, Absent) else days_with_data(days)
    if isinstance(by_day, Absent):
        return by_day
    return [day for day, row in by_day.items() if Cell(days, row, "series").count("sessions") != 0]


def _none(why: str) -> Absent:
    return Absent.because(Reason.NO_PRIOR, why)
