"""One Google token for everybody: signed for, kept while it lives, made once however many ask; or why there is none."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from functions.audit.absence import Absent
from functions.audit.hosts import HostPolicy
from functions.fetcher.sources.ga4.config import read_config
from functions.fetcher.sources.ga4.credentials import GoogleCredentials
from tests.fetcher.google import EMAIL, TOKEN_URI, TokenService, claims_of, denies, gives, key_file, pool_file
from tests.fetcher.property import why

HOSTS = HostPolicy()
ROLE = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "role-secret",
    "AWS_SESSION_TOKEN": "role-session",
}


class Clock:
    """A clock that is as late as it is told to be."""

    def __init__(self) -> None:
        self.late = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.late


def credentials(
    service: TokenService,
    plain: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    now: Clock | None = None,
) -> GoogleCredentials:
    config = read_config(json.dumps(plain or key_file()), HOSTS)
    assert config is not None
    return GoogleCredentials(config, HOSTS, environment=environment or {}, now=now or Clock(), transport=service)


def token(service: TokenService, plain: Mapping[str, Any] | None = None, **how: Any) -> str | Absent:
    return asyncio.run(credentials(service, plain, **how).token())


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let google-auth not wait between its tries."""
    monkeypatch.setattr("google.auth._exponential_backoff.time", SimpleNamespace(sleep=lambda _: None))


# By key.


def test_a_token_is_had_for_a_signed_word() -> None:
    service = TokenService()

    assert token(service) == "ya29.one"
    (request,) = service.requests
    assert (request.method, str(request.url)) == ("POST", TOKEN_URI)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    form = service.form()
    assert set(form) == {"grant_type", "assertion"}
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header, claims = claims_of(form["assertion"])
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "9f2e"}
    assert claims["iss"] == EMAIL
    assert claims["scope"] == "https://www.googleapis.com/auth/analytics.readonly"
    assert claims["aud"] == "https://oauth2.googleapis.com/token"
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    service, clock = TokenService([gives("ya29.one"), gives("ya29.two")]), Clock()
    access = credentials(service, now=clock)

    async def story() -> list[str | Absent]:
        seen = [await access.token()]
        clock.late = timedelta(seconds=3599 - 300 - 60)
        seen.append(await access.token())
        clock.late = timedelta(seconds=3599 - 300 + 1)
        seen.append(await access.token())
        return seen

    assert asyncio.run(story()) == ["ya29.one", "ya29.one", "ya29.two"]
    assert len(service.requests) == 2


def test_a_token_that_was_refused_is_replaced_at_once() -> None:
    service = TokenService([gives("ya29.one"), gives("ya29.two")])
    access = credentials(service)

    async def story() -> list[str | Absent]:
        return [await access.token(), await access.token(renew=True), await access.token()]

    assert asyncio.run(story()) == ["ya29.one", "ya29.two", "ya29.two"]


@pytest.mark.parametrize("life", [{"expires_in": 60}, {"expires_in": "60"}, {"expires_in": None}, {"expires_in": -1}])
def test_a_token_that_hardly_lives_serves_the_one_who_asked(life: dict[str, Any]) -> None:
    service = TokenService([gives("ya29.one", **life), gives("ya29.two")])
    access = credentials(service)

    async def story() -> list[str | Absent]:
        return [await access.token(), await access.token()]

    assert asyncio.run(story()) == ["ya29.one", "ya29.two"]


@pytest.mark.parametrize("renew", [False, True])
def test_however_many_ask_at_once_one_token_is_made(renew: bool) -> None:  # noqa: FBT001 - the story's question
    service = TokenService([gives("ya29.one"), gives("ya29.two")])
    access = credentials(service)

    async def story() -> list[str | Absent]:
        return list(await asyncio.gather(*(access.token(renew=renew) for _ in range(20))))

    assert asyncio.run(story()) == ["ya29.one"] * 20
    assert len(service.requests) == 1


def test_however_many_ask_at_once_a_failure_is_had_once_too() -> None:
    service = TokenService([denies(400), gives()])
    access = credentials(service)

    async def story() -> list[str | Absent]:
        return list(await asyncio.gather(*(access.token() for _ in range(20))))

    assert {why(came)[0] for came in asyncio.run(story())} == {"unauthorized"}
    assert len(service.requests) == 1


class SlowService(TokenService):
    """A token service that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = threading.Event(), threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.set()
        assert self.let.wait(10)
        return super().handle_request(request)


def test_others_are_served_while_a_token_is_made() -> None:
    service = SlowService()
    access = credentials(service)

    async def story() -> str | Absent:
        asking = asyncio.create_task(access.token())
        assert await asyncio.to_thread(service.asked.wait, 10)
        # The loop still turns: only it lets the token service answer.
        service.let.set()
        return await asking

    assert asyncio.run(story()) == "ya29.one"


def test_who_stops_waiting_does_not_stop_the_others() -> None:
    service = SlowService()
    access = credentials(service)

    async def story() -> str | Absent:
        impatient = asyncio.create_task(access.token())
        assert await asyncio.to_thread(service.asked.wait, 10)
        impatient.cancel()
        patient = asyncio.create_task(access.token())
        await asyncio.sleep(0)
        service.let.set()
        return await patient

    assert asyncio.run(story()) == "ya29.one"
    assert len(service.requests) == 1


# Why there is none.


@pytest.mark.parametrize(
    ("answer", "reason", "detail", "tries"),
    [
        (denies(400), "unauthorized", "Google does not accept the stored credentials (HTTP 400 invalid_grant)", 1),
        (denies(401, "invalid_client"), "unauthorized", "(HTTP 401 invalid_client)", 1),
        (denies(403, {"status": "PERMISSION_DENIED"}), "unauthorized", "(HTTP 403 PERMISSION_DENIED)", 1),
        (denies(400, "<b>" + "x" * 99), "unauthorized", "Google does not accept the stored credentials (HTTP 400)", 1),
        (httpx.Response(404, text="<html>"), "unauthorized", "(HTTP 404)", 1),
        (denies(429), "rate_limited", "Google's token service gives no more tokens for now", 3),
        (denies(500, "internal_failure"), "source_failed", "gave no token (HTTP 500 internal_failure)", 3),
        (httpx.Response(503, text="<html>"), "source_failed", "Google's token service gave no token (HTTP 503)", 3),
        (httpx.Response(302, headers={"Location": "https://x.example"}), "source_failed", "(HTTP 302)", 1),
        (httpx.Response(200, text="<html>"), "source_failed", "(HTTP 200)", 1),
        (httpx.Response(200, json=[]), "source_failed", "(HTTP 200)", 1),
        (httpx.Response(200, json={"expires_in": 3599}), "source_failed", "(HTTP 200)", 1),
        (gives(""), "source_failed", "(HTTP 200)", 1),
        (gives("ya29.one\r\nX: y"), "source_failed", "(HTTP 200)", 1),
        (gives(["ya29.one"]), "source_failed", "(HTTP 200)", 1),
        (gives(expires_in=[]), "source_failed", "(HTTP 200)", 1),
        (gives(expires_in=10**400), "source_failed", "(HTTP 200)", 1),
        (httpx.Response(200, content=b"\xff\xfe"), "source_failed", "(HTTP 200)", 1),
        (httpx.ConnectError("no"), "source_failed", "Google's token service could not be reached", 2),
        (httpx.ReadTimeout("no"), "source_failed", "Google's token service could not be reached", 2),
        (httpx.RemoteProtocolError("no"), "source_failed", "Google's token service could not be reached", 2),
    ],
)
def test_why_there_is_no_token(answer: Any, reason: str, detail: str, tries: int) -> None:
    service = TokenService([answer])

    found, told = why(token(service))
    assert (found, detail in told) == (reason, True)
    assert len(service.requests) == tries


def test_a_packed_answer_was_not_asked_for() -> None:
    service = TokenService([httpx.Response(200, headers={"Content-Encoding": "br"}, stream=httpx.ByteStream(b"x"))])

    assert why(token(service))[0] == "source_failed"
    assert service.requests[0].headers["accept-encoding"] == "identity"


def test_an_outage_is_over_when_it_is_over() -> None:
    service = TokenService([httpx.ConnectError("no"), httpx.ConnectError("no"), gives()])
    access = credentials(service)

    async def story() -> list[str | Absent]:
        return [await access.token(), await access.token()]

    first, second = asyncio.run(story())
    assert why(first)[0] == "source_failed"
    assert second == "ya29.one"


def test_one_try_that_got_no_answer_does_no_harm() -> None:
    assert token(TokenService([httpx.ConnectTimeout("no"), gives()])) == "ya29.one"


@pytest.mark.parametrize(
    "pem", ["", "none", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "\x00", "k" * 10_000]
)
def test_a_key_that_cannot_be_read_is_nobodys_outage(pem: str) -> None:
    service = TokenService()

    assert why(token(service, key_file(private_key=pem))) == (
        "unauthorized",
        "the stored Google credentials hold no key that can be read",
    )
    assert service.requests == []


# Without a key.


def test_the_functions_role_stands_for_a_key() -> None:
    ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = httpx.Response(200, json={"accessToken": "ya29.keyless", "expireTime": ends})
    federated = {"access_token": "ya29.federated", "expires_in": 3599, "issued_token_type": "urn:x"}
    service = TokenService([httpx.Response(200, json=federated), given])

    assert token(service, pool_file(), environment=ROLE) == "ya29.keyless"
    exchange, impersonation = service.requests
    assert str(exchange.url) == "https://sts.googleapis.com/v1/token"
    form = service.form(0)
    assert form["audience"] == pool_file()["audience"]
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert form["subject_token_type"] == "urn:ietf:params:aws:token-type:aws4_request"
    shown = json.loads(unquote(form["subject_token"]))
    signed = {header["key"].lower(): header["value"] for header in shown["headers"]}
    assert shown["url"] == "https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
    assert signed["x-goog-cloud-target-resource"] == pool_file()["audience"]
    assert signed["x-amz-security-token"] == "role-session"
    assert "Credential=ASIAEXAMPLE/" in signed["authorization"]
    assert impersonation.url.host == "iamcredentials.googleapis.com"
    assert impersonation.url.path.endswith(f"/serviceAccounts/{EMAIL}:generateAccessToken")
    assert impersonation.headers["authorization"] == "Bearer ya29.federated"
    body = json.loads(impersonation.content)
    assert body["scope"] == ["https://www.googleapis.com/auth/analytics.readonly"]
    assert body["lifetime"] == "3600s"


def test_the_life_of_an_impersonated_token_may_be_chosen() -> None:
    federated = httpx.Response(200, json={"access_token": "ya29.federated", "expires_in": 3599})
    service = TokenService([federated, httpx.Response(403, json={"error": {"status": "PERMISSION_DENIED"}})])
    chosen = pool_file(service_account_impersonation={"token_lifetime_seconds": 900})

    assert "(HTTP 403 PERMISSION_DENIED)" in why(token(service, chosen, environment=ROLE))[1]
    assert json.loads(service.requests[-1].content)["lifetime"] == "900s"


def test_the_pool_itself_may_be_the_account() -> None:
    federated = httpx.Response(200, json={"access_token": "ya29.federated", "expires_in": 3599})
    plain = pool_file()
    del plain["service_account_impersonation_url"]
    service = TokenService([federated])

    assert token(service, plain, environment=ROLE) == "ya29.federated"
    assert service.form()["scope"] == "https://www.googleapis.com/auth/analytics.readonly"


@pytest.mark.parametrize("missing", ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_the_metadata_service_is_never_asked_for_what_is_missing(missing: str) -> None:
    service = TokenService()
    environment = {name: value for name, value in ROLE.items() if name != missing}

    assert why(token(service, pool_file(), environment=environment))[0] == "unauthorized"
    assert service.requests == []


def test_the_role_may_be_refused() -> None:
    service = TokenService([denies(400, "invalid_target")])

    told = why(token(service, pool_file(), environment=ROLE))
    assert told == ("unauthorized", "Google does not accept the stored credentials (HTTP 400 invalid_target)")


def test_google_auth_is_loaded_with_the_first_token_and_no_sooner() -> None:
    program = (
        "import sys, functions.fetcher.fetch, functions.fetcher.google_secret\n"
        "print([name for name in sys.modules if name.partition('.')[0] in {'google', 'cryptography'}])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
