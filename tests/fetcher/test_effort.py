"""What a fetch took is in its snapshot: its own requests, also repeated ones, and the time by the clock."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import httpx

from functions.audit.snapshot import Effort, Snapshot
from functions.fetcher.fetch import Fetcher
from tests.builders import NIGHT
from tests.fetcher.waiting import NOW, Hands, client
from tests.fetcher.world import HOSTS, KEYS, PERIODS, Memory, World, fetched, grant, merchant


def test_every_request_is_counted_repeated_ones_too(world: World) -> None:
    world.answers["sessions"] = [httpx.Response(503), httpx.Response(503), httpx.Response(503)]

    seen = fetched()

    assert seen.effort is not None
    assert seen.effort.requests == len(world.requests) == 6


def test_the_time_is_that_of_the_clock_and_waiting_counts(world: World) -> None:
    hands = Hands()
    world.answers["pages"] = [httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(404)]

    seen = fetched(http=client(hands))

    assert seen.effort is not None
    assert seen.effort.seconds == Decimal("7.0")


def test_merchants_that_are_fetched_at_the_same_time_count_for_themselves(world: World) -> None:
    async def run() -> list[Snapshot]:
        async with client() as http:
            fetcher = Fetcher(http, Memory(grant()), KEYS, HOSTS, 45)
            shops = [merchant(), merchant(analytics=None), merchant(tiktok=None)]
            return await asyncio.gather(*(fetcher.fetch(shop, NIGHT, PERIODS, now=NOW) for shop in shops))

    efforts = [seen.effort for seen in asyncio.run(run())]

    assert [effort.requests for effort in efforts if effort] == [4, 1, 0]
    assert len(world.requests) == 5


def test_a_long_time_is_told_to_a_tenth() -> None:
    assert Effort.of(31.2499, 3) == Effort(seconds=Decimal("31.2"), requests=3)
