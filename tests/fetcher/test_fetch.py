"""One merchant's night: every source at the same time, each absent for its own reason, nobody else's token anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.grant import Grant
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import AccountType
from functions.audit.snapshot import PagesSeen, SessionsSeen, Snapshot, SourcesSeen, TokenSeen
from functions.fetcher.fetch import Fetcher
from tests.builders import NIGHT
from tests.fetcher.loopback import response, serving
from tests.fetcher.waiting import NOW, Hands, client
from tests.fetcher.world import (
    ALL,
    HOSTS,
    KEYS,
    PERIODS,
    Memory,
    World,
    failed,
    fetched,
    grant,
    html,
    merchant,
)

STOREFRONT = ("sessions", "pages", "sources")
ACCOUNT = ("basic", "profile", "stats")


def reason(part: object) -> Reason:
    assert isinstance(part, Absent)
    return part.causes[0].reason


def reasons(snapshot: Snapshot, *parts: str) -> set[Reason]:
    return {reason(getattr(snapshot, part)) for part in parts}


def test_a_healthy_night_is_seen_whole(world: World) -> None:
    snapshot = fetched()

    assert len(world.requests) == 4
    assert (snapshot.merchant_id, snapshot.night, snapshot.taken_at) == ("larkspur", NIGHT, NOW)
    assert (snapshot.fetched, snapshot.scopes, snapshot.account_type) == (True, ALL, AccountType.BUSINESS)
    assert isinstance(snapshot.token, TokenSeen)
    assert isinstance(snapshot.sessions, SessionsSeen)
    assert isinstance(snapshot.pages, PagesSeen)
    assert isinstance(snapshot.sources, SourcesSeen)
    assert Snapshot.model_validate_json(snapshot.encoded) == snapshot


def test_the_storefront_is_asked_for_the_nights_windows(world: World) -> None:
    fetched()

    shared = {
        "open_id": "723f24d7",
        "start_date": "2026-10-23",
        "end_date": "2026-11-19",
        "compare_start_date": "2026-09-25",
        "compare_end_date": "2026-10-22",
        "timezone": "Europe/London",
        "currency": "GBP",
    }
    asked = {name: dict(world.to(name)[0].url.params) for name in STOREFRONT}
    assert asked == {
        "sessions": {**shared, "series_days": "60"},
        "pages": {**shared, "max_count": "100"},
        "sources": {**shared, "max_count": "100"},
    }
    for name in STOREFRONT:
        (request,) = world.to(name)
        assert (request.method, request.headers["accept"]) == ("GET", "application/json")
        assert request.headers["authorization"] == "Bearer act.file"


def test_the_token_goes_to_tiktok_and_the_storefront_and_the_apps_keys_to_tiktok_alone(world: World) -> None:
    fetched(grants=Memory(grant(refresh_token="rft.file")), keys=KEYS)

    assert {request.url.host for request in world.requests} == {"open.tiktokapis.com", "shop.example"}
    assert [request.url.host for request in world.requests if b"app-secret" in request.content] == [
        "open.tiktokapis.com"
    ]


def test_all_four_calls_are_on_their_way_before_any_is_answered() -> None:
    waiting: list[asyncio.Event] = []

    async def when_all_are_there(writer: asyncio.StreamWriter) -> None:
        mine = asyncio.Event()
        waiting.append(mine)
        if len(waiting) == 4:
            for event in waiting:
                event.set()
        await asyncio.wait_for(mine.wait(), timeout=5)
        writer.write(response(json.dumps({"data": {"user": {}}, "error": {"code": "ok"}}).encode()))
        await writer.drain()

    async def run() -> Snapshot:
        async with serving(when_all_are_there) as line, client() as http:
            shop = merchant(
                tiktok={"open_id": "o", "base_url": line.url},
                analytics={"base_url": line.url, "provider": "storefront"},
            )
            fetcher = Fetcher(http, Memory(grant()), None, HostPolicy(loopback_http=True), seconds=45)
            return await fetcher.fetch(shop, NIGHT, PERIODS, now=NOW)

    snapshot = asyncio.run(run())

    assert len(waiting) == 4
    assert reasons(snapshot, "pages", "sources") == {Reason.NOT_MEASURED}


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (html(200), Reason.SOURCE_FAILED),
        (html(404), Reason.SOURCE_FAILED),
        (html(401), Reason.UNAUTHORIZED),
        (failed(401, "access_token_invalid"), Reason.UNAUTHORIZED),
        (failed(401, "scope_not_authorized"), Reason.SCOPE_MISSING),
        (failed(404, "analytics_not_connected"), Reason.NOT_CONNECTED),
        (failed(503, "data_not_ready"), Reason.SOURCE_STALE),
        (failed(502, "analytics_backend_error"), Reason.SOURCE_FAILED),
        (failed(429, "rate_limit_exceeded"), Reason.RATE_LIMITED),
        (httpx.ReadTimeout("slow"), Reason.SOURCE_FAILED),
    ],
)
@pytest.mark.parametrize("name", STOREFRONT)
def test_a_source_that_fails_is_absent_alone(world: World, name: str, answer: Any, due: Reason) -> None:
    world.answers[name] = answer
    snapshot = fetched()

    assert reason(getattr(snapshot, name)) is due
    others = [part for part in (*STOREFRONT, "token", *ACCOUNT) if part != name]
    assert not any(isinstance(getattr(snapshot, part), Absent) for part in others)


def test_without_a_tiktok_account_nothing_is_asked(world: World) -> None:
    snapshot = fetched(shop=merchant(tiktok=None))

    assert world.requests == []
    assert reasons(snapshot, "token", *ACCOUNT, *STOREFRONT) == {Reason.NOT_CONNECTED}
    assert snapshot.account_type is AccountType.UNKNOWN


def test_without_analytics_only_the_account_is_asked(world: World) -> None:
    snapshot = fetched(shop=merchant(analytics=None))

    assert reasons(snapshot, *STOREFRONT) == {Reason.NOT_CONNECTED}
    assert isinstance(snapshot.token, TokenSeen)
    assert len(world.requests) == 1


@pytest.mark.parametrize("stored", [(), (Grant(merchant_id="larkspur"),)])
def test_a_merchant_who_never_connected_is_not_connected(world: World, stored: tuple[Grant, ...]) -> None:
    snapshot = fetched(grants=Memory(*stored), keys=KEYS)

    assert world.requests == []
    assert reasons(snapshot, "token", *ACCOUNT, *STOREFRONT) == {Reason.NOT_CONNECTED}


def test_the_storefront_is_asked_even_if_the_account_fails(world: World) -> None:
    for group in ACCOUNT:
        world.answers[group] = html(500)

    assert isinstance(fetched().sessions, SessionsSeen)


@pytest.mark.parametrize(
    "base_url", ["https://evil.example", "http://shop.example", "https://shop.example:8443", "nonsense"]
)
def test_a_forbidden_storefront_is_not_asked_and_the_account_is(world: World, base_url: str) -> None:
    snapshot = fetched(shop=merchant(analytics={"base_url": base_url}))

    assert reasons(snapshot, *STOREFRONT) == {Reason.NOT_CONNECTED}
    assert isinstance(snapshot.token, TokenSeen)
    assert {request.url.host for request in world.requests} == {"open.tiktokapis.com"}


@pytest.mark.parametrize("base_url", ["https://evil.example", "http://open.tiktokapis.com"])
def test_a_forbidden_tiktok_gets_neither_token_nor_keys_and_the_storefront_is_asked(
    world: World, base_url: str
) -> None:
    shop = merchant(tiktok={"open_id": "723f24d7", "base_url": base_url})
    snapshot = fetched(shop=shop, grants=Memory(grant(refresh_token="rft.file")), keys=KEYS)

    assert reasons(snapshot, "token", *ACCOUNT) == {Reason.NOT_CONNECTED}
    assert isinstance(snapshot.sessions, SessionsSeen)
    assert {request.url.host for request in world.requests} == {"shop.example"}


def test_a_storefronts_host_gets_no_refresh_token_and_no_apps_secret(world: World) -> None:
    shop = merchant(tiktok={"open_id": "o", "base_url": "https://shop.example"})
    ended = Memory(grant(refresh_token="rft.file", expires_at=NOW))
    snapshot = fetched(shop=shop, grants=ended, keys=KEYS)

    assert reason(snapshot.token) is Reason.NOT_CONNECTED
    assert {request.method for request in world.requests} == {"GET"}
    assert not any(b"rft.file" in request.content or b"app-secret" in request.content for request in world.requests)


def test_loopback_is_forbidden_unless_it_was_allowed(world: World) -> None:
    shop = merchant(analytics={"base_url": "http://127.0.0.1:9"})

    assert reasons(fetched(shop=shop), *STOREFRONT) == {Reason.NOT_CONNECTED}
    assert world.to("sessions") == []


def test_a_merchant_has_only_so_many_seconds(world: World) -> None:
    world.answers |= dict.fromkeys(STOREFRONT, html(503))
    hands = Hands()

    def slow(_: httpx.Request) -> httpx.Response:
        hands.seconds += 30
        return html(500)

    world.answers |= dict.fromkeys(ACCOUNT, slow)
    snapshot = fetched(http=client(hands), seconds=45)

    assert reasons(snapshot, "token", *ACCOUNT, *STOREFRONT) == {Reason.SOURCE_FAILED}
    assert hands.seconds < 1000 + 45 + 3 * 30


def test_our_own_failure_while_reading_a_source_is_an_absence_of_that_source(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.answers["sessions"] = ZeroDivisionError("act.file")  # what no client ever raises: a bug of ours
    snapshot = fetched()

    assert isinstance(snapshot.sessions, Absent)
    assert snapshot.sessions.causes[0].reason is Reason.SOURCE_FAILED
    assert "ZeroDivisionError" in snapshot.sessions.causes[0].detail
    assert isinstance(snapshot.pages, PagesSeen)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "act.file" not in caplog.text


def test_a_token_store_that_fails_is_ours_to_hear_of() -> None:
    class Down(Memory):
        def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
            raise ConnectionError(merchant_id, provider)

    with pytest.raises(ConnectionError):
        fetched(grants=Down())


def test_many_merchants_share_a_client_and_no_token(world: World) -> None:
    shops = [merchant(id=f"m{at}", tiktok={"open_id": f"open-{at}"}) for at in range(20)]
    grants = Memory(*(grant(merchant_id=shop.id, access_token=f"act.{shop.id}") for shop in shops))

    async def run() -> list[Snapshot]:
        async with client() as http:
            fetcher = Fetcher(http, grants, None, HOSTS, seconds=45)
            return await asyncio.gather(*(fetcher.fetch(shop, NIGHT, PERIODS, now=NOW) for shop in shops))

    snapshots = asyncio.run(run())

    assert [snapshot.merchant_id for snapshot in snapshots] == [shop.id for shop in shops]
    sent = {
        (request.url.params["open_id"], request.headers["authorization"])
        for name in STOREFRONT
        for request in world.to(name)
    }
    assert sent == {(f"open-{at}", f"Bearer act.m{at}") for at in range(20)}


def test_nothing_secret_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.answers["token"] = html(500)
    world.answers["sessions"] = ZeroDivisionError("act.file")
    with caplog.at_level(logging.INFO):
        fetched(grants=Memory(grant(refresh_token="rft.file")), keys=KEYS)

    assert not any(secret in caplog.text for secret in ("act.", "rft.", "app-secret", "open_id", "723f24d7"))
