"""The windows of a night: 28 days, two days back, the prior period right before, across leap days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.errors import InvalidInput
from functions.audit.periods import Period, Periods, parse_night
from functions.audit.profile import default_profile

NIGHTS = st.dates(date(2000, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("night", "current", "prior", "series"),
    [
        ("2026-11-21", ("2026-10-23", "2026-11-19"), ("2026-09-25", "2026-10-22"), "2026-09-21"),
        # 2028 has a 29 February, 2027 has none.
        ("2028-03-02", ("2028-02-02", "2028-02-29"), ("2028-01-05", "2028-02-01"), "2028-01-01"),
        ("2028-03-03", ("2028-02-03", "2028-03-01"), ("2028-01-06", "2028-02-02"), "2028-01-02"),
        ("2027-03-02", ("2027-02-01", "2027-02-28"), ("2027-01-04", "2027-01-31"), "2026-12-31"),
        ("2027-01-01", ("2026-12-03", "2026-12-30"), ("2026-11-05", "2026-12-02"), "2026-11-01"),
    ],
)
def test_the_windows_of_some_nights(night: str, current: tuple[str, str], prior: tuple[str, str], series: str) -> None:
    of_night = default_profile().periods_of(date.fromisoformat(night))

    assert (str(of_night.current.start), str(of_night.current.end)) == current
    assert (str(of_night.prior.start), str(of_night.prior.end)) == prior
    assert (str(of_night.series.start), str(of_night.series.end)) == (series, current[1])


@given(NIGHTS, st.integers(7, 45), st.integers(0, 14), st.integers(30, 92))
def test_what_holds_for_every_night(night: date, period_days: int, lag_days: int, series_days: int) -> None:
    of_night = Periods.of_night(night, period_days=period_days, lag_days=lag_days, series_days=series_days)

    assert of_night.current.end == of_night.series.end == night - timedelta(days=lag_days)
    assert of_night.current.days == of_night.prior.days == period_days
    assert of_night.prior.end + timedelta(days=1) == of_night.current.start
    assert of_night.series.days == series_days


@given(NIGHTS)
def test_whole_weeks_begin_on_the_same_weekday_in_both_periods(night: date) -> None:
    of_night = default_profile().periods_of(night)

    assert of_night.current.start.weekday() == of_night.prior.start.weekday()


def test_a_period_is_its_days_first_to_last() -> None:
    days = list(Period(start=date(2028, 2, 27), end=date(2028, 3, 1)))

    assert [day.isoformat() for day in days] == ["2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01"]


@pytest.mark.parametrize("text", ["2026-11-21", "2028-02-29", "2016-01-01"])
def test_a_night_is_read_as_it_is_written(text: str) -> None:
    assert parse_night(text).isoformat() == text


@pytest.mark.parametrize(
    "text",
    ["", "today", "2026-11-21T02:15:00", "20261121", "2026-W47-6", "2026-02-29", "2026-13-01", "21.11.2026", "2026-1-1",
     " 2026-11-21", "2026-11-21\n", "٢٠٢٦-11-21", "2015-12-31", "0001-01-01"],
)  # fmt: skip
def test_what_is_no_night_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match="YYYY-MM-DD, for example"):
        parse_night(text)
