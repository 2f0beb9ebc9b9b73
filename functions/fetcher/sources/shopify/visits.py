"""All that the sessions report says of one night: both periods, the days, the landing pages, the sources."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Periods
from functions.audit.snapshot import PagesSeen, SourcesSeen
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.shopify.admin import ACCESS_DENIED
from functions.fetcher.sources.shopify.listings import PAGES, SOURCES, pages_of, sources_of
from functions.fetcher.sources.shopify.reports import Reports, Rows, cut_short
from functions.fetcher.sources.shopify.traffic import (
    CARTS,
    DAILY,
    TOTALS,
    WHAT,
    Carts,
    Traffic,
    carts_of,
    first_day,
    traffic_of,
)

_NONE_NOW: Final = Absent.because(Reason.NOT_MEASURED, f"{WHAT} has no session at all in the period")
_NONE_BEFORE: Final = Absent.because(Reason.NO_PRIOR, f"{WHAT} has no session at all in the prior period")
_NO_CARTS: Final = Absent.because(Reason.NOT_MEASURED, "Shopify's orders know nothing of carts that were left")


@dataclass(frozen=True, slots=True)
class Visits:
    """The traffic as Shopify saw it, each part a value or an absence. ``began`` is set when history began too late."""

    current: Traffic | Absent
    prior: Traffic | Absent
    daily: Rows | Absent
    pages: PagesSeen | Absent
    sources: SourcesSeen | Absent
    began: Absent | None = None

    @classmethod
    def unseen(cls, why: Absent) -> Visits:
        """Return visits of which nothing could be seen, for this reason."""
        return cls(why, why, why, why, why)


async def ask_visits(reports: Reports, periods: Periods) -> Visits:
    """Ask for the traffic. The first question tells whether the app may read reports at all."""
    now = await reports.rows(TOTALS, periods.current)
    if isinstance(now, Failure) and now.code == ACCESS_DENIED:
        return Visits.unseen(now.absent)
    before, daily, pages, sources = await asyncio.gather(
        reports.rows(TOTALS, periods.prior),
        reports.rows(DAILY, periods.series),
        reports.rows(PAGES, periods.current),
        reports.rows(SOURCES, periods.current),
    )
    current = now.absent if isinstance(now, Failure) else traffic_of(now, nothing=_NONE_NOW)
    prior = before.absent if isinstance(before, Failure) else traffic_of(before, nothing=_NONE_BEFORE)
    unknown = daily.absent if isinstance(daily, Failure) else _untold(daily, periods)
    total = current if isinstance(current, Absent) else current.sessions
    return Visits(
        current=current,
        # Where the days cannot tell whether it is whole, it may be half of one.
        prior=prior if isinstance(prior, Absent) or unknown is None else unknown,
        daily=daily.absent if isinstance(daily, Failure) else daily,
        pages=pages.absent if isinstance(pages, Failure) else pages_of(pages, total),
        sources=sources.absent if isinstance(sources, Failure) else sources_of(sources, total),
        began=None if isinstance(daily, Failure) else _began_late(daily, periods),
    )


async def ask_carts(reports: Reports, periods: Periods) -> tuple[Carts, Carts]:
    """Ask for the carts of both periods alone. Without reports nobody counts them: that is no failure of theirs."""
    now = await reports.rows(CARTS, periods.current)
    if isinstance(now, Failure):
        why = _NO_CARTS if now.code == ACCESS_DENIED else now.absent
        return Carts(why, why), Carts(why, why)
    before = await reports.rows(CARTS, periods.prior)
    if isinstance(before, Failure):
        return carts_of(now, nothing=_NONE_NOW), Carts(before.absent, before.absent)
    return carts_of(now, nothing=_NONE_NOW), carts_of(before, nothing=_NONE_BEFORE)


def _untold(daily: Rows, periods: Periods) -> Absent | None:
    """Return why the days do not tell whether the prior period is whole, if they do not."""
    if first_day(daily, periods.series) is None:
        return Absent.because(Reason.NOT_MEASURED, f"{WHAT} has no day of the series")
    return cut_short(WHAT) if daily.cut and _late(daily, periods) is not None else None


def _began_late(daily: Rows, periods: Periods) -> Absent | None:
    """Return why there is no prior period to compare with: the shop's first session ever lies inside it."""
    first = _late(daily, periods)
    if first is None or daily.cut:
        return None
    return Absent.because(Reason.NO_PRIOR, f"{WHAT} begins on {first}, the prior period on {periods.prior.start}")


def _late(daily: Rows, periods: Periods) -> date | None:
    """Return the first day with a session, where it comes after the prior period's first; ``None`` where not."""
    first = first_day(daily, periods.series)
    return None if first is None or first <= max(periods.prior.start, periods.series.start) else first
