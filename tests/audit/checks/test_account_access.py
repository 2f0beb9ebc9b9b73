"""account_access: critical without user.info.basic, warn without user.info.profile or for a personal account."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, judged, overriding, snapshot

NO_SCOPE = absent(Reason.SCOPE_MISSING)
BROKEN = absent(Reason.SOURCE_FAILED)
LIMITED = absent(Reason.RATE_LIMITED)


@pytest.mark.parametrize(
    ("account_type", "status"),
    [
        ("business", Status.PASS),
        ("creator", Status.PASS),
        ("unknown", Status.PASS),
        ("personal", Status.WARN),
    ],
)
def test_the_account_type_decides_when_all_scopes_are_there(account_type: str, status: Status) -> None:
    outcome = judged("account_access", snapshot(account_type=account_type))

    assert outcome.status is status
    if account_type == "unknown":
        assert outcome.evidence == {"account_type": "not verifiable"}
    else:
        assert outcome.evidence == {"account_type": account_type, "account_type_from": "merchant"}


@pytest.mark.parametrize(("account_type", "status"), [("business", Status.PASS), ("personal", Status.WARN)])
def test_the_business_apis_word_counts_as_much_and_is_named(account_type: str, status: Status) -> None:
    outcome = judged("account_access", snapshot(account_type=account_type, account_type_from="business_api"))

    assert outcome.status is status
    assert outcome.evidence == {"account_type": account_type, "account_type_from": "business_api"}


def test_without_the_basic_scope_it_is_critical() -> None:
    outcome = judged("account_access", snapshot(basic=NO_SCOPE))

    assert (outcome.status, outcome.conditions) == (Status.CRITICAL, ("basic_scope_missing",))


def test_without_the_profile_scope_it_is_a_warning() -> None:
    outcome = judged("account_access", snapshot(profile=NO_SCOPE))

    assert (outcome.status, outcome.conditions) == (Status.WARN, ("profile_scope_missing",))


def test_all_that_is_missing_is_named_and_the_worst_decides() -> None:
    outcome = judged("account_access", snapshot(basic=NO_SCOPE, profile=NO_SCOPE, account_type="personal"))

    assert outcome.status is Status.CRITICAL
    assert outcome.conditions == ("basic_scope_missing", "profile_scope_missing", "personal_account")


def test_an_outage_of_both_answers_names_both_causes() -> None:
    outcome = judged("account_access", snapshot(basic=BROKEN, profile=LIMITED))

    assert outcome.status is Status.NOT_EVALUATED
    assert outcome.reasons == (Reason.SOURCE_FAILED, Reason.RATE_LIMITED)


@pytest.mark.parametrize("part", ["basic", "profile"])
def test_an_outage_of_one_answer_is_no_pass(part: str) -> None:
    outcome = judged("account_access", snapshot(**{part: BROKEN}))

    assert outcome.status is Status.NOT_EVALUATED
    assert outcome.reasons == (Reason.SOURCE_FAILED,)


def test_what_is_known_to_be_missing_stands_although_the_other_answer_failed() -> None:
    assert judged("account_access", snapshot(basic=BROKEN, profile=NO_SCOPE)).status is Status.WARN
    assert judged("account_access", snapshot(basic=NO_SCOPE, profile=BROKEN)).status is Status.CRITICAL


def test_a_shop_may_make_a_condition_worse() -> None:
    shop = overriding("account_access", conditions={"personal_account": "critical"})

    assert judged("account_access", snapshot(account_type="personal"), shop).status is Status.CRITICAL
    assert judged("account_access", snapshot(profile=NO_SCOPE), shop).status is Status.WARN


def test_the_worst_decides_whatever_the_order() -> None:
    shop = overriding("account_access", conditions={"basic_scope_missing": "warn", "personal_account": "critical"})
    seen = snapshot(basic=NO_SCOPE, account_type="personal")

    assert judged("account_access", seen, shop).status is Status.CRITICAL
