"""sessions_trend: more than 20 % fewer sessions than in the prior period is a warning."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, figures, judged, overriding, sessions, snapshot


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        (9000, 5000, Status.PASS),
        (5000, 5000, Status.PASS),
        (4001, 5000, Status.PASS),
        (4000, 5000, Status.PASS),
        (3999, 5000, Status.WARN),
        (100, 5000, Status.WARN),
        # 20 % of a number that binary fractions cannot hold.
        (7999999998, 9999999998, Status.WARN),
        (8000000000, 10000000000, Status.PASS),
    ],
)
def test_a_drop_by_more_than_a_fifth_is_a_warning(now: int, before: int, status: Status) -> None:
    outcome = judged("sessions_trend", channel(figures(sessions=before), sessions=now))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "%", None)


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        (100, 126, Status.WARN),
        (99, 126, Status.NOT_EVALUATED),
        (100, 100, Status.PASS),
        (100, 99, Status.NOT_EVALUATED),
        (0, 8000, Status.NOT_EVALUATED),
        (8000, 0, Status.NOT_EVALUATED),
        (0, 0, Status.NOT_EVALUATED),
    ],
)
def test_both_periods_need_a_hundred_sessions(now: int, before: int, status: Status) -> None:
    outcome = judged("sessions_trend", channel(figures(sessions=before), sessions=now))

    assert outcome.status is status
    assert outcome.reasons == ((Reason.SAMPLE_TOO_SMALL,) if status is Status.NOT_EVALUATED else ())


def test_a_missing_prior_period_hides_no_other_cause() -> None:
    assert judged("sessions_trend", channel(absent(Reason.NO_PRIOR))).reasons == (Reason.NO_PRIOR,)
    assert judged("sessions_trend", channel(absent(Reason.NO_PRIOR), sessions=99)).reasons == (
        Reason.NO_PRIOR,
        Reason.SAMPLE_TOO_SMALL,
    )


def test_unknown_sessions_on_either_side_are_not_measured() -> None:
    assert judged("sessions_trend", channel(sessions=absent())).reasons == (Reason.NOT_MEASURED,)
    assert judged("sessions_trend", channel(figures(sessions=absent()))).reasons == (Reason.NOT_MEASURED,)


def test_periods_that_are_measured_differently_are_not_compared() -> None:
    seen = snapshot(sessions=sessions(mixed_definition=absent(Reason.MIXED_UNITS)))

    assert judged("sessions_trend", seen).reasons == (Reason.MIXED_UNITS,)


def test_a_rise_reads_as_a_rise() -> None:
    outcome = judged("sessions_trend", channel(figures(sessions=5000), sessions=8000))

    assert outcome.value == -60
    assert "60 % above the prior period" in outcome.summary


@pytest.mark.parametrize(("now", "status"), [(2500, Status.WARN), (2499, Status.CRITICAL)])
def test_a_shop_may_add_a_critical_level(now: int, status: Status) -> None:
    seen = channel(figures(sessions=5000), sessions=now)

    assert judged("sessions_trend", seen, overriding("sessions_trend", critical=50)).status is status
