"""GA4's days become a series without holes from its first day on; what is held back or hidden is a day unknown."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent
from functions.audit.snapshot import Series
from tests.fetcher.property import GaWorld, property_world, report, rows_of, sessions, why

END = date(2026, 11, 19)


def day(back: int, sessions_: str = "286", goals: str = "7.5", revenue: str = "66.9") -> tuple[list[str], list[str]]:
    return [(END - timedelta(days=back)).strftime("%Y%m%d")], [sessions_, goals, revenue]


def series_in(world: GaWorld, rows: Any, **more: Any) -> Series | Absent:
    world.says("days", rows, **more)
    return sessions().series


def series(rows: Any, **more: Any) -> Series:
    with property_world() as world:
        seen = series_in(world, rows, **more)
    assert isinstance(seen, Series)
    return seen


def test_sixty_days_in_order() -> None:
    with property_world():
        seen = sessions().series

    assert isinstance(seen, Series)
    assert seen.start == date(2026, 9, 21)
    assert seen.sessions == (286,) * 60
    assert seen.goal_completions == (Decimal("7.5"),) * 60
    assert seen.revenue == (Decimal("66.9"),) * 60


def test_days_without_traffic_are_real_zeros_from_the_first_day_to_the_end_of_the_period() -> None:
    seen = series([day(1, "12", "1", "30"), day(4, "10", "2", "25.5")])

    assert seen.start == END - timedelta(days=4)
    assert seen.sessions == (10, 0, 0, 12, 0)
    assert list(seen.goal_completions) == [2, 0, 0, 1, 0]
    assert list(seen.revenue) == [Decimal("25.5"), 0, 0, 30, 0]


def test_days_outside_of_the_window_are_left_out() -> None:
    seen = series([day(-1), day(0), day(60)])

    assert (seen.start, seen.sessions) == (END, (286,))


def test_no_day_at_all_is_no_series() -> None:
    with property_world() as world:
        assert why(series_in(world, [])) == ("sample_too_small", "GA4's daily series is empty")


def test_days_that_are_missing_where_small_numbers_are_held_back_are_unknown() -> None:
    seen = series([day(0), day(3)], metadata={"subjectToThresholding": True})

    assert seen.sessions == (286, None, None, 286)
    assert seen.goal_completions == (Decimal("7.5"), None, None, Decimal("7.5"))
    assert seen.revenue == (Decimal("66.9"), None, None, Decimal("66.9"))


@pytest.mark.parametrize("text", ["2026-11-19", "20261131", "(other)", "", "２０２６１１１９", "202611190"])
def test_a_day_that_is_none_breaks_the_series(text: str) -> None:
    with property_world() as world:
        assert why(series_in(world, [([text], ["286", "7.5", "66.9"])])) == (
            "source_failed",
            "GA4's report of days cannot be read: a row has no date",
        )


def test_a_day_that_came_twice_breaks_the_series() -> None:
    with property_world() as world:
        assert why(series_in(world, [day(0), day(0)]))[0] == "source_failed"


def test_a_wrong_figure_breaks_the_series_and_nothing_else() -> None:
    with property_world() as world:
        world.says("days", [day(0), day(1, "plenty")])
        seen = sessions()

    assert why(seen.series) == ("source_failed", "series 2026-11-18.sessions is not a number")
    assert seen.current.sessions == 8000


def test_a_null_is_a_day_unknown() -> None:
    def holed(request: Any) -> Any:
        made = report(request, [day(0)])
        made["rows"][0]["metricValues"][1] = {}
        return made

    with property_world() as world:
        world.reports["days"] = holed
        seen = sessions().series

    assert isinstance(seen, Series)
    assert (seen.sessions, seen.goal_completions) == ((286,), (None,))


def test_a_report_of_days_that_failed_is_missing_alone() -> None:
    with property_world() as world:
        world.refused["days"] = "No."
        seen = sessions()

    assert why(seen.series)[0] == "source_failed"
    assert seen.current.sessions == 8000


def test_chosen_key_events_come_from_a_report_of_their_own() -> None:
    def theirs(request: Any) -> Any:
        return report(request, [([rows_of(request)[at][0][0]], ["2", "1.5"]) for at in (58, 59)])

    with property_world() as world:
        world.reports["goal_days"] = theirs
        seen = sessions(key_events=["sign_up", "purchase"]).series

    assert isinstance(seen, Series)
    assert seen.sessions == (286,) * 60
    assert seen.goal_completions == (*(Decimal(0),) * 58, Decimal("3.5"), Decimal("3.5"))


@pytest.mark.parametrize("broken", [{}, {"kind": "analyticsData#runReport", "rows": [{}]}])
def test_goals_that_cannot_be_read_are_unknown_on_every_day(broken: Any) -> None:
    with property_world() as world:
        world.reports["goal_days"] = lambda _: broken
        seen = sessions(key_events=["sign_up"]).series

    assert isinstance(seen, Series)
    assert (seen.sessions, seen.goal_completions) == ((286,) * 60, (None,) * 60)


def test_goals_without_their_days_are_unknown_on_every_day() -> None:
    with property_world() as world:
        world.reports["goal_days"] = lambda request: report(request, [(["(other)"], ["2"])])
        seen = sessions(key_events=["sign_up"]).series

    assert isinstance(seen, Series)
    assert set(seen.goal_completions) == {None}


def test_revenue_that_nobody_tells_the_property_of_is_unknown_on_every_day() -> None:
    with property_world() as world:
        world.says("tracked", [(["add_to_cart"], ["9100"])])
        seen = series_in(world, [day(0, revenue="0"), day(1, revenue="0")])

    assert isinstance(seen, Series)
    assert seen.revenue == (None, None)
