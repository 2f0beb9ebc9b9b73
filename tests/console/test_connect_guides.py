"""The guides say what is so: addresses that are taken, options that exist, tags that are recognised."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from console.login.addresses import DEFAULT_PORT, Redirect, parse_redirect
from console.login.attempt import ALL_SCOPES
from console.login.sentences import consent_refused, exchange_refused
from functions.fetcher.sources.shopify.tiktok import is_paid
from tests.console.connecting import COMMAND

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
APP = (GUIDES / "tiktok-app.md").read_text(encoding="utf-8")
BIO = (GUIDES / "bio-link.md").read_text(encoding="utf-8")


def options(command: str) -> set[str]:
    ran = subprocess.run(  # noqa: S603 - our own command
        [COMMAND, *command.split(), "--help"], capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    return set(re.findall(r"--[a-z][a-z-]+", ran.stdout))


@pytest.mark.parametrize("address", sorted(set(re.findall(r"`(https?://[^`]*/callback/?)`", APP))))
def test_every_redirect_address_of_the_guide_is_one_that_is_taken(address: str) -> None:
    assert parse_redirect(address).is_desktop is ("127.0.0.1" in address)


def test_the_address_to_register_is_the_one_that_nightjar_listens_on() -> None:
    assert f"`{Redirect.here(DEFAULT_PORT).at()}`" in APP


@pytest.mark.parametrize("command", ["connect", "disconnect"])
def test_every_option_of_the_guide_exists(command: str) -> None:
    said = {
        option
        for call in re.findall(rf"nightjar {command} ([^\n`#|]*)", APP)
        for option in re.findall(r"--[a-z-]+", call)
    }

    assert said
    assert said <= options(command)


def test_the_scopes_to_add_are_those_that_are_asked_for() -> None:
    assert re.findall(r"^\| `(user\.[a-z.]+)`", APP, re.MULTILINE) == list(ALL_SCOPES)


@pytest.mark.parametrize("error", re.findall(r"^\| `(invalid_[a-z]+|unauthorized_client)`", APP, re.MULTILINE))
def test_every_error_of_the_guide_is_one_that_nightjar_explains(error: str) -> None:
    assert "does not document" not in exchange_refused(error)
    assert error == "invalid_grant" or "does not document" not in consent_refused(error)


def test_the_tagged_link_is_organic_and_the_ads_are_not() -> None:
    link = re.search(r"^https://\S+utm_source\S+$", BIO, re.MULTILINE)
    assert link is not None

    tags = {name: values[0] for name, values in parse_qs(urlsplit(link[0]).query).items()}

    assert tags == {"utm_source": "tiktok", "utm_medium": "social", "utm_campaign": "bio-link"}
    assert not is_paid(tags["utm_medium"])
    assert is_paid("paid-social")
    assert "utm_medium=paid-social" in BIO
