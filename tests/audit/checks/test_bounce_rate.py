"""bounce_rate: above 60 % warn, above 75 % critical, on 100 sessions or more."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, judged, overriding


@pytest.mark.parametrize(
    ("rate", "status"),
    [
        ("0", Status.PASS),
        ("59.999999", Status.PASS),
        ("60", Status.PASS),
        ("60.000001", Status.WARN),
        ("75", Status.WARN),
        ("75.000001", Status.CRITICAL),
        ("100", Status.CRITICAL),
    ],
)
def test_the_share_of_bounces_decides(rate: str, status: Status) -> None:
    outcome = judged("bounce_rate", channel(bounce_rate=rate))

    assert (outcome.status, outcome.unit) == (status, "%")
    assert (str(outcome.warn), str(outcome.critical)) == ("60", "75")


@pytest.mark.parametrize(("sessions", "status"), [(100, Status.CRITICAL), (99, Status.NOT_EVALUATED)])
def test_a_hundred_sessions_are_the_least(sessions: int, status: Status) -> None:
    assert judged("bounce_rate", channel(sessions=sessions, bounce_rate="90")).status is status


def test_too_few_sessions_say_how_many_are_needed() -> None:
    outcome = judged("bounce_rate", channel(sessions=99))

    assert outcome.reasons == (Reason.SAMPLE_TOO_SMALL,)
    assert outcome.summary == "Could not look: needs at least 100 sessions, saw 99."
    assert outcome.value is None


def test_a_null_rate_is_not_measured() -> None:
    assert judged("bounce_rate", channel(bounce_rate=absent())).reasons == (Reason.NOT_MEASURED,)


def test_a_null_rate_of_no_sessions_is_a_sample_too_small() -> None:
    outcome = judged("bounce_rate", channel(sessions=0, bounce_rate=absent()))

    assert outcome.reasons == (Reason.SAMPLE_TOO_SMALL,)


def test_a_broken_rate_of_no_sessions_keeps_its_own_cause() -> None:
    outcome = judged("bounce_rate", channel(sessions=0, bounce_rate=absent(Reason.SOURCE_FAILED)))

    assert outcome.reasons == (Reason.SOURCE_FAILED, Reason.SAMPLE_TOO_SMALL)


def test_a_null_rate_and_too_few_sessions_are_both_said() -> None:
    outcome = judged("bounce_rate", channel(sessions=5, bounce_rate=absent()))

    assert outcome.reasons == (Reason.NOT_MEASURED, Reason.SAMPLE_TOO_SMALL)


def test_unknown_sessions_leave_nothing_to_judge() -> None:
    outcome = judged("bounce_rate", channel(sessions=absent(Reason.SOURCE_FAILED), bounce_rate="90"))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.SOURCE_FAILED,))


@pytest.mark.parametrize(
    ("rate", "status"),
    [("65", Status.PASS), ("65.1", Status.WARN), ("75", Status.WARN), ("75.1", Status.CRITICAL)],
)
def test_a_shop_moves_its_own_warn_level(rate: str, status: Status) -> None:
    assert judged("bounce_rate", channel(bounce_rate=rate), overriding("bounce_rate", warn=65)).status is status


@pytest.mark.parametrize(("rate", "status"), [("90", Status.WARN), ("90.1", Status.CRITICAL)])
def test_a_shop_moves_its_own_critical_level(rate: str, status: Status) -> None:
    assert judged("bounce_rate", channel(bounce_rate=rate), overriding("bounce_rate", critical=90)).status is status
