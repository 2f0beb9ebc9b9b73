"""Whether a message could arrive: each check passes, warns, fails or could not look, and says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from functions.audit.preflight import Checked, Preflight, checked, problems
from functions.audit.preflight_facts import Audiences, Bell, Blind, Facts, Seen, Spending
from functions.audit.recipient import FLEET, Recipient, RecipientState, Subscription

DENIED = Blind("AWS answered GetIt with AccessDenied")
NAMES = (
    "operators",
    "alarms",
    "dead_letters",
    "somebody_to_tell",
    "subscriptions",
    "opt_outs",
    "sms_sandbox",
    "sms_spending",
)


def somebody(
    state: RecipientState = RecipientState.CONFIRMED,
    protocol: str = "email",
    endpoint: str = "anna@example.com",
    merchant_id: str = FLEET,
) -> Recipient:
    return Recipient(merchant_id, None, Subscription("arn:topic", "arn:one", protocol, endpoint, state))


def audiences(*recipients: Recipient) -> Audiences:
    seen = Audiences()
    seen.add(recipients)
    return seen


LOUD = Bell("NightMissing", tells_operators=True)
ANNA = somebody()
PHONE = somebody(protocol="sms", endpoint="+447700900123")


def facts(
    *recipients: Recipient,
    sandbox: Seen[bool] = False,
    limit: Seen[Decimal] = Decimal(50),
    spent: Seen[Decimal] = Decimal("3.75"),
    seen: Seen[Audiences] | None = None,
    operators: Seen[Sequence[Recipient]] = (ANNA,),
    fetch: Seen[int] = 0,
    bells: Seen[Sequence[Bell]] = (LOUD,),
) -> Facts:
    return Facts(
        sandbox,
        Spending(limit, spent),
        audiences(*(recipients or (ANNA, PHONE))) if seen is None else seen,
        operators,
        {"fetch-dlq": fetch, "evaluate-dlq": 0},
        bells,
    )


def one(name: str, seen: Facts) -> Checked:
    (found,) = (check for check in checked(seen) if check.check == name)
    return found


def test_where_all_is_well_every_check_passes_and_none_is_left_out() -> None:
    found = checked(facts())

    assert tuple(check.check for check in found) == NAMES
    assert {check.came_to for check in found} == {Preflight.PASS}
    assert problems(found) == ()


def test_where_nothing_could_be_seen_nothing_passes() -> None:
    blind = Facts(DENIED, Spending(DENIED, DENIED), DENIED, DENIED, {"fetch-dlq": DENIED}, DENIED)

    found = checked(blind)

    assert tuple(check.check for check in found) == NAMES
    assert {check.came_to for check in found} == {Preflight.COULD_NOT_LOOK}
    assert all("AWS answered GetIt with AccessDenied" in check.says for check in found)


@pytest.mark.parametrize(
    ("spent", "limit", "came_to"),
    [
        ("0", "1", Preflight.PASS),
        ("39.99", "50", Preflight.PASS),
        ("40", "50", Preflight.WARN),
        ("49.99", "50", Preflight.WARN),
        ("50", "50", Preflight.FAIL),
        ("0", "0", Preflight.FAIL),
    ],
)
def test_spending_warns_at_four_fifths_of_the_limit_and_fails_at_the_limit(
    spent: str, limit: str, came_to: Preflight
) -> None:
    found = one("sms_spending", facts(limit=Decimal(limit), spent=Decimal(spent)))

    assert found.came_to is came_to
    assert found.says == f"Text messages have cost USD {spent} of this month's USD {limit}."
    assert bool(found.do) is (came_to is not Preflight.PASS)


@pytest.mark.parametrize("blind", ["limit", "spent"])
def test_a_figure_that_is_missing_is_not_nothing_spent(blind: str) -> None:
    seen = facts(limit=DENIED) if blind == "limit" else facts(spent=DENIED)

    assert one("sms_spending", seen).came_to is Preflight.COULD_NOT_LOOK


def test_the_sandbox_fails_where_a_telephone_is_told_and_matters_to_nobody_else() -> None:
    assert one("sms_sandbox", facts(PHONE, sandbox=True)).came_to is Preflight.FAIL
    assert one("sms_sandbox", facts(ANNA, sandbox=True)).came_to is Preflight.PASS
    assert one("sms_spending", facts(ANNA, spent=DENIED)).says == "No telephone is told: nothing depends on it."


def test_where_some_recipients_were_not_seen_a_telephone_may_be_among_them() -> None:
    seen = audiences(ANNA)
    seen.unread.append("larkspur")

    assert one("sms_sandbox", facts(seen=seen, sandbox=True)).came_to is Preflight.FAIL


def test_subscriptions_that_vanished_fail_and_those_that_wait_warn_without_an_address() -> None:
    waiting = somebody(RecipientState.PENDING, endpoint="ben@example.com")
    gone = somebody(RecipientState.DELETED, endpoint="cleo@example.com", merchant_id="larkspur")

    assert one("subscriptions", facts(ANNA, waiting)) == Checked(
        "subscriptions",
        Preflight.WARN,
        "1 recipient not confirmed, or vanished: email of the fleet, b…@example.com (pending).",
        "Have them confirm within two days, or add them again: nightjar recipients list shows all.",
    )
    found = one("subscriptions", facts(waiting, gone))
    assert found.came_to is Preflight.FAIL
    assert "email of larkspur, c…@example.com (deleted); email of the fleet, b…@example.com (pending)" in found.says


def test_who_opted_out_is_told_without_the_number() -> None:
    found = one("opt_outs", facts(somebody(RecipientState.OPTED_OUT, "sms", "+447700900123")))

    assert found.came_to is Preflight.FAIL
    assert "sms of the fleet, +44…123 (opted_out)" in found.says
    assert "7700900" not in repr(found)


@pytest.mark.parametrize("name", ["subscriptions", "opt_outs"])
def test_what_sns_contradicts_itself_about_is_no_pass(name: str) -> None:
    assert one(name, facts(somebody(RecipientState.UNKNOWN))).came_to is Preflight.COULD_NOT_LOOK


@pytest.mark.parametrize("name", ["subscriptions", "opt_outs", "somebody_to_tell"])
def test_merchants_whose_recipients_were_not_looked_at_are_no_pass(name: str) -> None:
    seen = audiences(ANNA)
    seen.unread.append("larkspur")
    seen.unsure.append("larkspur")
    seen.why.add("there was no time left")

    found = one(name, facts(seen=seen))

    assert found.came_to is Preflight.COULD_NOT_LOOK
    assert "larkspur" in found.says
    assert "there was no time left" in found.says


def test_merchants_of_whom_nobody_hears_are_named_and_counted() -> None:
    seen = audiences(ANNA)
    seen.nobody = [f"m{number}" for number in range(317)]

    found = one("somebody_to_tell", facts(seen=seen))

    assert found.came_to is Preflight.FAIL
    assert found.says == (
        "Of criticals of 317 merchants nobody hears, in some area at least: m0; m1; m2; m3; m4; and 312 more."
    )
    assert "nightjar recipients add email ADDRESS --merchant ID" in found.do


def test_dead_letters_fail_and_a_queue_that_could_not_be_read_is_not_empty() -> None:
    found = one("dead_letters", facts(fetch=3))
    assert (found.came_to, found.says) == (
        Preflight.FAIL,
        "Something failed for good: 3 messages in fetch-dlq.",
    )
    assert one("dead_letters", facts(fetch=DENIED)).came_to is Preflight.COULD_NOT_LOOK
    both = replace(facts(fetch=DENIED), dead={"fetch-dlq": DENIED, "evaluate-dlq": 1})
    assert one("dead_letters", both).came_to is Preflight.FAIL


def test_alarms_that_would_tell_nobody_are_named_and_none_at_all_is_no_pass() -> None:
    mute = one("alarms", facts(bells=(LOUD, Bell("Mute", tells_operators=False))))

    assert (mute.came_to, mute.says) == (Preflight.FAIL, "1 alarm would tell nobody: Mute.")
    assert one("alarms", facts(bells=())).came_to is Preflight.FAIL


def test_operators_who_have_not_confirmed_hear_nothing() -> None:
    found = one("operators", facts(operators=(somebody(RecipientState.PENDING),)))

    assert found.came_to is Preflight.FAIL
    assert found.says.endswith(", and waits for email of the fleet, a…@example.com.")
    assert one("operators", facts(operators=())).says.endswith("has no confirmed subscriber.")


def test_problems_come_worst_first() -> None:
    found = problems(checked(facts(ANNA, somebody(RecipientState.PENDING), fetch=1, bells=DENIED)))

    assert [(check.check, check.came_to.value) for check in found] == [
        ("dead_letters", "fail"),
        ("subscriptions", "warn"),
        ("alarms", "could_not_look"),
    ]
