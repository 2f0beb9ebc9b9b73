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


@pytest.mark.parametrize("rejection", ["rejected", "invalid_grant"])
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
