"""cart_abandonment_rate: above 75 % warn, above 85 % critical, on 30 carts or more."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, judged


@pytest.mark.parametrize(
    ("rate", "status"),
    [
        ("0", Status.PASS),
        ("74.999999", Status.PASS),
        ("75", Status.PASS),
        ("75.000001", Status.WARN),
        ("85", Status.WARN),
        ("85.000001", Status.CRITICAL),
        ("100", Status.CRITICAL),
    ],
)
def test_the_share_of_carts_left_decides(rate: str, status: Status) -> None:
    outcome = judged("cart_abandonment_rate", channel(cart_abandonment_rate=rate))

    assert (outcome.status, outcome.unit) == (status, "%")


@pytest.mark.parametrize(("carts", "status"), [(30, Status.CRITICAL), (29, Status.NOT_EVALUATED)])
def test_thirty_carts_are_the_least(carts: int, status: Status) -> None:
    assert judged("cart_abandonment_rate", channel(carts=carts, cart_abandonment_rate="100")).status is status


def test_too_few_carts_say_how_many_are_needed() -> None:
    outcome = judged("cart_abandonment_rate", channel(carts=29))

    assert outcome.summary == "Could not look: needs at least 30 carts, saw 29."


def test_few_sessions_do_not_matter_when_there_are_enough_carts() -> None:
    assert judged("cart_abandonment_rate", channel(sessions=40, carts=30)).status is Status.PASS


@pytest.mark.parametrize(("carts", "reason"), [(400, Reason.NOT_MEASURED), (0, Reason.SAMPLE_TOO_SMALL)])
def test_a_null_is_not_measured_but_of_no_carts_too_small(carts: int, reason: Reason) -> None:
    outcome = judged("cart_abandonment_rate", channel(carts=carts, cart_abandonment_rate=absent()))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (reason,))


def test_unknown_carts_leave_nothing_to_judge() -> None:
    outcome = judged("cart_abandonment_rate", channel(carts=absent(), cart_abandonment_rate="100"))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))
