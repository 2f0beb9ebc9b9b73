"""The channel as a whole out of GA4's reports: both periods, the series, and what must be known about them."""

from __future__ import annotations

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
    """Return the prior period, or why there is none to compare with.

    GA4 has data from its installation on and leaves out what is all 0, so a prior period without any row is either
    quiet or before its time. Rows of other reports tell: where no report has one, there was nothing yet.
    """
    start = answers.periods.prior.start
    known_from = answers.known_from
    if known_from is not None and known_from > start:
        # What is left of it would be compared with a whole period, and a fall would not show.
        return Absent.because(Reason.NO_PRIOR, f"GA4 has no data before {known_from}, the prior period begins {start}")
    totals = answers.report(TOTALS)
    if isinstance(totals, Absent) or totals.worth.hushed or totals.row(**{RANGE: PRIOR}) is not None:
        return period_figures(answers, PRIOR)
    days = answers.report(DAYS)
    by_day = days_with_data(days) if isinstance(days, Report) else days
    if isinstance(by_day, Absent):
        return by_day
    before = answers.periods.prior
    visited = (day for day, row in by_day.items() if Cell(days, row, "series").count("sessions") != 0)
    if any(before.start <= day <= before.end for day in visited):
        return Absent.because(Reason.SOURCE_FAILED, "GA4 has days of the prior period and no total of it")
    if any(isinstance(report, Report) and report.row(**{RANGE: PRIOR}) for report in map(answers.report, _BOTH)):
        return period_figures(answers, PRIOR)
    return Absent.because(Reason.NO_PRIOR, f"GA4 has nothing from TikTok before {answers.periods.current.start}")
