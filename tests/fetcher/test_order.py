"""A new pair is stored before anybody sees it, and a pair that could not be stored is shown to nobody."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.grant import Grant, State
from functions.audit.snapshot import Snapshot
from functions.fetcher.connection import NO_TOKEN
from functions.fetcher.fetch import Fetcher
from tests.builders import NIGHT
from tests.console.healthy import HEALTHY_GRANT
from tests.fetcher.waiting import NOW, client
from tests.fetcher.world import (
    HOSTS,
    KEYS,
    PERIODS,
    Memory,
    World,
    failed,
    fetched,
    grant,
    healthy,
    merchant,
    name_of,
    said,
)

ACCOUNT = ("basic", "profile", "stats")
SOURCES = ["GET basic+profile+stats", "GET pages", "GET sessions", "GET sources"]
# Before a token is called rejected, each scope group is asked alone.
REFUSED = sorted([*SOURCES, "GET basic", "GET profile", "GET stats"])


class Recording(Memory):
    """A store that writes down what happens to it, between the calls that the world saw."""

    def __init__(self, world: World, *grants: Grant, **more: Any) -> None:
        super().__init__(*grants, **more)
        self.events: list[str] = []
        self._world = world
        self._seen = 0

    def happened(self, what: str = "") -> None:
        calls = self._world.names()
        self.events += [*sorted(calls[self._seen :]), what] if what else sorted(calls[self._seen :])
        self._seen = len(calls)

    def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
        if provider == "tiktok":
            self.happened("read")
        return super().get(merchant_id, provider)

    def lease(self, grant: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
        self.happened("lease")
        return super().lease(grant, owner=owner, now=now, until=until)

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        self.happened("store")
        return super().replace(old, new, owner=owner)

    def note(self, grant: Grant, state: State, reason: str | None, *, at: datetime) -> bool:
        self.happened(f"note {state.value}")
        return super().note(grant, state, reason, at=at)

    def release(self, grant: Grant, *, owner: str) -> None:
        self.happened("release")
        super().release(grant, owner=owner)


class Broken(Recording):
    """A store that cannot be written."""

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        self.happened("store")
        raise ConnectionError(f"{old.merchant_id} {new.version} {owner is None}")


def ended(**changed: Any) -> Grant:
    return grant(**{"refresh_token": "rft.file", "expires_at": "2026-11-21T00:00:00Z", **changed})


def good_by_the_clock(**changed: Any) -> Grant:
    return ended(**{"expires_at": "2026-11-21T12:00:00Z", **changed})


def reason(part: object) -> Reason:
    assert isinstance(part, Absent)
    return part.causes[0].reason


def rejects_the_old(request: httpx.Request) -> httpx.Response:
    if request.headers["authorization"] != "Bearer act.new":
        return failed(401, "access_token_invalid")
    return healthy(name_of(request))


def seen(store: Recording) -> Snapshot:
    snapshot = fetched(grants=store, keys=KEYS)
    store.happened()
    return snapshot


def test_read_lease_renew_store_and_only_then_ask(world: World) -> None:
    store = Recording(world, ended())
    seen(store)

    assert store.events == ["read", "lease", "POST token", "store", *SOURCES]


def test_a_token_that_is_still_good_is_only_read(world: World) -> None:
    store = Recording(world, good_by_the_clock())
    seen(store)

    assert store.events == ["read", *SOURCES]


def test_a_token_that_is_refused_is_renewed_and_stored_before_everything_is_asked_once_more(world: World) -> None:
    world.answers |= dict.fromkeys(ACCOUNT, rejects_the_old)
    store = Recording(world, good_by_the_clock())
    seen(store)

    assert store.events == ["read", *REFUSED, "lease", "POST token", "store", *SOURCES]


def test_invalid_grant_makes_the_store_be_read_again_and_no_pair_be_stored(world: World) -> None:
    world.answers["token"] = said(400, {"error": "invalid_grant"})
    store = Recording(world, ended(access_token=None))
    seen(store)

    assert store.events == ["read", "lease", "POST token", "read", "note reconnect_needed", "release"]
    assert store.stored == []


@pytest.mark.parametrize("stored", [ended(), ended(access_token=None)])
def test_a_pair_that_cannot_be_stored_is_used_by_nobody(world: World, stored: Grant) -> None:
    store = Broken(world, stored)

    with pytest.raises(ConnectionError, match="larkspur 1"):
        fetched(grants=store, keys=KEYS)

    store.happened()
    assert store.events[:4] == ["read", "lease", "POST token", "store"]
    assert set(store.events[4:]) == {"store"}


def test_a_pair_that_cannot_be_stored_after_a_refusal_is_used_by_nobody(world: World) -> None:
    world.answers |= dict.fromkeys(ACCOUNT, rejects_the_old)

    with pytest.raises(ConnectionError):
        fetched(grants=Broken(world, good_by_the_clock()), keys=KEYS)

    assert not any("act.new" in request.headers.get("authorization", "") for request in world.requests)


def test_after_a_conflict_the_store_is_read_again_and_nothing_renewed_again(world: World) -> None:
    def other_writer(memory: Memory) -> None:
        memory.rows["larkspur"] = good_by_the_clock(access_token="act.theirs", version=7)

    store = Recording(world, ended(), before=other_writer)
    seen(store)

    assert store.events == ["read", "lease", "POST token", "store", "release", "read", *SOURCES]
    assert {request.headers["authorization"] for request in world.requests[1:]} == {"Bearer act.theirs"}


def test_a_merchant_who_was_disconnected_meanwhile_is_not_asked_about(world: World) -> None:
    class Disconnected(Recording):
        def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
            found = super().get(merchant_id, provider)
            return None if "store" in self.events else found

    def other_writer(memory: Memory) -> None:
        memory.rows["larkspur"] = Grant(merchant_id="larkspur", version=9)

    store = Disconnected(world, ended(), before=other_writer)
    snapshot = seen(store)

    assert store.events == ["read", "lease", "POST token", "store", "release", "read"]
    assert snapshot.token == NO_TOKEN
    assert reason(snapshot.sessions) is Reason.NOT_CONNECTED


def test_two_fetches_at_the_same_time_leave_one_pair_and_work_with_the_same(world: World) -> None:
    store = Recording(world, ended())
    given = iter(("act.first", "act.second"))
    world.answers["token"] = lambda _: said(200, {**HEALTHY_GRANT, "access_token": next(given)})

    async def run() -> None:
        async with client() as http:
            fetcher = Fetcher(http, store, KEYS, HOSTS, seconds=45)
            await asyncio.gather(*(fetcher.fetch(merchant(), NIGHT, PERIODS, now=NOW) for _ in range(2)))

    asyncio.run(run())

    (kept,) = store.stored
    assert kept.access_token is not None
    used = [request.headers["authorization"] for request in world.requests if name_of(request) != "token"]
    assert used == [f"Bearer {kept.access_token.get_secret_value()}"] * 8
