"""A refresh that is cut off at every single step: the connection works on, or its state says what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from functions.audit.snapshot import Snapshot
from functions.fetcher.tokens import BUSY
from tests.cloud import Cloud
from tests.fetcher.connection import SECONDS, Connection, in_memory, over_aws, rejected, wall
from tests.fetcher.steps import Crash, Side, Steps, crash
from tests.fetcher.virtual import clock, run

Point = tuple[int, Side]
BEFORE, AFTER = Side.BEFORE, Side.AFTER
# What a renewal does, in this order. Two tokens are decrypted as the grant is read; that something can be encrypted is
# tried out before the lease is taken; two new tokens are encrypted and then stored by one update.
RENEWAL = (
    "get_item",
    "decrypt",
    "decrypt",
    "encrypt",
    "update_item",
    "refresh",
    "encrypt",
    "encrypt",
    "update_item",
    "user info",
)
LEASE, SENT, STORE = 4, 5, 8
POINTS = [(number, side) for number in range(len(RENEWAL)) for side in Side]
# From TikTok's trade until the table has the new pair, it is in the memory of one process only.
LOST = {(SENT, AFTER), (6, BEFORE), (6, AFTER), (7, BEFORE), (7, AFTER), (STORE, BEFORE)}
# Whoever comes while the lease of the dead one lasts. Nobody knows that it is dead.
LEASED = {(LEASE, AFTER), (SENT, BEFORE), *LOST}
LEASE_SECONDS = SECONDS + 15


async def broken_off(connection: Connection, point: Point) -> None:
    with pytest.raises(Crash):
        await connection.fetch(Steps({point: crash}))


def works(connection: Connection, snapshot: Snapshot) -> bool:
    living = connection.number == connection.tiktok.living
    return living and connection.standing == ("connected", None) and rejected(snapshot) is None


def is_named(connection: Connection, snapshot: Snapshot) -> bool:
    return connection.standing == ("reconnect_needed", "lost_rotation") and rejected(snapshot) == "lost_rotation"


def test_these_are_the_steps_of_a_renewal(stage: Cloud) -> None:
    async def story() -> None:
        connection, steps = over_aws(stage), Steps()
        snapshot = await connection.fetch(steps)

        assert tuple(dict.fromkeys(enumerate(steps.names[: len(RENEWAL)]))) == tuple(enumerate(RENEWAL))
        assert set(steps.names[len(RENEWAL) :]) <= {"user info"}
        assert works(connection, snapshot)

    run(story())


@pytest.mark.parametrize("point", POINTS)
def test_cut_off_at_any_step_it_works_on_at_the_next_fetch_or_says_by_name_what_was_lost(
    stage: Cloud, point: Point
) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        await broken_off(connection, point)
        # Never older than one that was used, and no newer than one that was given.
        assert max(connection.tiktok.used, default=0) <= connection.number <= connection.tiktok.given

        await asyncio.sleep(LEASE_SECONDS)
        for _ in ("the next fetch", "the night after"):
            snapshot = await connection.fetch()
            assert (is_named if point in LOST else works)(connection, snapshot)
            assert connection.is_nobodys
            await asyncio.sleep(86_400)

    run(story())


@pytest.mark.parametrize("point", POINTS)
def test_while_the_lease_of_a_dead_fetch_lasts_its_token_is_called_busy_not_invalid(stage: Cloud, point: Point) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        await broken_off(connection, point)
        before = list(connection.tiktok.used)
        snapshot = await connection.fetch()

        if point not in LEASED:
            assert works(connection, snapshot)
        elif point in LOST:
            assert snapshot.token == BUSY
        else:
            # The old access token has outlived its end: TikTok takes it, and that is what counts.
            assert rejected(snapshot) is None
            assert connection.tiktok.used == before

    run(story())


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("first", range(5))
def test_cut_off_again_at_any_step_while_it_recovers_it_works_or_says_by_name_what_was_lost(
    first: int, side: Side
) -> None:
    """By the same rules, in memory: reading, leasing, asking, storing and using are a step each, cut off in pairs."""

    async def begun() -> Connection:
        connection = in_memory()
        await broken_off(connection, (first, side))
        await asyncio.sleep(LEASE_SECONDS)
        return connection

    async def story() -> None:
        count = Steps()
        connection = await begun()
        await connection.fetch(count)
        for number in range(count.names.index("user info") + 1):
            for other in Side:
                connection = await begun()
                await broken_off(connection, (number, other))
                await asyncio.sleep(LEASE_SECONDS)
                snapshot = await connection.fetch()
                lost = connection.number != connection.tiktok.living
                assert (is_named if lost else works)(connection, snapshot)
                assert max(connection.tiktok.used, default=0) <= connection.number

    run(story())


def ended(connection: Connection) -> None:
    connection.tiktok.end()


def banned(connection: Connection) -> None:
    connection.tiktok.end()
    connection.store.mark_removed(connection.merchant_id, "banned", wall())


def wrongly_marked(connection: Connection) -> None:
    connection.store.mark_removed(connection.merchant_id, "banned", wall())


@pytest.mark.parametrize(
    ("troubled", "names"),
    [
        # Cut off between lease and answer, nobody can tell any more whether TikTok traded the token or had ended it.
        (ended, {"invalid_grant", "lost_rotation"}),
        (banned, {"banned"}),
        (wrongly_marked, {None, "banned"}),
    ],
)
def test_cut_off_at_any_step_of_other_ways_it_comes_to_what_it_would_have_come_to(
    troubled: Callable[[Connection], None], names: set[str | None]
) -> None:
    async def begun() -> Connection:
        connection = in_memory()
        troubled(connection)
        return connection

    async def story() -> None:
        count = Steps()
        await (await begun()).fetch(count)
        for number in range(len(count.names)):
            for side in Side:
                connection = await begun()
                await broken_off(connection, (number, side))
                await asyncio.sleep(LEASE_SECONDS)
                snapshot = await connection.fetch()
                assert rejected(snapshot) in names
                assert works(connection, snapshot) is (connection.number == connection.tiktok.living)
                assert connection.is_nobodys

    run(story())


def test_what_was_lost_is_connected_again_by_a_login(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        await broken_off(connection, (SENT, AFTER))
        await asyncio.sleep(LEASE_SECONDS)
        await connection.fetch()
        connection.login()

        assert works(connection, await connection.fetch())

    run(story())


def throttled() -> None:
    raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Slow down."}}, "any")


@pytest.mark.parametrize("number", [0, 1, 2, 3, LEASE])
@pytest.mark.parametrize("side", Side)
def test_an_outage_of_ours_before_the_refresh_is_sent_costs_a_fetch_and_no_connection(
    stage: Cloud, number: int, side: Side
) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        with pytest.raises(ClientError):
            await connection.fetch(Steps({(number, side): throttled}))
        assert connection.tiktok.used == []

        await asyncio.sleep(LEASE_SECONDS)
        assert works(connection, await connection.fetch())

    run(story())


@pytest.mark.parametrize("number", [6, 7, STORE])
@pytest.mark.parametrize("side", Side)
def test_an_outage_of_ours_after_tiktok_has_traded_the_token_is_sat_out(stage: Cloud, number: int, side: Side) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        snapshot = await connection.fetch(Steps({(number, side): throttled}))

        assert works(connection, snapshot)
        assert connection.tiktok.used == [0]
        assert connection.stored.lease_owner is None

    run(story())


def down_between(start: float, end: float) -> Steps:
    def look(name: str) -> None:
        if name not in {"refresh", "user info"} and start <= clock() < end:
            throttled()

    return Steps(ahead=look)


def test_a_store_that_is_down_for_half_a_minute_after_the_trade_loses_nothing(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        snapshot = await connection.fetch(down_between(0.75, 30))

        assert works(connection, snapshot)
        assert clock() > 30

    run(story())


def test_a_pair_that_cannot_be_stored_until_the_deadline_is_used_by_nobody_and_its_loss_has_a_name(
    stage: Cloud,
) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        shown: list[int] = []
        connection.tiktok.on_shown = shown.append
        with pytest.raises(ClientError, match="Slow down"):
            await connection.fetch(down_between(0.75, 600))
        assert SECONDS - 5 < clock() < SECONDS
        assert shown == []

        await asyncio.sleep(LEASE_SECONDS)
        assert is_named(connection, await connection.fetch())

    run(story())
