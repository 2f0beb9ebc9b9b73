"""session_conversion_rate: below 1 % warn, below 0.5 % critical, on 100 sessions or more."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, judged, overriding


@pytest.mark.parametrize(
    ("rate", "status"),
    [
        ("2", Status.PASS),
        ("1.000001", Status.PASS),
        ("1", Status.PASS),
        ("0.999999", Status.WARN),
        ("0.5", Status.WARN),
        ("0.499999", Status.CRITICAL),
        ("0", Status.CRITICAL),
    ],
)
def test_the_share_of_converting_sessions_decides(rate: str, status: Status) -> None:
    outcome = judged("session_conversion_rate", channel(session_conversion_rate=rate))

    assert (outcome.status, outcome.unit) == (status, "%")


@pytest.mark.parametrize(("sessions", "status"), [(100, Status.CRITICAL), (99, Status.NOT_EVALUATED)])
def test_a_hundred_sessions_are_the_least(sessions: int, status: Status) -> None:
    assert judged("session_conversion_rate", channel(sessions=sessions, session_conversion_rate="0")).status is status


@pytest.mark.parametrize(("sessions", "reason"), [(8000, Reason.NOT_MEASURED), (0, Reason.SAMPLE_TOO_SMALL)])
def test_a_null_is_never_a_rate_of_nothing(sessions: int, reason: Reason) -> None:
    outcome = judged("session_conversion_rate", channel(sessions=sessions, session_conversion_rate=absent()))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (reason,))


@pytest.mark.parametrize(("rate", "status"), [("0.2", Status.WARN), ("0.19", Status.CRITICAL)])
def test_a_shop_moves_its_own_critical_level(rate: str, status: Status) -> None:
    shop = overriding("session_conversion_rate", critical="0.2")

    assert judged("session_conversion_rate", channel(session_conversion_rate=rate), shop).status is status
