"""Nor do the other parties' secrets appear anywhere: Google's key, Shopify's token, those of TikTok's other doors.

Everything at DEBUG, whatever they answer; a secret is looked for as it is and as base64 has it.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qs

import boto3
import httpx
import pytest
import respx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from functions.audit.grant import SHOPIFY, TIKTOK, TIKTOK_BUSINESS, Grant
from tests.builders import merchant
from tests.cloud import CLIENT_SECRET, REGION, Cloud, pretended_aws
from tests.events.wiring import call, event, started
from tests.rooms.tiktok_posts import CLIENT_KEY

NOW = datetime.now(UTC)
MARKED = {
    TIKTOK: ("act.MARKED-tiktok", "rft.MARKED-tiktok"),
    TIKTOK_BUSINESS: ("act.MARKED-business", "rft.MARKED-business"),
    SHOPIFY: ("shpat_MARKED", None),
}
GOOGLE_TOKEN = "ya29.MARKED-google"
Answer = Callable[[httpx.Request], httpx.Response]


@cache
def google_key() -> str:
    """Return a service account's private key, made once."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def told(request: httpx.Request) -> str:
    """Return everything secret that a request carries, as a careless server repeats it."""
    return f"{dict(request.headers)} {request.content.decode()} {request.url}"


def well(request: httpx.Request) -> httpx.Response:
    """Answer so that as much as possible is asked; every token that is given is a secret too."""
    if request.url.path == "/token":
        return httpx.Response(200, json={"access_token": GOOGLE_TOKEN, "expires_in": 3599, "token_type": "Bearer"})
    if request.url.path == "/v2/oauth/token/":
        form = parse_qs(request.content.decode())
        pair = {"access_token": "act.MARKED-new", "refresh_token": "rft.MARKED-new", "refresh_expires_in": 15552000}
        given = {"access_token": "clt.MARKED"} if form["grant_type"] == ["client_credentials"] else pair
        return httpx.Response(200, json={**given, "expires_in": 7200, "token_type": "Bearer"})
    if request.url.path.endswith("/refresh_token/"):
        pair = {"access_token": "act.MARKED-newer", "refresh_token": "rft.MARKED-newer", "expires_in": 86400}
        return httpx.Response(200, json={"code": 0, "message": "OK", "data": pair})
    return httpx.Response(200, json={})


def echo(request: httpx.Request) -> httpx.Response:
    said = told(request)
    error = {"code": said, "message": said, "status": said, "log_id": said, "details": [{"reason": said}]}
    return httpx.Response(400, json={"error": error, "errors": said, "code": 40001, "message": said, "data": said})


def echo_as_success(request: httpx.Request) -> httpx.Response:
    said = told(request)
    return httpx.Response(200, json={"data": {"user": said, "shopifyqlQuery": said}, "reports": [said], "rows": said})


def echo_as_oauth_error(request: httpx.Request) -> httpx.Response:
    said = told(request)
    return httpx.Response(401, json={"error": said, "error_description": said})


def echo_as_page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(502, text=f"<html>{told(request)}</html>", headers={"X-Echo": "MARKED"})


def redirect(request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": f"https://elsewhere.example/?{told(request)[:200]}".split("\n")[0]})


def break_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"broken with {told(request)}")


def bug(request: httpx.Request) -> httpx.Response:
    raise ZeroDivisionError(f"our own bug, with {told(request)}")


ANSWERS = [well, echo, echo_as_success, echo_as_oauth_error, echo_as_page, redirect, break_off, bug]


@dataclass
class Stage:
    """A fetcher all of whose parties are asked, and everything that it leaves behind for others to read."""

    cloud: Cloud
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    app: str
    google: str
    asked: list[httpx.Request] = field(default_factory=list)

    def fetch(self, tokens: Answer, others: Answer) -> str:
        """Return all that was written, stored outside of `tokens`, sent and answered."""

        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            is_token = "token" in request.url.path
            return (tokens if is_token else others)(request)

        rooms = {
            "NIGHTJAR_TIKTOK_SECRET_ID": self.app,
            "NIGHTJAR_GOOGLE_SECRET_ID": self.google,
            "NIGHTJAR_RESEARCH_API": "1",
            "POWERTOOLS_LOG_LEVEL": "DEBUG",
        }
        with (
            respx.mock(assert_all_called=False) as router,
            self.caplog.at_level(logging.DEBUG),
            started("fetcher", self.cloud, **rooms) as module,
        ):
            module.http.limits = type(module.http.limits)(backoff=0.001, longest_backoff=0.001)
            router.route().mock(side_effect=answer)
            answered = call(module, event("fetcher"))
        written = self.capsys.readouterr()
        items = {name: rows for name, rows in self.cloud.everything().items() if name != "tokens"}
        seen = self.cloud.tables.snapshots.get("larkspur", datetime(2026, 11, 22, tzinfo=UTC).date())
        sent = self.cloud.messages(self.cloud.queue("evaluate")) + self.cloud.messages(self.cloud.queue("fetch"))
        body = seen.encoded.decode() if seen else ""
        records = [record.__dict__ for record in self.caplog.records]
        parts = [
            written.out,
            written.err,
            self.caplog.text,
            repr(items),
            body,
            repr(sent),
            repr(answered),
            str(records),
        ]
        return "\n".join(parts)

    def leaks(self, text: str) -> list[str]:
        """Return the secrets that a text holds."""
        secrets = ["MARKED", *google_key().splitlines()[1:-1]]
        secrets += [token for pair in MARKED.values() for token in pair if token]
        for request in self.asked:
            secrets += parse_qs(request.content.decode()).get("assertion", [])
        encoded = [base64.b64encode(secret.encode()).decode().rstrip("=") for secret in secrets]
        return [secret for secret in [*secrets, *encoded] if secret in text]

    def hosts(self) -> set[str]:
        """Return who was asked."""
        return {request.url.host for request in self.asked}


@pytest.fixture
def stage(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Stage]:
    with pretended_aws() as cloud:
        cloud.tables.merchants.save(
            merchant(
                tiktok={"open_id": "723f24d7", "username": "larkspur"},
                analytics={"provider": "ga4", "property_id": "312345678"},
                commerce={"provider": "shopify", "shop": "larkspur.myshopify.com"},
            )
        )
        for provider, (access, refresh) in MARKED.items():
            cloud.tokens.connect(
                Grant(
                    merchant_id="larkspur",
                    provider=provider,
                    access_token=SecretStr(access),
                    refresh_token=SecretStr(refresh) if refresh else None,
                    expires_at=NOW - timedelta(hours=1) if refresh else None,
                    scopes=("user.info.basic",),
                )
            )
        yield Stage(cloud, capsys, caplog, app=_app(), google=_google())


def _app() -> str:
    return _secret(
        "app",
        {
            "client_key": CLIENT_KEY,
            "client_secret": CLIENT_SECRET,
            "business_app_id": "7301",
            "business_app_secret": "MARKED-business-app",
        },
    )


def _google() -> str:
    account = {
        "type": "service_account",
        "project_id": "sample",
        "private_key_id": "one",
        "private_key": google_key(),
        "client_email": "tt-audit@sample.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return _secret("google", account)


def _secret(name: str, plain: dict[str, str]) -> str:
    secrets = boto3.client("secretsmanager", region_name=REGION)
    arn: str = secrets.create_secret(Name=f"nightjar-test-{name}", SecretString=json.dumps(plain))["ARN"]
    return arn


def test_every_party_is_asked_where_all_are_well(stage: Stage) -> None:
    stage.fetch(well, well)

    assert stage.hosts() == {
        "open.tiktokapis.com",
        "business-api.tiktok.com",
        "oauth2.googleapis.com",
        "analyticsdata.googleapis.com",
        "larkspur.myshopify.com",
    }
    assert all(request.url.host != "elsewhere.example" for request in stage.asked)


@pytest.mark.parametrize(
    ("tokens", "others"),
    [
        *((answer, well) for answer in ANSWERS),
        *((well, answer) for answer in ANSWERS[1:]),
        *((answer, answer) for answer in ANSWERS[1:]),
    ],
    ids=lambda answer: answer.__name__,
)
def test_nothing_secret_is_left_for_others_to_read(stage: Stage, tokens: Answer, others: Answer) -> None:
    assert stage.leaks(stage.fetch(tokens, others)) == []


def test_each_partys_secret_goes_to_that_party_alone(stage: Stage) -> None:
    stage.fetch(well, well)

    sent_to: dict[str, set[str]] = {}
    for request in stage.asked:
        for owner in ("act.MARKED-new", "act.MARKED-newer", "clt.MARKED", "shpat_MARKED", GOOGLE_TOKEN):
            if owner in {*str(request.headers.get("authorization", "")).split(), *request.headers.values()}:
                sent_to.setdefault(owner, set()).add(request.url.host)

    assert sent_to == {
        "act.MARKED-new": {"open.tiktokapis.com"},
        "act.MARKED-newer": {"business-api.tiktok.com"},
        "clt.MARKED": {"open.tiktokapis.com"},
        "shpat_MARKED": {"larkspur.myshopify.com"},
        GOOGLE_TOKEN: {"analyticsdata.googleapis.com"},
    }
