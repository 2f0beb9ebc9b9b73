"""Whatever TikTok answers to the code: stored whole, or not at all, with a sentence that says what to do."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.console.connecting import WEB, Place, Said, sent_back
from tests.console.healthy import HEALTHY_GRANT
from tests.console.scenarios import TOKEN, Answer, Reply, World, document, html, oauth_failed

CODE = "MARKED*1!"
GRANT = {**HEALTHY_GRANT, "access_token": "act.MARKED", "refresh_token": "rft.MARKED"}


@pytest.fixture
def place(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    place = Place(tmp_path, world.base_url, monkeypatch, capsys)
    place.write(open_id="723f24d7")
    world.grant = dict(GRANT)
    return place


def log_in(place: Place, *options: str, **back: str) -> Said:
    """Log in by way of a website, and finish in a later run."""
    begun = place.say("--redirect-uri", WEB, *options)
    return place.say(*options, "--code", sent_back(begun.address, **(back or {"code": CODE})))


def form_of(world: World) -> dict[str, str]:
    (call,) = world.to(TOKEN)
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.headers["cache-control"] == "no-cache"
    return {name: values[0] for name, values in parse_qs(call.body.decode(), strict_parsing=True).items()}


def test_the_code_is_traded_as_tiktok_documents_it(place: Place, world: World) -> None:
    ended = log_in(place)

    assert ended.code == 0, ended.err
    assert form_of(world) == {
        "client_key": "sample-client-key",
        "client_secret": "sample-client-secret",
        "code": "MARKED*1!",
        "grant_type": "authorization_code",
        "redirect_uri": WEB,
    }
    assert (place.kept()["access_token"], place.kept()["refresh_token"]) == ("act.MARKED", "rft.MARKED")


def test_a_desktop_shows_the_verifier_of_its_challenge(place: Place, world: World) -> None:
    begun = place.say("--paste")
    challenge = parse_qs(begun.address)["code_challenge"][0]
    place.say("--code", sent_back(begun.address, code=CODE))

    form = form_of(world)
    assert form["redirect_uri"] == "http://127.0.0.1:8585/callback/"
    assert hashlib.sha256(form["code_verifier"].encode()).hexdigest() == challenge


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("invalid_grant", "used already"),
        ("invalid_client", "sandbox and production have keys of their own"),
        ("invalid_scope", "--scopes"),
        ("invalid_request", "letter for letter"),
        ("unauthorized_client", "Login Kit"),
        ("unsupported_grant_type", "Login Kit"),
        ("unsupported_response_type", "Login Kit"),
        ("access_denied", "allow the app"),
        ("server_error", "a problem of its own"),
        ("<script>MARKED", "does not document"),
    ],
)
def test_an_error_is_one_whatever_the_status_and_says_what_to_do(
    place: Place, world: World, error: str, said: str, status: int
) -> None:
    world.answers[TOKEN] = oauth_failed(status, error)

    ended = log_in(place)

    assert ended.code == 2
    assert said in ended.err
    assert (place.kept(), len(world.to(TOKEN))) == ({}, 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (html(200), "answered something that is not JSON (HTTP 200)"),
        (html(502), "answered something that is not JSON (HTTP 502)"),
        (Reply(b"", 200), "answered without a body (HTTP 200)"),
        (Reply(b"[]", 200), "no object"),
        (Reply(document(GRANT), 500), "HTTP 500"),
        (Reply(document({"data": GRANT, "error": {"code": "ok"}})), "without a token"),
        (Reply(document({**GRANT, "access_token": "act.MARKED\n"})), "without a token"),
        (Reply(document({**GRANT, "access_token": ""})), "without a token"),
        (Reply(document({**GRANT, "open_id": None})), "whose account"),
        (Reply(document({**GRANT, "open_id": "\u202eMARKED"})), "whose account"),
        (Reply(document({"error": {"code": "internal_error"}}), 500), "does not document"),
    ],
)
def test_an_answer_without_tokens_or_account_stores_nothing(
    place: Place, world: World, answer: Reply, said: str
) -> None:
    world.answers[TOKEN] = answer

    ended = log_in(place)

    assert ended.code == 2
    assert said in ended.err
    assert place.kept() == {}


def test_after_a_lost_answer_the_code_is_not_sent_again(place: Place, world: World) -> None:
    world.answers[TOKEN] = Reply(document(GRANT), cut=20)

    ended = log_in(place)

    assert ended.code == 2
    assert "nobody knows whether it used the code up" in ended.err
    assert (place.kept(), len(world.to(TOKEN))) == ({}, 1)


@pytest.mark.parametrize(
    "first", [oauth_failed(503, "temporarily_unavailable"), oauth_failed(429, "rate_limit_exceeded"), html(429)]
)
def test_a_refusal_that_left_the_code_alone_is_asked_again(place: Place, world: World, first: Reply) -> None:
    answers: list[Answer] = [first, Reply(document(GRANT))]
    world.answers[TOKEN] = answers

    ended = log_in(place)

    assert (ended.code, len(world.to(TOKEN))) == (0, 2)
    assert place.kept()["access_token"] == "act.MARKED"


def test_a_tiktok_that_cannot_be_reached_is_said(place: Place) -> None:
    place.base_url = "http://127.0.0.1:9"
    place.write(open_id="723f24d7")

    ended = log_in(place)

    assert ended.code == 2
    assert "could not be reached" in ended.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "cancelled at TikTok"),
        ("invalid_scope", "--scopes"),
        ("invalid_request", "letter for letter"),
        ("invalid_client", "keys of their own"),
        ("unauthorized_client", "Login Kit"),
        ("unsupported_response_type", "Login Kit"),
        ("server_error", "a problem of its own"),
        ("temporarily_unavailable", "a problem of its own"),
        ("<script>MARKED", "does not document"),
    ],
)
def test_a_login_that_tiktok_refuses_trades_nothing(place: Place, world: World, error: str, said: str) -> None:
    ended = log_in(place, error=error, error_description="MARKED")

    assert ended.code == 2
    assert said in ended.err
    assert world.to(TOKEN) == []


def test_without_a_scope_list_in_the_answer_the_callbacks_counts(place: Place, world: World) -> None:
    del world.grant["scope"]

    ended = log_in(place, code=CODE, scopes="user.info.basic,user.info.profile")

    assert "user.info.stats was not granted" in ended.err
    assert place.kept()["scopes"] == ["user.info.basic", "user.info.profile"]


def test_when_nobody_tells_the_scopes_none_is_called_missing(place: Place, world: World) -> None:
    del world.grant["scope"]

    ended = log_in(place)

    assert "did not say which permissions" in ended.out
    assert ended.err == ""
    assert "scopes" not in place.kept()


def test_a_connection_that_cannot_be_renewed_is_said(place: Place, world: World) -> None:
    for name in ("refresh_token", "refresh_expires_in", "expires_in"):
        del world.grant[name]

    ended = log_in(place)

    assert ended.code == 0
    assert "no refresh token: the connection ends at a time that TikTok did not tell" in ended.out


def test_a_new_login_takes_the_place_of_a_broken_connection(place: Place, world: World) -> None:
    log_in(place)
    world.grant |= {"access_token": "act.MARKED2", "refresh_token": "rft.MARKED2"}

    log_in(place)

    kept = place.kept()
    assert (kept["access_token"], kept["version"], kept["state"]) == ("act.MARKED2", 2, "connected")


def test_a_tiktok_elsewhere_never_sees_the_code(place: Place, world: World) -> None:
    written = place.file.read_text(encoding="utf-8")
    place.file.write_text(written.replace(world.base_url, "https://tiktok.example"), encoding="utf-8")

    ended = place.say("--redirect-uri", WEB)

    assert ended.code == 2
    assert "is not allowed" in ended.err
    assert world.calls == []
