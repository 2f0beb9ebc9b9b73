"""A merchant: what is asked for, what is refused."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from functions.audit.merchant import AccountType, Override, TikTok
from tests.builders import merchant


@pytest.mark.parametrize("name", ["a", "0", "larkspur", "larkspur-candles.co_uk", "a" * 63])
def test_an_id_is_plain(name: str) -> None:
    assert merchant(id=name).id == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "_a", "Larkspur", "lark spur", "a/b", "a" * 64, "é", "a\n", "a#b"])
def test_any_other_id_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be a merchant's id"):
        merchant(id=name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"timezone": "Europe/Atlantis"},
        {"timezone": "../etc/passwd"},
        {"currency": "gbp"},
        {"currency": "GBPX"},
        {"currency": "GBP\n"},
        {"colour": "red"},
        {"tiktok": {"open_id": ""}},
        {"tiktok": {"open_id": "x", "account_type": "royal"}},
        {"tiktok": {"open_id": "x", "access_token": "act.x"}},
        {"analytics": {"provider": "abacus"}},
        {"thresholds": {"bounce_rate": {"warn": 65}}},
    ],
)
def test_a_merchant_that_cannot_be_audited_so_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        merchant(**wrong)


def test_a_time_zone_is_a_time_zone() -> None:
    assert merchant(timezone="Pacific/Kiritimati").zone.key == "Pacific/Kiritimati"


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        ("user.info.basic,user.info.stats", {"user.info.basic", "user.info.stats"}),
        ("user.info.basic user.info.stats", {"user.info.basic", "user.info.stats"}),
        (" user.info.basic , ", {"user.info.basic"}),
        (["user.info.basic"], {"user.info.basic"}),
        ("", set()),
        (None, None),
    ],
)
def test_scopes_are_taken_in_tiktoks_form_too_and_unknown_is_not_none_granted(given: object, scopes: object) -> None:
    assert TikTok.model_validate({"open_id": "x", "scopes": given}).scopes == scopes


def test_an_account_of_unknown_type_is_unknown() -> None:
    assert TikTok(open_id="x").account_type is AccountType.UNKNOWN


@pytest.mark.parametrize(
    ("expires", "night", "applies"),
    [
        (None, date(2030, 1, 1), True),
        (date(2026, 11, 21), date(2026, 11, 20), True),
        (date(2026, 11, 21), date(2026, 11, 21), True),
        (date(2026, 11, 21), date(2026, 11, 22), False),
    ],
)
def test_an_override_ends_after_its_last_night(expires: date | None, night: date, *, applies: bool) -> None:
    assert Override(reason="long pages", expires=expires).applies_on(night) is applies
