"""A function's environment: what is missing or wrong is named."""

from __future__ import annotations

import pytest

from functions.audit.errors import ForbiddenHost, InvalidInput
from functions.runtime.settings import Environment


def test_a_text_comes_without_the_blanks_around_it() -> None:
    assert Environment({"NIGHTJAR_STAGE": " prod "}).text("NIGHTJAR_STAGE") == "prod"


@pytest.mark.parametrize("variables", [{}, {"NIGHTJAR_STAGE": ""}, {"NIGHTJAR_STAGE": "  "}], ids=repr)
def test_a_variable_that_is_missing_or_empty_is_named(variables: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=r"variable NIGHTJAR_STAGE is not set; .* deploy again"):
        Environment(variables).text("NIGHTJAR_STAGE")


def test_a_number_is_read() -> None:
    assert Environment({"NIGHTJAR_AUDIT_DAYS": "400"}).number("NIGHTJAR_AUDIT_DAYS") == 400


@pytest.mark.parametrize("text", ["0", "-1", "4.5", "many", "1e3"])
def test_what_is_no_positive_whole_number_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match=f"variable NIGHTJAR_AUDIT_DAYS is '{text}', which is not a positive"):
        Environment({"NIGHTJAR_AUDIT_DAYS": text}).number("NIGHTJAR_AUDIT_DAYS")


@pytest.mark.parametrize(("said", "on"), [("1", True), (" 1 ", True), ("0", False), ("", False), ("yes", False)])
def test_a_switch_is_on_when_it_says_one(said: str, *, on: bool) -> None:
    assert Environment({"NIGHTJAR_RESEARCH_API": said}).switched_on("NIGHTJAR_RESEARCH_API") is on


def test_a_switch_that_is_not_there_is_off() -> None:
    assert not Environment({}).switched_on("NIGHTJAR_RESEARCH_API")


def test_the_tables_of_a_stage_begin_with_its_prefix() -> None:
    assert Environment({"NIGHTJAR_TABLE_PREFIX": "nightjar-prod-"}).table_prefix == "nightjar-prod-"


def test_only_listed_hosts_are_allowed() -> None:
    policy = Environment({"NIGHTJAR_ALLOWED_HOSTS": " Open.TikTokApis.com, shop.example ,"}).host_policy

    assert policy.check("https://open.tiktokapis.com") == "https://open.tiktokapis.com"
    assert policy.check("https://shop.example/api/") == "https://shop.example/api"
    with pytest.raises(ForbiddenHost):
        policy.check("https://evil.example")


def test_tiktok_is_where_it_is_unless_the_stage_says_otherwise() -> None:
    allowed = {"NIGHTJAR_ALLOWED_HOSTS": "shop.example"}
    told = Environment(allowed | {"NIGHTJAR_TIKTOK_HOSTS": "Open.TikTokApis.com, proxy.example"}).host_policy

    assert Environment(allowed).host_policy.tiktok_hosts == {"open.tiktokapis.com"}
    assert told.tiktok_hosts == {"open.tiktokapis.com", "proxy.example"}


@pytest.mark.parametrize("said", [None, "0", "", "yes", "true"])
def test_plain_http_to_this_machine_is_allowed_only_when_the_stage_says_so(said: str | None) -> None:
    variables = {"NIGHTJAR_ALLOWED_HOSTS": "open.tiktokapis.com"}
    if said is not None:
        variables["NIGHTJAR_ALLOW_LOOPBACK_HTTP"] = said

    with pytest.raises(ForbiddenHost):
        Environment(variables).host_policy.check("http://127.0.0.1:8080")

    allowed = Environment(variables | {"NIGHTJAR_ALLOW_LOOPBACK_HTTP": "1"}).host_policy
    assert allowed.check("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
