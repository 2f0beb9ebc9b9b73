"""One period of the channel out of GA4's reports (APIS 5.4, 5.6). Fractions become percent here, once."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.snapshot import Count, Figure, PeriodFigures
from functions.fetcher.sources.ga4.answers import Answers
from functions.fetcher.sources.ga4.plan import (
    ADD_TO_CART,
    AUDIENCE,
    COMMERCE,
    FUNNEL,
    GOALS,
    KEY_EVENTS,
    PURCHASE,
    RANGE,
    TOTALS,
)
from functions.fetcher.sources.ga4.reading import Cell, share

# Flags: how carts and conversions were counted where GA4 does not tell sessions by their events.
CARTS_BY_EVENTS: Final = "carts_by_events"
CONVERSIONS_BY_EVENTS: Final = "conversions_by_events"


def period_figures(answers: Answers, of: str) -> PeriodFigures:
    """Return the figures of one of the two periods; each is absent for the reason of its own report."""
    totals = answers.cell(TOTALS, of, dateRange=of)
    commerce = answers.cell(COMMERCE, of, dateRange=of)
    sessions, users = totals.count("sessions"), totals.count("totalUsers")
    funnel = _funnel(answers, of, commerce)
    return PeriodFigures(
        sessions=sessions,
        users=users,
        new_users=totals.count("newUsers"),
        returning_users=_returning(answers, of, users),
        bounce_rate=_bounce_rate(totals, sessions),
        pageviews_per_session=_pages_a_session(totals, sessions),
        avg_session_duration=_nothing(totals) if sessions == 0 else totals.amount("averageSessionDuration"),
        session_conversion_rate=share(funnel.bought, sessions, of=f"{of}.sessions"),
        carts=funnel.carts,
        cart_abandonment_rate=_abandonment(funnel, of),
        goal_completions=_goals(answers, of, totals),
        orders=answers.told(_orders(commerce), PURCHASE),
        revenue=answers.told(commerce.money("purchaseRevenue"), PURCHASE),
    )


def stand_ins(answers: Answers) -> tuple[str, ...]:
    """Return the flags of figures that were counted another way."""
    return (CARTS_BY_EVENTS, CONVERSIONS_BY_EVENTS) if answers.refused(FUNNEL) else ()


class _Funnel(NamedTuple):
    """How many sessions had a cart and how many a purchase; events, where GA4 does not take the question."""

    carts: Count
    bought: Count


def _funnel(answers: Answers, of: str, commerce: Cell) -> _Funnel:
    if answers.refused(FUNNEL):
        carts, bought = commerce.count("addToCarts"), commerce.count("ecommercePurchases")
    else:
        carts = answers.cell(FUNNEL, of, dateRange=of, eventName=ADD_TO_CART).count("sessions")
        bought = answers.cell(FUNNEL, of, dateRange=of, eventName=PURCHASE).count("sessions")
    return _Funnel(answers.told(carts, ADD_TO_CART), answers.told(bought, PURCHASE))


def _abandonment(funnel: _Funnel, of: str) -> Figure:
    """Return the carts that were left, in percent. Who buys without a cart may outnumber them: none was left then."""
    carts, bought = funnel
    if isinstance(carts, Absent) or isinstance(bought, Absent):
        return Absent(causes_of(carts, bought))
    return share(max(carts - bought, 0), carts, of=f"{of}.carts")


def _returning(answers: Answers, of: str, users: Count) -> Count:
    """Return the users who came back.

    That nobody did is measured only where GA4 tells of every user whether they are new: of some it may not know.
    """
    cell = answers.cell(AUDIENCE, of, dateRange=of, newVsReturning="returning")
    if cell.row is None and not isinstance(cell.report, Absent) and users != 0:
        kinds = {row.keys["newVsReturning"] for row in cell.report.rows if row.keys[RANGE] == of}
        if kinds != {"new"}:
            return Absent.because(Reason.NOT_MEASURED, f"{of}: GA4 does not tell new users from returning ones")
    return cell.count("totalUsers")


def _bounce_rate(totals: Cell, sessions: Count) -> Figure:
    """Return the sessions without engagement in percent: from the counts, which are exact, else as GA4 states it."""
    engaged = totals.count("engagedSessions")
    if sessions == 0:
        return _nothing(totals)
    if isinstance(sessions, int) and isinstance(engaged, int) and engaged <= sessions:
        return share(sessions - engaged, sessions, of=totals.within)
    return totals.rate("bounceRate")


def _pages_a_session(totals: Cell, sessions: Count) -> Figure:
    views = totals.count("screenPageViews")
    if sessions == 0:
        return _nothing(totals)
    if isinstance(sessions, int) and isinstance(views, int):
        return Decimal(views) / sessions
    return totals.amount("screenPageViewsPerSession")


def _nothing(totals: Cell) -> Absent:
    return Absent.because(Reason.NOT_MEASURED, f"{totals.within}: there were no sessions")


def _goals(answers: Answers, of: str, totals: Cell) -> Figure:
    """Return the key events: all of them, or the sum of those that the merchant chose."""
    if not answers.settings.key_events:
        return totals.amount(KEY_EVENTS)
    cell = answers.cell(GOALS, of, dateRange=of)
    counts = [cell.amount(f"{KEY_EVENTS}:{event}") for event in answers.settings.key_events]
    known = [count for count in counts if not isinstance(count, Absent)]
    return sum(known, Decimal(0)) if len(known) == len(counts) else Absent(causes_of(*counts))


def _orders(commerce: Cell) -> Count:
    orders = commerce.count("transactions")
    return commerce.count("ecommercePurchases") if isinstance(orders, Absent) else orders
