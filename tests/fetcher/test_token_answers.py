"""What a token answer tells of a grant, and which answers leave open whether the refresh token was traded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from functions.audit.grant import State
from functions.fetcher.sources.oauth import grant_fields
from tests.console.healthy import HEALTHY_GRANT
from tests.fetcher.waiting import NOW
from tests.fetcher.world import KEYS, Memory, World, failed, fetched, grant, html, said, without

ANSWER = {
    "access_token": "act.example12345Example12345Example",
    "expires_in": 7200,
    "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    "refresh_expires_in": 15552000,
    "refresh_token": "rft.example12345Example12345Example",
    "scope": "user.info.basic,user.info.profile,user.info.stats",
    "token_type": "Bearer",
}


def test_the_documented_answer_is_a_whole_grant() -> None:
    assert grant_fields(ANSWER, NOW) == {
        "access_token": SecretStr("act.example12345Example12345Example"),
        "refresh_token": SecretStr("rft.example12345Example12345Example"),
        "expires_at": NOW + timedelta(hours=2),
        "refresh_expires_at": NOW + timedelta(days=180),
        "scopes": ("user.info.basic", "user.info.profile", "user.info.stats"),
        "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    }


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "open_id", "scope", "expires_in"])
@pytest.mark.parametrize("value", [None, "", 5.5, True, [], {}, "\n", "ü" * 200])
def test_what_is_missing_or_nonsense_is_not_told(name: str, value: object) -> None:
    field = {"scope": "scopes", "expires_in": "expires_at"}.get(name, name)

    assert field not in grant_fields({**ANSWER, name: value}, NOW)
    assert field not in grant_fields(without(ANSWER, name), NOW)


def test_an_answer_that_is_nothing_tells_nothing() -> None:
    assert grant_fields({}, NOW) == {}


# Whether TikTok traded the token before the answer went wrong.
OPEN: list[Any] = [
    html(500),
    html(502),
    html(503),
    html(504),
    html(200),
    html(302),
    html(408),
    said(500, {"error": "server_error"}),
    said(200, {"error": "server_error"}),
    said(200, {"error": "something new"}),
    said(200, without(HEALTHY_GRANT, "access_token")),
    said(200, {"data": dict(HEALTHY_GRANT), "error": {"code": "ok"}}),
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.RemoteProtocolError("half"),
]
# It did not: it said no, or it never had the question.
SETTLED: list[Any] = [
    html(400),
    html(403),
    html(404),
    html(429),
    said(503, {"error": "server_error"}),
    said(503, {"error": "temporarily_unavailable"}),
    said(200, {"error": "temporarily_unavailable"}),
    said(429, {"error": "rate_limit_exceeded"}),
    failed(429, "rate_limit_exceeded"),
    failed(401, "access_token_invalid"),
    *(said(status, {"error": "invalid_client"}) for status in (200, 400, 401, 500)),
    said(200, {"error": "access_denied"}),
    said(400, {"error": "something new"}),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("crowded"),
]


@pytest.mark.parametrize(
    ("answer", "state"), [(a, State.LOST_ROTATION) for a in OPEN] + [(a, State.CONNECTED) for a in SETTLED]
)
def test_only_an_answer_that_leaves_it_open_is_noted_and_none_of_them_needs_a_new_login(
    world: World, answer: Any, state: State
) -> None:
    world.answers["token"] = answer
    memory = Memory(grant(refresh_token="rft.file", expires_at=NOW - timedelta(hours=1)))

    fetched(grants=memory, keys=KEYS)

    kept = memory.rows["larkspur"]
    assert kept.state is state
    assert kept.state_reason is kept.lease_owner is None
    assert kept.refresh_sent_at is None
    assert kept.refresh_token == SecretStr("rft.file")
