"""The landing pages and traffic sources of a sample channel: the same totals, told by page and by source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from random import Random

from console.sample.channel import Channel, Totals
from console.sample.wares import HOSTILE_TITLE, page_names, slug

# A row may convert so many times as well as the channel before it would look like a candidate to amplify (1.5) to a
# provider that leaves its paid visitors out of the row and rounds what the channel bought.
_ORDINARY_AT_MOST = 1.2
_LISTED_SHARE = (0.93, 0.98)
_STORY_PAGE_SHARE = (0.13, 0.16)
_STORY_SOURCE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Part:
    """What one page or source has of one period's totals."""

    sessions: int
    users: int
    bounce_rate: float
    pageviews: int
    duration: float
    conversions: int
    conversion_rate: float
    goals: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class PageRow:
    """One landing page. ``prior`` is ``None`` when it had no traffic then."""

    path: str
    title: str
    current: Part
    prior: Part | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source / medium / campaign."""

    source: str
    medium: str
    campaign: str | None
    is_paid: bool
    current: Part
    prior: Part | None


def pages_of(channel: Channel) -> list[PageRow]:
    """Return the landing pages with any sessions, the most visited first. A few sessions have no known page."""
    traits, random = channel.traits, channel.traits.random_for("pages")
    names = page_names(channel.merchant.shop.trade, traits.page_count)
    if channel.merchant.shape.hostile_title:
        names[1] = (names[1][0], HOSTILE_TITLE)
    weights = [random.uniform(0.85, 1.15) / (at + 2.2) for at in range(len(names))]
    share = random.uniform(*_LISTED_SHARE)
    shares = [share * weight / sum(weights) for weight in weights]
    factors = [1.0] * len(names)
    for at, factor in ((1, traits.dud_page), (3, traits.star_page)):
        if factor is not None:
            shares, factors[at] = _with_share(shares, at, random.uniform(*_STORY_PAGE_SHARE)), factor
    now = _parts(channel.current, shares, _balanced(shares, factors), random, channel)
    before = _parts(channel.prior, [part * 0.95 for part in shares], [1.0] * len(shares), random, channel)
    rows = [
        PageRow(path, title, current, None if random.random() < 0.06 else prior)  # noqa: PLR2004 - a page that is new
        for (path, title), current, prior in zip(names, now, before, strict=True)
        if current is not None
    ]
    return sorted(rows, key=lambda row: (-row.current.sessions, row.path))


def sources_of(channel: Channel) -> list[SourceRow]:
    """Return the sources, the most visited first; their sessions and conversions sum to the channel's."""
    traits, random = channel.traits, channel.traits.random_for("sources")
    campaign = slug(page_names(channel.merchant.shop.trade, 4)[3][1]) + "-video"
    keys: list[tuple[str, str, str | None, bool]] = [
        ("tiktok", "social", "bio-link", False),
        ("tiktok.com", "referral", None, False),
        ("tiktok", "video", campaign, False),
    ]
    if channel.merchant.shape.paid_source:
        keys.append(("tiktok", "paid-social", "spark-ads", True))
    weights = [random.uniform(0.9, 1.1) * weight for weight in (0.62, 0.2, 0.18, 0.12)[: len(keys)]]
    shares = [weight / sum(weights) for weight in weights]
    factors = [1.0] * len(keys)
    if traits.star_source is not None:
        shares, factors[2] = _with_share(shares, 2, _STORY_SOURCE_SHARE), traits.star_source
    now = _parts(channel.current, shares, _balanced(shares, factors), random, channel, complete=True)
    before = _parts(channel.prior, shares, [1.0] * len(shares), random, channel, complete=True)
    rows = [
        SourceRow(*key, current=current, prior=prior)
        for key, current, prior in zip(keys, now, before, strict=True)
        if current is not None
    ]
    return sorted(rows, key=lambda row: (-row.current.sessions, row.source, row.medium))


def _with_share(shares: Sequence[float], at: int, share: float) -> list[float]:
    """Give one row this share; the others keep their proportions and their sum with it."""
    rest = sum(shares) - shares[at]
    others = (sum(shares) - share) / rest
    return [share if index == at else value * others for index, value in enumerate(shares)]


def _balanced(shares: Sequence[float], factors: Sequence[float]) -> list[float]:
    """Return the rows' conversion, times the channel's, such that the ordinary rows make up for the special ones."""
    special = sum(share * factor for share, factor in zip(shares, factors, strict=True) if factor != 1)
    ordinary = sum(share for share, factor in zip(shares, factors, strict=True) if factor == 1)
    rest = (sum(shares) - special) / ordinary
    return [rest if factor == 1 else factor for factor in factors]


def _parts(
    totals: Totals | None,
    shares: Sequence[float],
    factors: Sequence[float],
    random: Random,
    channel: Channel,
    *,
    complete: bool = False,
) -> list[Part | None]:
    """Split a period's totals into rows; ``None`` for one without sessions. ``complete``: they are all there is."""
    if totals is None:
        return [None] * len(shares)
    sessions = [int(totals.sessions * share) for share in shares]
    largest = max(range(len(shares)), key=sessions.__getitem__)
    if complete:
        sessions[largest] += totals.sessions - sum(sessions)
    rate = totals.conversions / totals.sessions if totals.sessions else 0
    conversions = [
        _conversions(count * rate * factor, count, rate, ordinary=0 < factor < _ORDINARY_AT_MOST)
        for count, factor in zip(sessions, factors, strict=True)
    ]
    missing = totals.conversions - sum(conversions)
    if complete or missing < 0:
        conversions[largest] += missing
    return [
        _part(totals, count, bought, random, channel) if count else None
        for count, bought in zip(sessions, conversions, strict=True)
    ]


def _conversions(wanted: float, sessions: int, rate: float, *, ordinary: bool) -> int:
    """Round a row's conversions; an ordinary row must not be lifted above the ordinary by the rounding alone."""
    count = round(wanted)
    return int(wanted) if ordinary and count > _ORDINARY_AT_MOST * rate * sessions else count


def _part(totals: Totals, sessions: int, conversions: int, random: Random, channel: Channel) -> Part:
    share = sessions / totals.sessions
    extra_views = (totals.pageviews - totals.sessions) * share * random.uniform(0.8, 1)
    bounced = 100 * totals.bounced / totals.sessions
    revenue = totals.revenue * conversions / totals.conversions if totals.conversions else Decimal()
    return Part(
        sessions=sessions,
        users=int(totals.users * share),
        bounce_rate=round(min(max(bounced + random.uniform(-4, 4), 0), 100), 1),
        pageviews=sessions + int(extra_views),
        duration=round(totals.duration * random.uniform(0.85, 1.15), 1),
        conversions=conversions,
        conversion_rate=round(100 * conversions / sessions, 2),
        goals=int(totals.goals * share),
        revenue=revenue.quantize(channel.traits.cent, rounding=ROUND_DOWN),
    )
