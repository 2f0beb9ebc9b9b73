"""access_token: critical when rejected, warn when the refresh token ends in less than 14 days."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, judged, overriding, snapshot, token


@pytest.mark.parametrize(
    ("days_left", "status"),
    [
        ("365", Status.PASS),
        ("14.000001", Status.PASS),
        ("14", Status.PASS),
        ("13.999999", Status.WARN),
        ("0", Status.WARN),
        ("-3", Status.WARN),
    ],
)
def test_the_days_that_the_refresh_token_lives_decide(days_left: str, status: Status) -> None:
    outcome = judged("access_token", snapshot(token=token(days_left=days_left)))

    assert outcome.status is status
    assert outcome.unit == "days"


REMOVALS = ["disconnected_by_user", "account_deleted", "age_changed", "banned", "developer_revoked", "removed"]


@pytest.mark.parametrize("rejection", ["rejected", "invalid_grant", "lost_rotation", *REMOVALS])
@pytest.mark.parametrize("days_left", ["300", "1", absent()])
def test_a_rejection_is_critical_however_long_the_refresh_token_lives(rejection: str, days_left: object) -> None:
    outcome = judged("access_token", snapshot(token=token(rejected=rejection, days_left=days_left)))

    assert outcome.status is Status.CRITICAL
    assert outcome.conditions == (rejection,)


def test_an_accepted_token_without_a_known_end_passes_without_a_figure() -> None:
    outcome = judged("access_token", snapshot(token=token(days_left=absent())))

    assert (outcome.status, outcome.value) == (Status.PASS, None)


@pytest.mark.parametrize("reason", [Reason.SOURCE_FAILED, Reason.RATE_LIMITED, Reason.NOT_CONNECTED])
def test_an_outage_is_not_a_rejection(reason: Reason) -> None:
    outcome = judged("access_token", snapshot(token=absent(reason)))

    assert outcome.status is Status.NOT_EVALUATED
    assert outcome.reasons == (reason,)


def test_the_account_that_tiktok_named_is_evidence() -> None:
    assert judged("access_token", snapshot()).evidence == {"open_id": "723f24d7"}
    assert judged("access_token", snapshot(token=token(open_id=absent()))).evidence == {}


@pytest.mark.parametrize(("days_left", "status"), [("3", Status.WARN), ("2.9", Status.CRITICAL)])
def test_a_shop_may_add_a_critical_level(days_left: str, status: Status) -> None:
    shop = overriding("access_token", critical=3)

    assert judged("access_token", snapshot(token=token(days_left=days_left)), shop).status is status


def test_the_worse_of_a_milder_rejection_and_a_short_life_decides() -> None:
    shop = overriding("access_token", critical=3, conditions={"rejected": "warn"})

    assert judged("access_token", snapshot(token=token(rejected="rejected")), shop).status is Status.WARN
    dying = snapshot(token=token(rejected="rejected", days_left="1"))
    assert judged("access_token", dying, shop).status is Status.CRITICAL


@pytest.mark.parametrize(
    ("days_left", "evidence"),
    [
        ("300", {}),
        ("30", {}),
        ("29.999999", {"ends_on": "2026-12-21", "reconnect_within": 30}),
        ("14", {"ends_on": "2026-12-05", "reconnect_within": 30}),
        ("13.9", {"ends_on": "2026-12-04", "reconnect_within": 14}),
        ("7", {"ends_on": "2026-11-28", "reconnect_within": 14}),
        ("6.90625", {"ends_on": "2026-11-28", "reconnect_within": 7}),
        ("6.9", {"ends_on": "2026-11-27", "reconnect_within": 7}),
        ("1.5", {"ends_on": "2026-11-22", "reconnect_within": 2}),
        ("-1", {"ends_on": "2026-11-20", "reconnect_within": 2}),
        (absent(), {}),
    ],
)
def test_once_the_end_is_near_the_evidence_says_when_and_which_milestone_it_has_passed(
    days_left: object, evidence: dict[str, object]
) -> None:
    outcome = judged("access_token", snapshot(token=token(days_left=days_left, open_id=absent())))

    assert outcome.evidence == evidence


def test_between_thirty_days_and_fourteen_it_is_told_ahead_and_still_passes() -> None:
    outcome = judged("access_token", snapshot(token=token(days_left="20")))

    assert (outcome.status, outcome.evidence["reconnect_within"]) == (Status.PASS, 30)


@pytest.mark.parametrize("rejection", ["invalid_grant", "lost_rotation", *REMOVALS])
def test_a_refresh_token_that_is_dead_has_no_days_left_whatever_was_promised(rejection: str) -> None:
    outcome = judged("access_token", snapshot(token=token(rejected=rejection, days_left="20")))

    assert outcome.value is None
    assert "ends_on" not in outcome.evidence
    assert "renewed for" not in outcome.summary


def test_every_removal_says_in_its_own_words_what_happened() -> None:
    said = {judged("access_token", snapshot(token=token(rejected=name))).summary for name in REMOVALS}

    assert len(said) == len(REMOVALS)


def test_a_lost_answer_says_that_it_was_lost() -> None:
    assert judged("access_token", snapshot(token=token(rejected="lost_rotation"))).summary == (
        "The TikTok connection is broken or about to end: the answer to a token refresh was lost and TikTok no longer "
        "takes the old token: connect again."
    )
