"""returning_users: a warning when nobody at all came back, among 100 users or more."""

from decimal import Decimal

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, judged, overriding


@pytest.mark.parametrize(
    ("returning", "users", "status"),
    [
        (1000, 6900, Status.PASS),
        (1, 6900, Status.PASS),
        (0, 6900, Status.WARN),
        (1, 100, Status.PASS),
        (0, 100, Status.WARN),
        (0, 99, Status.NOT_EVALUATED),
        (0, 0, Status.NOT_EVALUATED),
    ],
)
def test_nobody_at_all_among_a_hundred_users_is_a_warning(returning: int, users: int, status: Status) -> None:
    outcome = judged("returning_users", channel(returning_users=returning, users=users))

    assert outcome.status is status
    assert outcome.reasons == ((Reason.SAMPLE_TOO_SMALL,) if status is Status.NOT_EVALUATED else ())


def test_the_figure_is_the_share_among_all_users() -> None:
    outcome = judged("returning_users", channel(returning_users=35, users=140))

    assert (outcome.value, outcome.unit) == (Decimal(25), "%")
    assert outcome.evidence == {"returning_users": 35}


def test_unknown_returning_users_are_not_nobody() -> None:
    outcome = judged("returning_users", channel(returning_users=absent()))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))


def test_unknown_users_leave_nothing_to_judge() -> None:
    outcome = judged("returning_users", channel(users=absent(Reason.SOURCE_FAILED), returning_users=0))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.SOURCE_FAILED,))


def test_too_few_users_are_said_although_the_returning_ones_are_unknown() -> None:
    outcome = judged("returning_users", channel(users=99, returning_users=absent()))

    assert outcome.reasons == (Reason.NOT_MEASURED, Reason.SAMPLE_TOO_SMALL)


@pytest.mark.parametrize(
    ("returning", "status"),
    [(11, Status.PASS), (10, Status.WARN), (3, Status.WARN), (2, Status.CRITICAL), (0, Status.CRITICAL)],
)
def test_a_shop_may_set_both_levels_and_on_the_line_is_bad_here(returning: int, status: Status) -> None:
    shop = overriding("returning_users", warn=10, critical=2)

    assert judged("returning_users", channel(returning_users=returning, users=100), shop).status is status
