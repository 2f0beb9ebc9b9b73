"""What the environment opens for a local audit, and what of it is a wrong call."""

from __future__ import annotations

import pytest

from console.errors import Unusable
from console.local_audit import Access, access_of

APP = {"NIGHTJAR_TIKTOK_CLIENT_KEY": "the-key", "NIGHTJAR_TIKTOK_CLIENT_SECRET": "the-secret"}
BUSINESS = {"NIGHTJAR_TIKTOK_BUSINESS_APP_ID": "7301", "NIGHTJAR_TIKTOK_BUSINESS_APP_SECRET": "business-secret"}


def test_nothing_is_needed() -> None:
    assert access_of({}, keeps_tokens=True) == Access()


def test_both_apps_keys_are_taken_and_neither_secret_is_printed() -> None:
    access = access_of(APP | BUSINESS, keeps_tokens=True)

    assert access.app_keys is not None
    assert access.business_keys is not None
    assert (access.app_keys.client_key, access.business_keys.client_key) == ("the-key", "7301")
    assert access.app_keys.client_secret.get_secret_value() == "the-secret"
    assert access.business_keys.client_secret.get_secret_value() == "business-secret"
    assert "secret" not in f"{access!r}".replace("client_secret", "")


def test_without_a_place_to_keep_it_no_business_token_is_renewed() -> None:
    access = access_of(APP | BUSINESS, keeps_tokens=False)

    assert access.app_keys is not None
    assert access.business_keys is None


@pytest.mark.parametrize(("said", "there"), [("1", True), (" 1 ", True), ("0", False), ("", False), ("yes", False)])
def test_the_research_api_is_asked_where_somebody_says_one(said: str, *, there: bool) -> None:
    assert (access_of({**APP, "NIGHTJAR_TIKTOK_RESEARCH": said}, keeps_tokens=True).research is not None) is there


@pytest.mark.parametrize("missing", [*APP, *BUSINESS])
def test_half_a_pair_is_a_wrong_call_that_names_both(missing: str) -> None:
    half = {name: value for name, value in (APP | BUSINESS).items() if name != missing}

    with pytest.raises(Unusable, match=f"Set both .*{missing}"):
        access_of(half, keeps_tokens=True)


def test_the_research_api_without_the_apps_keys_is_a_wrong_call() -> None:
    with pytest.raises(Unusable, match="set NIGHTJAR_TIKTOK_CLIENT_KEY and NIGHTJAR_TIKTOK_CLIENT_SECRET"):
        access_of({"NIGHTJAR_TIKTOK_RESEARCH": "1"}, keeps_tokens=True)
