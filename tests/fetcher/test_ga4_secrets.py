"""No token, key or role's secret and none of Google's words are in anything printed, logged, raised or stored."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.hosts import HostPolicy
from functions.fetcher.google_secret import StoredGoogle
from functions.fetcher.sources.channel import Channel
from functions.fetcher.sources.ga4.carrier import Carrier
from functions.fetcher.sources.ga4.config import read_config
from functions.fetcher.sources.ga4.credentials import GoogleCredentials
from functions.fetcher.sources.ga4.failures import Refusal
from functions.fetcher.sources.ga4.property import Bearer
from tests.builders import snapshot
from tests.fetcher.google import EMAIL, TokenService, denies, gives, key, key_file, pool_file
from tests.fetcher.property import Purse, Report, channel, failure, property_world, report, rows_of
from tests.fetcher.world import html, said

MARK = "mArKeD"
ROLE = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": f"ASIA{MARK}",
    "AWS_SECRET_ACCESS_KEY": f"secret-{MARK}",
    "AWS_SESSION_TOKEN": f"session-{MARK}",
}
HOSTS = HostPolicy()
# What of the key would give it away, wherever it turned up.
PRIVATE = [str(key().private_numbers().d), key_file()["private_key"].split("\n")[3]]


def made_with(text: str, service: TokenService) -> GoogleCredentials:
    config = read_config(text, HOSTS)
    assert config is not None
    return GoogleCredentials(config, HOSTS, environment=ROLE, transport=service)


def holds_nothing(*told: object) -> None:
    for thing in told:
        text = f"{thing!r} {thing}"
        assert MARK not in text
        assert EMAIL not in text
        assert not [part for part in PRIVATE if part in text]


def test_nothing_that_holds_a_secret_prints_it() -> None:
    by_key = made_with(json.dumps(key_file()), TokenService([gives(f"ya29.{MARK}")]))
    by_role = made_with(json.dumps(pool_file()), TokenService([gives(f"ya29.{MARK}")]))
    assert asyncio.run(by_key.token()) == f"ya29.{MARK}"

    holds_nothing(
        by_key,
        by_role,
        StoredGoogle(lambda: json.dumps(key_file()), HOSTS, ROLE),
        Bearer(by_key, f"ya29.{MARK}"),
        Refusal(Absent.because(Reason.UNAUTHORIZED, "no"), 401, f"ya29.{MARK}"),
    )


ECHO = f"ya29.{MARK} {EMAIL}"
TOKEN_ANSWERS: list[Any] = [
    gives(f"ya29.{MARK}"),
    denies(400, "invalid_grant", ECHO),
    denies(400, ECHO, ECHO),
    denies(403, {"status": ECHO, "message": ECHO}),
    httpx.Response(500, text=f"<html>{ECHO}</html>"),
    httpx.Response(200, json={"access_token": f"ya29.{MARK}\n", "expires_in": ECHO}),
    httpx.Response(200, json={"accessToken": f"ya29.{MARK}", "expireTime": ECHO}),
    httpx.ConnectError(ECHO),
    RuntimeError(ECHO),  # what no transport ever raises: a bug of ours
]


@pytest.mark.parametrize("answer", TOKEN_ANSWERS)
@pytest.mark.parametrize("plain", [key_file(), pool_file()])
def test_whatever_the_token_service_answers_nothing_of_it_is_told(
    answer: Any, plain: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("google.auth._exponential_backoff.time", _Hurried)
    access = made_with(json.dumps(plain), TokenService([answer]))

    with caplog.at_level(logging.DEBUG):
        came = asyncio.run(access.token())

    if isinstance(came, Absent):
        holds_nothing(came)
    holds_nothing(caplog.text, [record.__dict__ for record in caplog.records])


class _Hurried:
    """Time for google-auth's pauses: none passes."""

    @staticmethod
    def sleep(_: float) -> None:
        return None


def test_an_error_on_the_way_is_raised_without_its_cause() -> None:
    client = httpx.Client(transport=TokenService([httpx.ConnectError(ECHO)]))

    with pytest.raises(Exception, match="no answer") as raised:
        Carrier(client)("https://oauth2.googleapis.com/token", "POST", body=ECHO.encode())

    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    holds_nothing(raised.value)


ANSWERS: list[Any] = [
    failure(400, "INVALID_ARGUMENT", ECHO, fieldViolations=[{"field": ECHO, "description": ECHO}]),
    failure(401, ECHO, ECHO, reason=ECHO),
    failure(403, "PERMISSION_DENIED", ECHO, reason=ECHO),
    failure(429, ECHO, ECHO),
    said(200, {"reports": ECHO}),
    said(200, {"reports": [{ECHO: ECHO}] * 5}),
    httpx.Response(200, text=f"<html>{ECHO}</html>", headers={"X-Echo": ECHO}),
    html(404),
    httpx.ReadError(ECHO),
    RuntimeError(ECHO),
]


def encoded(seen: Channel) -> str:
    return snapshot(sessions=seen.sessions, pages=seen.pages, sources=seen.sources).encoded.decode()


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_ga4_answers_nothing_of_it_is_told(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), property_world() as world:
        world.always = answer
        try:
            holds_nothing(encoded(channel(access=Purse([f"ya29.{MARK}"]))))
        except RuntimeError:
            assert isinstance(answer, RuntimeError)  # a bug of ours, which the room's boundary catches

    assert world.requests[-1].headers["authorization"] == f"Bearer ya29.{MARK}"
    holds_nothing(caplog.text, [record.__dict__ for record in caplog.records])


@pytest.mark.parametrize(
    "metadata",
    [
        {"currencyCode": ECHO, "timeZone": ECHO, "emptyReason": ECHO},
        {"dataTruncationReasons": [{"dataTruncationType": ECHO, "dataTruncationMessage": ECHO}]},
        {"schemaRestrictionResponse": {"activeMetricRestrictions": [{"metricName": ECHO}]}},
        {"schemaRestrictionResponse": ECHO},
        {"samplingMetadatas": ECHO},
    ],
)
def test_nothing_that_a_report_says_about_itself_is_repeated(metadata: dict[str, Any]) -> None:
    with property_world() as world:
        world.notes_everywhere(**metadata)
        holds_nothing(encoded(channel()))


@pytest.mark.parametrize("name", ["totals", "audience", "days", "commerce", "funnel", "tracked"])
def test_a_figure_that_is_a_text_is_not_repeated(name: str) -> None:
    def made(request: Any) -> Report:
        return report(request, [(keys, [ECHO] * len(values)) for keys, values in rows_of(request)])

    with property_world() as world:
        world.reports[name] = made
        holds_nothing(encoded(channel()))
