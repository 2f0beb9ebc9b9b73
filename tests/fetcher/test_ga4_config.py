"""Stored Google credentials are taken as Google writes them, or refused in words that repeat nothing of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.audit.absence import Absent
from functions.audit.errors import InvalidInput
from functions.audit.hosts import HostPolicy
from functions.fetcher.google_secret import NOT_STORED, StoredGoogle
from functions.fetcher.sources.ga4.access import NoAccess
from functions.fetcher.sources.ga4.config import Keyless, ServiceAccountKey, read_config
from functions.fetcher.sources.ga4.credentials import google_access
from tests.fetcher.google import EMAIL, key_file, pool_file
from tests.fetcher.property import why

HOSTS = HostPolicy()
LOCAL = HostPolicy(loopback_http=True)
SECRET = "hush-hush"


def refused(text: str, hosts: HostPolicy = HOSTS) -> str:
    with pytest.raises(InvalidInput) as raised:
        read_config(text, hosts)
    assert raised.value.__cause__ is None
    assert SECRET not in str(raised.value)
    return str(raised.value)


def test_a_key_file_is_read() -> None:
    config = read_config(json.dumps(key_file()), HOSTS)

    assert isinstance(config, ServiceAccountKey)
    assert (config.client_email, config.private_key_id) == (EMAIL, "9f2e")
    assert config.token_uri == "https://oauth2.googleapis.com/token"
    assert "PRIVATE KEY" not in f"{config!r} {config}"


def test_a_pools_file_is_read() -> None:
    config = read_config(json.dumps(pool_file()), HOSTS)

    assert isinstance(config, Keyless)
    assert config.token_url == "https://sts.googleapis.com/v1/token"


@pytest.mark.parametrize("text", ["", "  \n", "{}", " { } "])
def test_an_empty_secret_is_none(text: str) -> None:
    assert read_config(text, HOSTS) is None


@pytest.mark.parametrize("text", [SECRET, "{", "[]", '"hush-hush"', "null", "1", "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    assert "no JSON" in refused(text)


@pytest.mark.parametrize("kind", [None, "authorized_user", SECRET, 7, ["service_account"]])
def test_other_kinds_of_credentials_are_refused(kind: Any) -> None:
    assert "of no known type" in refused(json.dumps(key_file(type=kind)))


@pytest.mark.parametrize(
    ("plain", "named"),
    [
        (key_file(client_email=None), "client_email"),
        (key_file(private_key=[SECRET]), "private_key"),
        (key_file(private_key=None, client_email=7), "client_email, private_key"),
        (pool_file(audience=None), "audience"),
        (pool_file(credential_source={}), "credential_source.environment_id"),
        (pool_file(credential_source={"environment_id": "azure1"}), "credential_source.environment_id"),
        (pool_file(credential_source={"file": "/var/run/token"}), "credential_source.environment_id"),
        (pool_file(service_account_impersonation_url="https://iamcredentials.googleapis.com/v1/x:signBlob"), "url"),
        (pool_file(service_account_impersonation={"token_lifetime_seconds": 1}), "token_lifetime_seconds"),
    ],
)
def test_what_is_missing_or_wrong_is_named(plain: dict[str, Any], named: str) -> None:
    text = refused(json.dumps(plain))

    assert named in text
    assert EMAIL not in text


ELSEWHERE = [
    f"https://tokens.example/{SECRET}",
    "http://oauth2.googleapis.com/token",
    "https://oauth2.googleapis.com:8443/token",
    "https://oauth2.googleapis.com.evil.example/token",
    "https://user@oauth2.googleapis.com/token",
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/",
    "http://127.0.0.1:8080/token",
    "//oauth2.googleapis.com/token",
    "https://[::1",
    "",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_that_is_none_of_googles_is_refused(address: str) -> None:
    assert "none of Google's" in refused(json.dumps(key_file(token_uri=address)))
    assert "none of Google's" in refused(json.dumps(pool_file(token_url=address)))
    impersonation = f"{address}/accounts/x:generateAccessToken"
    if not impersonation.startswith(("https://oauth2.googleapis.com/", "https://sts.")):
        assert "none of Google's" in refused(json.dumps(pool_file(service_account_impersonation_url=impersonation)))


def test_this_machine_may_stand_for_google_where_the_operator_allows_it() -> None:
    config = read_config(json.dumps(key_file(token_uri="http://127.0.0.1:8080/token")), LOCAL)

    assert isinstance(config, ServiceAccountKey)


def test_credentials_that_cannot_be_used_give_no_token_and_say_why() -> None:
    access = google_access(SECRET, HOSTS, {})

    assert isinstance(access, NoAccess)
    assert why(asyncio.run(access.token())) == ("unauthorized", "The Google credentials are no JSON")


def test_no_credentials_are_no_access() -> None:
    assert google_access("{}", HOSTS, {}) is None


# As Secrets Manager keeps them.


class Secret:
    """A secret whose text may be changed, and how often it was read."""

    def __init__(self, text: str | Exception) -> None:
        self.text = text
        self.read = 0

    def __call__(self) -> str:
        self.read += 1
        if isinstance(self.text, Exception):
            raise self.text
        return self.text


def asked(stored: StoredGoogle) -> str | Absent:
    return asyncio.run(stored.token())


def test_nothing_is_read_before_somebody_needs_a_token() -> None:
    secret = Secret("{}")
    StoredGoogle(secret, HOSTS, {})

    assert secret.read == 0


def test_where_nobody_stored_any_that_is_what_is_said_and_asked_again_next_time() -> None:
    secret = Secret("{}")
    stored = StoredGoogle(secret, HOSTS, {})

    assert asked(stored) is NOT_STORED
    reason, detail = why(asked(stored))
    assert reason == "not_connected"
    assert detail.startswith("no Google credentials are stored on this stage")
    assert secret.read == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "AccessDenied", "Message": SECRET}}, "GetSecretValue"), "ClientError"),
        (EndpointConnectionError(endpoint_url=SECRET), "EndpointConnectionError"),
        (KeyError("SecretString"), "KeyError"),
    ],
)
def test_a_secret_that_cannot_be_read_is_an_outage(error: Exception, kind: str) -> None:
    told = why(asked(StoredGoogle(Secret(error), HOSTS, {})))

    assert told == ("source_failed", f"the stored Google credentials could not be read ({kind})")


def test_credentials_that_gave_no_token_are_read_anew() -> None:
    secret = Secret(json.dumps(key_file(private_key="none")))
    stored = StoredGoogle(secret, HOSTS, {})

    assert why(asked(stored))[0] == "unauthorized"
    secret.text = SECRET
    assert why(asked(stored))[1] == "The Google credentials are no JSON"
    assert secret.read == 2
