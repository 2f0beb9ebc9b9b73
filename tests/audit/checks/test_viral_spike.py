"""viral_spike: a day of 3 times the median whose goals and revenue, with the two days after, rose below 20 %."""

from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from functions.audit.snapshot import Snapshot
from tests.builders import absent, judged, overriding, series, series_with, sessions, snapshot

SPIKE = 30
WAKE = (30, 31, 32)
FLAT: dict[str, Any] = {"goal_completions": series_with([], level=10), "revenue": series_with([], level=100)}


def with_days(days: int = 60, **columns: Any) -> Snapshot:
    return snapshot(sessions=sessions(series=series(days, **columns)))


def spiked(peak: int = 300, **columns: Any) -> Snapshot:
    """Return level days of 100 sessions, 10 goals and 100 of revenue, with one peak."""
    return with_days(**(FLAT | {"sessions": series_with([(SPIKE, peak)], level=100)} | columns))


@pytest.mark.parametrize(
    ("peak", "status"), [(299, Status.PASS), (300, Status.WARN), (301, Status.WARN), (0, Status.PASS)]
)
def test_three_times_the_median_day_is_a_spike(peak: int, status: Status) -> None:
    outcome = judged("viral_spike", spiked(peak))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "days", None)


@pytest.mark.parametrize("column", ["goal_completions", "revenue"])
@pytest.mark.parametrize(("rise", "status"), [("1.199999", Status.WARN), ("1.2", Status.PASS), ("1.3", Status.PASS)])
def test_a_rise_of_a_fifth_in_goals_or_revenue_translates_the_spike(column: str, rise: str, status: Status) -> None:
    level = 10 if column == "goal_completions" else 100
    grown = f"{level * float(rise):.6f}"
    changed: dict[str, Any] = {column: series_with([(day, grown) for day in WAKE], level=level)}

    assert judged("viral_spike", spiked(**changed)).status is status


def test_exactly_a_fifth_is_a_fifth_where_the_mean_has_no_end() -> None:
    # 57 ordinary days with 95 goals: 1.666… a day; 2 a day in the wake is exactly 20 % more.
    goals = [1] * 19 + [2] * 41

    assert judged("viral_spike", spiked(goal_completions=tuple(goals))).status is Status.PASS


def test_a_rise_on_one_of_the_two_days_after_counts() -> None:
    late = series_with([(32, 16)], level=10)
    too_late = series_with([(33, 600)], level=10)

    assert judged("viral_spike", spiked(goal_completions=late)).status is Status.PASS
    assert judged("viral_spike", spiked(goal_completions=too_late)).status is Status.WARN


def test_a_spike_on_the_last_day_is_judged_by_the_days_that_there_are() -> None:
    peak = series_with([(59, 300)], level=100)

    assert judged("viral_spike", spiked(sessions=peak)).status is Status.WARN
    grown = series_with([(59, 12)], level=10)
    assert judged("viral_spike", spiked(sessions=peak, goal_completions=grown)).status is Status.PASS


def test_every_untranslated_spike_is_counted_and_reported() -> None:
    peaks = series_with([(10, 300), (40, 800)], level=100)
    outcome = judged("viral_spike", spiked(sessions=peaks))

    assert outcome.value == 2
    assert outcome.evidence["spikes"] == [
        {"date": "2026-10-01", "sessions": 300, "times_median": 3, "goals_rose_percent": 0, "revenue_rose_percent": 0},
        {"date": "2026-10-31", "sessions": 800, "times_median": 8, "goals_rose_percent": 0, "revenue_rose_percent": 0},
    ]


def test_a_translated_spike_does_not_excuse_another() -> None:
    peaks = series_with([(10, 300), (40, 800)], level=100)
    goals = series_with([(40, 20), (41, 20), (42, 20)], level=10)

    assert judged("viral_spike", spiked(sessions=peaks, goal_completions=goals)).value == 1


def test_goals_that_begin_with_the_spike_translate_it() -> None:
    seen = spiked(goal_completions=series_with([(SPIKE, 5)], level=0), revenue=series_with([], level=0))

    assert judged("viral_spike", seen).status is Status.PASS


def test_where_goals_never_exist_revenue_alone_decides() -> None:
    assert judged("viral_spike", spiked(goal_completions=series_with([], level=0))).status is Status.WARN


def test_where_neither_goals_nor_revenue_exist_there_is_nothing_to_compare() -> None:
    nothing = series_with([], level=0)

    assert judged("viral_spike", spiked(goal_completions=nothing, revenue=nothing)).reasons == (
        Reason.SAMPLE_TOO_SMALL,
    )


@pytest.mark.parametrize(("days", "status"), [(30, Status.PASS), (29, Status.NOT_EVALUATED)])
def test_thirty_days_are_the_least(days: int, status: Status) -> None:
    outcome = judged("viral_spike", with_days(days))

    assert outcome.status is status
    assert outcome.reasons == ((Reason.SAMPLE_TOO_SMALL,) if status is Status.NOT_EVALUATED else ())


def test_a_day_of_unknown_sessions_may_have_been_a_spike() -> None:
    outcome = judged("viral_spike", spiked(100, sessions=series_with([(3, None)], level=100)))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))


def test_a_median_of_no_sessions_gives_nothing_to_compare_with() -> None:
    outcome = judged("viral_spike", spiked(sessions=series_with([(3, 900)], level=0)))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.SAMPLE_TOO_SMALL,))


def test_unknown_goals_do_not_matter_without_a_spike() -> None:
    assert judged("viral_spike", spiked(100, goal_completions=series_with([], level=None))).status is Status.PASS


@pytest.mark.parametrize("day", [0, *WAKE])
@pytest.mark.parametrize("column", ["goal_completions", "revenue"])
def test_an_unknown_day_that_the_spike_needs_keeps_it_unjudged(column: str, day: int) -> None:
    unknown: dict[str, Any] = {column: series_with([(day, None)], level=10)}
    outcome = judged("viral_spike", spiked(**unknown))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))


def test_unknown_goals_do_not_hide_unknown_revenue() -> None:
    unknown = series_with([(SPIKE, None)], level=10)
    outcome = judged("viral_spike", spiked(goal_completions=unknown, revenue=unknown))

    assert len(outcome.causes) == 2


def test_a_known_untranslated_spike_stands_although_another_is_unknown() -> None:
    peaks = series_with([(10, 300), (40, 800)], level=100)
    goals = series_with([(40, None)], level=10)
    outcome = judged("viral_spike", spiked(sessions=peaks, goal_completions=goals))

    assert (outcome.status, outcome.value) == (Status.WARN, Decimal(1))


def test_without_a_series_nobody_could_look() -> None:
    seen = snapshot(sessions=sessions(series=absent(Reason.SOURCE_FAILED)))

    assert judged("viral_spike", seen).reasons == (Reason.SOURCE_FAILED,)


def test_a_shop_may_add_a_critical_level() -> None:
    shop = overriding("viral_spike", critical=1)
    two = spiked(sessions=series_with([(10, 300), (40, 800)], level=100))

    assert judged("viral_spike", spiked(), shop).status is Status.WARN
    assert judged("viral_spike", two, shop).status is Status.CRITICAL
