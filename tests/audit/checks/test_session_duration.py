"""session_duration: a drop of more than 50 % against the prior period is a warning."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, figures, judged, overriding, sessions, snapshot


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        ("120", Status.PASS),
        ("80", Status.PASS),
        ("40.000001", Status.PASS),
        ("40", Status.PASS),
        ("39.999999", Status.WARN),
        ("0", Status.WARN),
    ],
)
def test_a_drop_by_more_than_half_is_a_warning(seconds: str, status: Status) -> None:
    outcome = judged("session_duration", channel(figures(avg_session_duration="80"), avg_session_duration=seconds))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "%", None)


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        (100, 100, Status.WARN),
        (99, 100, Status.NOT_EVALUATED),
        (100, 99, Status.NOT_EVALUATED),
    ],
)
def test_both_periods_need_a_hundred_sessions(now: int, before: int, status: Status) -> None:
    prior = figures(sessions=before, avg_session_duration="80")

    assert judged("session_duration", channel(prior, sessions=now, avg_session_duration="10")).status is status


def test_both_thin_periods_are_named() -> None:
    outcome = judged("session_duration", channel(figures(sessions=98), sessions=99))

    assert outcome.reasons == (Reason.SAMPLE_TOO_SMALL,)
    assert "needs at least 100 sessions, saw 99" in outcome.summary
    assert "needs at least 100 sessions in the prior period, saw 98" in outcome.summary


def test_a_missing_prior_period_leaves_nothing_to_compare() -> None:
    outcome = judged("session_duration", channel(absent(Reason.NO_PRIOR)))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NO_PRIOR,))


def test_a_missing_prior_period_hides_no_other_cause() -> None:
    seen = channel(absent(Reason.NO_PRIOR), sessions=99, avg_session_duration=absent(Reason.SOURCE_FAILED))

    assert set(judged("session_duration", seen).reasons) == {
        Reason.NO_PRIOR,
        Reason.SOURCE_FAILED,
        Reason.SAMPLE_TOO_SMALL,
    }


def test_nulls_of_both_periods_are_not_measured() -> None:
    seen = channel(figures(avg_session_duration=absent(detail="before")), avg_session_duration=absent(detail="now"))
    outcome = judged("session_duration", seen)

    assert outcome.reasons == (Reason.NOT_MEASURED,)
    assert len(outcome.causes) == 2


def test_a_prior_of_zero_has_nothing_to_fall_from() -> None:
    outcome = judged("session_duration", channel(figures(avg_session_duration="0")))

    assert outcome.reasons == (Reason.SAMPLE_TOO_SMALL,)


def test_a_null_average_of_no_prior_sessions_is_too_small_and_the_current_null_is_still_not_measured() -> None:
    prior = figures(sessions=0, avg_session_duration=absent())

    assert judged("session_duration", channel(prior)).reasons == (Reason.SAMPLE_TOO_SMALL,)
    assert set(judged("session_duration", channel(prior, avg_session_duration=absent())).reasons) == {
        Reason.SAMPLE_TOO_SMALL,
        Reason.NOT_MEASURED,
    }


def test_periods_that_are_measured_differently_are_not_compared() -> None:
    seen = snapshot(sessions=sessions(mixed_definition=absent(Reason.MIXED_UNITS)))

    assert judged("session_duration", seen).reasons == (Reason.MIXED_UNITS,)


def test_a_change_of_currency_does_not_matter_here() -> None:
    seen = snapshot(sessions=sessions(mixed_currency=absent(Reason.MIXED_UNITS)))

    assert judged("session_duration", seen).status is Status.PASS


@pytest.mark.parametrize(("seconds", "status"), [("24", Status.WARN), ("23.9", Status.CRITICAL)])
def test_a_shop_may_add_a_critical_level(seconds: str, status: Status) -> None:
    seen = channel(figures(avg_session_duration="80"), avg_session_duration=seconds)

    assert judged("session_duration", seen, overriding("session_duration", critical=70)).status is status
