"""Beside the fifteen, and off: what nobody asked for leaves nothing, and what was asked for follows every rule."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import ValidationError

from functions.audit.absence import Absent, Reason
from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS, asked_for
from functions.audit.merchant import Extra, Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import ClicksSeen, Snapshot
from functions.audit.verdict import audit_of
from tests.builders import NIGHT, NOW, PERIODS, absent, merchant, snapshot

LINK = "https://larkspur.example/?utm_source=tiktok&utm_medium=social"
TIKTOK = {"open_id": "723f24d7", "bio_link": LINK}
WHY = Absent.because(Reason.SOURCE_FAILED, "the fetch never came back")


def ids(seen: Snapshot, shop: Merchant | None = None) -> list[str]:
    return [one.check_id for one in audit_of(seen, shop, default_profile(), evaluated_at=NOW).outcomes]


def test_every_file_is_an_extra_check_a_setting_and_a_section_of_the_profile() -> None:
    here = Path(__file__)
    files = {path.stem for path in here.parents[3].glob("functions/audit/extra_checks/*.py") if path.stem != "__init__"}
    tests = {path.stem.removeprefix("test_") for path in here.parent.glob("test_*.py")} - {"extra_checks"}

    named = {check.id for check in EXTRAS}
    assert files == tests == named == set(Extra) == default_profile().extra_checks.keys()
    assert not named & {check.id for check in CATALOGUE}


@pytest.mark.parametrize("check", EXTRAS, ids=lambda check: check.id)
def test_an_extra_check_is_defined_in_the_file_of_its_name_and_has_words(check: Check) -> None:
    assert import_module(f"functions.audit.extra_checks.{check.id}").CHECK is check
    assert check.good != check.bad
    assert len(check.advice) > 60


def test_whoever_switched_nothing_on_has_the_fifteen() -> None:
    assert ids(snapshot()) == [check.id for check in CATALOGUE]
    assert asked_for(snapshot()) == ()


def test_what_was_asked_for_comes_after_the_fifteen_also_where_nobody_could_look() -> None:
    fifteen = [check.id for check in CATALOGUE]

    assert ids(snapshot(clicks=ClicksSeen(bio_link=5))) == [*fifteen, "click_capture"]
    assert ids(snapshot(clicks=absent(), bio_link=absent())) == [*fifteen, "bio_link", "click_capture"]


def test_a_night_without_a_fetch_is_blind_on_what_was_expected_of_it_too() -> None:
    def unseen(*extras: Extra) -> Snapshot:
        return Snapshot.unseen(
            merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=WHY, extra_checks=extras
        )

    assert len(ids(unseen())) == 15
    assert ids(unseen(Extra.BIO_LINK))[15:] == ["bio_link"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"extra_checks": ["bio_link"]}, "extra_checks need the TikTok account that they are about"),
        ({"extra_checks": ["bio_link"], "tiktok": {"open_id": "1"}}, "needs tiktok.bio_link"),
        ({"extra_checks": ["viral_spike"], "tiktok": TIKTOK}, "Input should be 'bio_link' or 'click_capture'"),
    ],
)
def test_what_cannot_be_checked_cannot_be_switched_on(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        merchant(**settings)


@pytest.mark.parametrize(
    "link",
    [
        "ftp://shop.example/",
        "https://10.0.0.1/",
        "https://shop.example:8443/",
        "https://anna:secret@shop.example/",
        "https://shop",
        "http://localhost/",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a b",
        "javascript:alert(1)",
    ],
)
def test_a_link_that_no_bio_has_is_refused_and_not_repeated(link: str) -> None:
    with pytest.raises(ValidationError, match="is not a link as the bio has it"):
        merchant(tiktok={"open_id": "1", "bio_link": link})


def test_an_override_of_an_extra_check_is_checked_like_any_other() -> None:
    own = merchant(thresholds={"click_capture": {"warn": 40, "reason": "an app opens most links"}})

    default_profile().refuse_unfit(own)
    assert default_profile().rules_for(own, NIGHT + timedelta(days=1))["click_capture"].warn == 40
