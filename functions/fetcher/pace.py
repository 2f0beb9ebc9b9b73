"""When this container may send its next request to TikTok: turns of the shared budget, booked together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final, Protocol
from urllib.parse import urlsplit

from functions.audit.budget import MICROSECOND, Budget, Spent

# A turn may be used so many seconds late. It eats into the second that the rate leaves for requests on their way.
LATE: Final = Decimal("0.25")


def wall_clock() -> Decimal:
    """Return the seconds since 1970, to the microsecond."""
    return Decimal(time.time_ns() // 1000).scaleb(-6)


# Sources that are asked at the same time need a few rounds of the loop to ask; one booking then serves them all.
TOGETHER: Final = 0.002


class Pace(Protocol):
    """What makes requests wait for their turn, so that all who share a quota keep to it together."""

    async def turn(self, *, within: float) -> float | None:
        """Return how many seconds to wait before sending a request; ``None`` when there is no turn within so many."""


class Pacer:
    """Turns for one container. Requests that ask at the same moment are served by one booking.

    A fetch is admitted by its first turn, which is booked before it begins and kept in hand: were the budget only
    looked at, a thousand fetchers that look at the same moment would all find it free. A turn in hand that one fetch
    had no use for serves the next.
    """

    def __init__(self, budget: Budget, clock: Callable[[], Decimal] = wall_clock) -> None:
        self._budget = budget
        self._clock = clock
        self._in_hand: Decimal | None = None
        self._asking: list[tuple[asyncio.Future[Decimal | None], Decimal]] = []

    @property
    def now(self) -> Decimal:
        """The time that turns are counted in."""
        return self._clock()

    def hold(self, *, within: Decimal) -> Spent | None:
        """Have a turn in hand that comes within so many seconds; return when there will be one, if there is none."""
        now = self._clock()
        if self._in_hand is not None and now - LATE <= self._in_hand <= now + within:
            return None
        booked = self._budget.take(1, now=now, within=within)
        if isinstance(booked, Spent):
            return booked
        (self._in_hand,) = booked.times
        return None

    async def turn(self, *, within: float) -> float | None:
        """Return how many seconds to wait before sending a request; ``None`` when there is no turn within so many."""
        now, patience = self._clock(), Decimal(within).quantize(MICROSECOND)
        at, self._in_hand = self._in_hand, None
        if at is None or not now - LATE <= at <= now + patience:
            at = await self._booked(patience)
        return None if at is None else float(max(at - self._clock(), Decimal()))

    def _booked(self, patience: Decimal) -> asyncio.Future[Decimal | None]:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Decimal | None] = loop.create_future()
        self._asking.append((turn, patience))
        if len(self._asking) == 1:
            loop.call_later(TOGETHER, self._book)
        return turn

    def _book(self) -> None:
        asking, self._asking = [entry for entry in self._asking if not entry[0].done()], []
        if not asking:
            return
        try:
            booked = self._budget.take(len(asking), now=self._clock(), within=min(patience for _, patience in asking))
        except Exception as error:  # noqa: BLE001 - it belongs to those who ask, not to the loop
            for turn, _ in asking:
                turn.set_exception(error)
            return
        times = [None] * len(asking) if isinstance(booked, Spent) else booked.times
        for (turn, _), at in zip(asking, times, strict=True):
            turn.set_result(at)


def door_of(url: str) -> str:
    """Return host and port of an address in one spelling, as in ``open.tiktokapis.com:443``; "" when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}"
