"""The sample's Admin API: GraphQL and ShopifyQL taken at their word, points that run out, shops in every trouble."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from console.merchants_file import parse_merchants
from console.sample.desk import Desk, Request
from console.sample.fleet import fleet
from console.sample.replies import Reply
from console.sample.server import SampleServer
from console.sample.shopify import ADMIN, Shopify, shop_name, shopify_token, shopify_toml
from console.sample.shopify_story import READ_ALL_ORDERS, READ_ORDERS, READ_REPORTS, ShopifyConduct, ShopifyFault
from console.sample.story import SampleMerchant
from functions.audit.grant import SHOPIFY
from functions.audit.hosts import HostPolicy
from functions.audit.profile import default_profile
from functions.fetcher.sources.shopify.orders import DOCUMENT as ORDERS
from functions.fetcher.sources.shopify.reports import DOCUMENT as REPORT
from functions.fetcher.sources.shopify.shop import QUERY as SETTINGS
from tests.console.sample_shops import with_shop

LARKSPUR = next(merchant for merchant in fleet(seed=21) if merchant.id == "larkspur")
WINDOW = "SINCE 2026-10-23 UNTIL 2026-11-19"
HUMAN = "WHERE human_or_bot_session = 'human'"


class Till:
    """One shop, asked without a network, on a clock that stands still until it is moved."""

    def __init__(self, conduct: ShopifyConduct | None = None, merchant: SampleMerchant = LARKSPUR) -> None:
        self.merchant = with_shop(merchant, conduct)
        self.now = 1000.0
        self._shopify = Shopify([self.merchant], clock=lambda: self.now)

    def post(self, body: object, token: str | None = None) -> Reply:
        headers = {"x-shopify-access-token": shopify_token(self.merchant) if token is None else token}
        return self._shopify.answer(headers, json.dumps(body).encode())

    def ask(self, document: str, **variables: object) -> Any:
        reply = self.post({"query": document, "variables": variables})
        assert reply.status == 200
        return json.loads(reply.body)

    def report(self, query: str) -> Any:
        return self.ask(REPORT, q=query)["data"]["shopifyqlQuery"]

    def rows(self, query: str) -> list[Any]:
        answer = self.report(query)
        assert answer["parseErrors"] == []
        rows: list[Any] = answer["tableData"]["rows"]
        return rows

    def orders(self, search: str, **variables: object) -> Any:
        return self.ask(ORDERS, q=search, after=None, **variables)["data"]["orders"]


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def test_every_merchant_has_a_token_of_its_own_that_follows_from_the_seed() -> None:
    tokens = {shopify_token(merchant) for merchant in fleet(seed=21)}

    assert len(tokens) == len(fleet(seed=21))
    assert all(token.startswith("shpat_") for token in tokens)
    assert shopify_token(LARKSPUR) == shopify_token(replace(LARKSPUR))
    assert shopify_token(LARKSPUR) != shopify_token(replace(LARKSPUR, seed=22))


@pytest.mark.parametrize("token", ["", "shpat_unknown", "act.sample"])
def test_an_unknown_token_is_refused_with_a_text_for_errors(token: str) -> None:
    reply = Till().post({"query": SETTINGS}, token)

    assert reply.status == 401
    assert json.loads(reply.body) == {
        "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
    }


def test_a_merchant_without_a_shop_has_no_token_there() -> None:
    headers = {"x-shopify-access-token": shopify_token(LARKSPUR)}

    assert Shopify([LARKSPUR]).answer(headers, b"{}").status == 401


def test_the_shop_tells_its_settings_and_what_the_app_may_do() -> None:
    assert Till(ShopifyConduct(timezone="Asia/Tokyo")).ask(SETTINGS)["data"] == {
        "shop": {"ianaTimezone": "Asia/Tokyo", "currencyCode": "GBP"},
        "currentAppInstallation": {"accessScopes": [{"handle": "read_orders"}, {"handle": "read_reports"}]},
    }


@pytest.mark.parametrize(
    "document",
    [
        "query{shop{secretSauce}}",
        "query{products{nodes{id}}}",
        "query{shop{ianaTimezone}",
        "query{shop{ianaTimezone}}}",
        "mutation{shop{name}}",
        "shop{name}",
        "query{shop(: ){name}}",
        "query{shop{§}}",
        "",
    ],
)
def test_a_document_that_asks_for_what_is_not_there_is_an_error(document: str) -> None:
    answer = Till().ask(document)

    assert codes(answer)[0] in {"undefinedField", "PARSE_ERROR"}
    assert "data" not in answer


def test_an_answer_holds_what_was_asked_for_by_the_name_that_was_asked_for() -> None:
    assert Till().ask("{clock: shop{zone: ianaTimezone}}")["data"] == {"clock": {"zone": "Europe/London"}}


@pytest.mark.parametrize("body", [None, [], {}, {"query": None, "variables": 5}, "query"])
def test_a_body_that_is_no_request_is_a_bad_one(body: object) -> None:
    reply = Till().post(body)

    assert reply.status == 400 or b"PARSE_ERROR" in reply.body


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SHOW sessions FROM sessions", "`FROM` must come before `SHOW`"),
        ("sessions", "must begin with FROM"),
        ("", "must begin with FROM"),
        (f"FROM visitors SHOW sessions {WINDOW}", "Dataset `visitors` not found"),
        (f"FROM sessions SHOW visits {WINDOW}", "Column `visits` not found"),
        (f"FROM sales SHOW sessions {WINDOW}", "Column `sessions` not found"),
        (f"FROM sessions SHOW sessions {WINDOW} GROUP BY order_utm_source", "Column `order_utm_source` not found"),
        (f"FROM sessions SHOW sum(sessions) {WINDOW}", "Column `sum(sessions)` not found"),
        (f"FROM sessions SHOW sessions {WINDOW} {HUMAN}", "`WHERE` must come before `UNTIL`"),
        (f"FROM sessions SHOW sessions {WINDOW} LIMIT 5 ORDER BY sessions", "`ORDER BY` must come before `LIMIT`"),
        (f"FROM sessions SHOW sessions ORDER BY sessions {WINDOW}", "`SINCE` must come before `ORDER BY`"),
        ("FROM sessions SHOW sessions", "A query must have SINCE"),
        ("FROM sessions SHOW sessions SINCE 2026-11-19", "A query must have UNTIL"),
        ("FROM sessions SHOW sessions SINCE -30d UNTIL today", "Date isn't parsable"),
        ("FROM sessions SHOW sessions SINCE 2026-11-19 UNTIL 2026-10-23", "UNTIL must not be before SINCE"),
        (f"FROM sessions SHOW sessions WHERE utm_source LIKE 'tiktok' {WINDOW}", "WHERE compares"),
        (f'FROM sessions SHOW sessions WHERE utm_source = "tiktok" {WINDOW}', "WHERE compares"),
        (f"FROM sessions SHOW sessions WHERE sessions = '5' {WINDOW}", "Column `sessions` not found"),
        (f"FROM sessions SHOW sessions {WINDOW} ORDER BY pageviews DESC", "Column `pageviews` not found"),
        (f"FROM sessions SHOW sessions {WINDOW} ORDER BY sessions DOWN", "`DOWN` is no direction"),
        (f"FROM sessions SHOW sessions {WINDOW} LIMIT 0", "LIMIT is a whole number"),
        (f"FROM sessions SHOW sessions {WINDOW} LIMIT many", "LIMIT is a whole number"),
        (f"FROM sessions SHOW sessions DURING last_month {WINDOW}", "`DURING` is not supported"),
        (f"FROM sessions SHOW bounce_rate {WINDOW} GROUP BY landing_page_path", "Landing pages are shown with"),
    ],
)
def test_shopifyql_that_breaks_a_rule_is_told_in_parse_errors_with_status_200(query: str, said: str) -> None:
    answer = Till().report(query)

    assert answer["tableData"] is None
    assert said in answer["parseErrors"][0]


def test_a_table_has_columns_and_rows_whose_values_are_texts() -> None:
    query = f"FROM sessions SHOW sessions, bounce_rate {HUMAN} {WINDOW} GROUP BY utm_source LIMIT 100"
    answer = Till().report(query)["tableData"]

    assert [column["name"] for column in answer["columns"]] == ["utm_source", "sessions", "bounce_rate"]
    assert [column["dataType"] for column in answer["columns"]] == ["STRING", "INTEGER", "PERCENT"]
    assert all(isinstance(value, str | None) for row in answer["rows"] for value in row.values())
    assert all(0 < Decimal(row["bounce_rate"]) < 1 for row in answer["rows"])


def test_rows_come_as_lists_where_the_shop_is_told_so() -> None:
    query = f"FROM sessions SHOW sessions {HUMAN} {WINDOW} GROUP BY utm_source, utm_medium"
    listed = Till(ShopifyConduct(rows_as_lists=True)).rows(query)

    assert [list(row.values()) for row in Till().rows(query)] == listed


def test_bots_are_visitors_unless_they_are_left_out() -> None:
    def total(where: str) -> int:
        rows = Till().rows(f"FROM sessions SHOW sessions {where} {WINDOW} GROUP BY utm_source")
        return sum(int(row["sessions"]) for row in rows)

    assert total("") == total(HUMAN) + total("WHERE human_or_bot_session != 'human'")
    assert total("WHERE human_or_bot_session = 'bot'") > 0


def test_tiktok_is_one_of_many_ways_and_partly_untagged() -> None:
    rows = Till().rows(f"FROM sessions SHOW sessions {HUMAN} {WINDOW} GROUP BY referrer_name, utm_source, utm_medium")
    ways = {(row["referrer_name"], row["utm_source"], row["utm_medium"]) for row in rows}

    assert {("TikTok", "tiktok", "social"), ("TikTok", None, None), ("Google", None, None), (None, None, None)} <= ways


def test_days_of_a_series_add_up_to_the_total() -> None:
    till = Till()
    (whole,) = till.rows(f"FROM sessions SHOW sessions, sessions_that_completed_checkout {HUMAN} {WINDOW}")
    daily = till.rows(f"FROM sessions SHOW sessions, sessions_that_completed_checkout {HUMAN} {WINDOW} GROUP BY day")
    series = till.rows(f"FROM sessions SHOW sessions {HUMAN} {WINDOW} TIMESERIES day")

    assert len(daily) == len(series) == 28
    for name in ("sessions", "sessions_that_completed_checkout"):
        assert sum(int(row[name]) for row in daily) == int(whole[name])


def test_pages_add_up_to_the_channel_and_most_visited_come_first() -> None:
    till = Till()
    by_way = "referrer_name, utm_source, utm_medium"
    ranked = "ORDER BY sessions DESC LIMIT 1000"
    pages = till.rows(f"FROM sessions SHOW sessions {HUMAN} {WINDOW} GROUP BY landing_page_path, {by_way} {ranked}")
    ways = till.rows(f"FROM sessions SHOW sessions {HUMAN} {WINDOW} GROUP BY {by_way} {ranked}")
    counts = [int(row["sessions"]) for row in pages]

    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == sum(int(row["sessions"]) for row in ways if row["referrer_name"] == "TikTok")


def test_a_limit_cuts_the_tail() -> None:
    till = Till()
    query = f"FROM sessions SHOW sessions {HUMAN} {WINDOW} GROUP BY day, utm_source ORDER BY sessions DESC"

    assert till.rows(f"{query} LIMIT 7") == till.rows(f"{query} LIMIT 1000")[:7]


def test_before_the_shop_there_was_nothing() -> None:
    young = next(merchant for merchant in fleet(seed=21) if merchant.id == "first-light")  # open for twelve days
    till = Till(merchant=young)
    till.rows(f"FROM sessions SHOW sessions {WINDOW}")

    assert till.rows("FROM sessions SHOW sessions SINCE 2026-09-25 UNTIL 2026-10-22 GROUP BY utm_source") == []
    assert till.rows("FROM sales SHOW total_sales SINCE 2026-09-25 UNTIL 2026-10-22 GROUP BY order_utm_source") == []


def test_a_figure_that_nobody_measures_is_null() -> None:
    glass = next(merchant for merchant in fleet(seed=21) if merchant.id == "vltava-glass")
    (row,) = Till(merchant=glass).rows(f"FROM sessions SHOW sessions, bounce_rate {HUMAN} {WINDOW}")

    assert row["bounce_rate"] is None
    assert int(row["sessions"]) > 0


PERIOD = "processed_at:>='2026-10-22T23:00:00Z' processed_at:<'2026-11-20T00:00:00Z'"


def test_orders_are_listed_in_pages_to_the_end() -> None:
    till = Till()
    nodes: list[dict[str, Any]] = []
    after = None
    for _ in range(100):
        answer = till.ask(ORDERS, q=PERIOD, after=after)["data"]["orders"]
        nodes += answer["nodes"]
        after = answer["pageInfo"]["endCursor"]
        if not answer["pageInfo"]["hasNextPage"]:
            break

    assert len(nodes) > 200
    assert len({node["id"] for node in nodes}) == len(nodes)
    assert [node["processedAt"] for node in nodes] == sorted(node["processedAt"] for node in nodes)
    assert {node["test"] for node in nodes} == {True, False}
    assert None in {node["customerJourneySummary"] and "journey" for node in nodes}
    assert any(node["cancelledAt"] for node in nodes)


def test_orders_are_searched_by_instants_and_by_days() -> None:
    till = Till()
    one_day = till.orders("processed_at:>=2026-11-19 processed_at:<=2026-11-19")["nodes"]
    by_instants = till.orders("processed_at:>='2026-11-19T00:00:00Z' processed_at:<'2026-11-20T00:00:00Z'")["nodes"]

    assert one_day == by_instants
    assert {node["processedAt"][:10] for node in one_day} == {"2026-11-19"}


@pytest.mark.parametrize("search", ["", "status:open", "processed_at:2026-11-19", f"{PERIOD} OR test:true"])
def test_a_search_that_is_not_understood_is_an_error(search: str) -> None:
    assert codes(Till().ask(ORDERS, q=search, after=None)) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("after", ["nonsense", "b3RoZXI6MTAw", "!!!"])
def test_a_cursor_of_another_listing_is_an_error(after: str) -> None:
    assert codes(Till().ask(ORDERS, q=PERIOD, after=after)) == ["BAD_USER_INPUT"]


def test_read_orders_shows_sixty_days_and_read_all_orders_shows_all() -> None:
    def oldest(conduct: ShopifyConduct) -> str:
        till = Till(conduct)
        till.report(f"FROM sales SHOW orders {WINDOW}")
        search = "processed_at:>='2026-08-01T00:00:00Z' processed_at:<'2026-11-20T00:00:00Z'"
        return str(till.orders(search)["nodes"][0]["processedAt"])

    assert oldest(ShopifyConduct()) >= "2026-09-22T00:00:00Z"
    assert oldest(ShopifyConduct(scopes=(READ_ORDERS, READ_ALL_ORDERS, READ_REPORTS))) < "2026-09-01"


def test_a_shop_that_changed_its_currency_has_older_orders_in_the_old_one() -> None:
    rose = next(merchant for merchant in fleet(seed=21) if merchant.id == "rila-rose")
    till = Till(merchant=rose)
    till.report(f"FROM sales SHOW orders {WINDOW}")

    def currencies(search: str) -> set[str]:
        nodes = till.orders(search)["nodes"]
        return {
            node["currentTotalPriceSet"]["shopMoney"]["currencyCode"]
            for node in nodes
            if node["customerJourneySummary"] and not node["test"] and not node["cancelledAt"]
        }

    assert currencies("processed_at:>='2026-11-01T00:00:00Z' processed_at:<'2026-11-20T00:00:00Z'") == {"EUR"}
    assert currencies("processed_at:>='2026-10-01T00:00:00Z' processed_at:<'2026-10-10T00:00:00Z'") == {"BGN"}


def test_without_the_scope_a_field_is_denied_by_its_code() -> None:
    till = Till(ShopifyConduct(scopes=()))

    assert codes(till.ask(REPORT, q=f"FROM sales SHOW orders {WINDOW}")) == ["ACCESS_DENIED"]
    assert codes(till.ask(ORDERS, q=PERIOD, after=None)) == ["ACCESS_DENIED"]
    assert "data" not in till.ask(REPORT, q=f"FROM sales SHOW orders {WINDOW}")


def test_points_are_spent_and_come_back_with_the_time() -> None:
    till = Till(ShopifyConduct(points=(25.0, 5.0)))
    query = f"FROM sales SHOW orders {WINDOW}"

    def left() -> tuple[bool, float]:
        answer = till.ask(REPORT, q=query)
        status = answer["extensions"]["cost"]["throttleStatus"]
        assert (status["maximumAvailable"], status["restoreRate"]) == (25.0, 5.0)
        return "errors" not in answer, status["currentlyAvailable"]

    assert [left(), left(), left()] == [(True, 15), (True, 5), (False, 5)]
    till.now += 1
    assert left() == (True, 0)
    till.now += 1000
    assert left() == (True, 15)  # never more than the bucket holds


def test_a_refusal_tells_what_was_asked_and_what_there_is() -> None:
    till = Till(ShopifyConduct(points=(2000.0, 0.5), full=0.0))
    answer = till.ask(SETTINGS)

    assert codes(answer) == ["THROTTLED"]
    assert answer["extensions"]["cost"] == {
        "requestedQueryCost": 2,
        "actualQueryCost": None,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 0.0, "restoreRate": 0.5},
    }


def test_a_page_of_orders_is_charged_for_what_it_held() -> None:
    till = Till()
    till.report(f"FROM sales SHOW orders {WINDOW}")
    nothing = "processed_at:>='2020-01-01T00:00:00Z' processed_at:<'2020-01-02T00:00:00Z'"
    cost = till.ask(ORDERS, q=nothing, after=None)["extensions"]["cost"]

    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (62, 2)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (ShopifyFault.REJECTED, 401),
        (ShopifyFault.FROZEN, 402),
        (ShopifyFault.GONE, 404),
        (ShopifyFault.LOCKED, 423),
        (ShopifyFault.BROKEN, 500),
        (ShopifyFault.NONSENSE, 200),
    ],
)
def test_a_shop_in_trouble_answers_as_such_a_shop_does(fault: ShopifyFault, status: int) -> None:
    reply = Till(ShopifyConduct(fault=fault)).post({"query": SETTINGS})

    assert reply.status == status
    if fault is ShopifyFault.NONSENSE:
        assert reply.content_type.startswith("text/html")
    else:
        assert isinstance(json.loads(reply.body)["errors"], str)


def test_every_audit_is_told_the_story_up_to_its_own_night() -> None:
    till = Till()

    def sessions_until(end: date) -> int:
        till.ask(SETTINGS)
        rows = till.rows(f"FROM sessions SHOW sessions {HUMAN} SINCE {end - timedelta(days=27)} UNTIL {end}")
        return int(rows[0]["sessions"])

    late, early = sessions_until(date(2026, 11, 19)), sessions_until(date(2026, 3, 1))

    assert late > 0
    assert early > 0
    assert sessions_until(date(2026, 11, 19)) == late


def test_the_door_is_where_shopify_has_it_and_takes_posts_only() -> None:
    desk = Desk([with_shop(LARKSPUR)])
    headers = {"x-shopify-access-token": shopify_token(LARKSPUR)}
    body = json.dumps({"query": SETTINGS}).encode()

    assert desk.answer(Request("POST", ADMIN, headers, body)).status == 200
    assert desk.answer(Request("GET", ADMIN, headers, body)).status == 404
    assert desk.answer(Request("POST", "/admin/api/2020-01/graphql.json", headers, body)).status == 404


def test_over_http_it_is_the_same_and_on_record_whose_it_was() -> None:
    with SampleServer([with_shop(LARKSPUR)]) as server:
        answer = httpx.post(
            f"{server.url}{ADMIN}",
            json={"query": SETTINGS, "variables": {}},
            headers={"X-Shopify-Access-Token": shopify_token(LARKSPUR)},
            trust_env=False,
        )

        assert answer.json()["data"]["shop"] == {"ianaTimezone": "Europe/London", "currencyCode": "GBP"}
        assert server.count(ADMIN, "larkspur") == 1


@pytest.mark.parametrize("table", ["analytics", "commerce"])
def test_the_lines_of_a_merchants_file_are_read_as_meant(table: str) -> None:
    beside = '  [merchant.analytics]\n  provider = "storefront"\n' if table == "commerce" else ""
    lines = "\n".join(shopify_toml(LARKSPUR, "http://127.0.0.1:8080", table=table))
    text = f'[[merchant]]\nid = "larkspur"\nname = "Larkspur"\n{beside}{lines}\n'
    hosts = HostPolicy(loopback_http=True)
    (entry,) = parse_merchants(text, source="file", environment={}, hosts=hosts, profile=default_profile())
    settings = getattr(entry.merchant, table)

    assert (settings.shop, settings.base_url) == (shop_name(LARKSPUR), "http://127.0.0.1:8080")
    (grant,) = entry.grants
    assert grant.provider == SHOPIFY
    assert grant.access_token is not None
    assert grant.access_token.get_secret_value() == shopify_token(LARKSPUR)
