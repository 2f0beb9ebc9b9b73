"""Traffic from one provider and commerce from the shop system beside it, as one channel that says who measured what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import PeriodFigures, Series, SessionsSeen
from functions.fetcher.sources.channel import Channel, Commerce, CommerceFigures

_NAMES = ("carts", "cart_abandonment_rate", "orders", "revenue")


def blend(channel: Channel, commerce: Commerce | Absent, *, backend: str) -> Channel:
    """Return the channel with the shop system's revenue, orders and carts in place of the traffic provider's own.

    Where the shop system could not be asked, they are absent for that reason: another backend's figures would be judged
    against a history that is not theirs. Carts alone stay with the traffic provider where the shop system counts none.
    """
    if isinstance(channel.sessions, Absent):
        return channel
    if isinstance(commerce, Absent):
        gone = CommerceFigures(commerce, commerce, commerce, commerce)
        return replace(channel, sessions=_with(channel.sessions, backend, gone, gone))
    sessions = _with(channel.sessions, backend, commerce.current, commerce.prior)
    return replace(
        channel,
        sessions=sessions.model_copy(
            update={
                "series": _series(sessions.series, commerce),
                "currency": commerce.currency,
                "mixed_currency": commerce.mixed_currency,
                "mixed_commerce": commerce.mixed_definition,
                "flags": tuple(dict.fromkeys((*sessions.flags, *commerce.flags))),
            }
        ),
    )


def _with(
    sessions: SessionsSeen, backend: str, current: CommerceFigures, prior: CommerceFigures | Absent
) -> SessionsSeen:
    taken = [name for name in _NAMES if not _counts_none(current, name)]
    before = sessions.prior
    if not isinstance(before, Absent):
        before = _replaced(before, prior, taken)
    elif not isinstance(prior, Absent):
        before = _replaced(PeriodFigures.unseen(before), prior, taken)
    return sessions.model_copy(
        update={
            "current": _replaced(sessions.current, current, taken),
            "prior": before,
            "series": _blind(sessions.series),
            "mixed_currency": None,
            "origins": dict.fromkeys(taken, backend),
        }
    )


def _replaced(figures: PeriodFigures, by: CommerceFigures | Absent, names: list[str]) -> PeriodFigures:
    return figures.model_copy(update={name: by if isinstance(by, Absent) else getattr(by, name) for name in names})


def _counts_none(figures: CommerceFigures, name: str) -> bool:
    """Say whether the shop system counts no carts at all: orders alone know nothing of a cart that was left."""
    value = getattr(figures, name)
    return (
        name in {"carts", "cart_abandonment_rate"}
        and isinstance(value, Absent)
        and all(cause.reason is Reason.NOT_MEASURED for cause in value.causes)
    )


def _blind(series: Series | Absent) -> Series | Absent:
    """Return the series without the traffic provider's revenue, which is not what the shop took."""
    if isinstance(series, Absent):
        return series
    return series.model_copy(update={"revenue": (None,) * len(series.revenue)})


def _series(series: Series | Absent, commerce: Commerce) -> Series | Absent:
    if isinstance(series, Absent) or isinstance(commerce.daily_revenue, Absent):
        return series
    revenue = commerce.daily_revenue
    days = (series.start + timedelta(days=at) for at in range(len(series.revenue)))
    return series.model_copy(update={"revenue": tuple(revenue.get(day) for day in days)})
