"""Whatever happens to a connection, in whatever order: what must always hold of its tokens (DESIGN 10.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.grant import REMOVALS
from functions.audit.snapshot import Snapshot, TokenSeen
from tests.cloud import Cloud
from tests.fetcher.connection import Connection, in_memory, over_aws, rejected, wall
from tests.fetcher.steps import Crash, Side, Steps, crash
from tests.fetcher.virtual import run

NAMES = {"invalid_grant", "lost_rotation", "rejected", *REMOVALS}
Story = list[tuple[str, Any]]

faults = st.dictionaries(
    st.tuples(st.integers(0, 12), st.sampled_from(Side)), st.sampled_from(["crash", "outage", "refusal"]), max_size=3
)
waits = st.tuples(st.just("wait"), st.sampled_from([1, 20, 61, 7000, 86_400]))
quiet: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("fetch"), st.just({})),
    st.tuples(st.just("two fetches"), st.just(({}, {}))),
    st.tuples(st.just("login"), st.none()),
    st.tuples(st.just("wrong webhook"), st.sampled_from(sorted(REMOVALS))),
    waits,
)
anything: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("fetch"), faults),
    st.tuples(st.just("two fetches"), st.tuples(faults, faults)),
    st.tuples(st.just("login"), st.none()),
    st.tuples(st.just("wrong webhook"), st.sampled_from(sorted(REMOVALS))),
    st.tuples(st.just("end"), st.none() | st.sampled_from(sorted(REMOVALS))),
    waits,
)


def troubled(plan: dict[tuple[int, Side], str]) -> Steps:
    """Return steps with trouble in them, of the kind that each step can have."""
    steps = Steps()

    def outage() -> None:
        if steps.names[-1] in {"refresh", "user info"}:
            raise httpx.ReadTimeout("no answer")
        raise ConnectionError("no answer")

    def refusal() -> None:
        if steps.names[-1] in {"refresh", "user info"}:
            raise httpx.ConnectError("not reached")
        raise ConnectionError("not reached")

    happenings = {"crash": crash, "outage": outage, "refusal": refusal}
    for (number, side), kind in plan.items():
        # What was not reached has had no effect.
        steps.plan[number, Side.BEFORE if kind == "refusal" else side] = happenings[kind]
    return steps


async def attempt(connection: Connection, plan: dict[tuple[int, Side], str]) -> Snapshot | None:
    try:
        return await connection.fetch(troubled(plan))
    except (Crash, ConnectionError):
        return None


async def happens(connection: Connection, what: str, how: Any) -> None:
    refused = connection.tiktok.refused
    snapshots: list[Snapshot | None] = []
    match what:
        case "fetch":
            snapshots = [await attempt(connection, how)]
        case "two fetches":
            snapshots = await asyncio.gather(*(attempt(connection, plan) for plan in how))
        case "login":
            connection.login()
        case "wrong webhook":
            connection.store.mark_removed(connection.merchant_id, how, wall())
        case "end":
            connection.tiktok.end()
            if how is not None:
                connection.store.mark_removed(connection.merchant_id, how, wall())
        case "wait":
            await asyncio.sleep(how)
    # The stored refresh token is never older than one that was used successfully, and nobody made one up.
    assert max(connection.tiktok.used, default=0) <= connection.number <= connection.tiktok.given
    for snapshot in snapshots:
        if snapshot is not None and isinstance(snapshot.token, TokenSeen) and snapshot.token.rejected is not None:
            # Not an outage, not another fetch, not a webhook: only TikTok's own word makes a rejection.
            assert connection.tiktok.refused > refused
            assert snapshot.token.rejected in NAMES


async def ends_well(connection: Connection) -> None:
    """Once there is no trouble any more, the connection works or says by name why it does not; a login mends it."""
    await asyncio.sleep(100)
    alive = connection.number == connection.tiktok.living
    for _ in ("tonight", "tomorrow"):
        snapshot = await connection.fetch()
        if alive:
            assert rejected(snapshot) is None
            assert connection.standing == ("connected", None)
        else:
            assert rejected(snapshot) == connection.standing[1]
            assert connection.standing[0] in {"reconnect_needed", "removed"}
        assert connection.is_nobodys
        await asyncio.sleep(86_400)
    connection.login()
    assert rejected(await connection.fetch()) is None
    assert connection.standing == ("connected", None)


async def told(begin: Callable[[], Connection], story: Story, *, alive: bool = False) -> None:
    connection = begin()
    for what, how in story:
        await happens(connection, what, how)
    if alive:
        assert connection.number == connection.tiktok.living
    await ends_well(connection)


@given(st.lists(anything, max_size=7))
@settings(max_examples=300, deadline=None)
def test_whatever_happens_no_outage_is_a_rejection_and_what_is_lost_has_a_name(story: Story) -> None:
    run(told(in_memory, story))


@given(st.lists(quiet, max_size=7))
@settings(max_examples=100, deadline=None)
def test_where_nothing_breaks_no_connection_is_ever_lost(story: Story) -> None:
    run(told(in_memory, story, alive=True))


@given(story=st.lists(anything, max_size=5))
@settings(max_examples=15, deadline=None)
def test_it_is_so_over_the_real_tables_and_the_real_key_too(stage: Cloud, story: Story) -> None:
    run(told(lambda: over_aws(stage), story))


@pytest.mark.parametrize("why", sorted(REMOVALS))
def test_a_removal_that_tiktok_confirms_keeps_its_first_reason(why: str) -> None:
    run(told(in_memory, [("end", why), ("end", "banned"), ("fetch", {})]))
