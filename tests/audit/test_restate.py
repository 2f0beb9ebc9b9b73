"""Late figures: which nights are read again, what is taken over, and who hears that a severity was another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.finding import Finding
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from functions.audit.restate import correction, is_outdated, is_same, read_again
from functions.audit.snapshot import Series, Snapshot
from functions.audit.telling import Held, Why
from tests.builders import NIGHT, NOW, absent, figures, merchant, mute, sessions, snapshot
from tests.store.stories import audit

LATER = NOW + timedelta(days=1)
START = NIGHT - timedelta(days=5)
DAYS: tuple[int | None, ...] = (100, 110, 120, 130)


def outdated(then: Snapshot, now: Snapshot) -> bool:
    return is_outdated(then, now, change_percent=default_profile().late.change_percent.value)


def series(*counts: int | None, start: int = 0, revenue: str | None = "9.5") -> Series:
    goals: tuple[Decimal | None, ...] = (Decimal(1),) * len(counts)
    money = None if revenue is None else Decimal(revenue)
    return Series(
        start=START + timedelta(days=start), sessions=counts, goal_completions=goals, revenue=(money,) * len(counts)
    )


def night(daily: Series | Absent | None = None, **changed: Any) -> Snapshot:
    return snapshot(sessions=sessions(series=daily or series(*DAYS), **changed))


def tomorrow(daily: Series | Absent | None = None, **changed: Any) -> Snapshot:
    return night(daily, **changed).model_copy(update={"taken_at": LATER})


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (series(*DAYS), False),
        (series(*DAYS, 140), False),
        (series(*DAYS[1:], 140, start=1), False),
        (series(100, 110, 120, 134), False),
        (series(100, 110, 120, 135), True),
        (series(100, 110, 120, 125), True),
        (series(100, 110, 120, None), False),
        (series(*DAYS, revenue="9.595"), False),
        (series(*DAYS, revenue="9.6"), True),
        (series(*DAYS, revenue=None), False),
        (series(100, start=-1), False),
        (absent(), False),
    ],
)
def test_a_night_is_outdated_when_the_days_that_it_saw_come_to_another_sum(
    now: Series | Absent, *, expected: bool
) -> None:
    assert outdated(night(), tomorrow(now)) is expected


def test_a_figure_that_was_not_measured_yet_is_a_late_one() -> None:
    assert outdated(night(series(100, 110, 120, None)), tomorrow())


def test_a_night_whose_data_was_late_as_a_whole_is_outdated_and_one_whose_source_failed_is_not() -> None:
    assert outdated(snapshot(sessions=absent(Reason.SOURCE_STALE)), tomorrow())
    assert not outdated(snapshot(sessions=absent(Reason.SOURCE_FAILED)), tomorrow())
    assert not outdated(snapshot(sessions=absent(Reason.SOURCE_STALE, Reason.RATE_LIMITED)), tomorrow())
    assert not outdated(night(), tomorrow().model_copy(update={"sessions": absent()}))


@pytest.mark.parametrize("changed", [{"backend": "ga4"}, {"currency": "EUR"}])
def test_another_source_or_currency_is_no_late_figure(changed: dict[str, str]) -> None:
    assert not outdated(night(), tomorrow(series(1, 2, 3, 4), **changed))


def test_what_was_read_before_does_not_outdate_what_was_read_later() -> None:
    assert not outdated(tomorrow(), night(series(1, 2, 3, 4)))


def test_the_channel_is_taken_over_and_everything_else_stays_as_the_night_saw_it() -> None:
    seen = tomorrow(series(1, 2, 3, 4)).model_copy(update={"token": absent(), "stats": absent(), "scopes": None})

    again = read_again(night(), seen)

    assert again is not None
    assert (again.sessions, again.taken_at) == (seen.sessions, LATER)
    assert (again.token, again.stats, again.scopes) == (night().token, night().stats, night().scopes)
    assert again.sha256 != night().sha256


@pytest.mark.parametrize("part", ["sessions", "pages", "sources"])
def test_a_channel_that_cannot_be_seen_whole_now_changes_nothing(part: str) -> None:
    assert read_again(night(), tomorrow().model_copy(update={part: absent()})) is None


def test_what_nobody_saw_then_need_not_be_seen_now() -> None:
    blind = {"pages": absent(Reason.SOURCE_FAILED)}

    assert read_again(night().model_copy(update=blind), tomorrow().model_copy(update=blind)) is not None


# --- the message

GOOD = audit(snapshot(sessions=sessions(current=figures(bounce_rate="52"))))
WARNS = audit(snapshot(sessions=sessions(current=figures(bounce_rate="70"))))
BAD = audit(snapshot(sessions=sessions(current=figures(bounce_rate="81.2"))))
KNOWN = Finding(
    "larkspur", "bounce_rate", NIGHT, Status.CRITICAL, opened_on=NIGHT, critical_since=NIGHT, last_told_on=NIGHT
)


def test_audits_that_say_the_same_are_the_same() -> None:
    assert is_same(GOOD, replace(GOOD, evaluated_at=LATER, snapshot_sha256="another"))
    assert not is_same(GOOD, WARNS)


@pytest.mark.parametrize(("old", "new"), [(GOOD, WARNS), (WARNS, GOOD), (GOOD, GOOD), (BAD, BAD)])
def test_what_nobody_is_ever_told_of_is_not_corrected(old: Any, new: Any) -> None:
    assert correction(old, new, merchant(), version=2, told=["bounce_rate"], findings={}) is None


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    [
        ("en", "Nightjar: Larkspur Candles: bounce rate 52 % (corrected)", "CORRECTED: bounce rate 52 % (it was not"),
        (
            "de",
            "Nightjar: Larkspur Candles: Absprungrate 52 % (berichtigt)",
            "BERICHTIGT: Absprungrate 52 %",
        ),
    ],
)
def test_whoever_was_told_hears_that_it_was_not_critical(language: str, subject: str, line: str) -> None:
    shop = merchant(name="Larkspur Candles", alerts={"language": language})

    alert = correction(BAD, GOOD, shop, version=2, told=["bounce_rate"], findings={})

    assert alert is not None
    assert (alert.alert_id, alert.version) == (f"{NIGHT}#corrected-2", 2)
    assert [(one.check_id, one.why) for one in alert.criticals] == [("bounce_rate", Why.CORRECTED)]
    assert alert.subject == subject
    assert line in " ".join(alert.email.split())
    assert f'"alert_id":"{NIGHT}#corrected-2"' in alert.document


def test_whoever_was_not_told_hears_of_nothing_that_was_not_so() -> None:
    assert correction(BAD, GOOD, merchant(), version=2, told=[], findings={}) is None


def test_that_it_was_critical_is_said_unless_a_later_night_has_said_so() -> None:
    alert = correction(GOOD, BAD, merchant(), version=2, told=[], findings={})

    assert alert is not None
    assert "(it was critical that night" in " ".join(alert.email.split())
    assert "What to do:" in alert.email
    assert correction(GOOD, BAD, merchant(), version=2, told=[], findings={"bounce_rate": KNOWN}) is None


def test_a_mute_hides_a_correction_and_the_ledger_says_so() -> None:
    alert = correction(
        BAD, GOOD, merchant(), version=3, told=["bounce_rate"], findings={}, mutes=[mute(check_id="bounce_rate")]
    )

    assert alert is not None
    assert (alert.state.value, alert.criticals) == ("held", ())
    assert [(one.because, one.wanted) for one in alert.held] == [(Held.MUTED, Why.CORRECTED)]


def test_losing_sight_corrects_nothing() -> None:
    blind = audit(snapshot(sessions=absent(Reason.SOURCE_STALE)))

    assert correction(BAD, blind, merchant(), version=2, told=["bounce_rate"], findings={}) is None
