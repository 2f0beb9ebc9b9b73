"""When a request may be sent so that no minute holds more than a quota: turns, handed out in order, never twice.

Virtual scheduling (GCRA): all that must be remembered is ``next_at``, when the next turn is due. Whoever takes turns
moves it on by as many intervals, whenever and wherever that happens; so turns lie an interval apart whatever the clocks
of those who take them say. A wrong clock costs turns, or sends one too soon by as much as it is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final, Protocol

MICROSECOND: Final = Decimal("0.000001")
# A quota's window of a minute, and a second for what lies between a turn and its request's arrival: how far the clocks
# are apart, a connection that must be opened first, a busy thread. It costs 1.7 % of the quota.
WINDOW: Final = Decimal(61)
# Turns are booked seconds ahead. A schedule that claims to be booked further than this was written by a broken clock.
REACH: Final = Decimal(600)


@dataclass(frozen=True, slots=True)
class Rate:
    """How far apart turns lie, in seconds, and how many may come early when there were none for a while.

    ``reach`` is how far ahead a schedule can be booked and still be believed.
    """

    interval: Decimal
    burst: int = 0
    reach: Decimal = REACH

    @classmethod
    def per_minute(cls, quota: int, *, burst: int = 0, reach: Decimal = REACH) -> Rate:
        """Return the rate at which 61 seconds never hold more than ``quota`` turns; ``burst`` must be well below it.

        Raises:
            ValueError: there is no such rate.
        """
        if quota < burst + 2:
            raise ValueError(f"{quota} turns a minute leave no two of them apart after a burst of {burst}")
        # So many spaces, and the turns at both of their ends, fill the window.
        interval = (WINDOW / (quota - burst - 1)).quantize(MICROSECOND, ROUND_CEILING)
        return cls(interval, burst, reach)


@dataclass(frozen=True, slots=True)
class Turns:
    """When each of the requests may be sent, in seconds since 1970, and when the next turn after them is due."""

    times: tuple[Decimal, ...]
    next_at: Decimal


@dataclass(frozen=True, slots=True)
class Spent:
    """There are no turns in time; the next one is free at ``until``."""

    until: Decimal


class Budget(Protocol):
    """Where turns are taken from: the table that every fetcher shares, or the memory of one process."""

    def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
        """Book so many turns, the last one no later than ``within`` seconds from ``now``; all of them or none."""


def is_idle(next_at: Decimal | None, rate: Rate, *, now: Decimal) -> bool:
    """Say whether nothing is booked: never was, is over, or cannot be true."""
    return next_at is None or next_at < now or next_at > now + rate.reach


def take(next_at: Decimal | None, turns: int, rate: Rate, *, now: Decimal, within: Decimal) -> Turns | Spent:
    """Return the turns that a schedule has for somebody who comes ``now``, or when there will be one."""
    first = now if next_at is None or is_idle(next_at, rate, now=now) else next_at
    times = tuple(max(now, first + (at - rate.burst) * rate.interval) for at in range(turns))
    if times[-1] > now + within:
        return Spent(until=times[0])
    return Turns(times, next_at=first + turns * rate.interval)
