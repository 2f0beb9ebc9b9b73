"""A sample channel as a Shopify shop has it on record: each day's visits and sales, by the way that they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from console.sample.channel import Channel, Totals
from console.sample.days import Day
from console.sample.listings import Part, SourceRow, pages_of, sources_of

_TREND_DAYS = 30
_USUAL = Decimal(20)  # what others spend where TikTok's visitors have bought nothing


@dataclass(frozen=True, slots=True)
class Way:
    """How visitors came: what the session's and the order's dimensions say of it."""

    referrer_source: str | None = None
    referrer_name: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    bot: bool = False

    @property
    def is_tiktok(self) -> bool:
        """Whether the sample means it to be TikTok's, paid or not."""
        return "TikTok" in (self.referrer_name, self.utm_source) or self.utm_source == "tiktok"


@dataclass(frozen=True, slots=True)
class Cell:
    """One day and one way. ``bounced``, ``seconds`` and ``views`` are means times sessions: reports show rates only."""

    day: date
    way: Way
    sessions: int
    visitors: int
    views: float
    seconds: float
    bounced: float
    carts: int
    completed: int
    orders: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Landing:
    """The current period's visits that began on one page, by the way that they came; ``path`` may be unknown."""

    path: str | None
    way: Way
    sessions: int
    completed: int


# Whom else the shop's visitors come from, in sessions and orders for each of TikTok's. None of them is this channel.
_OTHERS = (
    (Way("search", "Google"), 2.1, 1.4),
    (Way(), 1.7, 2.2),
    (Way("email", None, "newsletter", "email", "welcome"), 0.4, 0.9),
    (Way("social", "Instagram", "instagram", "social", "story"), 0.8, 0.5),
    (Way(bot=True), 0.6, 0.0),
)


def cells_of(channel: Channel) -> tuple[Cell, ...]:
    """Return every cell of the days that the channel knows; those of TikTok's ways come to the story's own totals."""
    start, rows = channel.window.start, sources_of(channel)
    completed = _completed(channel)
    current = [day for day in channel.days if day.date >= start]
    older = [day for day in channel.days if day.date < start]
    # A shop that the source had no prior period of has days before the current one all the same.
    before = channel.prior or channel.current
    return (
        *_cells(current, channel.current, [(row, row.current) for row in rows], completed),
        *_cells(older, before, [(row, row.prior or row.current) for row in rows], completed),
    )


def landings_of(channel: Channel, cells: Iterable[Cell]) -> tuple[Landing, ...]:
    """Return the landing pages of the current period. What no page is known of makes up for the rest."""
    inside = [cell for cell in cells if cell.way.is_tiktok and cell.day >= channel.window.start]
    ways = list(dict.fromkeys(cell.way for cell in inside))
    sessions = [sum(cell.sessions for cell in inside if cell.way == way) for way in ways]
    completed = [sum(cell.completed for cell in inside if cell.way == way) for way in ways]
    found: list[Landing] = []
    for row in pages_of(channel):
        visits = spread(row.current.sessions, sessions)
        bought = spread(row.current.conversions, visits)
        found += [Landing(row.path, way, visits[at], bought[at]) for at, way in enumerate(ways)]
    for at, way in enumerate(ways):
        known = [landing for landing in found if landing.way == way]
        found.append(
            Landing(
                None,
                way,
                max(sessions[at] - sum(landing.sessions for landing in known), 0),
                max(completed[at] - sum(landing.completed for landing in known), 0),
            )
        )
    return tuple(found)


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """Return whole shares of a total, as near to the weights as whole numbers come, that sum up to it."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares, running, given = [], 0.0, 0
    for weight in weights:
        running += weight
        upto = round(total * running / whole)
        shares.append(upto - given)
        given = upto
    return shares


def share_out(daily: Sequence[int], ratios: Sequence[float]) -> list[list[int]]:
    """Return each day's count in whole parts of these ratios: a day's parts sum up to it, and so does each part."""
    owed = [0.0] * len(ratios)
    shares: list[list[int]] = [[] for _ in ratios]
    for count in daily:
        owed = [due + count * ratio for due, ratio in zip(owed, ratios, strict=True)]
        given = [max(int(due), 0) for due in owed]
        by_need = sorted(range(len(ratios)), key=lambda at: owed[at] - given[at], reverse=True)
        for at in [*by_need, *by_need][: max(count - sum(given), 0)]:
            given[at] += 1
        owed = [due - part for due, part in zip(owed, given, strict=True)]
        for share, part in zip(shares, given, strict=True):
            share.append(part)
    return shares


def _completed(channel: Channel) -> dict[date, int]:
    """Return the completed checkouts of each day: a shop's goals, which go the way that the story's goals go.

    The days that a trend is fitted over are all on one scale, though the oldest of them lie in the prior period; the
    others make up for the prior period's own total.
    """
    start, end = channel.window.start, channel.window.end
    current = channel.current
    trend = start if not current.buyers else min(start, end - timedelta(days=_TREND_DAYS - 1))
    fitted = _per_goal(current.buyers, (day for day in channel.days if day.date >= start))
    prior = channel.prior or current
    pinned = sum(day.goals * fitted for day in channel.days if trend <= day.date < start)
    rest = _per_goal(
        max(prior.buyers - pinned, 0), (day for day in channel.days if channel.window.compare_start <= day.date < trend)
    )
    expected = [day.goals * (fitted if day.date >= trend else rest) for day in channel.days]
    counts, running = {}, 0.0
    for day, value in zip(channel.days, expected, strict=True):
        counts[day.date] = round(running + value) - round(running)
        running += value
    return counts


def _per_goal(total: float, days: Iterable[Day]) -> float:
    goals = sum(day.goals for day in days)
    return total / goals if goals else 0.0


def _cells(
    days: Sequence[Day], totals: Totals, rows: Sequence[tuple[SourceRow, Part]], completed: Mapping[date, int]
) -> Iterator[Cell]:
    """Yield the cells of some days of a period, which has those totals and is made up of those sources."""
    if not days or not totals.sessions:
        return
    visits = [day.sessions for day in days]
    carts = spread(round(totals.carts * sum(visits) / totals.sessions), visits)
    value = totals.revenue / totals.conversions if totals.conversions else Decimal()
    # A way's share of what is bought may differ from its share of the visits: that is what some stories are about.
    coming = [part.sessions / totals.sessions for _, part in rows]
    buying = [part.conversions / totals.conversions for _, part in rows] if totals.conversions else coming
    came = share_out(visits, coming)
    carted = share_out(carts, buying)
    finished = share_out([completed[day.date] for day in days], buying)
    bought = share_out([day.conversions for day in days], buying)
    for at, (row, _) in enumerate(rows):
        for on, day in enumerate(days):
            counts = (came[at][on], carted[at][on], finished[at][on], bought[at][on])
            yield _cell(day, _way(row), totals, *counts, value)
    for way, visiting, ordering in _OTHERS:
        for day in days:
            orders = round(max(day.conversions, 1) * ordering)
            yield _cell(day, way, totals, round(day.sessions * visiting), 3 * orders, orders, orders, value or _USUAL)


def _cell(
    day: Day, way: Way, totals: Totals, sessions: int, carts: int, completed: int, orders: int, value: Decimal
) -> Cell:
    views = day.pageviews / day.sessions if day.sessions else 0.0
    return Cell(
        day=day.date,
        way=way,
        sessions=sessions,
        visitors=round(sessions * totals.users / totals.sessions),
        views=sessions * views,
        seconds=sessions * totals.duration,
        bounced=sessions * totals.bounced / totals.sessions,
        carts=carts,
        completed=completed,
        orders=orders,
        revenue=(orders * value).quantize(Decimal("0.01")),
    )


def _way(row: SourceRow) -> Way:
    """Return how Shopify names a source: what came without a tag is known by its referrer alone."""
    if row.medium == "referral":
        return Way("social", "TikTok")
    return Way("social", "TikTok", row.source, row.medium, row.campaign)
