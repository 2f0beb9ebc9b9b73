"""One place turns a reading into an outcome: absence, floors, overrides and crashes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import NoReturn

import pytest

from functions.audit.absence import Reason
from functions.audit.check import Facts
from functions.audit.checks import CATALOGUE
from functions.audit.judge import judge
from functions.audit.outcome import Origin, Status
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from tests.builders import (
    CHECKS,
    NIGHT,
    NOW,
    PERIODS,
    absent,
    channel,
    judged,
    outcomes_of,
    overriding,
    snapshot,
)

# What each check cannot do without (the design's table); all else may be absent.
PARTS = {
    "access_token": ["token"],
    "account_access": ["basic", "profile"],
    "stats_scope": ["stats"],
    "bounce_rate": ["sessions"],
    "pageviews_per_session": ["sessions"],
    "session_duration": ["sessions"],
    "sessions_trend": ["sessions"],
    "session_conversion_rate": ["sessions"],
    "cart_abandonment_rate": ["sessions"],
    "returning_users": ["sessions"],
    "goal_completions": ["sessions"],
    "attributed_revenue": ["sessions"],
    "unconverting_pages": ["pages"],
    "amplify_candidates": ["sessions", "pages", "sources"],
    "viral_spike": ["sessions"],
}
ALL_PARTS = ["token", "basic", "profile", "stats", "sessions", "pages", "sources"]
# A missing scope is what these two look for: for them it is a finding, not an absence.
SCOPE_CHECKS = {"account_access", "stats_scope"}


@pytest.mark.parametrize(("check_id", "part"), [(check_id, part) for check_id in PARTS for part in PARTS[check_id]])
@pytest.mark.parametrize("reason", list(Reason))
def test_a_part_that_a_check_needs_and_lacks_is_never_a_pass(check_id: str, part: str, reason: Reason) -> None:
    outcome = judged(check_id, snapshot(**{part: absent(reason)}))

    if check_id in SCOPE_CHECKS and reason is Reason.SCOPE_MISSING:
        assert outcome.status.severity is not None
    else:
        assert (outcome.status, outcome.reasons, outcome.value) == (Status.NOT_EVALUATED, (reason,), None)


@pytest.mark.parametrize(("check_id", "part"), list(product(PARTS, ALL_PARTS)))
def test_a_part_that_a_check_does_not_need_does_not_matter(check_id: str, part: str) -> None:
    outcome = judged(check_id, snapshot(**{part: absent(Reason.SOURCE_FAILED)}))

    assert (outcome.status is Status.PASS) is (part not in PARTS[check_id])


@pytest.mark.parametrize("check_id", PARTS)
def test_all_reasons_of_an_absent_part_are_kept(check_id: str) -> None:
    gone = absent(Reason.UNAUTHORIZED, Reason.RATE_LIMITED)

    assert judged(check_id, snapshot(**dict.fromkeys(PARTS[check_id], gone))).causes == gone.causes


def test_each_missing_part_adds_its_own_reasons() -> None:
    seen = snapshot(
        sessions=absent(Reason.SOURCE_STALE),
        pages=absent(Reason.SOURCE_FAILED, Reason.RATE_LIMITED),
        sources=absent(Reason.SOURCE_STALE),
    )

    assert judged("amplify_candidates", seen).reasons == (
        Reason.SOURCE_STALE,
        Reason.SOURCE_FAILED,
        Reason.RATE_LIMITED,
    )


def test_a_night_on_which_nothing_was_seen_has_fifteen_outcomes_that_say_so() -> None:
    nothing = Snapshot.unseen(
        merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=absent(Reason.SOURCE_FAILED)
    )
    outcomes = outcomes_of(nothing)

    assert list(outcomes) == list(PARTS)
    assert {one.status for one in outcomes.values()} == {Status.NOT_EVALUATED}
    assert {one.reasons for one in outcomes.values()} == {(Reason.SOURCE_FAILED,)}


def boom(_: Facts) -> NoReturn:
    raise ZeroDivisionError("the merchant's secret figures")


@pytest.mark.parametrize("crashing", PARTS)
def test_a_crash_stays_with_its_own_check_and_is_reported(crashing: str) -> None:
    checks = tuple(replace(check, measure=boom) if check.id == crashing else check for check in CATALOGUE)
    told: list[tuple[str, str]] = []
    profile = default_profile()
    outcomes = judge(
        snapshot(),
        profile,
        profile.plain_rules,
        checks=checks,
        on_crash=lambda check_id, error: told.append((check_id, type(error).__name__)),
    )

    crashed = {one.check_id: one for one in outcomes}[crashing]
    assert (crashed.status, crashed.reasons) == (Status.NOT_EVALUATED, (Reason.CHECK_CRASHED,))
    assert "secret" not in crashed.summary
    assert [one.check_id for one in outcomes if one.status is not Status.PASS] == [crashing]
    assert told == [(crashing, "ZeroDivisionError")]


def test_a_crash_needs_nobody_to_tell() -> None:
    profile = default_profile()
    checks = (replace(CHECKS["bounce_rate"], measure=boom),)

    assert judge(snapshot(), profile, profile.plain_rules, checks=checks)[0].reasons == (Reason.CHECK_CRASHED,)


def test_a_healthy_night_reports_no_crash() -> None:
    told: list[str] = []
    profile = default_profile()
    judge(snapshot(), profile, profile.plain_rules, on_crash=lambda check_id, _: told.append(check_id))

    assert told == []


def test_an_outcome_says_what_it_was_judged_by_and_what_it_rests_on() -> None:
    outcome = judged("bounce_rate", channel(sessions=640))

    assert (outcome.warn, outcome.critical) == (Decimal(60), Decimal(75))
    assert outcome.origin == Origin(set_by="default", reason=None, expires=None)
    assert outcome.samples == {"sessions": 640}


def test_what_was_not_evaluated_says_its_thresholds_and_samples_too() -> None:
    outcome = judged("bounce_rate", channel(sessions=64))

    assert (outcome.warn, outcome.critical) == (Decimal(60), Decimal(75))
    assert outcome.samples == {"sessions": 64}


def test_an_override_is_named_with_its_reason_and_its_last_night() -> None:
    shop = overriding("bounce_rate", warn=65, expires=NIGHT)

    assert judged("bounce_rate", channel(), shop).origin == Origin("merchant", "the shop's own traffic", NIGHT)
    assert judged("sessions_trend", channel(), shop).origin == Origin()


@pytest.mark.parametrize(
    ("expires", "status", "set_by"),
    [
        (None, Status.PASS, "merchant"),
        (date(2026, 11, 22), Status.PASS, "merchant"),
        (date(2026, 11, 21), Status.PASS, "merchant"),
        (date(2026, 11, 20), Status.WARN, "default"),
    ],
)
def test_an_override_counts_through_its_last_night(expires: date | None, status: Status, set_by: str) -> None:
    outcome = judged("bounce_rate", channel(bounce_rate="62"), overriding("bounce_rate", warn=65, expires=expires))

    assert (outcome.status, outcome.origin.set_by) == (status, set_by)


def test_a_floor_is_not_lowered_by_an_override() -> None:
    outcome = judged("bounce_rate", channel(sessions=99, bounce_rate="99"), overriding("bounce_rate", warn=65))

    assert outcome.status is Status.NOT_EVALUATED
    assert outcome.origin.set_by == "merchant"
