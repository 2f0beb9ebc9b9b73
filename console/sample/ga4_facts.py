"""What a sample property knows of its visitors: those whom TikTok sent for nothing, for money, and everybody else.

The first are the merchant's story. The others are healthy shops of their own, so that a question without the filter
gets quite another answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from console.sample.channel import Channel, Totals, channel_of
from console.sample.days import Day, Window
from console.sample.ga4_query import Range
from console.sample.ga4_story import KEY_EVENTS, Ga4Conduct, Ga4Fault
from console.sample.listings import Part, SourceRow, pages_of, sources_of
from console.sample.story import SampleMerchant, Shape, Shop

# Additive figures by name; what a report shows follows from their sums.
Sums = Mapping[str, Decimal]
NO_PAGE: Final = "(not set)"
_PAID: Final = ("tiktok", "paid-social", "spark-ads")
_OTHERS: Final = ("google", "organic", "(organic)")
_ADDS_A_CART: Final = Decimal("1.3")  # of an item, by a session that has a cart


@dataclass(frozen=True, slots=True)
class Source:
    """One source / medium / campaign of a group, and what came by it in each period."""

    names: tuple[str, str, str]
    current: Sums
    prior: Sums | None

    @property
    def record(self) -> dict[str, str]:
        """The source as a filter sees it."""
        return dict(zip(("sessionSource", "sessionMedium", "sessionCampaignName"), self.names, strict=True))


@dataclass(frozen=True, slots=True)
class Group:
    """Visitors with one behaviour, and the sources they came by."""

    channel: Channel
    sources: tuple[Source, ...]
    conduct: Ga4Conduct

    def totals(self, of: Range) -> Sums | None:
        """Return the totals of a range, ``None`` of one without data.

        Raises:
            KeyError: the sample keeps totals of its two periods only, alone or together.
        """
        window, channel = self.channel.window, self.channel
        known = {
            (window.start, window.end): (channel.current,),
            (window.compare_start, window.compare_end): (channel.prior,),
            (window.compare_start, window.end): (channel.prior, channel.current),
        }
        found = [_of_totals(totals) for totals in known[of.start, of.end] if totals is not None and totals.sessions]
        return _sum(found)

    def days(self, of: Range) -> Iterator[tuple[date, Sums]]:
        """Yield each day of a range that has data."""
        for day in self.channel.days:
            if of.start <= day.date <= of.end:
                yield day.date, _of_day(day)

    def pages(self, of: Range) -> Iterator[tuple[str, Sums]]:
        """Yield the landing pages of one of the two periods; the visits without one come last."""
        totals = self.totals(of)
        current = of.start == self.channel.window.start
        listed = Decimal(0)
        for row in pages_of(self.channel):
            part = row.current if current else row.prior
            if part is not None and (current or self.channel.prior is not None):
                listed += part.sessions
                yield row.path, _of_part(part)
        if totals is not None and totals["sessions"] > listed:
            left = totals["sessions"] - listed
            yield NO_PAGE, dict.fromkeys(_of_part_names(), Decimal(0)) | {"sessions": left}


def groups_of(merchant: SampleMerchant, conduct: Ga4Conduct, window: Window) -> tuple[Group, ...]:
    """Return everybody who visited the shop."""
    if conduct.fault is Ga4Fault.EMPTY:
        return ()
    # A property cannot say that it has no prior period: it has rows of the days that it was there.
    story = channel_of(replace(merchant, shape=replace(merchant.shape, prior=True)), window)
    paid = channel_of(_another(merchant, "paid", Shape(sessions=(900, 1400), conversion=(0.4, 0.5))), window)
    others = channel_of(_another(merchant, "others", Shape(sessions=(20_000, 30_000))), window)
    return (
        Group(story, _organic(story), conduct),
        Group(paid, _alone(paid, _PAID), conduct),
        Group(others, _alone(others, _OTHERS), conduct),
    )


def _another(merchant: SampleMerchant, name: str, shape: Shape) -> SampleMerchant:
    shop = merchant.shop
    other = Shop(f"{shop.id}-{name}", shop.name, shop.timezone, shop.currency, shop.trade, shop.order_value)
    return replace(merchant, shop=other, shape=shape)


def _organic(channel: Channel) -> tuple[Source, ...]:
    """Return the story's sources. Of a paid one GA4 has its own figures: its share goes to the largest organic one."""
    rows = sources_of(channel)
    organic = [row for row in rows if not row.is_paid]
    return tuple(
        Source(
            (row.source, row.medium, row.campaign or "(not set)"),
            added(*(_of_part(part.current) for part in _with_paid(row, organic, rows))),
            _sum([_of_part(part.prior) for part in _with_paid(row, organic, rows) if part.prior is not None]),
        )
        for row in organic
    )


def _with_paid(row: SourceRow, organic: list[SourceRow], rows: list[SourceRow]) -> list[SourceRow]:
    return [row, *(other for other in rows if other.is_paid)] if row is organic[0] else [row]


def _alone(channel: Channel, names: tuple[str, str, str]) -> tuple[Source, ...]:
    prior = None if channel.prior is None else _of_totals(channel.prior)
    return (Source(names, _of_totals(channel.current), prior),)


def _of_totals(totals: Totals) -> Sums:
    return _numbers(
        sessions=totals.sessions,
        engaged=totals.sessions - totals.bounced,
        users=totals.users,
        returning=totals.returning_users,
        views=totals.pageviews,
        seconds=totals.duration * totals.sessions,
        carts=totals.carts,
        checkouts=totals.checkouts,
        buyers=totals.buyers,
        revenue=totals.revenue,
        **_goals(totals.goals, totals.conversions),
    )


def _of_day(day: Day) -> Sums:
    return _numbers(
        sessions=day.sessions, views=day.pageviews, revenue=day.revenue, **_goals(day.goals, day.conversions)
    )


def _of_part(part: Part) -> Sums:
    return _numbers(
        sessions=part.sessions,
        users=part.users,
        engaged=part.sessions * (1 - part.bounce_rate / 100),
        views=part.pageviews,
        seconds=part.duration * part.sessions,
        revenue=part.revenue,
        **_goals(part.goals, part.conversions),
    )


def _of_part_names() -> tuple[str, ...]:
    goals = ("goals", "orders", *(f"goals:{event}" for event in KEY_EVENTS))
    return ("sessions", "users", "engaged", "views", "seconds", "revenue", *goals)


def _goals(goals: int, orders: int) -> dict[str, int]:
    """Return the key events, all and each: orders are the purchases among them, sign-ups two thirds of the rest."""
    purchases = min(orders, goals)
    sign_ups = (goals - purchases) * 2 // 3
    return {
        "goals": goals,
        "orders": orders,
        "goals:sign_up": sign_ups,
        "goals:add_to_wishlist": goals - purchases - sign_ups,
        "goals:purchase": purchases,
    }


def _numbers(**values: float | Decimal) -> Sums:
    return {name: Decimal(str(value)) for name, value in values.items()}


def _sum(parts: list[Sums]) -> Sums | None:
    """Return the sums of what all parts have; ``None`` of no parts."""
    if not parts:
        return None
    return {
        name: sum((part[name] for part in parts), Decimal(0))
        for name in parts[0]
        if all(name in part for part in parts)
    }


def added(*parts: Sums) -> Sums:
    """Return the sums of parts."""
    return _sum(list(parts)) or {}


def events_of(totals: Sums, conduct: Ga4Conduct) -> dict[str, tuple[Decimal, Decimal]]:
    """Return each event of a visit: in how many sessions it happened, and how often."""
    events = {
        "session_start": (totals["sessions"], totals["sessions"]),
        "page_view": (totals["sessions"], totals["views"]),
    }
    if conduct.fault is not Ga4Fault.NO_ECOMMERCE:
        events |= {
            "add_to_cart": (totals["carts"], (totals["carts"] * _ADDS_A_CART).to_integral_value()),
            "begin_checkout": (totals["checkouts"], totals["checkouts"]),
            "purchase": (totals["buyers"], totals["orders"]),
        }
    return events
