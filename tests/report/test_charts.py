"""What is drawn: a day that was not measured is none of height 0, and every line is what the checks judge by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.check import Breach
from functions.report.chart import drawn
from functions.report.drawing import Chart, Daily
from functions.report.gauge import gauge, spark
from functions.report.scale import BOTTOM, LEFT, TOP, WIDTH
from tests.builders import PERIODS, absent, series, series_with, sessions, snapshot
from tests.report.nights import on, view

START = PERIODS.series.start


def chart(*values: Any, **changed: Any) -> Chart:
    """Return the chart of a series that ends with the period; days that are not given are 100."""
    days = [*[Decimal(100)] * (60 - len(values)), *[None if one is None else Decimal(one) for one in values]]
    usual: dict[str, Any] = {"start": START, "values": days, "periods": PERIODS}
    return drawn(Daily("sessions", "Sessions", "", **(usual | changed)))


def test_sixty_days_are_drawn_each_in_its_period() -> None:
    shown = chart()

    kinds = [bar.kind for bar in shown.bars]
    assert (kinds.count("earlier"), kinds.count("prior"), kinds.count("current")) == (4, 28, 28)
    assert (shown.bars[0].on, shown.bars[-1].on) == (on("2026-09-21"), on("2026-11-19"))
    assert [said for _, said, _ in shown.dates] == ["21 September", "23 October", "19 November"]


def test_an_unknown_day_is_marked_over_its_whole_height_and_a_zero_has_none() -> None:
    shown = chart(None, 0)

    unknown, zero = shown.bars[-2:]
    assert (unknown.kind, unknown.said, unknown.height) == ("unknown", "not measured", str(BOTTOM - TOP))
    assert (zero.kind, zero.said, zero.height) == ("current", "0", "0")
    assert shown.unknown == 1
    assert "1 not measured" in shown.described
    # The mean of a period that is not known in full is not known.
    assert [level.kind for level in shown.levels] == ["prior"]


def test_nothing_measured_is_said_and_not_drawn_as_nothing() -> None:
    shown = chart(*[None] * 60)

    assert shown.described == "None of the 60 days was measured."
    assert {bar.kind for bar in shown.bars} == {"unknown"}
    assert shown.levels == ()


def test_a_short_series_says_how_many_days_there_are() -> None:
    shown = chart(start=on("2026-10-31"), values=[Decimal(100)] * 20)

    assert shown.described.startswith("20 of 60 days, there are no others, to 19 November 2026;")


def test_what_warns_is_drawn_below_the_mean_of_the_prior_period() -> None:
    shown = chart(warn_drop=Decimal(20))

    said = {level.kind: level.said for level in shown.levels}
    assert said == {
        "prior": "mean day before: 100",
        "current": "mean day now: 100",
        "warn": "warns below a mean of 80",
    }
    heights = {level.kind: Decimal(level.y1) for level in shown.levels}
    assert heights["warn"] > heights["prior"] == heights["current"]


def test_spikes_are_marked_and_those_that_brought_nothing_are_told_apart() -> None:
    shown = chart(300, 100, 299, 400, times_median=Decimal(3), missed=frozenset({on("2026-11-19")}))

    assert [bar.kind for bar in shown.bars[-4:]] == ["spike", "current", "current", "spike"]
    assert [mark.missed for mark in shown.marks] == [False, True]
    assert "a spike from 300 on; 2 stand out" in shown.described
    assert (shown.has_spikes, shown.has_missed) == (True, True)


def test_where_a_day_is_unknown_no_day_stands_out_as_the_check_has_it() -> None:
    assert chart(900, None, times_median=Decimal(3)).marks == ()


def test_the_trend_is_fitted_over_its_last_days() -> None:
    rising = [Decimal(10 + day) for day in range(60)]

    (trend,) = (level for level in chart(values=rising, trend_days=30).levels if level.kind == "trend")

    assert trend.said == "fitted trend of the last 30 days: 40 to 69"
    assert Decimal(trend.y2) < Decimal(trend.y1)


def test_more_refunds_than_sales_are_drawn_below_the_line() -> None:
    shown = chart(-50)

    ticks = {said: Decimal(y) for y, said in shown.ticks}
    assert Decimal(shown.bars[-1].y) == pytest.approx(ticks["0"], abs=Decimal("0.01"))
    assert Decimal(shown.bars[-1].height) > 0


@given(st.lists(st.none() | st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=60))
@settings(max_examples=50, deadline=None)
def test_whatever_the_figures_are_the_drawing_holds_them(values: list[Decimal | None]) -> None:
    shown = chart(values=values, warn_drop=Decimal(20), times_median=Decimal(3), trend_days=30)

    slack = Decimal("0.02")
    for bar in shown.bars:
        assert Decimal(LEFT) <= Decimal(bar.x) <= Decimal(WIDTH)
        assert TOP - slack <= Decimal(bar.y) <= BOTTOM + slack
        assert 0 <= Decimal(bar.height) <= BOTTOM - TOP + slack
    assert 1 <= len(shown.ticks) <= 10


def test_the_three_series_of_a_night_are_drawn_with_its_thresholds() -> None:
    spiked = series(sessions=series_with([(50, 1000)], level=250), revenue=series_with([(3, None)], level=100))

    shown = {one.name: one for one in view(snapshot(sessions=sessions(series=spiked))).charts}

    assert list(shown) == ["sessions", "goals", "revenue"]
    assert [mark.missed for mark in shown["sessions"].marks] == [False]
    assert "warn" in {level.kind for level in shown["sessions"].levels}
    assert "trend" in {level.kind for level in shown["goals"].levels}
    assert (shown["revenue"].title, shown["revenue"].unknown) == ("Revenue, GBP", 1)


def test_without_a_series_the_reason_stands_where_the_charts_would() -> None:
    shown = view(snapshot(sessions=sessions(series=absent(detail="it is null"))))

    assert (shown.charts, shown.charts_unseen) == ((), "Could not look: it is null (not_measured).")


@pytest.mark.parametrize(
    ("plain", "breach", "zones"),
    [
        ({"value": 80, "warn": 60, "critical": 75}, Breach.ABOVE, ["warn", "critical"]),
        ({"value": 1, "warn": "1.5"}, Breach.BELOW, ["warn"]),
    ],
)
def test_a_figure_stands_between_its_thresholds(plain: dict[str, Any], breach: Breach, zones: list[str]) -> None:
    shown = gauge(plain, breach)

    assert shown is not None
    assert [kind for kind, _, _ in shown.zones] == zones
    assert all(Decimal(width) > 0 for _, _, width in shown.zones)


def test_no_scale_is_drawn_for_what_was_not_measured() -> None:
    assert gauge({"warn": 60}, Breach.ABOVE) is None
    assert gauge({"value": 1, "warn": 0}, Breach.ABOVE) is None


def test_two_nights_make_no_line() -> None:
    assert spark([Decimal(1), None, Decimal(2)]) is None
    assert spark([Decimal(1), Decimal(1), Decimal(1)]) is not None
