"""User info is one call, or one a group where that fails; only TikTok's own word rejects; no group blinds another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import AccountBasic, AccountProfile, AccountStats, Snapshot, TokenSeen
from functions.fetcher.fetch import Fetcher
from tests.builders import NIGHT
from tests.console.healthy import HEALTHY_USER
from tests.fetcher.waiting import NOW, client
from tests.fetcher.world import (
    ALL,
    BASE,
    HOSTS,
    PERIODS,
    Memory,
    World,
    failed,
    fetched,
    grant,
    html,
    merchant,
    ok,
    said,
    without,
)

GROUPS = ("basic", "profile", "stats")
WHOLE = "basic+profile+stats"
ACCOUNT_ONLY = merchant(analytics=None)


def seen(**of_grant: Any) -> Snapshot:
    return fetched(shop=ACCOUNT_ONLY, grants=Memory(grant(**of_grant)))


def reason(part: object) -> Reason:
    assert isinstance(part, Absent)
    return part.causes[0].reason


def user(**changed: object) -> httpx.Response:
    return ok({"user": {**HEALTHY_USER, **changed}})


def test_all_that_was_granted_is_asked_for_in_one_get_with_the_token(world: World) -> None:
    snapshot = seen()

    (request,) = world.requests
    assert request.method == "GET"
    assert request.headers["authorization"] == "Bearer act.file"
    assert request.content == b""
    assert request.url.params["fields"] == (
        "open_id,union_id,display_name,avatar_url,bio_description,profile_deep_link,is_verified,username,"
        "follower_count,following_count,likes_count,video_count"
    )
    assert snapshot.basic == AccountBasic(open_id="723f24d7", display_name="Larkspur Candles")
    assert snapshot.profile == AccountProfile(username="larkspurcandles", is_verified=False)
    assert snapshot.stats == AccountStats(followers=18250, following=312, likes=240118, videos=143)
    assert isinstance(snapshot.token, TokenSeen)
    assert (snapshot.token.rejected, snapshot.token.open_id) == (None, "723f24d7")


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", [b"Unsupported path(Janus)", b"", b'{"error": {"code": "invalid_params"}}'])
def test_where_get_is_not_known_post_is_tried_with_fields_in_query_and_body(
    world: World, status: int, body: bytes
) -> None:
    for group in GROUPS:
        world.answers[f"GET {group}"] = httpx.Response(status, content=body)

    snapshot = seen()

    posted = [request for request in world.requests if request.method == "POST"]
    assert len(posted) == 1
    assert all(json.loads(request.content)["fields"] == request.url.params["fields"].split(",") for request in posted)
    assert isinstance(snapshot.stats, AccountStats)
    assert isinstance(snapshot.token, TokenSeen)


def test_a_host_that_took_post_is_asked_so_from_then_on(world: World) -> None:
    for group in GROUPS:
        world.answers[f"GET {group}"] = html(405)

    _twice(world, between=world.requests.clear)

    assert world.names() == [f"POST {WHOLE}"]


def test_a_host_that_takes_get_again_is_believed_again(world: World) -> None:
    for group in GROUPS:
        world.answers[f"GET {group}"] = html(404)

    def healed() -> None:
        for group in GROUPS:
            world.answers |= {f"GET {group}": user(), f"POST {group}": html(405)}

    first, second = _twice(world, between=healed)

    assert isinstance(first.stats, AccountStats)
    assert isinstance(second.stats, AccountStats)
    assert world.names()[-1].startswith("GET")


def test_what_is_no_longer_so_is_forgotten(world: World) -> None:
    async def run() -> set[str]:
        async with client() as http:
            http.post_only.add(BASE)
            await Fetcher(http, Memory(grant()), None, HOSTS, seconds=45).fetch(ACCOUNT_ONLY, NIGHT, PERIODS, now=NOW)
            return http.post_only

    world.answers |= {f"POST {group}": html(405) for group in GROUPS}

    assert asyncio.run(run()) == set()


@pytest.mark.parametrize("refused", [html(404), html(405), httpx.ReadTimeout("slow"), httpx.ConnectError("refused")])
def test_a_host_that_did_not_take_post_is_asked_with_get_the_next_time(world: World, refused: Any) -> None:
    async def run() -> set[str]:
        async with client() as http:
            fetcher = Fetcher(http, Memory(grant()), None, HOSTS, seconds=45)
            await fetcher.fetch(ACCOUNT_ONLY, NIGHT, PERIODS, now=NOW)
            return http.post_only

    world.answers |= {f"GET {group}": html(404) for group in GROUPS} | {f"POST {group}": refused for group in GROUPS}

    assert asyncio.run(run()) == set()


def test_one_host_that_takes_post_says_nothing_about_another(world: World) -> None:
    other = merchant(analytics=None, tiktok={"open_id": "o", "base_url": "https://shop.example"})
    world.answers |= {
        f"GET {group}": lambda request: user() if request.url.host == "shop.example" else html(405) for group in GROUPS
    }

    async def run() -> set[str]:
        async with client() as http:
            hosts = replace(HOSTS, tiktok_hosts=HOSTS.hosts)
            fetcher = Fetcher(http, Memory(grant()), None, hosts, seconds=45)
            for shop in (ACCOUNT_ONLY, other):
                await fetcher.fetch(shop, NIGHT, PERIODS, now=NOW)
            return http.post_only

    assert asyncio.run(run()) == {BASE}
    assert {request.method for request in world.requests if request.url.host == "shop.example"} == {"GET"}


def _twice(world: World, *, between: Callable[[], None]) -> list[Snapshot]:
    async def run() -> list[Snapshot]:
        async with client() as http:
            fetcher = Fetcher(http, Memory(grant()), None, HOSTS, seconds=45)
            first = await fetcher.fetch(ACCOUNT_ONLY, NIGHT, PERIODS, now=NOW)
            assert http.post_only == {BASE}
            between()
            return [first, await fetcher.fetch(ACCOUNT_ONLY, NIGHT, PERIODS, now=NOW)]

    assert world.requests == []
    return asyncio.run(run())


def test_a_host_that_knows_neither_verb_failed_and_rejects_nobody(world: World) -> None:
    for group in GROUPS:
        world.answers[group] = html(404)

    snapshot = seen()

    assert {reason(part) for part in (snapshot.token, snapshot.basic, snapshot.profile, snapshot.stats)} == {
        Reason.SOURCE_FAILED
    }
    assert world.names() == [f"GET {WHOLE}", f"POST {WHOLE}"]


@pytest.mark.parametrize("code", ["access_token_invalid", "access_token_expired"])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_tiktoks_own_word_rejects_the_token_whatever_the_status(world: World, code: str, status: int) -> None:
    for group in GROUPS:
        world.answers[group] = failed(status, code)

    snapshot = seen()

    assert isinstance(snapshot.token, TokenSeen)
    assert snapshot.token.rejected == "rejected"
    assert {reason(part) for part in (snapshot.basic, snapshot.profile, snapshot.stats)} == {Reason.UNAUTHORIZED}


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (html(401), Reason.UNAUTHORIZED),
        (failed(401, "something_new"), Reason.UNAUTHORIZED),
        (html(403), Reason.UNAUTHORIZED),
        (failed(429, "rate_limit_exceeded"), Reason.RATE_LIMITED),
        (failed(200, "rate_limit_exceeded"), Reason.RATE_LIMITED),
        (html(429), Reason.RATE_LIMITED),
        (failed(500, "internal_error"), Reason.SOURCE_FAILED),
        (failed(200, "internal_error"), Reason.SOURCE_FAILED),
        (failed(400, "invalid_params"), Reason.SOURCE_FAILED),
        (html(200), Reason.SOURCE_FAILED),
        (html(502), Reason.SOURCE_FAILED),
        (html(302), Reason.SOURCE_FAILED),
        (said(200, {"data": {"user": dict(HEALTHY_USER)}}), Reason.SOURCE_FAILED),
        (ok({}), Reason.SOURCE_FAILED),
        (ok({"user": None}), Reason.SOURCE_FAILED),
        (ok({"user": [dict(HEALTHY_USER)]}), Reason.SOURCE_FAILED),
        (ok(None), Reason.SOURCE_FAILED),
        (httpx.ReadTimeout("slow"), Reason.SOURCE_FAILED),
        (httpx.ConnectError("refused"), Reason.SOURCE_FAILED),
    ],
)
def test_anything_else_says_nothing_about_the_token(world: World, answer: Any, due: Reason) -> None:
    for group in GROUPS:
        world.answers[group] = answer

    snapshot = seen()

    assert {reason(part) for part in (snapshot.token, snapshot.basic, snapshot.profile, snapshot.stats)} == {due}


@pytest.mark.parametrize(("status", "code"), [(401, "scope_not_authorized"), (400, "scope_permission_missed")])
def test_a_missing_scope_proves_that_the_token_was_known(world: World, status: int, code: str) -> None:
    for group in GROUPS:
        world.answers[group] = failed(status, code)

    snapshot = seen(scopes=None)

    assert isinstance(snapshot.token, TokenSeen)
    assert snapshot.token.rejected is None
    assert {reason(part) for part in (snapshot.basic, snapshot.profile, snapshot.stats)} == {Reason.SCOPE_MISSING}


def test_one_group_that_fails_leaves_the_others_and_the_token(world: World) -> None:
    world.answers["basic"] = html(500)
    world.answers["stats"] = failed(401, "scope_not_authorized")

    snapshot = seen()

    assert reason(snapshot.basic) is Reason.SOURCE_FAILED
    assert isinstance(snapshot.profile, AccountProfile)
    assert reason(snapshot.stats) is Reason.SCOPE_MISSING
    assert isinstance(snapshot.token, TokenSeen)
    assert snapshot.token.rejected is None


def test_a_token_that_one_group_accepts_is_accepted(world: World) -> None:
    world.answers["stats"] = failed(401, "access_token_invalid")

    snapshot = seen()

    assert isinstance(snapshot.token, TokenSeen)
    assert snapshot.token.rejected is None


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [
        (None, WHOLE),
        (ALL, WHOLE),
        (("user.info.basic",), "basic"),
        (("user.info.basic", "user.info.stats", "video.list"), "basic+stats"),
        (("user.info.stats",), "stats"),
        (("video.list",), "basic"),
        ((), "basic"),
    ],
)
def test_only_what_was_granted_is_asked_and_basic_where_nothing_was(
    world: World, scopes: tuple[str, ...] | None, asked: str
) -> None:
    snapshot = seen(scopes=scopes)

    assert world.names() == [f"GET {asked}"]
    parts = {"basic": snapshot.basic, "profile": snapshot.profile, "stats": snapshot.stats}
    for group, part in parts.items():
        if scopes is None or f"user.info.{group}" in scopes:
            assert not isinstance(part, Absent)
        else:
            assert reason(part) is Reason.SCOPE_MISSING
    assert isinstance(snapshot.token, TokenSeen)


def test_scopes_of_the_settings_count_where_the_grant_has_none(world: World) -> None:
    shop = merchant(analytics=None, tiktok={"open_id": "o", "scopes": "user.info.stats, user.info.basic"})

    snapshot = fetched(shop=shop, grants=Memory(grant(scopes=None)))

    assert snapshot.scopes == ("user.info.basic", "user.info.stats")
    assert world.names() == ["GET basic+stats"]


@pytest.mark.parametrize(
    "refused",
    [
        failed(401, "scope_not_authorized"),
        failed(400, "scope_permission_missed"),
        failed(200, "scope_not_authorized"),
        failed(400, "invalid_params"),
        failed(401, "access_token_invalid"),
        html(200),
        html(403),
        ok({}),
    ],
)
@pytest.mark.parametrize("scopes", [ALL, None])
def test_where_the_one_call_is_refused_each_group_is_asked_alone(
    world: World, refused: httpx.Response, scopes: tuple[str, ...] | None
) -> None:
    world.answers[WHOLE] = refused
    world.answers["stats"] = failed(401, "scope_not_authorized")

    snapshot = seen(scopes=scopes)

    assert world.names()[0] == f"GET {WHOLE}"
    assert sorted(world.names()[1:]) == ["GET basic", "GET profile", "GET stats"]
    assert isinstance(snapshot.basic, AccountBasic)
    assert isinstance(snapshot.profile, AccountProfile)
    assert reason(snapshot.stats) is Reason.SCOPE_MISSING
    assert isinstance(snapshot.token, TokenSeen)
    assert snapshot.token.rejected is None


def test_after_a_refusal_each_group_is_tried_as_often_as_any_call(world: World) -> None:
    world.answers |= {WHOLE: failed(401, "scope_not_authorized"), "profile": [html(500), html(500), user()]}

    assert isinstance(seen().profile, AccountProfile)
    assert world.names().count("GET profile") == 3


@pytest.mark.parametrize("outage", [html(500), html(503), failed(500, "internal_error"), failed(200, "internal_error")])
def test_after_an_outage_that_was_waited_for_each_group_gets_one_chance(world: World, outage: httpx.Response) -> None:
    for group in GROUPS:
        world.answers[group] = outage

    seen()

    names = world.names()
    assert names[:3] == [f"GET {WHOLE}"] * 3
    assert sorted(names[3:]) == ["GET basic", "GET profile", "GET stats"]


@pytest.mark.parametrize(
    ("trouble", "calls"),
    [
        (failed(429, "rate_limit_exceeded"), 3),
        (failed(200, "rate_limit_exceeded"), 3),
        (html(429), 3),
        (httpx.ReadTimeout("slow"), 3),
        (httpx.ConnectError("refused"), 3),
        (html(404), 2),
    ],
)
def test_what_concerns_every_group_is_not_asked_of_each(world: World, trouble: Any, calls: int) -> None:
    for group in GROUPS:
        world.answers[group] = trouble

    seen()

    assert [name.split()[1] for name in world.names()] == [WHOLE] * calls


def test_one_group_alone_is_asked_once(world: World) -> None:
    world.answers["basic"] = failed(401, "scope_not_authorized")

    seen(scopes=("user.info.basic",))

    assert world.names() == ["GET basic"]


def test_a_host_that_takes_post_is_asked_by_post_for_each_group_too(world: World) -> None:
    world.answers |= {f"GET {group}": html(405) for group in GROUPS}
    world.answers["POST stats"] = failed(401, "scope_not_authorized")

    snapshot = seen()

    assert sorted(world.names()) == sorted(
        [f"GET {WHOLE}", f"POST {WHOLE}", "POST basic", "POST profile", "POST stats"]
    )
    assert isinstance(snapshot.profile, AccountProfile)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        (None, Reason.NOT_MEASURED),
        (-1, Reason.SOURCE_FAILED),
        (1.5, Reason.SOURCE_FAILED),
        ("many", Reason.SOURCE_FAILED),
        ([], Reason.SOURCE_FAILED),
        (True, Reason.SOURCE_FAILED),
    ],
)
def test_a_count_that_is_none_is_absent_alone(world: World, value: object, due: Reason) -> None:
    world.answers["stats"] = user(likes_count=value)

    stats = seen().stats

    assert isinstance(stats, AccountStats)
    assert reason(stats.likes) is due
    assert (stats.followers, stats.following, stats.videos) == (18250, 312, 143)


def test_a_count_that_is_missing_was_not_measured_and_0_is_0(world: World) -> None:
    world.answers["stats"] = ok({"user": {**without(HEALTHY_USER, "video_count"), "follower_count": 0}})

    stats = seen().stats

    assert isinstance(stats, AccountStats)
    assert reason(stats.videos) is Reason.NOT_MEASURED
    assert stats.followers == 0


def test_names_are_one_harmless_line(world: World) -> None:
    world.answers["basic"] = user(display_name="Lark\r\nspur \u202ecandles\ud800" + "x" * 500, open_id=5)

    basic = seen().basic

    assert isinstance(basic, AccountBasic)
    assert isinstance(basic.display_name, str)
    assert basic.display_name.startswith("Lark spur candlesxxx")
    assert len(basic.display_name) == 200
    assert reason(basic.open_id) is Reason.NOT_MEASURED
