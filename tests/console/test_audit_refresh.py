"""`nightjar audit` with a refresh token and the app's keys: rotation, `invalid_grant`, outages, lifetimes, scopes."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.console.auditing import ACCESS, ANALYTICS, AREAS, Desk, Due, Shop, blind, expect
from tests.console.scenarios import TOKEN, Reply, World, document, failed, html, oauth_failed

BOTH = 'access_token = "act.file"\nrefresh_token = "rft.file"'
REFRESH_ONLY = 'refresh_token = "rft.file"'
REST = tuple(check for check in AREAS if check != "access_token")


def test_the_refresh_comes_first_and_its_token_is_used(desk: Desk, world: World) -> None:
    desk.keys()
    world.accepted = {"act.new"}

    result = desk.audit(Shop(world, tokens=BOTH))

    expect(result)
    assert world.calls[0].path == TOKEN
    (call,) = world.to(TOKEN)
    assert call.method == "POST"
    assert call.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(call.body.decode()) == {
        "client_key": ["the-key"],
        "client_secret": ["the-secret"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["rft.file"],
    }
    assert {call.headers["authorization"] for call in world.calls[1:]} == {"Bearer act.new"}
    assert result.outcome("access_token")["value"] == 180


def test_a_rotated_token_that_nobody_keeps_is_said_on_stderr_without_the_token(desk: Desk, world: World) -> None:
    desk.keys()

    result = desk.audit(Shop(world, tokens=BOTH))

    assert "larkspur" in result.err
    assert "--store" in result.err
    for secret in ("act.file", "rft.file", "act.new", "rft.new", "the-secret", "the-key"):
        assert secret not in result.out + result.err


def test_a_refresh_token_that_stays_is_no_news(desk: Desk, world: World) -> None:
    desk.keys()
    world.grant["refresh_token"] = "rft.file"

    assert desk.audit(Shop(world, tokens=BOTH)).err == ""


def test_a_rotated_pair_is_kept_in_the_store_file_and_used_the_next_time(desk: Desk, world: World) -> None:
    desk.keys()
    store = desk.folder / "tokens.json"

    first = desk.audit(Shop(world, tokens=REFRESH_ONLY), options=("--store", str(store)))
    second = desk.audit(Shop(world, tokens=REFRESH_ONLY), options=("--store", str(store)))

    expect(first)
    expect(second)
    assert (first.err, second.err) == ("", "")
    assert len(world.to(TOKEN)) == 1  # the first one's access token lives two hours


def test_without_a_stored_access_token_the_refresh_brings_one(desk: Desk, world: World) -> None:
    desk.keys()

    expect(desk.audit(Shop(world, tokens=REFRESH_ONLY)))


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (14 * 86400, "pass"),  # exactly 14 days is not "less than 14"
        (14 * 86400 + 864, "pass"),  # 14.01 days
        (14 * 86400 - 1, "warn"),
        (14 * 86400 - 864, "warn"),  # 13.99 days
        (str(14 * 86400 - 864), "warn"),
        (float(14 * 86400 - 864), "warn"),
        (1, "warn"),
        (0, "warn"),
        (31536000, "pass"),
        (None, "pass"),  # nobody told: the acceptance alone is the answer
        ("soon", "pass"),
    ],
)
def test_a_refresh_token_that_ends_in_less_than_14_days_is_a_warning(
    desk: Desk, world: World, seconds: object, status: str
) -> None:
    desk.keys()
    world.grant["refresh_expires_in"] = seconds

    expect(desk.audit(Shop(world, tokens=BOTH)), {"access_token": status})


@pytest.mark.parametrize("status", [200, 400, 401])
class TestInvalidGrant:
    """TikTok says that the refresh token is dead, with whatever HTTP status."""

    def test_is_critical_even_while_the_access_token_lives(self, desk: Desk, world: World, status: int) -> None:
        desk.keys()
        world.answers[TOKEN] = oauth_failed(status, "invalid_grant")

        expect(desk.audit(Shop(world, tokens=BOTH)), {"access_token": "critical"})

    def test_with_a_dead_access_token_blinds_the_rest(self, desk: Desk, world: World, status: int) -> None:
        desk.keys()
        world.accepted.clear()
        world.answers[TOKEN] = oauth_failed(status, "invalid_grant")

        expect(
            desk.audit(Shop(world, tokens=BOTH)),
            {"access_token": "critical", **blind(REST, "unauthorized")},
        )

    def test_without_an_access_token_asks_nobody(self, desk: Desk, world: World, status: int) -> None:
        desk.keys()
        world.answers[TOKEN] = oauth_failed(status, "invalid_grant")

        expect(
            desk.audit(Shop(world, tokens=REFRESH_ONLY)),
            {"access_token": "critical", **blind(REST, "unauthorized")},
        )
        assert {call.path for call in world.calls} == {TOKEN}
        assert len(world.calls) == 1


OUTAGES: list[tuple[Reply, str]] = [
    (oauth_failed(401, "invalid_client"), "source_failed"),
    (oauth_failed(200, "invalid_client"), "source_failed"),
    (oauth_failed(400, "invalid_request"), "source_failed"),
    (oauth_failed(200, "something_new"), "source_failed"),
    (oauth_failed(500, "server_error"), "source_failed"),
    (oauth_failed(200, "server_error"), "source_failed"),
    (oauth_failed(503, "temporarily_unavailable"), "source_failed"),
    (html(500), "source_failed"),
    (html(502), "source_failed"),
    (html(200), "source_failed"),
    (html(401), "source_failed"),
    (html(404), "source_failed"),
    (html(429), "rate_limited"),
    (failed(429, "rate_limit_exceeded"), "rate_limited"),
    (Reply(b""), "source_failed"),
    (Reply(b"{}"), "source_failed"),
    (Reply(b"[]"), "source_failed"),
    (Reply(document({"access_token": None, "expires_in": 7200})), "source_failed"),
    (Reply(document({"access_token": 5})), "source_failed"),
    (Reply(document({"access_token": ""})), "source_failed"),
    (Reply(b'{"access_token": "act.new"', headers={"Content-Length": "900"}, cut=20), "source_failed"),
    (Reply(b"", 302, {"Location": "/elsewhere"}), "source_failed"),
]


@pytest.mark.parametrize(("reply", "reason"), OUTAGES)
def test_an_outage_of_the_token_endpoint_falls_back_on_the_access_token(
    desk: Desk, world: World, reply: Reply, reason: str
) -> None:
    desk.keys()
    world.answers[TOKEN] = reply

    assert reason
    expect(desk.audit(Shop(world, tokens=BOTH)))


@pytest.mark.parametrize(("reply", "reason"), OUTAGES)
def test_an_outage_is_never_a_rejected_token(desk: Desk, world: World, reply: Reply, reason: str) -> None:
    desk.keys()
    world.accepted.clear()
    world.answers[TOKEN] = reply

    result = desk.audit(Shop(world, tokens=BOTH))

    assert tuple(result.outcome("access_token")["reasons"]) == (reason,)
    assert {outcome["status"] for outcome in result.audits[0]["outcomes"]} == {"not_evaluated"}
    assert result.code == 3


@pytest.mark.parametrize(("reply", "reason"), OUTAGES)
def test_an_outage_without_an_access_token_blinds_everything_for_its_own_reason(
    desk: Desk, world: World, reply: Reply, reason: str
) -> None:
    desk.keys()
    world.answers[TOKEN] = reply

    expect(desk.audit(Shop(world, tokens=REFRESH_ONLY)), blind(tuple(AREAS), reason))


def test_a_token_endpoint_that_hangs_is_asked_once_more_and_costs_little(desk: Desk, world: World) -> None:
    desk.limits(read=0.2)
    desk.keys()
    world.answers[TOKEN] = Reply(b"", delay=30)
    begun = time.monotonic()

    expect(desk.audit(Shop(world, tokens=BOTH)))
    assert len(world.to(TOKEN)) == 2  # a lost answer may have rotated the token: the old one is tried once, no more
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "reply",
    [html(500), oauth_failed(500, "server_error"), Reply(b'{"access_token"', headers={"Content-Length": "99"}, cut=5)],
)
def test_a_refresh_whose_answer_may_be_lost_is_tried_once_more(desk: Desk, world: World, reply: Reply) -> None:
    desk.keys()
    world.answers[TOKEN] = reply

    desk.audit(Shop(world, tokens=BOTH))

    assert len(world.to(TOKEN)) == 2


def test_a_lost_answer_after_which_the_old_token_is_dead_says_so(desk: Desk, world: World) -> None:
    desk.keys()
    world.accepted.clear()
    world.answers[TOKEN] = [html(502), oauth_failed(400, "invalid_grant")]

    outcome = desk.audit(Shop(world, tokens=BOTH)).outcome("access_token")

    assert outcome["status"] == "critical"
    assert "the answer to a token refresh was lost" in outcome["summary"]


def test_a_refresh_that_was_limited_is_repeated(desk: Desk, world: World) -> None:
    desk.keys()
    world.accepted = {"act.new"}
    world.answers[TOKEN] = [failed(429, "rate_limit_exceeded"), Reply(document(world.grant))]

    expect(desk.audit(Shop(world, tokens=BOTH)))


@pytest.mark.parametrize(
    ("scope", "due"),
    [
        ("user.info.basic,user.info.profile,user.info.stats", {}),
        ("user.info.basic user.info.profile user.info.stats", {}),
        ("user.info.basic,user.info.profile", {"stats_scope": "warn"}),
        ("user.info.basic,user.info.stats", {"account_access": "warn"}),
        ("user.info.basic", {"account_access": "warn", "stats_scope": "warn"}),
        ("user.info.profile,user.info.stats", {"account_access": "critical"}),
        (None, {}),
        ("missing", {}),
    ],
)
def test_the_scopes_of_the_refresh_replace_those_of_the_file(
    desk: Desk, world: World, scope: Any, due: dict[str, Due]
) -> None:
    desk.keys()
    world.grant["scope"] = scope
    if scope == "missing":
        del world.grant["scope"]

    expect(desk.audit(Shop(world, tokens=BOTH)), due)


def test_the_refresh_widens_scopes_too(desk: Desk, world: World) -> None:
    desk.keys()

    expect(desk.audit(Shop(world, tokens=BOTH, scopes=("basic",))))


def test_a_fresh_token_that_tiktok_rejects_is_critical(desk: Desk, world: World) -> None:
    desk.keys()
    world.accepted = set()

    result = desk.audit(Shop(world, tokens=BOTH))

    expect(result, {"access_token": "critical", **blind((*ACCESS[1:], *ANALYTICS), "unauthorized")})


def test_without_the_apps_keys_nothing_is_refreshed(desk: Desk, world: World) -> None:
    expect(desk.audit(Shop(world, tokens=BOTH)))
    assert world.to(TOKEN) == []

    world.accepted.clear()
    expect(desk.audit(Shop(world, tokens=BOTH)), {"access_token": "critical", **blind(REST, "unauthorized")})


def test_a_refresh_token_alone_is_of_no_use_without_the_apps_keys(desk: Desk, world: World) -> None:
    result = desk.audit(Shop(world, tokens=REFRESH_ONLY))

    expect(result, blind(tuple(AREAS), "unauthorized"))
    assert "never connected" not in result.outcome("access_token")["summary"]


@pytest.mark.parametrize("name", ["KEY", "SECRET"])
def test_half_of_the_apps_keys_is_a_mistake(desk: Desk, world: World, name: str) -> None:
    desk.monkeypatch.setenv(f"NIGHTJAR_TIKTOK_CLIENT_{name}", "only-this")

    result = desk.audit(Shop(world))

    assert (result.code, result.out) == (2, "")
    assert "NIGHTJAR_TIKTOK_CLIENT_SECRET" in result.err
    assert "only-this" not in result.err
    assert world.calls == []
