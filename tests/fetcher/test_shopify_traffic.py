"""The sessions report as figures: what counts, what is left out, how rates of several rows become one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Periods
from functions.audit.snapshot import PagesSeen, PeriodFigures, Series, SessionsSeen, SourcesSeen
from functions.fetcher.sources.shopify.shop import same_days
from tests.fetcher.shopify_world import (
    TIKTOK,
    Night,
    daily,
    detail,
    elsewhere,
    merchant,
    reasons,
    shop_settings,
    shopify,
    table,
    visits,
)

PAID = {"utm_source": "tiktok", "utm_medium": "paid-social", "referrer_name": "tiktok"}
LAST_DAY = "2026-11-19"


def seen(**answers: Any) -> SessionsSeen:
    with shopify(**answers):
        sessions = Night().channel().sessions
    assert isinstance(sessions, SessionsSeen)
    return sessions


def current(*rows: dict[str, Any]) -> PeriodFigures:
    return seen(visits_now=table([*rows, elsewhere(visits(50_000))])).current


def line(**changed: Any) -> dict[str, Any]:
    return {**TIKTOK, "sessions": "100", "sessions_that_completed_checkout": "1", **changed}


def pages(*rows: dict[str, Any], channel: int = 6100) -> PagesSeen:
    with shopify(pages=table(list(rows)), visits_now=table([visits(channel)])):
        listed = Night().channel().pages
    assert isinstance(listed, PagesSeen)
    return listed


def sources(*rows: dict[str, Any]) -> SourcesSeen:
    with shopify(sources=table(list(rows))):
        listed = Night().channel().sources
    assert isinstance(listed, SourcesSeen)
    return listed


def test_the_example_of_the_fact_sheet_is_read_as_it_says() -> None:
    row = visits(6100, pageviews=None, pageviews_per_session="1.42")
    figures = current(row)

    assert figures.sessions == 6100
    assert figures.bounce_rate == Decimal("61.2")  # a fraction on the wire
    assert figures.pageviews_per_session == Decimal("1.42")
    assert figures.avg_session_duration == Decimal("33.1")
    assert figures.session_conversion_rate == Decimal(4900) / 6100  # 49 of 6100
    assert figures.carts == 305
    assert figures.cart_abandonment_rate == Decimal(25600) / 305  # 305 - 49 of 305
    assert figures.goal_completions == Decimal(49)


def test_new_and_returning_visitors_are_not_told_apart() -> None:
    figures = current(visits())

    assert reasons(figures.new_users) == reasons(figures.returning_users) == {Reason.NOT_MEASURED}


def test_tiktok_is_known_by_its_tag_or_its_referrer_and_nobody_else_counts() -> None:
    rows = [
        visits(1, referrer_name=None, utm_source="TikTok", utm_medium=None),
        visits(2, referrer_name="TikTok", utm_source=None, utm_medium=None),
        visits(4, referrer_name="tiktok.com", utm_source="newsletter", utm_medium="email"),
        visits(8, referrer_name="instagram", utm_source="instagram", utm_medium="social"),
        visits(16, referrer_name=None, utm_source=None, utm_medium="tiktok"),
        visits(32, **PAID),
        visits(64, referrer_name="tiktok", utm_source=None, utm_medium="cpc"),
    ]

    assert current(*rows).sessions == 7


def test_what_others_rows_say_does_not_matter() -> None:
    broken = elsewhere(visits(9, bounce_rate="nonsense", pageviews=None)) | {"sessions": "many"}

    assert current(visits(10), broken).sessions == 10


def test_rates_of_several_rows_are_weighted_by_their_sessions_and_never_averaged() -> None:
    big = visits(900, bounce_rate="0.5", average_session_duration="60", pageviews="1800")
    small = visits(100, utm_medium="video", bounce_rate="0.9", average_session_duration="10", pageviews="100")
    figures = current(big, small)

    assert figures.bounce_rate == Decimal(54)  # (900 * 50 + 100 * 90) / 1000; the mean of both would be 70
    assert figures.avg_session_duration == Decimal(55)
    assert figures.pageviews_per_session == Decimal("1.9")


def test_views_of_a_session_are_weighted_where_the_views_themselves_are_not_told() -> None:
    big = visits(900, pageviews=None, pageviews_per_session="2")
    small = visits(100, utm_medium="video", pageviews="100", pageviews_per_session="1")

    assert current(big, small).pageviews_per_session == Decimal("1.9")


def test_conversion_and_carts_are_worked_out_from_the_counts_of_all_rows() -> None:
    one = visits(900, sessions_that_completed_checkout="9", sessions_with_cart_additions="90")
    two = visits(100, utm_medium="video", sessions_that_completed_checkout="3", sessions_with_cart_additions="10")
    figures = current(one, two)

    assert (figures.session_conversion_rate, figures.carts) == (Decimal("1.2"), 100)
    assert figures.cart_abandonment_rate == Decimal(88)
    assert figures.goal_completions == Decimal(12)


def test_a_row_of_no_sessions_has_no_say_in_a_rate() -> None:
    empty = visits(0, utm_medium="video", bounce_rate=None, average_session_duration=None, pageviews="0")
    figures = current(visits(100, pageviews="150"), empty)

    assert (figures.bounce_rate, figures.avg_session_duration) == (Decimal("61.2"), Decimal("33.1"))


def test_a_channel_without_a_session_is_a_measured_zero_of_which_there_are_no_rates() -> None:
    figures = current()

    assert (figures.sessions, figures.users, figures.carts, figures.goal_completions) == (0, 0, 0, Decimal())
    for name in (
        "bounce_rate",
        "pageviews_per_session",
        "avg_session_duration",
        "session_conversion_rate",
        "cart_abandonment_rate",
    ):
        assert reasons(getattr(figures, name)) == {Reason.SAMPLE_TOO_SMALL}


def test_a_report_without_any_row_is_no_zero() -> None:
    told = seen(visits_now=table([]))

    assert reasons(told.current.sessions) == {Reason.NOT_MEASURED}
    assert detail(told.current.sessions) == "Shopify's sessions report has no session at all in the period"


def test_no_session_at_all_before_is_no_prior_period() -> None:
    told = seen(visits_before=table([]), sales_before=table([]))

    assert reasons(told.prior) == {Reason.NO_PRIOR}


def test_a_prior_period_without_tiktok_is_a_measured_zero() -> None:
    told = seen(visits_before=table([elsewhere(visits(900))]))

    assert isinstance(told.prior, PeriodFigures)
    assert told.prior.sessions == 0


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("sessions_with_cart_additions", "carts"),
        ("sessions_that_completed_checkout", "goal_completions"),
        ("bounce_rate", "bounce_rate"),
        ("average_session_duration", "avg_session_duration"),
        ("online_store_visitors", "users"),
    ],
)
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, Reason.NOT_MEASURED),
        ("", Reason.SOURCE_FAILED),
        ("many", Reason.SOURCE_FAILED),
        ("-1", Reason.SOURCE_FAILED),
        ([], Reason.SOURCE_FAILED),
        (True, Reason.SOURCE_FAILED),
        ("1e5", Reason.SOURCE_FAILED),
    ],
)
def test_a_value_that_is_none_makes_its_own_figure_absent_and_no_other(
    name: str, figure: str, said: object, reason: Reason
) -> None:
    figures = current(visits() | {name: said})

    assert reasons(getattr(figures, figure)) == {reason}
    assert figures.sessions == 6100


def test_a_metric_that_the_report_leaves_out_was_not_measured() -> None:
    rows = [{name: value for name, value in visits().items() if name not in {"bounce_rate", "online_store_visitors"}}]
    figures = seen(visits_now=table(rows)).current

    assert reasons(figures.bounce_rate) == reasons(figures.users) == {Reason.NOT_MEASURED}
    assert figures.avg_session_duration == Decimal("33.1")


def test_one_unknown_row_makes_a_sum_unknown_and_not_smaller() -> None:
    figures = current(visits(900), visits(100, utm_medium="video", sessions_with_cart_additions=None))

    assert reasons(figures.carts) == reasons(figures.cart_abandonment_rate) == {Reason.NOT_MEASURED}
    assert figures.sessions == 1000


def test_sessions_that_are_unknown_leave_no_rate() -> None:
    figures = current(visits() | {"sessions": None})

    for name in ("sessions", "bounce_rate", "pageviews_per_session", "session_conversion_rate"):
        assert reasons(getattr(figures, name)) == {Reason.NOT_MEASURED}


def test_a_bounce_rate_in_percent_is_no_fraction() -> None:
    assert reasons(current(visits(bounce_rate="61.2")).bounce_rate) == {Reason.SOURCE_FAILED}
    assert current(visits(bounce_rate="1")).bounce_rate == Decimal(100)


def test_more_checkouts_than_sessions_cannot_be() -> None:
    figures = current(visits(40))  # 49 completed a checkout

    assert reasons(figures.session_conversion_rate) == {Reason.SOURCE_FAILED}


def test_more_checkouts_than_carts_are_bought_at_once_and_leave_none() -> None:
    figures = current(visits(sessions_with_cart_additions="40"))

    assert (figures.carts, figures.cart_abandonment_rate) == (40, Decimal())


def test_no_cart_at_all_has_no_rate() -> None:
    figures = current(visits(sessions_with_cart_additions="0", sessions_that_completed_checkout="0"))

    assert (figures.carts, reasons(figures.cart_abandonment_rate)) == (0, {Reason.SAMPLE_TOO_SMALL})


def test_visitors_of_several_sources_do_not_add_up() -> None:
    assert current(visits()).users == 5300
    assert reasons(current(visits(), visits(9, utm_medium="video")).users) == {Reason.NOT_MEASURED}


def test_the_series_has_every_day_and_a_day_without_tiktok_is_a_zero() -> None:
    days = [elsewhere(row) | {"sessions": "900"} for row in daily({**TIKTOK, "sessions_that_completed_checkout": "9"})]
    on = {"day": LAST_DAY, **TIKTOK, "sessions": "702", "sessions_that_completed_checkout": "5"}
    other = on | {"utm_medium": "video", "sessions": "8", "sessions_that_completed_checkout": "1"}
    told = seen(visits_daily=table([on, other, *days])).series

    assert isinstance(told, Series)
    assert (told.start, told.sessions) == (date(2026, 9, 21), (0,) * 59 + (710,))
    assert told.goal_completions == (Decimal(),) * 59 + (Decimal(6),)
    assert told.revenue == (Decimal("60.00"),) * 60


@pytest.mark.parametrize("form", ["2026-11-19", "2026-11-19T00:00:00Z", "2026-11-19T00:00:00+00:00"])
def test_a_day_is_read_in_either_form(form: str) -> None:
    told = seen(visits_daily=table([line(day=form)])).series

    assert isinstance(told, Series)
    assert (told.start, told.sessions) == (date(2026, 11, 19), (100,))


def test_the_history_begins_with_the_first_session_from_anywhere() -> None:
    first = elsewhere(line(day="2026-09-30"))
    told = seen(visits_daily=table([line(day=LAST_DAY), first])).series

    assert isinstance(told, Series)
    assert (told.start, len(told.sessions)) == (date(2026, 9, 30), 51)


def test_a_shop_that_opened_inside_the_prior_period_has_none() -> None:
    told = seen(visits_daily=table([line(day="2026-09-26"), line(day=LAST_DAY)]))

    assert reasons(told.prior) == {Reason.NO_PRIOR}
    assert detail(told.prior) == "Shopify's sessions report begins on 2026-09-26, the prior period on 2026-09-25"


@pytest.mark.parametrize("first", ["2026-09-25", "2026-09-21"])
def test_a_shop_that_was_open_on_the_prior_periods_first_day_has_one(first: str) -> None:
    told = seen(visits_daily=table([elsewhere(line(day=first)), line(day=LAST_DAY)]))

    assert isinstance(told.prior, PeriodFigures)


@pytest.mark.parametrize("day", [None, "yesterday", 20261119, "2026-13-01", ""])
def test_a_row_without_a_day_fails_the_series(day: object) -> None:
    told = seen(visits_daily=table([line(day=LAST_DAY), line(day=day)]))

    assert reasons(told.series) == {Reason.SOURCE_FAILED}
    assert told.current.sessions == 6100


def test_a_day_outside_of_the_window_is_nobodys() -> None:
    told = seen(visits_daily=table([line(day="2026-11-20"), line(day="2026-09-20"), line(day=LAST_DAY)])).series

    assert isinstance(told, Series)
    assert (told.start, told.sessions) == (date(2026, 11, 19), (100,))


def test_a_series_without_any_day_is_too_small_to_say_anything() -> None:
    assert reasons(seen(visits_daily=table([])).series) == {Reason.SAMPLE_TOO_SMALL}


def test_a_figure_that_is_null_on_one_day_is_unknown_on_that_day() -> None:
    rows = [line(day="2026-11-18"), line(day=LAST_DAY, sessions_that_completed_checkout=None)]
    told = seen(visits_daily=table(rows)).series

    assert isinstance(told, Series)
    assert (told.sessions, told.goal_completions) == ((100, 100), (Decimal(1), None))


def test_a_figure_that_is_nonsense_on_one_day_fails_the_series() -> None:
    rows = [line(day="2026-11-18"), line(day=LAST_DAY, sessions="-3")]

    assert reasons(seen(visits_daily=table(rows)).series) == {Reason.SOURCE_FAILED}


def test_pages_are_summed_over_their_sources_and_listed_by_their_traffic() -> None:
    listed = pages(
        line(landing_page_path="/b", sessions="40"),
        line(landing_page_path="/a", sessions="900", sessions_that_completed_checkout="9"),
        line(landing_page_path="/a", utm_medium="video", sessions="100", sessions_that_completed_checkout="3"),
        line(landing_page_path="/a", **PAID, sessions="5000"),
        elsewhere(line(landing_page_path="/c", sessions="7000")),
        channel=1040,
    )

    assert [(page.path, page.title, page.sessions) for page in listed.pages] == [("/a", "", 1000), ("/b", "", 40)]
    assert listed.pages[0].conversion_rate == Decimal("1.2")
    assert reasons(listed.pages[0].revenue) == {Reason.NOT_MEASURED}
    assert (listed.total_sessions, listed.truncated, listed.flags) == (1040, False, ())


def test_sessions_without_a_page_count_for_the_channel_alone() -> None:
    listed = pages(line(landing_page_path=None, sessions="60"), line(landing_page_path="/", sessions="40"), channel=100)

    assert [page.path for page in listed.pages] == ["/"]
    assert (listed.total_sessions, listed.truncated) == (100, False)


def test_where_the_channel_is_unknown_a_whole_listing_of_pages_tells_its_sessions() -> None:
    rows = [line(landing_page_path="/", sessions="40"), line(landing_page_path=None, sessions="2")]
    with shopify(visits_now=table([visits() | {"sessions": None}]), pages=table(rows)):
        listed = Night().channel().pages

    assert isinstance(listed, PagesSeen)
    assert listed.total_sessions == 42


def test_paths_and_campaigns_are_untrusted_text() -> None:
    hostile = "/sale\u202e\r\nBcc: x" + "y" * 500
    (page,) = pages(line(landing_page_path=hostile, sessions="6100")).pages
    (source,) = sources(line(utm_campaign=hostile, sessions="6100")).sources

    for shown in (page.path, source.label):
        assert shown.isprintable()
        assert len(shown) <= 200


def test_a_page_whose_sessions_are_unknown_may_be_a_big_one_and_comes_first() -> None:
    listed = pages(line(landing_page_path="/a"), line(landing_page_path="/b", sessions=None))

    assert [page.path for page in listed.pages] == ["/b", "/a"]
    assert isinstance(listed.pages[0].sessions, Absent)
    assert reasons(listed.pages[0].conversion_rate) == {Reason.NOT_MEASURED}


def test_a_source_is_named_by_what_it_says_and_paid_ones_are_marked() -> None:
    listed = sources(
        line(utm_campaign="bio-link", sessions="5000"),
        line(referrer_name="TikTok", utm_source=None, utm_medium=None, utm_campaign=None, sessions="1900"),
        line(**PAID, utm_campaign="spark", sessions="600"),
        elsewhere(line(utm_campaign="bio-link", sessions="9000")),
    )

    assert [(source.label, source.is_paid, source.sessions) for source in listed.sources] == [
        ("tiktok / social / bio-link", False, 5000),
        ("TikTok", False, 1900),
        ("tiktok / paid-social / spark", True, 600),
    ]
    assert {source.conversion_rate for source in listed.sources} == {
        Decimal("0.02"),
        Decimal(100) / 1900,
        Decimal(100) / 600,
    }


def test_a_listing_without_tiktok_lists_nothing() -> None:
    channel_of_nobody = pages(elsewhere(line(landing_page_path="/")), channel=0)

    assert (channel_of_nobody.pages, channel_of_nobody.total_sessions) == ((), 0)


def test_a_listing_of_pages_that_was_cut_tells_no_total() -> None:
    thousand = [line(landing_page_path=f"/{at}") for at in range(1000)]  # whatever window is asked for
    with shopify(visits_now=table([visits() | {"sessions": None}]), pages=table(thousand)):
        listed = Night().channel().pages

    assert isinstance(listed, PagesSeen)
    assert listed.truncated
    assert reasons(listed.total_sessions) == {Reason.NOT_MEASURED}


def test_a_daily_listing_that_was_cut_does_not_tell_when_the_shop_opened() -> None:
    thousand = [line(day=LAST_DAY, utm_source=f"tiktok-{at}") for at in range(1000)]  # the other days were cut off
    told = seen(visits_daily=table(thousand))

    assert isinstance(told.prior, PeriodFigures)
    assert reasons(told.series) == {Reason.NOT_MEASURED}


# London and Abidjan share their clock in winter: summer time ends on 25 October 2026, an hour after midnight, and
# begins on 28 March 2027. A series of 60 days begins before the prior period.
@pytest.mark.parametrize(
    ("end", "same"),
    [
        (date(2026, 12, 23), False),  # the series begins on 25 October
        (date(2026, 12, 24), True),
        (date(2027, 3, 27), True),
        (date(2027, 3, 28), False),  # its last day is an hour short
    ],
)
def test_two_clocks_are_compared_over_every_day_that_the_night_looks_at(end: date, same: bool) -> None:  # noqa: FBT001 - a column of the story
    periods = Periods.of_night(end + timedelta(days=2), period_days=28, lag_days=2, series_days=60)

    assert same_days(ZoneInfo("Europe/London"), ZoneInfo("Africa/Abidjan"), periods) is same


@pytest.mark.parametrize(
    ("mine", "shops", "flags"),
    [
        ("Europe/London", "Europe/London", ()),
        ("Asia/Kolkata", "Asia/Calcutta", ()),
        ("Europe/London", "Europe/Lisbon", ()),  # one clock by two names
        ("Europe/London", "Africa/Abidjan", ("shop_timezone_differs",)),  # the same until the end of summer time
        ("Europe/London", "America/New_York", ("shop_timezone_differs",)),
    ],
)
def test_a_shop_whose_days_are_other_days_is_marked(mine: str, shops: str, flags: tuple[str, ...]) -> None:
    with shopify(shop=shop_settings(shops)):
        told = Night(shop=merchant(mine)).channel().sessions

    assert isinstance(told, SessionsSeen)
    assert told.flags == flags
