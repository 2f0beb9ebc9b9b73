"""Several fetches for one merchant at the same time: one refresh, one living pair, and nobody is told it is dead."""

from __future__ import annotations

import asyncio

import pytest

from functions.audit.snapshot import Snapshot
from functions.fetcher.http import Limits
from functions.fetcher.tokens import BUSY, TO_STORE
from tests.cloud import Cloud
from tests.fetcher.connection import SECONDS, Connection, over_aws, rejected
from tests.fetcher.steps import Side, Steps
from tests.fetcher.test_token_crashes import LEASE_SECONDS, LOST, POINTS, Point, broken_off, works
from tests.fetcher.virtual import clock, meanwhile, run

SENT = 5
CONNECTED = ("connected", None)


@pytest.mark.parametrize("line_seconds", [0.01, 3.5])
@pytest.mark.parametrize("apart", [0.0, 0.4])
@pytest.mark.parametrize("many", [2, 5])
def test_of_many_at_once_one_refreshes_and_all_work_with_the_same_living_pair(
    stage: Cloud, many: int, apart: float, line_seconds: float
) -> None:
    async def later(connection: Connection, seconds: float) -> Snapshot:
        await asyncio.sleep(seconds)
        return await connection.fetch(line_seconds=line_seconds)

    async def story() -> None:
        connection = over_aws(stage)
        shown: list[int] = []
        connection.tiktok.on_shown = shown.append
        snapshots = await asyncio.gather(*(later(connection, apart * at) for at in range(many)))

        assert connection.tiktok.used == [0]
        assert {rejected(snapshot) for snapshot in snapshots} == {None}
        assert set(shown) == {1}
        assert (connection.number, connection.standing) == (1, CONNECTED)
        assert connection.stored.version == 2
        assert connection.stored.lease_owner is None

    run(story())


@pytest.mark.parametrize("point", POINTS)
def test_a_whole_fetch_between_any_two_steps_of_another_refreshes_nothing_twice(stage: Cloud, point: Point) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        others: list[Snapshot] = []

        def other() -> None:
            others.append(meanwhile(connection.fetch, begin=clock()))

        snapshot = await connection.fetch(Steps({point: other}))

        assert connection.tiktok.used == [0]
        assert works(connection, snapshot)
        (seen,) = others
        # The other one had a pair to work with, or the old access token, or said that somebody is at work.
        assert seen.token == BUSY or rejected(seen) is None

    run(story())


@pytest.mark.parametrize("point", POINTS)
def test_a_fetch_that_was_frozen_until_its_lease_was_over_costs_no_connection(stage: Cloud, point: Point) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        others: list[Snapshot] = []

        def other() -> None:
            others.append(meanwhile(connection.fetch, begin=clock() + LEASE_SECONDS))

        snapshot = await connection.fetch(Steps({point: other}))

        # It thaws, stores what it has, or takes what the other one stored. Neither is out of date.
        assert rejected(snapshot) is None
        assert connection.number == connection.tiktok.living
        (seen,) = others
        # Only who came while the pair was in the memory of the frozen one had to think that it was lost.
        assert rejected(seen) == ("lost_rotation" if point in LOST else None)

        await asyncio.sleep(2 * LEASE_SECONDS)
        assert works(connection, await connection.fetch())

    run(story())


def test_who_waits_for_another_fetch_gives_up_while_there_is_time_to_ask_the_sources(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        await broken_off(connection, (SENT, Side.AFTER))
        begun, steps = clock(), Steps()
        snapshot = await connection.fetch(steps)

        assert snapshot.token == BUSY
        assert connection.standing == CONNECTED
        assert "refresh" not in steps.names
        last = SECONDS - TO_STORE - Limits().read
        assert last - 2 <= clock() - begun <= last + 3

    run(story())


def test_a_lease_that_is_over_is_anybodys(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        await broken_off(connection, (SENT, Side.BEFORE))
        await asyncio.sleep(LEASE_SECONDS - clock() - 1)
        assert connection.stored.lease_owner is not None
        # It comes while the lease lasts, and waits until it is over.
        steps = Steps()
        snapshot = await connection.fetch(steps)

        assert works(connection, snapshot)
        assert steps.names.count("update_item") > 2

    run(story())
