"""Revenue and orders as the sales report tells them: both periods in one way, or neither."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import PeriodFigures, Series, SessionsSeen
from functions.fetcher.sources.channel import Commerce
from functions.fetcher.sources.shopify.sold import late_start
from tests.fetcher.shopify_world import (
    PERIODS,
    REPORTS,
    REPORTS_DENIED,
    SALES,
    Night,
    daily,
    detail,
    elsewhere,
    listing,
    order,
    parse_errors,
    reasons,
    sales,
    shop_settings,
    shopify,
    table,
    visits,
)

BROKEN = httpx.Response(500)


def seen(**answers: Any) -> SessionsSeen:
    with shopify(**answers):
        sessions = Night().channel().sessions
    assert isinstance(sessions, SessionsSeen)
    return sessions


def prior(of: SessionsSeen) -> PeriodFigures:
    assert isinstance(of.prior, PeriodFigures)
    return of.prior


def test_revenue_and_orders_of_both_periods_are_the_reports() -> None:
    told = seen()

    assert (told.current.orders, told.current.revenue) == (58, Decimal("1873.40"))
    assert (prior(told).orders, prior(told).revenue) == (72, Decimal("2412.00"))
    assert (told.currency, told.backend, told.mixed_currency, told.mixed_definition) == ("GBP", "shopify", None, None)
    assert told.origins == {}


def test_the_currency_is_the_shops_own() -> None:
    assert seen(shop=shop_settings("Europe/London", "EUR")).currency == "EUR"


def test_tiktok_is_known_by_the_tag_or_the_referrers_name_or_source() -> None:
    rows = [
        sales("1.00", 1),
        sales("2.00", 1, order_utm_source=None, order_utm_medium=None),  # untagged, from tiktok.com
        sales("4.00", 1, order_utm_source=None, order_referrer_name=None, order_referrer_source="TikTok"),
        sales("8.00", 1, order_referrer_name=None),  # tagged, the referrer was lost
        sales("16.00", 1, order_utm_medium="cpc"),
        elsewhere(sales("32.00", 1)),
        sales("64.00", 1, order_utm_source="instagram", order_referrer_name="Instagram"),
    ]
    told = seen(sales_now=table(rows))

    assert (told.current.revenue, told.current.orders) == (Decimal("15.00"), 4)


def test_refunds_may_make_revenue_negative() -> None:
    told = seen(sales_now=table([sales("-12.50", 0), sales("2.25", 1, order_utm_medium="video")]))

    assert (told.current.revenue, told.current.orders) == (Decimal("-10.25"), 1)


def test_no_sale_of_tiktok_among_others_is_a_measured_zero() -> None:
    told = seen(sales_now=table([elsewhere(sales())]), sales_before=table([elsewhere(sales())]))

    assert (told.current.revenue, told.current.orders) == (Decimal(), 0)
    assert (prior(told).revenue, prior(told).orders) == (Decimal(), 0)


def test_a_report_without_any_sale_is_no_zero() -> None:
    told = seen(sales_now=table([]))

    assert reasons(told.current.revenue) == reasons(told.current.orders) == {Reason.NOT_MEASURED}
    assert detail(told.current.revenue) == "Shopify's sales report has no sale at all in the period"


def test_no_sale_at_all_before_is_no_prior_revenue() -> None:
    told = seen(sales_before=table([]))

    assert reasons(prior(told).revenue) == reasons(prior(told).orders) == {Reason.NO_PRIOR}
    assert prior(told).sessions == 5000


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, Reason.NOT_MEASURED),
        ("£42", Reason.SOURCE_FAILED),
        ("", Reason.SOURCE_FAILED),
        ({}, Reason.SOURCE_FAILED),
    ],
)
def test_an_amount_that_is_none_makes_revenue_absent_and_not_smaller(said: object, reason: Reason) -> None:
    rows = [sales("9.00", 1), sales("9.00", 1, order_utm_medium="video") | {"total_sales": said}]
    told = seen(sales_now=table(rows))

    assert (reasons(told.current.revenue), told.current.orders) == ({reason}, 2)


def test_a_broken_amount_of_somebody_else_does_not_matter() -> None:
    rows = [sales("9.00", 1), elsewhere(sales("9.00", 1)) | {"total_sales": "£42"}]

    assert seen(sales_now=table(rows)).current.revenue == Decimal("9.00")


@pytest.mark.parametrize("broken", ["sales_now", "sales_before"])
def test_when_one_period_cannot_be_read_neither_is_told(broken: str) -> None:
    told = seen(**{broken: BROKEN})

    assert reasons(told.current.revenue) == reasons(prior(told).revenue) == {Reason.SOURCE_FAILED}
    assert (told.current.sessions, prior(told).sessions) == (6100, 5000)


def test_days_that_cannot_be_read_leave_the_periods() -> None:
    told = seen(sales_daily=BROKEN)

    assert isinstance(told.series, Series)
    assert told.series.revenue == (None,) * 60
    assert told.current.revenue == Decimal("1873.40")


def test_a_day_without_a_sale_took_nothing() -> None:
    told = seen(
        sales_daily=table([{"day": "2026-11-19", **sales("12.00", 1)}, elsewhere({"day": "2026-09-21", **sales()})])
    )

    assert isinstance(told.series, Series)
    assert told.series.revenue == (Decimal(),) * 59 + (Decimal("12.00"),)


@pytest.mark.parametrize(
    "rows",
    [
        [{"day": None, **sales()}],
        [{"day": "yesterday", **sales()}],
        [{"day": "2026-11-19", **sales(), "total_sales": "£9"}],
        [{"day": "2026-11-19", **sales(), "total_sales": None}],
        [],
    ],
)
def test_days_of_another_form_leave_revenue_unknown_and_not_zero(rows: list[Any]) -> None:
    told = seen(sales_daily=table(rows))

    assert isinstance(told.series, Series)
    assert told.series.revenue == (None,) * 60


@pytest.mark.parametrize("denied", SALES)
def test_where_any_of_the_sales_reports_is_denied_both_periods_are_told_from_orders(denied: str) -> None:
    with shopify(
        orders_now=listing(order(1), order(2)), orders_before=listing(order(3, "2026-10-01T12:00:00Z"))
    ) as world:
        world.answers[denied] = REPORTS_DENIED
        told = Night().channel().sessions

    assert isinstance(told, SessionsSeen)
    assert (told.current.revenue, told.current.orders) == (Decimal("85.00"), 2)
    assert (prior(told).revenue, prior(told).orders) == (Decimal("42.50"), 1)
    assert "revenue_from_orders" in told.flags
    assert told.current.sessions == 6100


def test_a_report_that_is_not_understood_is_no_reason_to_ask_for_orders() -> None:
    with shopify(sales_now=parse_errors()) as world:
        told = Night().channel().sessions

    assert isinstance(told, SessionsSeen)
    assert reasons(told.current.revenue) == {Reason.SOURCE_FAILED}
    assert "orders now" not in world.names()


def test_where_sessions_alone_are_denied_sales_are_still_told() -> None:
    with shopify() as world:
        for name in REPORTS:
            world.answers[name] = REPORTS_DENIED
        channel = Night().channel()

    assert isinstance(channel.sessions, SessionsSeen)
    assert channel.sessions.current.revenue == Decimal("1873.40")
    for part in (channel.pages, channel.sources, channel.sessions.series, channel.sessions.current.sessions):
        assert reasons(part) == {Reason.SCOPE_MISSING}


def commerce(**answers: Any) -> Commerce:
    with shopify(**answers):
        told = Night().commerce()
    assert isinstance(told, Commerce)
    return told


def test_beside_another_provider_shopify_tells_revenue_orders_carts_and_the_days() -> None:
    told = commerce()

    assert (told.backend, told.currency, told.flags) == ("shopify", "GBP", ())
    assert (told.current.revenue, told.current.orders) == (Decimal("1873.40"), 58)
    assert (told.current.carts, told.current.cart_abandonment_rate) == (305, Decimal(25600) / 305)
    assert not isinstance(told.prior, Absent)
    assert (told.prior.revenue, told.prior.orders, told.prior.carts) == (Decimal("2412.00"), 72, 250)
    assert told.prior.cart_abandonment_rate == Decimal(80)
    assert not isinstance(told.daily_revenue, Absent)
    assert (len(told.daily_revenue), told.daily_revenue[date(2026, 9, 21)]) == (60, Decimal("60.00"))
    assert (told.mixed_currency, told.mixed_definition) == (None, None)


def test_where_reports_are_denied_nobody_counts_carts_and_that_is_no_failure() -> None:
    with shopify() as world:
        world.deny_reports()
        told = Night().commerce()

    assert isinstance(told, Commerce)
    assert not isinstance(told.prior, Absent)
    for figures in (told.current, told.prior):
        assert reasons(figures.carts) == reasons(figures.cart_abandonment_rate) == {Reason.NOT_MEASURED}
    assert told.current.revenue == Decimal("42.50")
    assert told.flags == ("revenue_from_orders",)


@pytest.mark.parametrize("broken", ["carts_now", "carts_before"])
def test_carts_that_failed_are_absent_for_that_reason_and_revenue_is_not(broken: str) -> None:
    told = commerce(**{broken: BROKEN})
    failed = told.current if broken == "carts_now" else told.prior

    assert not isinstance(failed, Absent)
    assert reasons(failed.carts) == {Reason.SOURCE_FAILED}
    assert told.current.revenue == Decimal("1873.40")


def test_carts_of_a_shop_without_any_session_are_not_counted_there() -> None:
    told = commerce(carts_now=table([]), carts_before=table([]))

    assert not isinstance(told.prior, Absent)
    assert reasons(told.current.carts) == {Reason.NOT_MEASURED}
    assert reasons(told.prior.carts) == {Reason.NO_PRIOR}


def test_revenue_that_failed_leaves_the_carts() -> None:
    told = commerce(sales_now=BROKEN)

    assert not isinstance(told.prior, Absent)
    assert reasons(told.current.revenue) == reasons(told.prior.revenue) == {Reason.SOURCE_FAILED}
    assert reasons(told.daily_revenue) == {Reason.SOURCE_FAILED}
    assert (told.current.carts, told.prior.carts) == (305, 250)


def test_a_shop_that_cannot_be_opened_tells_nothing_at_all() -> None:
    with shopify(shop=httpx.Response(401, content=b'{"errors": "no"}')) as world:
        told = Night().commerce()

    assert reasons(told) == {Reason.UNAUTHORIZED}
    assert world.names() == ["shop"]


def test_days_of_another_clock_are_marked_in_reports_and_not_in_orders() -> None:
    with shopify(shop=shop_settings("America/New_York")):
        by_reports = Night().commerce()
    with shopify(shop=shop_settings("America/New_York")) as world:
        world.deny_reports()
        by_orders = Night().commerce()

    assert isinstance(by_reports, Commerce)
    assert isinstance(by_orders, Commerce)
    assert by_reports.flags == ("shop_timezone_differs",)
    assert by_orders.flags == ("revenue_from_orders",)


def test_daily_rows_beyond_the_window_are_not_taken() -> None:
    rows = [*daily(sales("1.00", 1)), {"day": "2026-11-20", **sales("500.00", 1)}]
    told = commerce(sales_daily=table(rows))

    assert not isinstance(told.daily_revenue, Absent)
    assert len(told.daily_revenue) == 60
    assert set(told.daily_revenue.values()) == {Decimal("1.00")}


def days_of_sales(first: date, revenue: str = "50.00") -> list[dict[str, Any]]:
    return [{"day": day.isoformat(), **sales(revenue, 2)} for day in PERIODS.series if day >= first]


@pytest.mark.parametrize(("first", "compared"), [("2026-09-25", True), ("2026-09-27", False), ("2026-10-13", False)])
def test_beside_another_provider_a_shop_that_began_inside_the_prior_period_has_none(
    first: str,
    compared: bool,  # noqa: FBT001 - the outcome
) -> None:
    told = commerce(sales_daily=table(days_of_sales(date.fromisoformat(first))))

    assert not isinstance(told.daily_revenue, Absent)
    assert not isinstance(told.prior, Absent)
    assert isinstance(told.prior.revenue, Decimal) is compared
    if not compared:
        assert reasons(told.prior.revenue) == {Reason.NO_PRIOR}
        assert detail(told.prior.revenue) == f"Shopify's sales report begins on {first}, the prior period on 2026-09-25"
        assert min(told.daily_revenue) == date.fromisoformat(first)


def test_days_of_sales_that_failed_leave_no_prior_revenue_and_the_traffics_prior_period() -> None:
    told = seen(sales_daily=BROKEN)

    assert isinstance(told.prior, PeriodFigures)
    assert isinstance(told.current.revenue, Decimal)
    assert reasons(told.prior.revenue) == {Reason.SOURCE_FAILED}
    assert isinstance(told.prior.sessions, int)


def test_days_of_traffic_that_failed_leave_no_prior_traffic_and_the_prior_revenue() -> None:
    told = seen(visits_daily=BROKEN)

    assert isinstance(told.prior, PeriodFigures)
    assert isinstance(told.current.sessions, int)
    assert reasons(told.prior.sessions) == {Reason.SOURCE_FAILED}
    assert isinstance(told.prior.revenue, Decimal)


@pytest.mark.parametrize(
    ("days", "late"),
    [
        ([], None),
        (["2026-09-24"], None),
        (["2026-09-25", "2026-11-19"], None),
        # A week of silence, as often before: this shop sells little.
        (["2026-09-28", "2026-10-05", "2026-10-20", "2026-11-10"], None),
        # Seven days of silence, and never so many afterwards.
        (
            [f"2026-{at}" for at in ("09-28", "10-04", "10-11", "10-18", "10-25", "11-01", "11-08", "11-15")],
            "2026-09-28",
        ),
        # As long as ever: nobody can say that it had not begun.
        ([f"2026-{at}" for at in ("09-28", "10-06", "10-13", "10-20", "10-27", "11-03", "11-10", "11-17")], None),
        (["2026-10-22"], "2026-10-22"),
        (["2026-10-20"], None),
    ],
)
def test_a_shop_began_late_that_was_never_silent_for_so_long_again(days: list[str], late: str | None) -> None:
    sold = [date.fromisoformat(day) for day in days]

    first = late_start(sold, PERIODS, known_from=PERIODS.series.start)

    assert first == (None if late is None else date.fromisoformat(late))


CROWDED = table([{"day": "2026-11-19", **sales("1.00", 1), "order_utm_source": f"mail-{at}"} for at in range(1000)])


@pytest.mark.parametrize("days", [CROWDED, table([])])
def test_days_of_sales_that_are_cut_or_missing_do_not_tell_whether_the_prior_period_is_whole(days: Any) -> None:
    told = commerce(sales_daily=days)

    assert isinstance(told.current.revenue, Decimal)
    assert not isinstance(told.prior, Absent)
    assert reasons(told.prior.revenue) == {Reason.NOT_MEASURED}


def test_days_of_traffic_that_are_cut_do_not_tell_whether_the_prior_period_is_whole() -> None:
    told = seen(visits_daily=table([{"day": "2026-11-19", **visits(1, utm_source=f"mail-{at}")} for at in range(1000)]))

    assert isinstance(told.prior, PeriodFigures)
    assert reasons(told.prior.sessions) == {Reason.NOT_MEASURED}
