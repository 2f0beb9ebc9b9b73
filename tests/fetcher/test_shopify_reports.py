"""ShopifyQL: what is asked, in which order of clauses; what comes back, in either form; and what a limit cuts off."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import PagesSeen, PeriodFigures, Series, SessionsSeen, SourcesSeen
from tests.fetcher.shopify_world import (
    TIKTOK,
    Night,
    ShopifyWorld,
    detail,
    elsewhere,
    parse_errors,
    reasons,
    reply,
    sales,
    shopify,
    table,
    visits,
)

TOTALS = (
    "sessions, online_store_visitors, pageviews, pageviews_per_session, average_session_duration, bounce_rate, "
    "sessions_with_cart_additions, sessions_that_completed_checkout"
)
HUMAN = "WHERE human_or_bot_session = 'human'"
ORIGIN = "referrer_name, utm_source, utm_medium"
SALES_ORIGIN = "order_utm_source, order_referrer_source, order_utm_medium"
NOW, BEFORE = "SINCE 2026-10-23 UNTIL 2026-11-19", "SINCE 2026-09-25 UNTIL 2026-10-22"
SERIES = "SINCE 2026-09-21 UNTIL 2026-11-19"
TWO = "sessions, sessions_that_completed_checkout"


def current(**answers: Any) -> PeriodFigures:
    with shopify(**answers):
        seen = Night().channel().sessions
    assert isinstance(seen, SessionsSeen)
    return seen.current


@pytest.mark.parametrize(
    ("name", "query"),
    [
        (
            "visits now",
            f"FROM sessions SHOW {TOTALS} {HUMAN} {NOW} GROUP BY {ORIGIN} ORDER BY sessions DESC LIMIT 1000",
        ),
        (
            "visits before",
            f"FROM sessions SHOW {TOTALS} {HUMAN} {BEFORE} GROUP BY {ORIGIN} ORDER BY sessions DESC LIMIT 1000",
        ),
        (
            "visits daily",
            f"FROM sessions SHOW {TWO} {HUMAN} {SERIES} GROUP BY day, {ORIGIN} ORDER BY sessions DESC LIMIT 1000",
        ),
        (
            "pages",
            (
                f"FROM sessions SHOW {TWO} {HUMAN} {NOW} GROUP BY landing_page_path, {ORIGIN} "
                "ORDER BY sessions DESC LIMIT 1000"
            ),
        ),
        (
            "sources",
            f"FROM sessions SHOW {TWO} {HUMAN} {NOW} GROUP BY {ORIGIN}, utm_campaign ORDER BY sessions DESC LIMIT 1000",
        ),
        (
            "sales now",
            (
                f"FROM sales SHOW total_sales, orders {NOW} GROUP BY {SALES_ORIGIN}, order_referrer_name "
                "ORDER BY total_sales DESC LIMIT 1000"
            ),
        ),
        (
            "sales before",
            (
                f"FROM sales SHOW total_sales, orders {BEFORE} GROUP BY {SALES_ORIGIN}, order_referrer_name "
                "ORDER BY total_sales DESC LIMIT 1000"
            ),
        ),
        (
            "sales daily",
            (
                f"FROM sales SHOW total_sales, orders {SERIES} GROUP BY day, {SALES_ORIGIN}, order_referrer_name "
                "ORDER BY total_sales DESC LIMIT 1000"
            ),
        ),
    ],
)
def test_a_report_is_asked_for_the_nights_window_in_the_reference_s_order_of_clauses(name: str, query: str) -> None:
    with shopify() as world:
        Night().channel()

    assert world.queries(name) == [query]
    (body,) = world.bodies(name)
    assert body["query"] == (
        "query($q:String!){shopifyqlQuery(query:$q){tableData{columns{name dataType displayName} rows} parseErrors}}"
    )


def test_beside_another_provider_only_carts_and_sales_are_asked_for() -> None:
    with shopify() as world:
        Night().commerce()

    assert sorted(world.names()) == ["carts before", "carts now", "sales before", "sales daily", "sales now", "shop"]
    assert world.queries("carts now") == [
        (
            "FROM sessions SHOW sessions, sessions_with_cart_additions, sessions_that_completed_checkout "
            f"{HUMAN} {NOW} GROUP BY {ORIGIN} ORDER BY sessions DESC LIMIT 1000"
        )
    ]


def as_lists(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the same table with its rows as lists of texts in the order of the columns."""
    told = answer["data"]["shopifyqlQuery"]["tableData"]
    names = [column["name"] for column in told["columns"]]
    rows = [[row[name] for name in names] for row in told["rows"]]
    return reply({"shopifyqlQuery": {"tableData": {**told, "rows": rows}, "parseErrors": []}})


def test_rows_may_be_objects_or_lists_in_the_order_of_the_columns() -> None:
    rows = [visits(6100), elsewhere(visits(900)), visits(400, utm_medium="referral", bounce_rate="0.5")]

    assert current(visits_now=as_lists(table(rows))) == current(visits_now=table(rows))


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_a_dimension_of_nothing_comes_as_null_or_as_an_empty_text(nothing: str | None) -> None:
    untagged = visits(700, referrer_name="TikTok", utm_source=nothing, utm_medium=nothing)
    direct = visits(90_000, referrer_name=nothing, utm_source=nothing, utm_medium=nothing)

    assert current(visits_now=table([untagged, direct])).sessions == 700


@pytest.mark.parametrize(
    "said",
    [
        ["Line 1 Column 13: Column `nonsense` not found."],
        [{"code": "COLUMN_NOT_FOUND", "message": "…"}],
        "a text",
        {"message": "an object"},
    ],
)
def test_a_query_that_was_not_understood_is_a_failure_though_the_status_is_200(said: object) -> None:
    answer = reply({"shopifyqlQuery": {"tableData": None, "parseErrors": said}})
    seen = current(visits_now=answer)

    assert reasons(seen.sessions) == {Reason.SOURCE_FAILED}
    assert detail(seen.sessions) == "Shopify's sessions report: Shopify did not understand the query"


@pytest.mark.parametrize("none", [[], None])
def test_no_parse_errors_may_be_an_empty_list_or_null(none: object) -> None:
    answer = table([visits()])
    answer["data"]["shopifyqlQuery"]["parseErrors"] = none

    assert current(visits_now=answer).sessions == 6100


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"tableData": None, "parseErrors": []},
        {"tableData": [], "parseErrors": []},
        {"tableData": {"columns": None, "rows": []}},
        {"tableData": {"columns": [{"name": "sessions"}], "rows": None}},
        {"tableData": {"columns": [{"name": "sessions"}], "rows": {"0": {}}}},
        {"tableData": {"columns": [{"name": 5}], "rows": [{"sessions": "1"}]}},
        {"tableData": {"columns": ["sessions"], "rows": [["1"]]}},
        {"tableData": {"columns": [{"name": "sessions"}], "rows": [["1", "2"]]}},
        {"tableData": {"columns": [{"name": "sessions"}], "rows": ["1"]}},
        {"tableData": {"columns": [{"name": "sessions"}], "rows": [None]}},
        {"tableData": {"columns": [{"name": "sessions"}], "rows": [{"sessions": "1"}]}},
        {"tableData": {"columns": [], "rows": [{**TIKTOK, "sessions": "1", "utm_source": 5}]}},
    ],
)
def test_a_table_of_another_form_is_a_failure_and_never_an_empty_one(told: object) -> None:
    seen = current(visits_now=reply({"shopifyqlQuery": told}))

    assert reasons(seen.sessions) == {Reason.SOURCE_FAILED}


def test_a_table_without_a_dimension_that_was_asked_for_sums_up_nobody() -> None:
    rows = [{name: value for name, value in visits().items() if name != "utm_medium"}]

    assert reasons(current(visits_now=table(rows)).sessions) == {Reason.SOURCE_FAILED}


def test_columns_are_found_by_name_in_any_order_and_others_are_ignored() -> None:
    row = {"unheard_of": "x", **dict(reversed(visits().items())), "sessions__previous": "9"}

    assert current(visits_now=as_lists(table([row]))) == current(visits_now=table([visits()]))


def test_a_shop_that_does_not_know_the_referrers_name_is_asked_without_it() -> None:
    def strict(body: Mapping[str, Any]) -> Any:
        unknown = "order_referrer_name" in body["variables"]["q"]
        row = {name: value for name, value in sales().items() if name != "order_referrer_name"}
        return parse_errors() if unknown else table([row])

    def strict_daily(body: Mapping[str, Any]) -> Any:
        assert "order_referrer_name" not in body["variables"]["q"]
        return table([{"day": "2026-09-21", **sales("12.00", 1)}])

    with shopify(sales_now=strict, sales_before=strict, sales_daily=strict_daily) as world:
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert isinstance(seen.prior, PeriodFigures)
    assert (seen.current.orders, seen.prior.orders) == (58, 58)
    assert (len(world.queries("sales now")), len(world.queries("sales before"))) == (2, 1)


def splitting(row_of: Callable[[date], list[dict[str, Any]]]) -> Callable[[Mapping[str, Any]], Any]:
    """Return a shop that lists the rows of every day of the window that is asked for, up to the query's limit."""

    def answer(body: Mapping[str, Any]) -> Any:
        since, until = (date.fromisoformat(text) for text in re.findall(r"\d{4}-\d\d-\d\d", body["variables"]["q"])[:2])
        days = [since + timedelta(days=at) for at in range((until - since).days + 1)]
        rows = [row for day in days for row in row_of(day)]
        return table(rows[:1000])

    return answer


def crowded(sources: int) -> Callable[[Mapping[str, Any]], Any]:
    """Return a shop with so many sources a day, each of one session, and last of all ten sessions from TikTok."""

    def rows(_: date) -> list[dict[str, Any]]:
        others = [visits(1, referrer_name=None, utm_source=f"mail-{at}", utm_medium="email") for at in range(sources)]
        return [*others, visits(10, sessions_that_completed_checkout="1", sessions_with_cart_additions="2")]

    return splitting(rows)


def test_a_listing_as_long_as_its_limit_is_asked_for_in_halves_until_it_is_whole() -> None:
    # 101 rows a day: 28 and 14 days are beyond the limit, 7 are not.
    with shopify(visits_now=crowded(100)) as world:
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert (seen.current.sessions, seen.current.carts, seen.current.goal_completions) == (280, 56, Decimal(28))
    windows = [re.findall(r"\d{4}-\d\d-\d\d", query)[:2] for query in world.queries("visits now")]
    assert sorted(windows) == [
        ["2026-10-23", "2026-10-29"],
        ["2026-10-23", "2026-11-05"],
        ["2026-10-23", "2026-11-19"],
        ["2026-10-30", "2026-11-05"],
        ["2026-11-06", "2026-11-12"],
        ["2026-11-06", "2026-11-19"],
        ["2026-11-13", "2026-11-19"],
    ]


def test_exactly_at_the_limit_nobody_knows_whether_there_is_more() -> None:
    def rows(sources: int) -> Any:
        others = [visits(1, utm_source=f"mail-{at}", referrer_name=None) for at in range(sources)]
        return table([*others, visits(10)])

    with shopify(visits_now=rows(998)) as below:
        Night().channel()
    with shopify(visits_now=rows(999)) as at_it:
        Night().channel()

    assert len(below.queries("visits now")) == 1
    assert len(at_it.queries("visits now")) > 1


def test_a_single_day_beyond_the_limit_makes_the_totals_absent_and_never_too_small() -> None:
    with shopify(visits_now=crowded(1500), visits_daily=crowded_days(1500)):
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    for name in ("sessions", "carts", "bounce_rate", "goal_completions", "session_conversion_rate"):
        assert reasons(getattr(seen.current, name)) == {Reason.NOT_MEASURED}
    assert detail(seen.current.sessions).endswith("lists 1000 rows at once, and a single day of this shop has more")
    assert reasons(seen.series) == {Reason.NOT_MEASURED}


@pytest.mark.parametrize("crowded_day", [date(2026, 10, 23), date(2026, 11, 19)])
def test_one_day_beyond_the_limit_is_enough(crowded_day: date) -> None:
    def rows(day: date) -> list[dict[str, Any]]:
        return [visits(1, utm_source=f"mail-{at}") for at in range(1500 if day == crowded_day else 1)]

    with shopify(visits_now=splitting(rows)):
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert reasons(seen.current.sessions) == {Reason.NOT_MEASURED}


def crowded_days(sources: int) -> Callable[[Mapping[str, Any]], Any]:
    def rows(day: date) -> list[dict[str, Any]]:
        return [{"day": day.isoformat(), **visits(1, utm_source=f"mail-{at}")} for at in range(sources)]

    return splitting(rows)


def test_the_questions_of_a_night_are_counted() -> None:
    with shopify(**dict.fromkeys(("visits_now", "visits_before", "pages", "sources"), crowded(1500))) as world:
        world.answers["visits daily"] = crowded_days(1500)
        Night().channel()

    assert len(world.requests) == 1 + 8 + 40  # the shop's settings, the night's eight reports, and halves of windows
    assert {"pages", "sources", "sales now", "sales before", "sales daily"} <= set(world.names())


def test_sales_beyond_the_limit_are_added_up_from_halves_too() -> None:
    def rows(_: date) -> list[dict[str, Any]]:
        others = [sales("9.00", 1, order_utm_source=f"mail-{at}", order_referrer_name=None) for at in range(100)]
        return [*others, sales("2.50", 1)]

    with shopify(sales_now=splitting(rows)):
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert (str(seen.current.revenue), seen.current.orders) == ("70.00", 28)


def test_sales_of_a_day_beyond_the_limit_are_absent() -> None:
    def rows(_: date) -> list[dict[str, Any]]:
        return [sales("9.00", 1, order_utm_source=f"mail-{at}") for at in range(1200)]

    with shopify(sales_now=splitting(rows)):
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert (reasons(seen.current.revenue), reasons(seen.current.orders)) == (
        {Reason.NOT_MEASURED},
        {Reason.NOT_MEASURED},
    )


def many_pages(_: date) -> list[dict[str, Any]]:
    return [
        {"landing_page_path": f"/p/{at}", **TIKTOK, "sessions": str(2000 - at), "sessions_that_completed_checkout": "1"}
        for at in range(1200)
    ]


def test_a_listing_of_pages_that_stays_too_long_is_marked_as_cut() -> None:
    with shopify(pages=splitting(many_pages), visits_now=table([visits(10**6)])):
        pages = Night().channel().pages

    assert isinstance(pages, PagesSeen)
    assert pages.truncated
    assert pages.flags == ("truncated",)
    assert len(pages.pages) == 1000


@pytest.mark.parametrize(("listed", "cut"), [("6100", False), ("6099", True), ("7000", False)])
def test_a_listing_that_holds_fewer_sessions_than_the_channel_was_cut_silently(listed: str, cut: bool) -> None:  # noqa: FBT001 - a column of the story
    row = {**TIKTOK, "sessions": listed, "sessions_that_completed_checkout": "49"}
    with shopify(pages=table([{"landing_page_path": "/", **row}]), sources=table([{**row, "utm_campaign": "bio"}])):
        channel = Night().channel()

    assert isinstance(channel.pages, PagesSeen)
    assert isinstance(channel.sources, SourcesSeen)
    assert (channel.pages.truncated, channel.sources.truncated) == (cut, cut)


def test_a_half_that_fails_fails_the_whole() -> None:
    def half_broken(body: Mapping[str, Any]) -> Any:
        if "SINCE 2026-11-06" in body["variables"]["q"]:
            return {"errors": [{"message": "no", "extensions": {"code": "TIMEOUT"}}]}
        return crowded(100)(body)

    assert reasons(current(visits_now=half_broken).sessions) == {Reason.SOURCE_FAILED}


def test_the_series_is_put_together_from_its_halves() -> None:
    def rows(day: date) -> list[dict[str, Any]]:
        others = [{"day": day.isoformat(), **visits(1, utm_source=f"mail-{at}", referrer_name="")} for at in range(40)]
        return [*others, {"day": day.isoformat(), **visits(day.day)}]

    with shopify(visits_daily=splitting(rows)) as world:
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert isinstance(seen.series, Series)
    assert (seen.series.start, seen.series.sessions) == (
        date(2026, 9, 21),
        (*range(21, 31), *range(1, 32), *range(1, 20)),
    )
    assert len(world.queries("visits daily")) > 1


def test_the_first_question_that_is_denied_is_the_last_report_of_its_kind() -> None:
    world: ShopifyWorld
    with shopify() as world:
        world.deny_reports()
        channel = Night().channel()

    assert isinstance(channel.pages, Absent)
    assert [name for name in world.names() if name.startswith(("visits", "pages", "sources"))] == ["visits now"]
    assert [name for name in world.names() if name.startswith("sales")] == ["sales now"]
