"""`nightjar disconnect`: TikTok is told first, and what it has not ended is not forgotten."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from console.local_grants import LocalGrants
from console.sample.fleet import fleet
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET
from console.sample.server import SampleServer
from functions.audit.grant import Grant
from tests.console.connecting import COMMAND, KEYS, WEB, Browser, Place
from tests.console.scenarios import TOKEN, Reply, World, document, html, oauth_failed

REVOKE = "/v2/oauth/revoke/"
NOW = datetime.now(UTC)


@pytest.fixture
def sample() -> Iterator[SampleServer]:
    with SampleServer(fleet(3, seed=21)) as running:
        yield running
    assert running.errors == []


@pytest.fixture
def place(
    tmp_path: Path, sample: SampleServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Place:
    """Return a place whose merchant is connected."""
    place = Place(tmp_path, sample.url, monkeypatch, capsys)
    place.write()
    with httpx.Client(trust_env=False, timeout=30) as client:
        location = Browser(client).allow(place.say("--redirect-uri", WEB).address)
    assert place.say("--code", location).code == 0
    return place


@pytest.fixture
def scripted(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Place:
    """Return a place whose merchant is connected to a TikTok that says what it is told to."""
    place = Place(tmp_path, world.base_url, monkeypatch, capsys)
    place.write(open_id="723f24d7")
    stored(place)
    world.answers[REVOKE] = Reply(b"{}")
    world.grant |= {"access_token": "act.MARKED-new", "refresh_token": "rft.MARKED-new"}
    return place


def stored(place: Place, **fields: Any) -> None:
    """Have the store hold a pair whose access token still lives."""
    pair: dict[str, Any] = {
        "access_token": SecretStr("act.MARKED"),
        "refresh_token": SecretStr("rft.MARKED"),
        "expires_at": NOW + timedelta(hours=1),
        "refresh_expires_at": NOW + timedelta(days=100),
        "connected_at": NOW - timedelta(days=1),
        "open_id": "723f24d7",
    }
    grants = LocalGrants([], store=place.store, on_unkept=lambda _: None)
    grants.connect(Grant(merchant_id="larkspur", **pair | fields))


def forms(world: World, path: str) -> list[dict[str, str]]:
    return [dict(pair.split("=", 1) for pair in call.body.decode().split("&")) for call in world.to(path)]


def is_connected(place: Place) -> bool:
    kept = place.kept()
    return kept["access_token"] is not None and kept["refresh_token"] is not None


def test_tiktok_ends_it_and_the_tokens_are_gone(place: Place, sample: SampleServer) -> None:
    token = place.kept()["access_token"]

    ended = place.say("--yes", command="disconnect")

    assert ended.code == 0, ended.err
    assert "TikTok ended the connection" in ended.out
    kept = place.kept()
    assert (kept["access_token"], kept["refresh_token"]) == (None, None)
    assert (kept["state"], kept["state_reason"], kept["open_id"]) == ("removed", "developer_revoked", "open-larkspur")
    assert {"expires_at", "refresh_expires_at", "scopes"}.isdisjoint(kept)
    seen = httpx.get(
        f"{sample.url}/v2/user/info/?fields=open_id", headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    assert seen.status_code == 401


def test_the_next_audit_says_why(place: Place) -> None:
    place.say("--yes", command="disconnect")

    files = ("--merchants", str(place.file), "--store", str(place.store))
    audit = subprocess.run(  # noqa: S603 - our own command
        [COMMAND, "audit", *files],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, **KEYS},
    )

    assert audit.returncode == 1, audit.stderr
    said = " ".join(audit.stdout.split())
    assert "the connection was revoked for this app, by its operator's own request" in said


def test_a_second_time_there_is_nothing_to_end(place: Place, sample: SampleServer) -> None:
    place.say("--yes", command="disconnect")
    again = place.say("--yes", command="disconnect")

    assert (again.code, "is not connected" in again.out) == (0, True)
    assert sample.count(REVOKE) == 1


def test_a_new_login_connects_again(place: Place) -> None:
    place.say("--yes", command="disconnect")
    with httpx.Client(trust_env=False, timeout=30) as client:
        location = Browser(client).allow(place.say("--redirect-uri", WEB).address)

    assert place.say("--code", location).code == 0
    assert is_connected(place)
    assert "state_reason" not in place.kept()


@pytest.mark.parametrize(
    ("typed", "said"), [("", "--yes"), ("n\n", "Nothing was changed"), ("\n", "Nothing was changed")]
)
def test_without_a_yes_nothing_is_changed(place: Place, sample: SampleServer, typed: str, said: str) -> None:
    ended = place.say(command="disconnect", typed=typed)

    assert ended.code == 2
    assert said in ended.err
    assert is_connected(place)
    assert sample.count(REVOKE) == 0


def test_a_person_may_say_yes(place: Place) -> None:
    ended = place.say(command="disconnect", typed="y\n")

    assert ended.code == 0
    assert "End the TikTok connection of larkspur (Larkspur [b]Candles[/b])" in ended.err
    assert not is_connected(place)


def test_the_revoke_is_asked_for_as_tiktok_documents_it(scripted: Place, world: World) -> None:
    ended = scripted.say("--yes", command="disconnect")

    assert ended.code == 0, ended.err
    assert forms(world, REVOKE) == [{"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET, "token": "act.MARKED"}]
    assert world.to(TOKEN) == []


@pytest.mark.parametrize("yes", [Reply(b"{}"), Reply(b""), Reply(b"", 204), Reply(document({"error": {"code": "ok"}}))])
def test_nothing_and_an_empty_object_are_tiktoks_yes(scripted: Place, world: World, yes: Reply) -> None:
    world.answers[REVOKE] = yes

    assert scripted.say("--yes", command="disconnect").code == 0
    assert scripted.kept()["access_token"] is None


@pytest.mark.parametrize(
    "fields", [{"expires_at": NOW - timedelta(hours=1)}, {"expires_at": None}, {"access_token": None}]
)
def test_a_token_that_may_have_ended_is_renewed_first_and_the_new_one_revoked(
    scripted: Place, world: World, fields: dict[str, Any]
) -> None:
    stored(scripted, **fields)

    ended = scripted.say("--yes", command="disconnect")

    assert ended.code == 0, ended.err
    assert [form["token"] for form in forms(world, REVOKE)] == ["act.MARKED-new"]
    assert scripted.kept()["refresh_token"] is None


def test_a_token_that_tiktok_calls_dead_is_renewed_and_the_new_one_revoked(scripted: Place, world: World) -> None:
    world.answers[REVOKE] = [oauth_failed(400, "invalid_grant"), Reply(b"{}")]

    ended = scripted.say("--yes", command="disconnect")

    assert "TikTok ended the connection" in ended.out
    assert [form["token"] for form in forms(world, REVOKE)] == ["act.MARKED", "act.MARKED-new"]


@pytest.mark.parametrize("fields", [{}, {"expires_at": None}])
def test_a_connection_that_was_over_before_is_only_forgotten(
    scripted: Place, world: World, fields: dict[str, Any]
) -> None:
    stored(scripted, **fields)
    world.answers[REVOKE] = oauth_failed(401, "access_token_invalid")
    world.answers[TOKEN] = oauth_failed(400, "invalid_grant")

    ended = scripted.say("--yes", command="disconnect")

    assert ended.code == 0, ended.err
    assert "had ended already" in ended.out
    kept = scripted.kept()
    assert (kept["refresh_token"], kept["state"], kept["state_reason"]) == (None, "removed", "removed")


DOWN = [
    (html(200), "not JSON (HTTP 200)"),
    (html(503), "not JSON (HTTP 503)"),
    (oauth_failed(503, "temporarily_unavailable"), "temporarily_unavailable"),
    (oauth_failed(401, "invalid_client"), "key or secret"),
    (oauth_failed(400, "<b>MARKED"), "does not document"),
    (Reply(b"{}", cut=1), "broke off"),
]


@pytest.mark.parametrize(("answer", "said"), DOWN)
def test_while_tiktok_does_not_say_yes_nothing_is_forgotten(
    scripted: Place, world: World, answer: Reply, said: str
) -> None:
    world.answers[REVOKE] = answer

    ended = scripted.say("--yes", command="disconnect")

    assert ended.code == 2
    assert said in ended.err
    assert "still connected" in ended.err
    assert is_connected(scripted)


@pytest.mark.parametrize(("answer", "said"), DOWN[:2])
def test_with_force_the_tokens_are_forgotten_all_the_same(
    scripted: Place, world: World, answer: Reply, said: str
) -> None:
    world.answers[REVOKE] = answer

    ended = scripted.say("--yes", "--force", command="disconnect")

    assert ended.code == 0
    assert "TikTok could not be told" in ended.out
    assert said in ended.err
    assert "TikTok's settings" in ended.err
    assert scripted.kept()["refresh_token"] is None


def test_when_the_token_service_is_down_nothing_is_revoked_or_forgotten(scripted: Place, world: World) -> None:
    stored(scripted, expires_at=NOW - timedelta(hours=1))
    world.answers[TOKEN] = oauth_failed(503, "temporarily_unavailable")

    ended = scripted.say("--yes", command="disconnect")

    assert ended.code == 2
    assert "temporarily_unavailable" in ended.err
    assert is_connected(scripted)
    assert world.to(REVOKE) == []


def test_tokens_of_the_merchants_file_are_revoked_too_and_not_used_again(scripted: Place, world: World) -> None:
    scripted.store.unlink()
    scripted.write(open_id="723f24d7", more='access_token = "act.MARKED-file"')

    ended = scripted.say("--yes", command="disconnect")

    assert ended.code == 0, ended.err
    assert [form["token"] for form in forms(world, REVOKE)] == ["act.MARKED-file"]
    again = scripted.say("--yes", command="disconnect")
    assert "is not connected" in again.out
    assert len(world.to(REVOKE)) == 1
