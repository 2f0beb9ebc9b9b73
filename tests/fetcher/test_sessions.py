"""`/analytics/sessions` is read figure by figure: what is wrong is absent alone, what is stale is absent whole."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import PeriodFigures, Series, SessionsSeen
from functions.fetcher.sources.sessions import sessions_seen
from tests.console.healthy import healthy_sessions
from tests.fetcher.world import PERIODS, without

END = date(2026, 11, 19)


def read(data: dict[str, Any]) -> SessionsSeen | Absent:
    arrived = json.loads(json.dumps(data), parse_float=Decimal)
    return sessions_seen(arrived, PERIODS, currency="GBP")


def whole(data: dict[str, Any]) -> SessionsSeen:
    seen = read(data)
    assert isinstance(seen, SessionsSeen)
    return seen


def with_series(rows: object) -> Series | Absent:
    return whole({**healthy_sessions(), "series": rows}).series


def reason(part: object) -> Reason:
    assert isinstance(part, Absent)
    return part.causes[0].reason


def day(back: int, **changed: object) -> dict[str, Any]:
    when = (END - timedelta(days=back)).isoformat()
    return {"date": when, "sessions": 10, "pageviews": 20, "goal_completions": 3, "revenue": "5.50", **changed}


def test_every_figure_finds_its_place() -> None:
    current = {
        "sessions": 1,
        "users": 2,
        "new_users": 3,
        "returning_users": 4,
        "bounce_rate": 5,
        "pageviews_per_session": 6,
        "avg_session_duration_sec": 7,
        "session_conversion_rate": 8,
        "sessions_with_cart": 9,
        "cart_abandonment_rate": 10,
        "goal_completions": 11,
        "orders": 12,
        "revenue": "13.00",
    }

    assert whole({**healthy_sessions(), "current": current}).current == PeriodFigures(
        sessions=1,
        users=2,
        new_users=3,
        returning_users=4,
        bounce_rate=Decimal(5),
        pageviews_per_session=Decimal(6),
        avg_session_duration=Decimal(7),
        session_conversion_rate=Decimal(8),
        carts=9,
        cart_abandonment_rate=Decimal(10),
        goal_completions=Decimal(11),
        orders=12,
        revenue=Decimal("13.00"),
    )


@pytest.mark.parametrize(
    ("value", "due"), [(None, Reason.NOT_MEASURED), ("67%", Reason.SOURCE_FAILED), ([], Reason.SOURCE_FAILED)]
)
def test_a_figure_that_is_none_is_absent_alone_although_counts_could_tell(value: object, due: Reason) -> None:
    data = healthy_sessions()
    data["current"]["bounce_rate"] = value
    seen = whole(data)

    assert reason(seen.current.bounce_rate) is due
    assert seen.current.sessions == 8000
    assert isinstance(seen.prior, PeriodFigures)
    assert isinstance(seen.prior.bounce_rate, Decimal)


@pytest.mark.parametrize("meta", [[], "ga4", 5])
def test_a_meta_that_is_no_object_makes_all_of_it_doubtful(meta: object) -> None:
    assert reason(read({**healthy_sessions(), "meta": meta})) is Reason.SOURCE_FAILED


@pytest.mark.parametrize(
    ("current", "due"), [(None, Reason.NOT_MEASURED), ([], Reason.SOURCE_FAILED), ("8000", Reason.SOURCE_FAILED)]
)
def test_without_a_current_period_each_figure_of_it_is_absent_and_the_series_stands(
    current: object, due: Reason
) -> None:
    seen = whole({**healthy_sessions(), "current": current})

    assert {reason(getattr(seen.current, name)) for name in PeriodFigures.model_fields} == {due}
    assert isinstance(seen.series, Series)
    assert isinstance(seen.prior, PeriodFigures)


@pytest.mark.parametrize("part", ["current", "meta", "prior", "series"])
def test_a_missing_part_is_as_good_as_a_null(part: str) -> None:
    data = healthy_sessions()

    assert read(without(data, part)) == read({**data, part: None})


@pytest.mark.parametrize(
    ("prior", "due"), [(None, Reason.NO_PRIOR), ([], Reason.SOURCE_FAILED), (5, Reason.SOURCE_FAILED)]
)
def test_without_a_prior_period_there_is_none(prior: object, due: Reason) -> None:
    assert reason(whole({**healthy_sessions(), "prior": prior}).prior) is due


def test_an_empty_prior_period_was_not_measured() -> None:
    prior = whole({**healthy_sessions(), "prior": {}}).prior

    assert isinstance(prior, PeriodFigures)
    assert reason(prior.sessions) is Reason.NOT_MEASURED


@pytest.mark.parametrize(
    ("through", "due"),
    [
        ("2026-11-18", Reason.SOURCE_STALE),
        ("2026-11-18T23:59:59Z", Reason.SOURCE_STALE),
        ("1999-01-01", Reason.SOURCE_STALE),
        ("19.11.2026", Reason.SOURCE_FAILED),
        ("yesterday", Reason.SOURCE_FAILED),
        ("", Reason.SOURCE_FAILED),
        ("2026-11-31", Reason.SOURCE_FAILED),
        ("20261119", Reason.SOURCE_FAILED),
        (20261119, Reason.SOURCE_FAILED),
        (["2026-11-19"], Reason.SOURCE_FAILED),
    ],
)
def test_data_that_does_not_surely_reach_the_end_is_not_used(through: object, due: Reason) -> None:
    data = healthy_sessions()
    data["meta"]["data_through"] = through

    assert reason(read(data)) is due


@pytest.mark.parametrize("through", ["2026-11-19", "2026-11-19T00:00:00Z", "2026-11-20", None])
def test_data_that_reaches_the_end_or_says_nothing_is_used(through: object) -> None:
    data = healthy_sessions()
    data["meta"]["data_through"] = through

    assert whole(data).current.sessions == 8000


def test_a_stale_answer_says_how_far_it_goes() -> None:
    data = healthy_sessions()
    data["meta"]["data_through"] = "2026-11-18"
    seen = read(data)

    assert isinstance(seen, Absent)
    assert "data goes through 2026-11-18, the period ends 2026-11-19" in seen.causes[0].detail


@pytest.mark.parametrize(
    ("said", "kept"), [("EUR", "EUR"), ("euro", "GBP"), ("", "GBP"), (None, "GBP"), (5, "GBP"), ("EURO", "GBP")]
)
def test_the_currency_is_the_answers_if_it_is_one(said: object, kept: str) -> None:
    data = healthy_sessions()
    data["meta"]["currency"] = said

    assert whole(data).currency == kept


def test_only_true_raises_a_flag() -> None:
    data = healthy_sessions()
    data["meta"] |= {"sampled": True, "thresholded": "true", "truncated": 1}

    assert whole(data).flags == ("sampled",)


def test_periods_that_name_different_things_cannot_be_compared() -> None:
    data = healthy_sessions()
    data["current"] |= {"currency": "GBP", "backend": "ga4", "attribution": "last"}
    data["prior"] |= {"currency": "EUR", "backend": "ga4", "attribution": "first"}
    seen = whole(data)

    assert reason(seen.mixed_currency) is Reason.MIXED_UNITS
    assert reason(seen.mixed_definition) is Reason.MIXED_UNITS


@pytest.mark.parametrize("prior", [{"currency": "GBP", "backend": "ga4"}, {"currency": None}, {}])
def test_periods_that_agree_or_keep_silent_can_be_compared(prior: dict[str, Any]) -> None:
    data = healthy_sessions()
    data["current"] |= {"currency": "GBP", "backend": "ga4"}
    data["prior"] |= prior
    seen = whole(data)

    assert (seen.mixed_currency, seen.mixed_definition) == (None, None)


def test_a_series_is_sorted_and_its_holes_were_days_without_traffic() -> None:
    series = with_series([day(0), day(3), day(2, revenue="7.00")])

    assert series == Series(
        start=END - timedelta(days=3),
        sessions=(10, 10, 0, 10),
        goal_completions=(Decimal(3), Decimal(3), Decimal(0), Decimal(3)),
        revenue=(Decimal("5.50"), Decimal("7.00"), Decimal(0), Decimal("5.50")),
    )


def test_days_up_to_data_through_had_no_traffic_if_they_were_left_out() -> None:
    series = with_series([day(4)])

    assert isinstance(series, Series)
    assert series.sessions == (10, 0, 0, 0, 0)


@pytest.mark.parametrize("meta", [None, {}, {"data_through": None}])
def test_where_nobody_says_how_far_the_data_goes_the_last_entry_does(meta: object) -> None:
    series = whole({**healthy_sessions(), "meta": meta, "series": [day(5), day(3)]}).series

    assert isinstance(series, Series)
    assert (series.start, series.sessions) == (END - timedelta(days=5), (10, 0, 10))


def test_days_outside_the_window_are_not_looked_at() -> None:
    data = healthy_sessions()
    data["meta"]["data_through"] = "2026-11-20"
    series = whole(
        {**data, "series": [day(-1, sessions="?"), day(60, sessions="?"), day(59), *map(day, range(59))]}
    ).series

    assert isinstance(series, Series)
    assert (series.start, len(series.sessions)) == (END - timedelta(days=59), 60)


@pytest.mark.parametrize("rows", [[], [day(-1)], [day(60)]])
def test_a_series_without_a_day_of_the_window_is_too_small(rows: list[Any]) -> None:
    assert reason(with_series(rows)) is Reason.SAMPLE_TOO_SMALL


@pytest.mark.parametrize(
    "rows",
    [
        {},
        "days",
        5,
        [day(0), None],
        [day(0), []],
        [day(0), {"sessions": 5}],
        [day(0, date=None)],
        [day(0, date=20261119)],
        [day(0, date="19 Nov")],
        [day(0, date="2026-11-31")],
        [day(0), day(0)],
        [day(0), day(0, date="2026-11-19T12:00:00Z")],
        [day(0, sessions="many")],
        [day(0, sessions=True)],
        [day(0, sessions=-1)],
        [day(0, sessions=0.5)],
        [day(0, goal_completions=[])],
        [day(0, goal_completions=-3)],
        [day(0, revenue="5,50")],
    ],
)
def test_a_series_with_a_day_that_cannot_be_true_failed_whole_and_alone(rows: Any) -> None:
    seen = whole({**healthy_sessions(), "series": rows})

    assert reason(seen.series) is Reason.SOURCE_FAILED
    assert seen.current.sessions == 8000


def test_a_wrong_day_is_named() -> None:
    series = with_series([day(0, sessions="many")])

    assert isinstance(series, Absent)
    assert series.causes[0].detail == "series 2026-11-19.sessions is not a number"


@pytest.mark.parametrize("name", ["sessions", "goal_completions", "revenue"])
def test_an_unmeasured_figure_of_a_day_is_no_0(name: str) -> None:
    null, missing = with_series([day(1), day(0, **{name: None})]), with_series([day(1), without(day(0), name)])

    assert null == missing
    assert isinstance(null, Series)
    assert getattr(null, name)[1] is None
    assert getattr(null, name)[0] is not None
