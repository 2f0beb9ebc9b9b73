"""The daily figures of a sample channel, from which every total is summed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from console.sample.traits import Traits

_TREND_DAYS = 30
_REFERENCE_DAYS = 28
# Some buyers order twice in a visit: orders for every converting session.
ORDERS_PER_BUYER = 1.03


@dataclass(frozen=True, slots=True)
class Window:
    """What a request asks for: the current period, the one before it, and the length of the daily series."""

    start: date
    end: date
    compare_start: date
    compare_end: date
    series_days: int

    @property
    def days(self) -> int:
        """Number of days of the current period."""
        return (self.end - self.start).days + 1

    @property
    def span(self) -> int:
        """Number of days, up to the end of the current period, that anything is asked about."""
        return max((self.end - self.compare_start).days + 1, self.series_days, _TREND_DAYS)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the channel."""

    date: date
    sessions: int
    pageviews: int
    goals: int
    conversions: int
    revenue: Decimal


def days_of(traits: Traits, window: Window) -> tuple[Day, ...]:
    """Return every day that the window touches, oldest first.

    A story is told backwards from the window's end, so that it is the same story on whatever night it is audited. The
    noise belongs to the calendar day: two nights in a row see about the same days.
    """
    span = window.span if traits.shape.history is None else min(window.span, traits.shape.history)
    dates = [window.end - timedelta(days=ago) for ago in range(span)]
    noise = [_noise(traits, day) for day in dates]
    traffic_boost, earning_boost = _boosts(traits, span)
    level = [traits.week[day.weekday()] * traits.growth ** (-ago / window.days) for ago, day in enumerate(dates)]
    alive = min(window.days, span)
    base = traits.sessions * alive / _REFERENCE_DAYS / sum(level[:alive])
    usual = [base * height * wobble[0] for height, wobble in zip(level, noise, strict=True)]
    sessions = _whole(day * boost for day, boost in zip(usual, traffic_boost, strict=True))
    rates = [traits.current if ago < window.days else traits.prior for ago in range(span)]
    pageviews = _whole(count * rate.pages_per_session for count, rate in zip(sessions, rates, strict=True))
    conversions = _whole(
        day * boost * rate.conversion / 100 * ORDERS_PER_BUYER if count else 0
        for day, boost, rate, count in zip(usual, earning_boost, rates, sessions, strict=True)
    )
    goals = _whole(_goals(traits, dates, noise, earning_boost, typical=sum(usual[:alive]) / alive))
    found = [
        Day(
            date=dates[ago],
            sessions=sessions[ago],
            pageviews=pageviews[ago],
            goals=goals[ago],
            conversions=conversions[ago],
            revenue=_money(conversions[ago] * rates[ago].order_value * noise[ago][2], traits.cent),
        )
        for ago in range(span)
    ]
    return tuple(reversed(found))


def _noise(traits: Traits, day: date) -> tuple[float, float, float]:
    """Return how far this day is off the ordinary: in traffic, in goals, in the value of an order."""
    random = traits.random_for(day)
    return random.uniform(0.92, 1.08), random.uniform(0.94, 1.06), random.uniform(0.96, 1.04)


def _boosts(traits: Traits, span: int) -> tuple[list[float], list[float]]:
    """Return by how much a spike lifts the traffic and the earnings of each day, the latest day first."""
    traffic, earning = [1.0] * span, [1.0] * span
    if spike := traits.shape.spike:
        # The two days after a spike's last day still count as its wake.
        for after in range(len(spike.traffic) + 2):
            ago = spike.days_ago - after
            earning[ago] = spike.earns
            if after < len(spike.traffic):
                traffic[ago] = spike.traffic[after]
    return traffic, earning


def _goals(
    traits: Traits,
    dates: Sequence[date],
    noise: Sequence[tuple[float, float, float]],
    boosts: Sequence[float],
    *,
    typical: float,
) -> list[float]:
    """Return the expected goals of each day, so inclined that their fitted trend is the story's.

    The 30 days are no whole weeks: weekdays and noise alone tilt the fit by several percent. So the incline is solved
    for, with f the days as they would be without it: rise(f·(1 + c·t)) = wanted, for c.
    """
    plain = [
        traits.week[day.weekday()] * wobble[1] * boost for day, wobble, boost in zip(dates, noise, boosts, strict=True)
    ]
    recent = plain[:_TREND_DAYS]
    count = len(recent)
    if count < _TREND_DAYS:
        return [height * typical * traits.goals / 100 for height in plain]
    lever = [count - 1 - 2 * ago for ago in range(count)]
    total, tilt = sum(recent), sum(d * f for d, f in zip(lever, recent, strict=True))
    moment = sum(d * d * f for d, f in zip(lever, recent, strict=True))
    wanted = traits.goals_rise * (count + 1) / 600
    incline = (wanted * total - tilt) / (moment - wanted * tilt)
    # Before the fitted days the level stays where the line began.
    factors = [1 + incline * lever[min(ago, count - 1)] for ago in range(len(plain))]
    return [height * factor * typical * traits.goals / 100 for height, factor in zip(plain, factors, strict=True)]


def _whole(expected: Iterable[float]) -> list[int]:
    """Round to whole numbers so that every sum of neighbours is off by less than one, too."""
    counts: list[int] = []
    running = 0.5
    for value in expected:
        before, running = int(running), running + value
        counts.append(int(running) - before)
    return counts


def _money(amount: float, cent: Decimal) -> Decimal:
    return Decimal(repr(amount)).quantize(cent)
