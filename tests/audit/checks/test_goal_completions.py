"""goal_completions: a fitted rise of less than 5 % of the mean over the last 30 days is a warning."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.outcome import Status
from functions.audit.snapshot import Series, Snapshot
from tests.builders import absent, judged, overriding, series, sessions, snapshot


def with_series(days: Series | Absent) -> Snapshot:
    return snapshot(sessions=sessions(series=days))


def with_goals(goals: Sequence[Decimal | int | None]) -> Snapshot:
    return with_series(series(len(goals), goal_completions=tuple(goals)))


def line(first: str, step: int = 1) -> list[Decimal]:
    """Return thirty days on a straight line: with a step of 1 and a first day of 565.5 it rises by exactly 5 %."""
    return [Decimal(first) + step * day for day in range(30)]


@pytest.mark.parametrize(
    ("goals", "status"),
    [
        (line("10"), Status.PASS),
        (line("565.4"), Status.PASS),
        (line("565.5"), Status.PASS),
        (line("565.6"), Status.WARN),
        (line("100", step=0), Status.WARN),
        (line("100", step=-1), Status.WARN),
    ],
)
def test_a_rise_of_five_percent_is_the_least(goals: list[Decimal], status: Status) -> None:
    outcome = judged("goal_completions", with_goals(goals))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "%", None)


def test_a_straight_line_rises_by_its_ends_in_percent_of_its_mean() -> None:
    assert judged("goal_completions", with_goals(line("565.5"))).value == 5
    assert judged("goal_completions", with_goals(line("42.5", step=-1))).value == Decimal(-2900) / 28


def test_one_wild_day_does_not_hide_the_fitted_trend() -> None:
    goals = [Decimal(10)] * 30
    goals[0] = Decimal(100)

    assert judged("goal_completions", with_goals(goals)).status is Status.WARN


def test_only_the_last_thirty_days_count() -> None:
    falling_then_rising = [Decimal(500 - day) for day in range(30)] + line("10")

    assert judged("goal_completions", with_goals(falling_then_rising)).status is Status.PASS


@pytest.mark.parametrize(("days", "status"), [(30, Status.PASS), (29, Status.NOT_EVALUATED), (1, Status.NOT_EVALUATED)])
def test_thirty_days_are_the_least(days: int, status: Status) -> None:
    outcome = judged("goal_completions", with_series(series(days)))

    assert outcome.status is status
    assert outcome.reasons == ((Reason.SAMPLE_TOO_SMALL,) if status is Status.NOT_EVALUATED else ())


def test_too_few_days_say_how_many_are_needed() -> None:
    assert "needs at least 30 days of history, saw 29" in judged("goal_completions", with_series(series(29))).summary


def test_days_missing_at_the_end_are_missing_from_the_thirty() -> None:
    whole = series(60)
    stops_early = series(59, start=whole.start)

    assert judged("goal_completions", with_series(stops_early)).reasons == (Reason.SAMPLE_TOO_SMALL,)


def test_an_unmeasured_day_within_the_thirty_keeps_the_trend_unknown() -> None:
    assert judged("goal_completions", with_goals([*line("10")[:-1], None])).reasons == (Reason.NOT_MEASURED,)
    assert judged("goal_completions", with_goals([None, *line("10")[1:]])).reasons == (Reason.NOT_MEASURED,)


def test_an_unmeasured_day_before_the_thirty_does_not_matter() -> None:
    assert judged("goal_completions", with_goals([None, *line("10")])).status is Status.PASS


def test_a_day_without_goals_is_a_real_zero() -> None:
    assert judged("goal_completions", with_goals([0, *line("10")[1:]])).status is Status.PASS


def test_no_goals_at_all_have_no_trend() -> None:
    assert judged("goal_completions", with_goals([Decimal()] * 30)).reasons == (Reason.SAMPLE_TOO_SMALL,)


def test_few_days_and_an_unmeasured_one_are_both_said() -> None:
    outcome = judged("goal_completions", with_goals([None, *line("10")[2:]]))

    assert outcome.reasons == (Reason.NOT_MEASURED, Reason.SAMPLE_TOO_SMALL)


def test_without_a_series_nobody_could_look() -> None:
    outcome = judged("goal_completions", with_series(absent(Reason.SOURCE_FAILED)))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.SOURCE_FAILED,))


def test_a_shop_may_add_a_critical_level_below_nothing() -> None:
    shop = overriding("goal_completions", critical=-20)

    assert judged("goal_completions", with_goals(line("100", step=0)), shop).status is Status.WARN
    assert judged("goal_completions", with_goals(line("100", step=-1)), shop).status is Status.CRITICAL
