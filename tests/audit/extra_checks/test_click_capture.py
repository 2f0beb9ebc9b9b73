"""Clicks against sessions: how much of what TikTok sent arrived."""

from __future__ import annotations

from decimal import Decimal

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.outcome import Outcome, Status
from functions.audit.snapshot import ClicksSeen
from tests.audit.extra_checks.stories import judged
from tests.builders import absent, figures, merchant, sessions


def outcome(clicks: int | Absent, came: int | Absent) -> Outcome:
    seen = sessions(current=figures(sessions=came))
    return judged(clicks=ClicksSeen(bio_link=clicks), sessions=seen)["click_capture"]


@pytest.mark.parametrize(
    ("clicks", "came", "value", "status"),
    [
        (1000, 900, "90", Status.PASS),
        (1000, 500, "50", Status.PASS),
        (1000, 499, "49.9", Status.WARN),
        (1000, 0, "0", Status.WARN),
        (1000, 3200, "320", Status.PASS),
    ],
)
def test_less_than_half_of_the_clicks_is_a_warning_and_more_sessions_than_clicks_are_none(
    clicks: int, came: int, value: str, status: Status
) -> None:
    assert (outcome(clicks, came).value, outcome(clicks, came).status) == (Decimal(value), status)
    assert outcome(clicks, came).evidence == {"clicks": clicks, "sessions": came}


@pytest.mark.parametrize("clicks", [0, 99])
def test_too_few_clicks_are_not_judged(clicks: int) -> None:
    blind = outcome(clicks, 500)

    assert (blind.status, blind.reasons) == (Status.NOT_EVALUATED, (Reason.SAMPLE_TOO_SMALL,))
    assert f"needs at least 100 clicks, saw {clicks}" in blind.summary


def test_what_was_not_measured_on_either_side_is_named() -> None:
    blind = outcome(absent(Reason.NOT_MEASURED), absent(Reason.SOURCE_STALE))

    assert (blind.status, blind.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED, Reason.SOURCE_STALE))


def test_clicks_that_nobody_could_ask_for_leave_the_check_blind() -> None:
    blind = judged(clicks=absent(Reason.NOT_CONNECTED))["click_capture"]

    assert (blind.status, blind.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_CONNECTED,))


def test_a_merchants_own_threshold_is_judged_by() -> None:
    own = merchant(thresholds={"click_capture": {"warn": 20, "reason": "most come by app"}})

    seen = judged(own, clicks=ClicksSeen(bio_link=10_000))["click_capture"]

    assert (seen.warn, seen.origin.set_by) == (Decimal(20), "merchant")
    assert (seen.value, seen.status) == (Decimal(80), Status.PASS)
