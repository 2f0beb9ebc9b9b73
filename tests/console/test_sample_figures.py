"""The sample figures fit each other, whoever's, whenever, under whatever seed and window."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.sample.answers import page_rows, sessions_data, source_rows
from console.sample.channel import Channel, channel_of
from console.sample.days import Window
from console.sample.fleet import DESIGNED, fleet
from tests.console.sample_readings import channel_on

NIGHT = date(2026, 11, 21)
COUNT = len(DESIGNED) + 40
COMPLETE = [merchant.id for merchant in DESIGNED if not merchant.shape.nulls and merchant.shape.prior]


@st.composite
def windows(draw: st.DrawFn) -> Window:
    end, days = draw(st.dates(date(2025, 6, 1), date(2032, 1, 1))), draw(st.integers(7, 45))
    start = end - timedelta(days=days - 1)
    before = start - timedelta(days=1)
    return Window(start, end, before - timedelta(days=days - 1), before, draw(st.integers(30, 92)))


@st.composite
def channels(draw: st.DrawFn) -> Channel:
    merchants = fleet(COUNT, draw(st.integers(0, 2**31)))
    return channel_of(draw(st.sampled_from(merchants)), draw(windows()))


def told_in_full(channel: Channel) -> dict[str, Any]:
    """The sessions as they would be told if the shop measured everything."""
    data = sessions_data(channel)
    for period, totals in (("current", channel.current), ("prior", channel.prior)):
        if totals is not None and data[period]["goal_completions"] is None:
            data[period] |= {"goal_completions": totals.goals, "revenue": str(totals.revenue)}
    return data


@settings(max_examples=150, deadline=None)
@given(channels())
def test_counts_are_nested_and_rates_follow_from_them(channel: Channel) -> None:
    data = sessions_data(channel)
    for period in filter(None, (data["current"], data["prior"])):
        if None in (period["sessions_with_cart"], period["bounce_rate"], period["cart_abandonment_rate"]):
            continue
        sessions, carts, buyers = period["sessions"], period["sessions_with_cart"], period["converting_sessions"]
        assert 0 <= buyers <= period["orders"] <= period["sessions_with_checkout"] <= carts <= sessions
        assert period["conversions"] == period["orders"]
        assert period["sessions_with_cart_and_purchase"] == buyers
        assert period["bounced_sessions"] + period["engaged_sessions"] == sessions
        assert period["new_users"] + period["returning_users"] == period["users"] <= sessions
        assert period["pageviews"] >= sessions
        assert min(period["new_users"], period["returning_users"], period["goal_completions"]) >= 0
        assert period["bounce_rate"] == round(100 * period["bounced_sessions"] / sessions, 2)
        assert period["pageviews_per_session"] == round(period["pageviews"] / sessions, 2)
        assert period["session_conversion_rate"] == round(100 * buyers / sessions, 2)
        assert period["cart_abandonment_rate"] == round(100 * (carts - buyers) / carts, 2)


@settings(max_examples=150, deadline=None)
@given(channels())
def test_the_days_of_a_period_sum_to_its_totals(channel: Channel) -> None:
    data = told_in_full(channel)
    days = channel.days
    for period in filter(None, (data["current"], data["prior"])):
        inside = [day for day in days if period["start_date"] <= day.date.isoformat() <= period["end_date"]]
        assert sum(day.sessions for day in inside) == period["sessions"]
        assert sum(day.pageviews for day in inside) == period["pageviews"]
        assert sum(day.goals for day in inside) == period["goal_completions"]
        assert sum(day.conversions for day in inside) == period["conversions"]
        assert sum((day.revenue for day in inside), Decimal()) == Decimal(period["revenue"])


@pytest.mark.parametrize("merchant_id", COMPLETE)
def test_the_series_of_sixty_days_holds_both_periods_of_a_night(merchant_id: str) -> None:
    merchant = {merchant.id: merchant for merchant in fleet(seed=8)}[merchant_id]
    data = sessions_data(channel_on(merchant, NIGHT))
    if merchant.conduct.stale_days == 0:
        assert len(data["series"]) == 60
    for period in (data["current"], data["prior"]):
        inside = [day for day in data["series"] if period["start_date"] <= day["date"] <= period["end_date"]]
        for key in ("sessions", "pageviews", "goal_completions", "conversions"):
            assert sum(day[key] for day in inside) == period[key], key
        assert sum(Decimal(day["revenue"]) for day in inside) == Decimal(period["revenue"])


@settings(max_examples=100, deadline=None)
@given(channels())
def test_the_series_is_a_run_of_days_that_ends_with_the_data(channel: Channel) -> None:
    dates = [date.fromisoformat(day["date"]) for day in sessions_data(channel)["series"]]
    assert all(after - day == timedelta(days=1) for day, after in pairwise(dates))
    assert dates[-1] == channel.data_through
    assert len(dates) <= channel.window.series_days
    for day in channel.series:
        assert 0 <= day.conversions <= day.sessions <= day.pageviews
        assert day.goals >= 0
        assert day.revenue >= 0


@settings(max_examples=100, deadline=None)
@given(channels())
def test_revenue_is_orders_times_an_ordinary_order(channel: Channel) -> None:
    ordinary = Decimal(channel.merchant.shop.order_value)
    if channel.current.conversions:
        assert Decimal("0.85") < channel.current.revenue / channel.current.conversions / ordinary < Decimal("1.15")


@settings(max_examples=100, deadline=None)
@given(channels())
def test_pages_are_most_of_the_traffic_with_a_long_tail(channel: Channel) -> None:
    rows, totals = page_rows(channel), channel.current
    sessions = [row["current"]["sessions"] for row in rows]
    assert sessions == sorted(sessions, reverse=True)
    assert 0.7 * totals.sessions < sum(sessions) <= totals.sessions
    assert sum(row["current"]["conversions"] for row in rows) <= totals.conversions
    assert sum(row["current"]["pageviews"] for row in rows) <= totals.pageviews
    assert sum(row["current"]["goal_completions"] for row in rows) <= totals.goals
    assert sum(Decimal(row["current"]["revenue"]) for row in rows) <= totals.revenue
    assert len({row["path"] for row in rows}) == len(rows)
    for row in rows:
        assert_row_fits(row["current"])
        assert row["current"]["pageviews"] >= row["current"]["sessions"]
        if row["prior"]:
            assert_row_fits(row["prior"])


@settings(max_examples=100, deadline=None)
@given(channels())
def test_sources_sum_to_the_channel(channel: Channel) -> None:
    rows = source_rows(channel)
    assert sum(row["current"]["sessions"] for row in rows) == channel.current.sessions
    assert sum(row["current"]["conversions"] for row in rows) == channel.current.conversions
    assert sum(row["current"]["users"] for row in rows) <= channel.current.users
    if channel.prior:
        assert sum(row["prior"]["sessions"] for row in rows if row["prior"]) == channel.prior.sessions
    for row in rows:
        assert_row_fits(row["current"])


def assert_row_fits(part: dict[str, Any]) -> None:
    assert part["sessions"] > 0
    assert 0 <= part["conversions"] <= part["sessions"]
    assert part["session_conversion_rate"] == round(100 * part["conversions"] / part["sessions"], 2)
    assert 0 <= part["bounce_rate"] <= 100
    assert Decimal(part["revenue"]) >= 0


def everything(seed: int) -> bytes:
    told = []
    for merchant in fleet(COUNT, seed):
        channel = channel_on(merchant, NIGHT)
        told.append([sessions_data(channel), page_rows(channel), source_rows(channel)])
    return json.dumps(told, ensure_ascii=False).encode()


def test_the_same_seed_tells_the_same_bytes_and_another_other_figures() -> None:
    assert everything(6) == everything(6)
    assert everything(6) != everything(7)


def test_every_designed_merchant_has_other_figures_under_another_seed() -> None:
    for one, other in zip(fleet(seed=1), fleet(seed=2), strict=True):
        assert channel_on(one, NIGHT).current != channel_on(other, NIGHT).current


def test_a_day_is_much_the_same_when_it_is_asked_for_a_night_later() -> None:
    merchant = fleet(1, seed=9)[0]
    today = {day.date: day.sessions for day in channel_on(merchant, NIGHT).series}
    tomorrow = {day.date: day.sessions for day in channel_on(merchant, NIGHT + timedelta(days=1)).series}
    shared = today.keys() & tomorrow.keys()
    assert len(shared) == 59
    assert all(abs(today[day] - tomorrow[day]) <= 0.05 * today[day] for day in shared)


def test_currencies_without_cents_have_none() -> None:
    tokyo = next(merchant for merchant in DESIGNED if merchant.shop.currency == "JPY")
    assert "." not in sessions_data(channel_on(tokyo, NIGHT))["current"]["revenue"]
