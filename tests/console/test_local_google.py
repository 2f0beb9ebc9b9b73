"""A local audit takes Google's credentials from a file that a variable names, or says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.errors import Unusable
from console.local_google import VARIABLE, google_of
from console.merchants_file import parse_merchants
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Analytics, Provider
from functions.audit.profile import default_profile
from functions.fetcher.sources.ga4.credentials import GoogleCredentials
from tests.fetcher.google import key_file

HOSTS = HostPolicy(loopback_http=True)
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "ga4.md"


def test_the_merchants_file_of_the_guide_can_be_read() -> None:
    written = GUIDE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]

    (entry,) = parse_merchants(written, source="guide", environment={}, hosts=HostPolicy(), profile=default_profile())

    assert entry.merchant.analytics == Analytics(
        provider=Provider.GA4, property_id="312345678", key_events=("sign_up", "purchase")
    )


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}, {VARIABLE: "  "}])
def test_without_the_variable_there_are_none(environment: dict[str, str]) -> None:
    assert google_of(environment, HOSTS) is None


def test_the_file_that_google_hands_out_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key_file()), encoding="utf-8")

    access = google_of({VARIABLE: str(path)}, HOSTS)

    assert isinstance(access, GoogleCredentials)
    assert "PRIVATE KEY" not in f"{access!r} {access}"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read as a text file (FileNotFoundError)"),
        (b"\xff\xfe\xff", "cannot be read as a text file (UnicodeDecodeError)"),
        (b"{}", "is empty"),
        (b"hush-hush", "are no JSON. See docs/guides/ga4.md"),
        (b'{"type": "service_account", "private_key": "hush-hush"}', "client_email is missing or wrong"),
        (json.dumps(key_file(token_uri="https://evil.example/hush-hush")).encode(), "none of Google's"),
        (b" " * 70_000, "is too large"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_wrong_call(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Unusable) as raised:
        google_of({VARIABLE: str(path)}, HOSTS)

    assert told in str(raised.value)
    assert VARIABLE in str(raised.value)
    assert "hush-hush" not in str(raised.value)
