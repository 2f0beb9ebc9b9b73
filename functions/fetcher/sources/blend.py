"""Traffic from one provider and commerce from the shop system beside it, as one channel that says who measured what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import Merchant, Provider
from functions.audit.snapshot import PagesSeen, PeriodFigures, Series, SessionsSeen, SourcesSeen
from functions.fetcher.sources.channel import Channel, Commerce, CommerceFigures

_CARTS: Final = ("carts", "cart_abandonment_rate")
_SALES: Final = ("orders", "revenue")
# A series is not shortened below what a trend is fitted over.
_LEAST_DAYS: Final = 30
_NOT_BY_PAGE: Final = Absent.because(Reason.NOT_MEASURED, "the shop system beside tells no revenue by page or source")


def blend(channel: Channel, commerce: Commerce | Absent, merchant: Merchant) -> Channel:
    """Return the channel with the shop system's revenue, orders and carts in place of the traffic provider's own.

    Where the shop system could not be asked, they are absent for that reason: another backend's figures would be judged
    against a history that is not theirs. Carts alone stay with the traffic provider where the shop system counts none.
    Traffic that could not be seen does not hide what the shop system saw.
    """
    if merchant.commerce is None:
        return channel
    seen = channel.sessions
    if isinstance(seen, Absent):
        seen = _without_traffic(seen, merchant)
    if isinstance(commerce, Absent):
        commerce = _unseen(commerce, merchant.commerce.provider.value, seen.currency)
    return Channel(_sessions(seen, commerce), _pages(channel.pages), _sources(channel.sources))


def _without_traffic(why: Absent, merchant: Merchant) -> SessionsSeen:
    unseen = PeriodFigures.unseen(why)
    backend = Provider.STOREFRONT if merchant.analytics is None else merchant.analytics.provider
    return SessionsSeen(current=unseen, prior=unseen, series=why, currency=merchant.currency, backend=backend.value)


def _unseen(why: Absent, backend: str, currency: str) -> Commerce:
    figures = CommerceFigures(why, why, why, why)
    return Commerce(backend, current=figures, prior=figures, daily_revenue=why, currency=currency)


def _sessions(sessions: SessionsSeen, commerce: Commerce) -> SessionsSeen:
    names = _SALES if _counts_no_carts(commerce.current) else (*_CARTS, *_SALES)
    daily = {} if isinstance(commerce.daily_revenue, Absent) else commerce.daily_revenue
    return sessions.model_copy(
        update={
            "current": _replaced(sessions.current, commerce.current, names),
            "prior": _replaced(sessions.before, commerce.prior, names),
            "series": _series(sessions.series, daily),
            "currency": commerce.currency,
            "mixed_currency": commerce.mixed_currency,
            "mixed_commerce": commerce.mixed_definition,
            "origins": dict.fromkeys(names, commerce.backend),
            "flags": tuple(dict.fromkeys((*sessions.flags, *commerce.flags))),
        }
    )


def _replaced(figures: PeriodFigures, by: CommerceFigures | Absent, names: tuple[str, ...]) -> PeriodFigures:
    return figures.model_copy(update={name: by if isinstance(by, Absent) else getattr(by, name) for name in names})


def _counts_no_carts(figures: CommerceFigures) -> bool:
    """Say whether the shop system counts no carts at all: orders alone know nothing of a cart that was left.

    The rate goes with the count: a rate of one backend over carts of another would be nobody's figure.
    """
    return isinstance(figures.carts, Absent) and {cause.reason for cause in figures.carts.causes} == {
        Reason.NOT_MEASURED
    }


def _series(series: Series | Absent, revenue: Mapping[date, Decimal]) -> Series | Absent:
    """Return the series with the shop's revenue, which begins where the shop's knowledge does.

    Days before it are left out, so that the rest can be judged; where that would leave too few, their revenue is
    unknown instead.
    """
    if isinstance(series, Absent):
        return series
    days = [series.start + timedelta(days=at) for at in range(len(series.sessions))]
    late = next((at for at, day in enumerate(days) if day in revenue), 0)
    first = late if len(days) - late >= _LEAST_DAYS else 0
    return Series(
        start=days[first] if days else series.start,
        sessions=series.sessions[first:],
        goal_completions=series.goal_completions[first:],
        revenue=tuple(revenue.get(day) for day in days[first:]),
    )


def _pages(pages: PagesSeen | Absent) -> PagesSeen | Absent:
    if isinstance(pages, Absent):
        return pages
    listed = tuple(page.model_copy(update={"revenue": _NOT_BY_PAGE}) for page in pages.pages)
    return pages.model_copy(update={"pages": listed})


def _sources(sources: SourcesSeen | Absent) -> SourcesSeen | Absent:
    if isinstance(sources, Absent):
        return sources
    listed = tuple(source.model_copy(update={"revenue": _NOT_BY_PAGE}) for source in sources.sources)
    return sources.model_copy(update={"sources": listed})
