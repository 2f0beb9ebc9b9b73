"""`nightjar audit` on the daily series: the trend of goals, spikes, gaps, and what cannot be a series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.console.auditing import OF_SESSIONS, Desk, Due, Shop, blind, expect
from tests.console.healthy import END, SERIES
from tests.console.scenarios import World, raw

OF_SERIES = ("goal_completions", "viral_spike")
Days = list[dict[str, Any]]


def days(world: World) -> Days:
    series: Days = world.sessions["series"]
    return series


def flat(world: World) -> Days:
    """Make every day alike: 200 sessions, 100 goals, 100.00 of revenue. The goals are then flat: a warning."""
    for day in days(world):
        day.update({"sessions": 200, "goal_completions": 100, "revenue": "100.00"})
    return days(world)


@pytest.mark.parametrize(
    ("first", "step", "status", "rise"),
    [
        (1131, 2, "pass", 5.0),  # mean 1160, rise 58: exactly 5 %
        (1130, 2, "pass", None),
        (1132, 2, "warn", None),
        (100, 0, "warn", 0.0),
        (1000, -3, "warn", None),
        (0, 1, "pass", 200.0),
    ],
)
def test_the_fitted_trend_of_the_last_thirty_days_is_judged_below_5_percent(
    desk: Desk, world: World, first: int, step: int, status: str, rise: float | None
) -> None:
    for at, day in enumerate(days(world)):
        day["goal_completions"] = 9 if at < 30 else first + step * (at - 30)

    result = desk.audit(Shop(world))

    expect(result, {"goal_completions": status})
    if rise is not None:
        assert result.outcome("goal_completions")["value"] == pytest.approx(rise)


def test_no_goals_at_all_make_no_trend(desk: Desk, world: World) -> None:
    for day in days(world):
        day["goal_completions"] = 0

    expect(desk.audit(Shop(world)), {"goal_completions": ("sample_too_small",)})


def _keep(count: int) -> Callable[[Days], object]:
    return lambda series: series[-count:]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: None, "not_measured"),
        (lambda _: [], "sample_too_small"),
        (_keep(1), "sample_too_small"),
        (_keep(29), "sample_too_small"),
        (lambda _: {}, "source_failed"),
        (lambda _: "none", "source_failed"),
        (lambda _: 60, "source_failed"),
        (lambda _: True, "source_failed"),
        (lambda series: [*series, series[-1]], "source_failed"),  # a date twice
        (lambda series: [*series, {**series[9], "sessions": 3}], "source_failed"),
        (lambda series: [*series[:-1], "2026-11-19"], "source_failed"),
        (lambda series: [*series[:-1], None], "source_failed"),
        (lambda series: [*series[:-1], []], "source_failed"),
        (lambda series: [{**series[0], "date": "yesterday"}, *series[1:]], "source_failed"),
        (lambda series: [{**series[0], "date": None}, *series[1:]], "source_failed"),
        (lambda series: [{**series[0], "date": 20260921}, *series[1:]], "source_failed"),
        (lambda series: [{**series[0], "date": "2026-02-30"}, *series[1:]], "source_failed"),
    ],
)
def test_a_series_that_is_none_blinds_the_two_checks_of_the_series(
    desk: Desk, world: World, change: Callable[[Days], object], reason: str
) -> None:
    world.sessions["series"] = change(days(world))

    expect(desk.audit(Shop(world)), blind(OF_SERIES, reason))


def test_a_missing_series_was_not_measured(desk: Desk, world: World) -> None:
    del world.sessions["series"]

    expect(desk.audit(Shop(world)), blind(OF_SERIES, "not_measured"))


def test_thirty_days_are_enough(desk: Desk, world: World) -> None:
    world.sessions["series"] = days(world)[-30:]

    expect(desk.audit(Shop(world)))


def test_the_need_of_days_is_told(desk: Desk, world: World) -> None:
    world.sessions["series"] = days(world)[-29:]

    summary = desk.audit(Shop(world)).outcome("goal_completions")["summary"]

    assert "30" in summary
    assert "29" in summary


def test_the_order_of_the_days_does_not_matter(desk: Desk, world: World) -> None:
    world.sessions["series"] = [*days(world)[1::2], *reversed(days(world)[::2])]

    expect(desk.audit(Shop(world)))


def test_days_that_were_left_out_had_no_traffic(desk: Desk, world: World) -> None:
    series = days(world)
    world.sessions["series"] = [*series[:5], *series[9:40], *series[41:]]

    expect(desk.audit(Shop(world)))


def test_the_last_days_are_zeros_up_to_data_through(desk: Desk, world: World) -> None:
    world.sessions["series"] = days(world)[:-10]  # ten days without goals at the end: the trend falls

    expect(desk.audit(Shop(world)), {"goal_completions": "warn"})


def test_days_before_the_first_entry_are_no_history(desk: Desk, world: World) -> None:
    world.sessions["series"] = days(world)[35:]

    expect(desk.audit(Shop(world)), blind(OF_SERIES, "sample_too_small"))


def test_days_after_the_period_are_not_looked_at(desk: Desk, world: World) -> None:
    world.sessions["meta"]["data_through"] = "2026-11-21"
    for ahead in (1, 2):
        day = (END + timedelta(days=ahead)).isoformat()
        days(world).append({"date": day, "sessions": 90000, "goal_completions": 0, "revenue": "0"})

    expect(desk.audit(Shop(world)))


def test_days_before_the_window_are_not_looked_at(desk: Desk, world: World) -> None:
    day = (SERIES[0] - timedelta(days=1)).isoformat()
    days(world).append({"date": day, "sessions": 90000, "goal_completions": 0, "revenue": "0"})

    expect(desk.audit(Shop(world)))


@pytest.mark.parametrize(
    ("at", "name", "blinded"),
    [
        (45, "goal_completions", ("goal_completions",)),
        (5, "goal_completions", ()),
        (45, "sessions", ("viral_spike",)),
        (5, "sessions", ("viral_spike",)),
        (45, "revenue", ()),
        (45, "pageviews", ()),
    ],
)
@pytest.mark.parametrize("how", ["null", "missing"])
def test_an_unmeasured_day_blinds_the_check_that_needs_it(
    desk: Desk, world: World, at: int, name: str, blinded: tuple[str, ...], how: str
) -> None:
    if how == "null":
        days(world)[at][name] = None
    else:
        del days(world)[at][name]

    expect(desk.audit(Shop(world)), blind(blinded, "not_measured"))


@pytest.mark.parametrize("name", ["sessions", "goal_completions", "revenue"])
@pytest.mark.parametrize("value", ["many", [], {}, True, raw("1e400")], ids=repr)
def test_a_day_of_a_wrong_type_fails_the_series(desk: Desk, world: World, name: str, value: Any) -> None:
    days(world)[40][name] = value

    result = desk.audit(Shop(world))

    expect(result, blind(OF_SERIES, "source_failed"))


FLAT: dict[str, Due] = {"goal_completions": "warn"}
SPIKE: dict[str, Due] = {**FLAT, "viral_spike": "warn"}


@pytest.mark.parametrize(
    ("at", "sessions", "after", "due"),
    [
        (20, 600, {}, SPIKE),  # exactly three times the median day
        (20, 599, {}, FLAT),
        (20, 601, {}, SPIKE),
        (20, 4000, {"goal_completions": (120, 120, 120)}, FLAT),  # exactly 20 % is no "rose < 20 %"
        (20, 4000, {"goal_completions": (120, 120, 119)}, SPIKE),
        (20, 4000, {"goal_completions": (100, 100, 160)}, FLAT),  # the day and the two after, together
        (20, 4000, {"goal_completions": (100, 100, 100, 900)}, SPIKE),  # the third day after is too late
        (20, 4000, {"revenue": ("120.00", "120.00", "120.00")}, FLAT),
        (20, 4000, {"revenue": ("120.00", "120.00", "119.99")}, SPIKE),
        (20, 4000, {"revenue": ("360.00", "0.00", "0.00")}, FLAT),
        (20, 4000, {"goal_completions": (0, 0, 0), "revenue": ("0", "0", "0")}, SPIKE),
        (59, 600, {}, SPIKE),  # the last day has no days after it
        (59, 600, {"goal_completions": (120,)}, FLAT),
        (59, 600, {"goal_completions": (119,)}, SPIKE),
        (58, 600, {"goal_completions": (120, 119)}, SPIKE),
        (58, 600, {"goal_completions": (120, 120)}, FLAT),
        (0, 600, {}, SPIKE),
    ],
)
def test_a_spike_counts_when_neither_goals_nor_revenue_rose_with_it(
    desk: Desk, world: World, at: int, sessions: int, after: dict[str, tuple[object, ...]], due: dict[str, Due]
) -> None:
    series = flat(world)
    series[at]["sessions"] = sessions
    for name, values in after.items():
        for offset, value in enumerate(values):
            series[at + offset][name] = value
    # Goals on the last days tilt the trend; only the spike is this test's subject.
    result = desk.audit(Shop(world))

    trend = result.outcome("goal_completions")["status"]
    expect(result, {**due, "goal_completions": trend})
    spike = result.outcome("viral_spike")
    assert spike["value"] == (1 if due is SPIKE else 0)
    assert (SERIES[at].isoformat() in str(spike["evidence"])) is (due is SPIKE)


@pytest.mark.parametrize("name", ["goal_completions", "revenue"])
def test_a_spike_that_cannot_be_followed_is_no_pass(desk: Desk, world: World, name: str) -> None:
    series = flat(world)
    series[20]["sessions"] = 900
    series[21][name] = None

    expect(desk.audit(Shop(world)), {**FLAT, "viral_spike": ("not_measured",)})


def test_a_known_bad_spike_stands_beside_one_that_cannot_be_followed(desk: Desk, world: World) -> None:
    series = flat(world)
    series[10]["sessions"] = series[40]["sessions"] = 900
    series[41]["goal_completions"] = None

    result = desk.audit(Shop(world))

    # A day that nobody measured is missing from the ordinary days of no spike: it lies in the wake of the other one.
    expect(result, {"goal_completions": ("not_measured",), "viral_spike": "warn"})
    assert result.code == 3


def test_a_median_of_no_sessions_has_no_spike(desk: Desk, world: World) -> None:
    for day in days(world)[:40]:
        day["sessions"] = 0

    expect(desk.audit(Shop(world)), {"viral_spike": ("sample_too_small",)})


def test_a_huge_number_of_digits_fails_the_whole_answer_at_most(desk: Desk, world: World) -> None:
    days(world)[0]["sessions"] = raw("9" * 6000)

    result = desk.audit(Shop(world))

    assert result.code == 3
    assert {tuple(result.outcome(check)["reasons"]) for check in OF_SERIES} == {("source_failed",)}
    assert all(result.outcome(check)["reasons"] in ([], ["source_failed"]) for check in OF_SESSIONS)
