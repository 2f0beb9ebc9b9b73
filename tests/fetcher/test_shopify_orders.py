"""Revenue from orders: which orders count, on which day, how far back, and that no sum is ever partial."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Period, Periods
from functions.audit.snapshot import PeriodFigures, SessionsSeen
from functions.fetcher.sources.channel import Commerce
from functions.fetcher.sources.shopify.order import Origin, UnreadableOrderError, read_order
from tests.builders import NIGHT
from tests.fetcher.shopify_world import (
    ORDERS_DENIED,
    PERIODS,
    Night,
    ShopifyWorld,
    day,
    detail,
    journey,
    listing,
    merchant,
    money,
    order,
    reasons,
    shop_settings,
    shopify,
    throttled,
)
from tests.fetcher.waiting import NOW, Hands

ALL = ("read_orders", "read_all_orders")
PAID = {"source": "tiktok", "medium": "paid-social"}
WHAT = "Shopify's orders"


def seen(night: Night | None = None, **answers: Any) -> SessionsSeen:
    told, _ = asked(night, **answers)
    assert isinstance(told, SessionsSeen)
    return told


def asked(night: Night | None = None, **answers: Any) -> tuple[SessionsSeen | Absent, ShopifyWorld]:
    """Return what a shop shows whose reports are denied."""
    with shopify(**answers) as world:
        world.deny_reports()
        return (night or Night()).channel().sessions, world


def commerce(night: Night | None = None, **answers: Any) -> Commerce:
    with shopify(**answers) as world:
        world.deny_reports()
        told = (night or Night()).commerce()
    assert isinstance(told, Commerce)
    return told


def prior(of: SessionsSeen) -> PeriodFigures:
    assert isinstance(of.prior, PeriodFigures)
    return of.prior


def visit(**said: Any) -> dict[str, Any]:
    return {"source": None, "landingPage": None, "referrerUrl": None, "utmParameters": None, **said}


def counted(*orders: dict[str, Any]) -> tuple[object, object]:
    told = seen(orders_now=listing(*orders))
    return told.current.orders, told.current.revenue


def test_the_example_of_the_fact_sheet_is_one_order() -> None:
    assert counted(order()) == (1, Decimal("42.50"))


def test_traffic_is_absent_because_the_scope_is() -> None:
    with shopify() as world:
        world.deny_reports()
        channel = Night().channel()

    assert isinstance(channel.sessions, SessionsSeen)
    for part in (channel.pages, channel.sources, channel.sessions.series, channel.sessions.current.sessions):
        assert reasons(part) == {Reason.SCOPE_MISSING}
        assert "read_reports" in detail(part)
        assert "protected customer data" in detail(part)
    assert channel.sessions.flags == ("revenue_from_orders",)


def test_orders_are_asked_for_with_their_journey_a_hundred_at_a_time_in_order() -> None:
    _, world = asked()
    (body,) = world.bodies("orders now")

    assert body["query"] == (
        "query($after:String,$q:String!){orders(first:100,after:$after,sortKey:PROCESSED_AT,query:$q){nodes{"
        "id processedAt test cancelledAt currentTotalPriceSet{shopMoney{amount currencyCode}} "
        "customerJourneySummary{ready "
        "firstVisit{source landingPage referrerUrl utmParameters{source medium}} "
        "lastVisit{source landingPage referrerUrl utmParameters{source medium}}}} "
        "pageInfo{hasNextPage endCursor}}}"
    )
    assert body["variables"]["after"] is None


def test_nothing_that_names_a_buyer_is_asked_for() -> None:
    _, world = asked()

    for name in ("name", "email", "phone", "customer{", "address", "displayName "):
        assert name not in world.bodies("orders now")[0]["query"].replace("shop_name", "")


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, 1),
        ({"test": True}, 0),
        ({"cancelledAt": "2026-11-04T10:00:00Z"}, 0),
        ({"customerJourneySummary": None}, 0),
        ({"customerJourneySummary": journey()}, 0),
        ({"customerJourneySummary": journey(firstVisit=visit(source="TikTok"))}, 1),
        ({"customerJourneySummary": journey(lastVisit=visit(source="TikTok"))}, 1),
        ({"customerJourneySummary": journey(firstVisit=visit(source="TikTok"), lastVisit=visit(source="google"))}, 0),
        ({"customerJourneySummary": journey(firstVisit=visit(source="google"), lastVisit=visit(source="TikTok"))}, 1),
        ({"customerJourneySummary": journey(firstVisit=visit(source="TikTok"), lastVisit={})}, 0),
        ({"customerJourneySummary": journey(lastVisit=visit(utmParameters=PAID))}, 0),
        ({"customerJourneySummary": journey(lastVisit=visit(referrerUrl="https://www.tiktok.com/"))}, 1),
    ],
)
def test_an_order_counts_when_its_last_known_visit_came_from_tiktok_unpaid(
    changed: dict[str, Any], counts: int
) -> None:
    assert counted(order(1, **changed)) == (counts, Decimal("42.50") * counts)


def test_money_is_added_exactly() -> None:
    orders = [order(at, currentTotalPriceSet=money("0.10")) for at in range(3)]

    assert counted(*orders) == (3, Decimal("0.30"))


def test_an_order_of_nothing_and_one_below_nothing_are_orders() -> None:
    orders = [order(1, currentTotalPriceSet=money("0.00")), order(2, currentTotalPriceSet=money("-1.50"))]

    assert counted(*orders) == (2, Decimal("-1.50"))


def test_no_order_at_all_is_a_measured_zero() -> None:
    told = seen(orders_now=listing(), orders_before=listing())

    assert (told.current.orders, told.current.revenue) == (0, Decimal())
    assert (prior(told).orders, prior(told).revenue) == (0, Decimal())


def test_an_order_that_is_listed_twice_is_counted_once() -> None:
    assert counted(order(1), order(2), order(1)) == (2, Decimal("85.00"))


BROKEN: list[dict[str, Any]] = [
    {"id": None},
    {"id": ""},
    {"processedAt": None},
    {"processedAt": "yesterday"},
    {"processedAt": "2026-11-03T18:22:10"},
    {"processedAt": "0001-01-01T00:00:00+14:00"},
    {"processedAt": 1762194130},
    {"test": None},
    {"test": "false"},
    {"cancelledAt": 5},
    {"customerJourneySummary": []},
    {"customerJourneySummary": {}},
    {"customerJourneySummary": journey(ready="yes")},
    {"customerJourneySummary": journey(ready=None)},
    {"customerJourneySummary": journey(lastVisit="TikTok")},
    {"customerJourneySummary": journey(lastVisit=visit(source=7))},
    {"customerJourneySummary": journey(firstVisit=[])},
    {"currentTotalPriceSet": None},
    {"currentTotalPriceSet": {"shopMoney": None}},
    {"currentTotalPriceSet": money("£42")},
    {"currentTotalPriceSet": {"shopMoney": {"amount": None, "currencyCode": "GBP"}}},
    {"currentTotalPriceSet": {"shopMoney": {"amount": "1.00", "currencyCode": "pounds"}}},
    {"currentTotalPriceSet": {"shopMoney": {"amount": "1.00"}}},
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("where", ["orders_now", "orders_before"])
def test_an_order_that_cannot_be_read_makes_both_periods_absent_and_not_smaller(
    broken: dict[str, Any], where: str
) -> None:
    answers: dict[str, Any] = {where: listing(order(1), order(2, **broken))}
    told, _ = asked(**answers)

    assert reasons(told) == {Reason.SCOPE_MISSING, Reason.SOURCE_FAILED}
    assert f"{WHAT}: an order cannot be read" in detail(told)


def test_an_order_of_somebody_else_may_have_any_price() -> None:
    other = order(2, customerJourneySummary=journey(), currentTotalPriceSet=None)

    assert counted(order(1), other) == (1, Decimal("42.50"))


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"orders": None}},
        {"data": {"orders": []}},
        {"data": {"orders": {"nodes": None, "pageInfo": {"hasNextPage": False}}}},
        {"data": {"orders": {"nodes": [None], "pageInfo": {"hasNextPage": False}}}},
        {"data": {"orders": {"nodes": [], "pageInfo": None}}},
        {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": None}}}},
        {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": "false"}}}},
        {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}}},
        {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": ""}}}},
        {"data": {}},
        httpx.Response(200, text="<html>"),
    ],
)
def test_an_answer_that_is_no_page_is_a_failure_and_never_an_empty_one(answer: Any) -> None:
    told, _ = asked(orders_now=answer)

    assert reasons(told) == {Reason.SCOPE_MISSING, Reason.SOURCE_FAILED}


def test_pages_are_followed_to_the_end() -> None:
    told, world = asked(
        orders_now=[listing(order(1), after="a"), listing(after="b"), listing(order(2), order(3))],
    )

    assert isinstance(told, SessionsSeen)
    assert (told.current.orders, told.current.revenue) == (3, Decimal("127.50"))
    assert [body["variables"]["after"] for body in world.bodies("orders now")] == [None, "a", "b"]


def test_a_cursor_that_comes_again_ends_the_paging_without_a_sum() -> None:
    told, world = asked(orders_now=[listing(order(1), after="a"), listing(order(2), after="a")])

    assert "a cursor came again" in detail(told)
    assert len(world.bodies("orders now")) == 2


def test_a_page_that_fails_leaves_no_partial_sum() -> None:
    told, _ = asked(orders_now=[listing(order(1), after="a"), httpx.Response(500)])

    assert reasons(told) == {Reason.SCOPE_MISSING, Reason.SOURCE_FAILED}


def test_more_orders_than_can_be_paged_through_have_no_sum() -> None:
    def endless(body: Mapping[str, Any]) -> Any:
        return listing(after=str(int(body["variables"]["after"] or 0) + 1))

    told, world = asked(orders_now=endless)

    assert "there are more than 25000 in a period" in detail(told)
    assert len(world.bodies("orders now")) == 250


def test_orders_that_are_denied_too_leave_both_reasons() -> None:
    told, _ = asked(orders_now=ORDERS_DENIED, orders_before=ORDERS_DENIED)

    assert reasons(told) == {Reason.SCOPE_MISSING}
    assert "read_reports" in detail(told)
    assert "the app needs the scope read_orders" in detail(told)


def test_beside_another_provider_the_money_has_both_reasons() -> None:
    told = commerce(orders_now=throttled(requested=1900, available=0, restore=20))

    assert reasons(told.current.revenue) == {Reason.SCOPE_MISSING, Reason.RATE_LIMITED}
    assert reasons(told.current.carts) == {Reason.NOT_MEASURED}


def test_days_counted_by_the_merchants_clock_alone_need_no_warning_of_the_shops() -> None:
    told = seen(shop=shop_settings("America/New_York"))

    assert told.flags == ("revenue_from_orders",)


def test_orders_that_are_limited_leave_both_reasons() -> None:
    told, _ = asked(orders_now=throttled(requested=1900, available=0, restore=20))

    assert reasons(told) == {Reason.SCOPE_MISSING, Reason.RATE_LIMITED}


def test_pages_of_orders_wait_for_their_points() -> None:
    hands = Hands()

    def page(body: Mapping[str, Any]) -> Any:
        answer = listing(order(1), after=None if body["variables"]["after"] else "a")
        answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] = 12
        return answer

    told = seen(Night(hands=hands), orders_now=page, orders_before=listing())

    assert told.current.orders == 1
    # 62 points a page, 12 are there, 100 come back a second.
    assert any(pause == pytest.approx(0.5) for pause in hands.pauses)


# Windows of the night of 2026-11-21: 25 September to 22 October, 23 October to 19 November; the series begins on
# 21 September. At 02:15 UTC read_orders reaches back to 22 September, 02:15.


@pytest.mark.parametrize(
    ("timezone", "now", "before"),
    [
        ("Europe/London", ("2026-10-22T23:00:00Z", "2026-11-20T00:00:00Z"), "2026-09-22T23:00:00Z"),
        ("America/New_York", ("2026-10-23T04:00:00Z", "2026-11-20T05:00:00Z"), "2026-09-22T04:00:00Z"),
        ("Pacific/Auckland", ("2026-10-22T11:00:00Z", "2026-11-19T11:00:00Z"), "2026-09-22T12:00:00Z"),
        ("Asia/Kathmandu", ("2026-10-22T18:15:00Z", "2026-11-19T18:15:00Z"), "2026-09-22T18:15:00Z"),
        ("Asia/Tokyo", ("2026-10-22T15:00:00Z", "2026-11-19T15:00:00Z"), "2026-09-22T15:00:00Z"),
    ],
)
def test_days_are_asked_for_as_instants_of_the_merchants_time_zone_over_both_changes_of_the_clock(
    timezone: str, now: tuple[str, str], before: str
) -> None:
    _, world = asked(Night(shop=merchant(timezone)))

    assert world.queries("orders now") == [f"processed_at:>='{now[0]}' processed_at:<'{now[1]}'"]
    assert world.queries("orders before") == [f"processed_at:>='{before}' processed_at:<'{now[0]}'"]


@pytest.mark.parametrize(
    ("at", "in_current", "in_prior"),
    [
        ("2026-10-22T22:59:59Z", 0, 1),  # one second before midnight in London, in summer time
        ("2026-10-22T23:00:00Z", 1, 0),
        ("2026-11-19T23:59:59Z", 1, 0),  # winter time now
        ("2026-11-20T00:00:00Z", 0, 0),
        ("2026-09-24T22:59:59Z", 0, 0),
        ("2026-09-24T23:00:00Z", 0, 1),
        ("2026-10-23T01:00:00+02:00", 1, 0),  # the same instant, written elsewhere
    ],
)
def test_an_order_belongs_to_the_merchants_day_to_the_second(at: str, in_current: int, in_prior: int) -> None:
    opening = order(2, "2026-09-25T12:00:00Z", customerJourneySummary=None)  # nobody from TikTok, but a sale
    told = seen(orders_now=listing(order(1, at)), orders_before=listing(opening, order(1, at)))

    assert (told.current.orders, prior(told).orders) == (in_current, in_prior)


def test_more_orders_than_were_asked_for_change_nothing() -> None:
    early = [order(9, "2025-01-01T00:00:00Z"), order(8, "2026-11-20T09:00:00Z")]

    assert counted(order(1), *early) == (1, Decimal("42.50"))


def test_the_days_of_the_series_are_the_merchants() -> None:
    told = commerce(
        Night(shop=merchant("America/New_York")),
        orders_now=listing(order(1, "2026-11-02T03:30:00Z"), order(2, "2026-11-02T05:30:00Z")),
        orders_before=listing(),
    )

    assert not isinstance(told.daily_revenue, Absent)
    assert told.daily_revenue[day("2026-11-01")] == Decimal("42.50")  # half past ten in the evening
    assert told.daily_revenue[day("2026-11-02")] == Decimal("42.50")
    assert sum(told.daily_revenue.values()) == Decimal("85.00")


def test_days_that_read_orders_does_not_reach_are_unknown_and_not_zero() -> None:
    told = commerce(orders_before=listing(order(3, "2026-09-23T10:00:00Z")))

    assert not isinstance(told.daily_revenue, Absent)
    assert min(told.daily_revenue) == day("2026-09-23")
    assert max(told.daily_revenue) == day("2026-11-19")
    assert len(told.daily_revenue) == 58
    assert told.daily_revenue[day("2026-09-23")] == Decimal("42.50")


def test_a_series_shorter_than_the_periods_has_its_own_days_only() -> None:
    periods = Periods.of_night(NIGHT, period_days=28, lag_days=2, series_days=35)
    told = commerce(Night(periods=periods))

    assert not isinstance(told.daily_revenue, Absent)
    assert (min(told.daily_revenue), len(told.daily_revenue)) == (day("2026-10-16"), 35)


def test_with_read_all_orders_the_series_is_whole() -> None:
    told = commerce(shop=shop_settings("Europe/London", "GBP", *ALL))

    assert not isinstance(told.daily_revenue, Absent)
    assert (min(told.daily_revenue), len(told.daily_revenue)) == (day("2026-09-21"), 60)


def night_of(period_days: int, *, lag_days: int = 2, now: datetime = NOW, timezone: str = "Europe/London") -> Night:
    periods = Periods.of_night(NIGHT, period_days=period_days, lag_days=lag_days, series_days=60)
    return Night(shop=merchant(timezone), periods=periods, now=now)


def test_a_prior_period_beyond_sixty_days_is_absent_and_not_cut_off() -> None:
    told, world = asked(night_of(30))  # two periods of 30 days and a lag of two need 62

    assert isinstance(told, SessionsSeen)
    assert reasons(told.prior) == {Reason.NO_PRIOR, Reason.SCOPE_MISSING}
    assert (
        "Shopify's orders: read_orders shows 60 days only and the prior period begins on 2026-09-21; "
        "the app needs read_all_orders"
    ) in detail(told.prior)
    assert told.current.orders == 1
    assert all("2026-09-20" not in query for query in world.queries("orders before"))


def test_with_read_all_orders_there_is_a_prior_period() -> None:
    told, world = asked(night_of(30), shop=shop_settings("Europe/London", "GBP", *ALL))

    assert isinstance(told, SessionsSeen)
    assert prior(told).orders == 1
    assert world.queries("orders before") == [
        "processed_at:>='2026-09-20T23:00:00Z' processed_at:<'2026-10-20T23:00:00Z'"
    ]


def test_a_period_that_itself_is_beyond_sixty_days_is_missing_a_scope() -> None:
    told, world = asked(night_of(90))

    assert reasons(told) == {Reason.SCOPE_MISSING}
    assert "the period begins on 2026-08-22; the app needs read_all_orders" in detail(told)
    assert not [name for name in world.names() if name.startswith("orders")]


# The prior period begins on 25 September, 00:00 in London: 24 September, 23:00 UTC. 60 days later is 23 November,
# 23:00 UTC; a fetch of 45 seconds may ask until 45 seconds after it began.
LAST_MOMENT = datetime(2026, 11, 23, 22, 59, 15, tzinfo=UTC)


@pytest.mark.parametrize(("late", "reached"), [(0, True), (1, False), (-3600, True), (86_400, False)])
def test_the_edge_of_sixty_days_is_exact_to_the_second(late: int, reached: bool) -> None:  # noqa: FBT001 - a column of the story
    told = seen(Night(now=LAST_MOMENT + timedelta(seconds=late)))

    if reached:
        assert prior(told).orders == 1
    else:
        assert Reason.NO_PRIOR in reasons(told.prior)
        assert told.current.orders == 1


@settings(max_examples=40, deadline=None)
@given(
    period_days=st.integers(7, 32),
    lag_days=st.integers(2, 6),
    timezone=st.sampled_from(["Europe/London", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"]),
    hours=st.integers(14, 40),
)
def test_a_prior_period_is_told_whole_or_not_at_all(period_days: int, lag_days: int, timezone: str, hours: int) -> None:
    """A shop that hides what is older than 60 days, with an order every three hours of the last 70 days."""
    now = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=hours)
    night = night_of(period_days, lag_days=lag_days, now=now, timezone=timezone)
    made = [now - timedelta(hours=3 * at) for at in range(8 * 70)]

    def hiding(body: Mapping[str, Any]) -> Any:
        start, end = (datetime.fromisoformat(text) for text in body["variables"]["q"].split("'")[1::2])
        visible = [at for at in made if start <= at < end and at >= now - timedelta(days=60)]
        return listing(*(order(at=at.isoformat(), id=at.isoformat()) for at in visible))

    def within(period: Period) -> int:
        return sum(period.start <= at.astimezone(night.shop.zone).date() <= period.end for at in made)

    told = seen(night, orders_now=hiding, orders_before=hiding)

    assert told.current.orders == within(night.periods.current)
    if not isinstance(told.prior, Absent):
        assert told.prior.orders == within(night.periods.prior)


def test_two_currencies_within_a_period_cannot_be_added_up() -> None:
    told = seen(orders_now=listing(order(1), order(2, currentTotalPriceSet=money("50.00", "EUR"))))

    assert reasons(told.current.revenue) == {Reason.MIXED_UNITS}
    assert detail(told.current.revenue) == "Shopify's orders of one period are in EUR and GBP"
    assert told.current.orders == 2
    assert prior(told).revenue == Decimal("42.50")


def test_two_periods_in_two_currencies_cannot_be_compared() -> None:
    before = order(3, "2026-10-02T09:00:00Z", currentTotalPriceSet=money("80.00", "BGN"))
    told = seen(orders_now=listing(order(1, currentTotalPriceSet=money("42.50", "EUR"))), orders_before=listing(before))

    assert (told.current.revenue, prior(told).revenue, told.currency) == (Decimal("42.50"), Decimal("80.00"), "EUR")
    assert reasons(told.mixed_currency) == {Reason.MIXED_UNITS}
    assert detail(told.mixed_currency) == "Shopify's orders: the currency changed from BGN to EUR"
    assert told.marks("revenue") == (told.mixed_currency, None)


def test_days_in_two_currencies_have_no_revenue() -> None:
    before = order(3, "2026-10-02T09:00:00Z", currentTotalPriceSet=money("80.00", "BGN"))

    assert reasons(commerce(orders_before=listing(before)).daily_revenue) == {Reason.MIXED_UNITS}


def test_a_period_without_an_order_has_no_currency_to_differ() -> None:
    told = seen(
        orders_now=listing(order(1, currentTotalPriceSet=money("42.50", "EUR"))),
        orders_before=listing(),
        shop=shop_settings("Europe/London", "GBP"),
    )

    assert (told.currency, told.mixed_currency) == ("EUR", None)


def test_the_currency_of_others_orders_does_not_matter() -> None:
    other = order(2, customerJourneySummary=journey(), currentTotalPriceSet=money("9.00", "USD"))
    told = seen(orders_now=listing(order(1), other))

    assert (told.current.revenue, told.currency) == (Decimal("42.50"), "GBP")


def test_without_any_order_the_currency_is_the_shops() -> None:
    told = seen(orders_now=listing(), orders_before=listing(), shop=shop_settings("Europe/London", "CHF"))

    assert told.currency == "CHF"


def waiting(count: int, ready: int, first: int = 1000, at: str = "2026-11-03T10:00:00Z") -> list[dict[str, Any]]:
    """Return orders whose journey is not worked out yet, and some whose is."""
    unready = [order(first + n, at, customerJourneySummary=journey(ready=False)) for n in range(count)]
    return [*unready, *(order(first + 500 + n, at) for n in range(ready))]


@pytest.mark.parametrize(("unready", "ready", "told"), [(1, 19, True), (5, 95, True), (6, 94, False), (2, 18, False)])
def test_more_than_five_percent_of_unfinished_journeys_are_too_many(unready: int, ready: int, told: bool) -> None:  # noqa: FBT001 - a column of the story
    sessions, _ = asked(orders_now=listing(*waiting(unready, ready)))

    if told:
        assert isinstance(sessions, SessionsSeen)
        assert sessions.current.orders == ready
    else:
        assert Reason.SOURCE_STALE in reasons(sessions)
        assert f"where the buyers of {unready} of {unready + ready} came from is not worked out yet" in detail(sessions)


def test_a_shop_whose_till_never_finishes_a_journey_is_told_all_the_same() -> None:
    told = seen(
        orders_now=listing(*waiting(50, 50)),
        orders_before=listing(*waiting(48, 52, first=5000, at="2026-10-01T10:00:00Z")),
    )

    assert (told.current.orders, prior(told).orders) == (50, 52)


def test_tests_and_cancelled_orders_are_no_part_of_the_share() -> None:
    void = [order(n, test=True, customerJourneySummary=journey(ready=False)) for n in range(50)]

    assert counted(order(100), *void) == (1, Decimal("42.50"))


def test_an_unfinished_journey_is_not_guessed_from_the_visits_that_are_known() -> None:
    early = journey(ready=False, firstVisit=visit(source="TikTok"))
    orders = [order(1, customerJourneySummary=early), *(order(n) for n in range(2, 32))]

    assert counted(*orders)[0] == 30


@pytest.mark.parametrize("node", [None, [], "order", 5, {}])
def test_what_is_no_order_at_all_cannot_be_read(node: object) -> None:
    with pytest.raises(UnreadableOrderError):
        read_order(node)


def test_an_order_shows_no_more_than_is_needed() -> None:
    read = read_order(order(7))

    assert (read.id, read.at, read.origin) == (
        "gid://shopify/Order/7",
        datetime(2026, 11, 3, 18, 22, 10, tzinfo=UTC),
        Origin.TIKTOK,
    )
    assert (read.amount, read.currency) == (Decimal("42.50"), "GBP")


def test_a_shop_whose_first_order_lies_inside_the_prior_period_has_none() -> None:
    every_day = [order(at, f"{day}T12:00:00Z") for at, day in enumerate(PERIODS.series)]
    now = [one for one in every_day if one["processedAt"] >= "2026-10-23"]
    late = [one for one in every_day if "2026-10-13" <= one["processedAt"] < "2026-10-23"]
    told = seen(orders_now=listing(*now), orders_before=listing(*late))

    assert told.current.orders == 28
    assert reasons(told.prior) == {Reason.SCOPE_MISSING, Reason.NO_PRIOR}
    assert "Shopify's orders begin on 2026-10-13, the prior period on 2026-09-25" in str(told.prior)
