"""The sixteen figures of a channel: value, prior, change, and whether that change is good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.check import HUNDRED
from functions.audit.snapshot import AccountStats, Figure, PeriodFigures, Snapshot


class GoodWhen(StrEnum):
    """In which direction a figure is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Sentiment(StrEnum):
    """Is this change good?"""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure of the channel. ``prior`` and ``change_percent`` are absent where there is nothing to compare.

    ``source`` names who measured it: tiktok, tiktok_research, storefront, ga4 or shopify; ``None`` when nobody could be
    asked.
    """

    name: str
    value: Figure
    prior: Figure
    unit: str
    good_when: GoodWhen
    change_percent: Figure
    source: str | None = None

    @property
    def sentiment(self) -> Sentiment:
        """Whether the change is good; unknown when there is no change to speak of."""
        if isinstance(self.value, Absent) or isinstance(self.prior, Absent) or isinstance(self.change_percent, Absent):
            return Sentiment.UNKNOWN
        if self.value == self.prior:
            return Sentiment.NEUTRAL
        rose = self.value > self.prior
        return Sentiment.GOOD if rose is (self.good_when is GoodWhen.HIGHER) else Sentiment.BAD


_NO_PRIOR_COUNT = Absent.because(Reason.NO_PRIOR, "TikTok tells only tonight's count")
_STATS: Final[tuple[tuple[str, Callable[[AccountStats], int | Absent]], ...]] = (
    ("followers", lambda stats: stats.followers),
    ("following", lambda stats: stats.following),
    ("likes", lambda stats: stats.likes),
    ("videos", lambda stats: stats.videos),
)
_CHANNEL: Final[tuple[tuple[str, str, GoodWhen, Callable[[PeriodFigures], int | Figure]], ...]] = (
    ("sessions", "sessions", GoodWhen.HIGHER, lambda of: of.sessions),
    ("users", "users", GoodWhen.HIGHER, lambda of: of.users),
    ("new_users", "users", GoodWhen.HIGHER, lambda of: of.new_users),
    ("returning_users", "users", GoodWhen.HIGHER, lambda of: of.returning_users),
    ("bounce_rate", "%", GoodWhen.LOWER, lambda of: of.bounce_rate),
    ("pageviews_per_session", "pages", GoodWhen.HIGHER, lambda of: of.pageviews_per_session),
    ("avg_session_duration", "s", GoodWhen.HIGHER, lambda of: of.avg_session_duration),
    ("session_conversion_rate", "%", GoodWhen.HIGHER, lambda of: of.session_conversion_rate),
    ("cart_abandonment_rate", "%", GoodWhen.LOWER, lambda of: of.cart_abandonment_rate),
    ("goal_completions", "goals", GoodWhen.HIGHER, lambda of: of.goal_completions),
    ("orders", "orders", GoodWhen.HIGHER, lambda of: of.orders),
    ("revenue", "", GoodWhen.HIGHER, lambda of: of.revenue),
)
KPI_NAMES: Final = (*(name for name, _ in _STATS), *(name for name, *_ in _CHANNEL))


def kpis_of(snapshot: Snapshot) -> tuple[Kpi, ...]:
    """Return all sixteen KPIs of a snapshot, each a value or an absence with its reasons."""
    return (*_account_kpis(snapshot), *_channel_kpis(snapshot))


def _account_kpis(snapshot: Snapshot) -> Iterable[Kpi]:
    stats, public = snapshot.stats, snapshot.public_stats
    for name, pick in _STATS:
        value: Figure = stats if isinstance(stats, Absent) else _decimal(pick(stats))
        source = "tiktok"
        if isinstance(stats, Absent) and isinstance(public, AccountStats):
            # What everybody can see steps in where it is told; what it leaves out keeps the account's own reason.
            seen = _decimal(pick(public))
            value, source = (value, source) if isinstance(seen, Absent) else (seen, "tiktok_research")
        yield Kpi(name, value, _NO_PRIOR_COUNT, name, GoodWhen.HIGHER, _NO_PRIOR_COUNT, source)


def _channel_kpis(snapshot: Snapshot) -> Iterable[Kpi]:
    sessions = snapshot.sessions
    for name, unit, good_when, pick in _CHANNEL:
        if isinstance(sessions, Absent):
            yield Kpi(name, sessions, sessions, unit, good_when, sessions)
            continue
        value = _decimal(pick(sessions.current))
        prior = sessions.prior if isinstance(sessions.prior, Absent) else _decimal(pick(sessions.prior))
        mixed = causes_of(*sessions.marks(name))
        change = Absent(mixed) if mixed else _change(value, prior)
        shown = sessions.currency if name == "revenue" else unit
        yield Kpi(name, value, prior, shown, good_when, change, sessions.measured_by(name))


def _change(value: Figure, prior: Figure) -> Figure:
    if isinstance(value, Absent) or isinstance(prior, Absent):
        return Absent(causes_of(value, prior))
    if prior <= 0:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, f"the prior value was {prior}")
    return (value - prior) * HUNDRED / prior


def _decimal(value: int | Decimal | Absent) -> Figure:
    return Decimal(value) if isinstance(value, int) else value
