"""pageviews_per_session: below 1.5 warn, on 100 sessions or more."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, judged, overriding


@pytest.mark.parametrize(
    ("pages", "status"),
    [
        ("2", Status.PASS),
        ("1.500001", Status.PASS),
        ("1.5", Status.PASS),
        ("1.499999", Status.WARN),
        ("0", Status.WARN),
    ],
)
def test_the_pages_of_a_visit_decide(pages: str, status: Status) -> None:
    outcome = judged("pageviews_per_session", channel(pageviews_per_session=pages))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "pages", None)


@pytest.mark.parametrize(("sessions", "status"), [(100, Status.WARN), (99, Status.NOT_EVALUATED)])
def test_a_hundred_sessions_are_the_least(sessions: int, status: Status) -> None:
    assert judged("pageviews_per_session", channel(sessions=sessions, pageviews_per_session="1")).status is status


@pytest.mark.parametrize(("sessions", "reason"), [(8000, Reason.NOT_MEASURED), (0, Reason.SAMPLE_TOO_SMALL)])
def test_a_null_is_not_measured_but_of_no_sessions_too_small(sessions: int, reason: Reason) -> None:
    outcome = judged("pageviews_per_session", channel(sessions=sessions, pageviews_per_session=absent()))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (reason,))


@pytest.mark.parametrize(("pages", "status"), [("1.1", Status.WARN), ("1.09", Status.CRITICAL)])
def test_a_shop_may_add_a_critical_level(pages: str, status: Status) -> None:
    shop = overriding("pageviews_per_session", critical="1.1")

    assert judged("pageviews_per_session", channel(pageviews_per_session=pages), shop).status is status
