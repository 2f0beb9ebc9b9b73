"""What a property is asked: two calls at the same time, at most five reports each, TikTok's unpaid visits only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fetcher.property import GaWorld, channel, name_of, property_world

UNPAID_FROM_TIKTOK = [
    {
        "filter": {
            "fieldName": "sessionSource",
            "stringFilter": {"matchType": "CONTAINS", "value": "tiktok", "caseSensitive": False},
        }
    },
    {
        "notExpression": {
            "filter": {
                "fieldName": "sessionMedium",
                "stringFilter": {
                    "matchType": "FULL_REGEXP",
                    "value": "^(.*cp.*|ppc|retargeting|paid.*)$",
                    "caseSensitive": False,
                },
            }
        }
    },
]
CURRENT_AND_PRIOR = [
    {"startDate": "2026-10-23", "endDate": "2026-11-19", "name": "current"},
    {"startDate": "2026-09-25", "endDate": "2026-10-22", "name": "prior"},
]
SIXTY_DAYS = [{"startDate": "2026-09-21", "endDate": "2026-11-19"}]
CURRENT_ONLY = [{"startDate": "2026-10-23", "endDate": "2026-11-19"}]


def asked(**settings: Any) -> GaWorld:
    with property_world() as world:
        channel(**settings)
    return world


def one(name: str, **settings: Any) -> dict[str, Any]:
    (request,) = asked(**settings).of(name)
    return request


def test_two_calls_ask_for_everything() -> None:
    calls = asked().asked()

    assert [[name_of(request) for request in call] for call in calls] == [
        ["totals", "audience", "days", "pages", "sources"],
        ["commerce", "funnel", "tracked"],
    ]


def test_each_call_is_a_batch_to_the_property_with_the_token() -> None:
    for request in asked().requests:
        assert request.method == "POST"
        assert str(request.url) == "https://analyticsdata.googleapis.com/v1beta/properties/312345678:batchRunReports"
        assert request.headers["authorization"] == "Bearer ya29.one"
        assert request.headers["content-type"] == "application/json"


def test_the_totals_are_asked_as_the_documentation_asks_for_them() -> None:
    assert one("totals") == {
        "dateRanges": CURRENT_AND_PRIOR,
        "metrics": [
            {"name": "sessions"},
            {"name": "engagedSessions"},
            {"name": "totalUsers"},
            {"name": "newUsers"},
            {"name": "bounceRate"},
            {"name": "screenPageViews"},
            {"name": "screenPageViewsPerSession"},
            {"name": "averageSessionDuration"},
            {"name": "keyEvents"},
        ],
        "dimensionFilter": {"andGroup": {"expressions": UNPAID_FROM_TIKTOK}},
        "currencyCode": "GBP",
        "keepEmptyRows": False,
        "returnPropertyQuota": True,
    }


def test_new_and_returning_users_come_by_range() -> None:
    request = one("audience")

    assert request["dimensions"] == [{"name": "newVsReturning"}]
    assert request["metrics"] == [{"name": "totalUsers"}]
    assert request["dateRanges"] == CURRENT_AND_PRIOR


def test_the_days_are_one_range_in_order() -> None:
    request = one("days")

    assert request["dimensions"] == [{"name": "date"}]
    assert request["metrics"] == [{"name": "sessions"}, {"name": "keyEvents"}, {"name": "purchaseRevenue"}]
    assert request["dateRanges"] == SIXTY_DAYS
    assert request["orderBys"] == [{"dimension": {"dimensionName": "date"}}]
    assert request["limit"] == "60"


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [("pages", ["landingPage"]), ("sources", ["sessionSource", "sessionMedium", "sessionCampaignName"])],
)
def test_a_listing_comes_with_the_most_sessions_first(name: str, dimensions: list[str]) -> None:
    request = one(name)

    assert request["dimensions"] == [{"name": dimension} for dimension in dimensions]
    assert request["metrics"] == [{"name": "sessions"}, {"name": "ecommercePurchases"}, {"name": "purchaseRevenue"}]
    assert request["dateRanges"] == CURRENT_ONLY
    assert request["orderBys"] == [{"desc": True, "metric": {"metricName": "sessions"}}]
    assert request["limit"] == "200"


def test_commerce_is_counted_by_events() -> None:
    request = one("commerce")

    assert "dimensions" not in request
    assert request["metrics"] == [
        {"name": "addToCarts"},
        {"name": "ecommercePurchases"},
        {"name": "transactions"},
        {"name": "purchaseRevenue"},
    ]
    assert request["dateRanges"] == CURRENT_AND_PRIOR


def test_carts_and_purchases_are_counted_by_sessions() -> None:
    request = one("funnel")
    events = {
        "filter": {
            "fieldName": "eventName",
            "inListFilter": {"values": ["add_to_cart", "purchase"], "caseSensitive": True},
        }
    }

    assert request["dimensions"] == [{"name": "eventName"}]
    assert request["metrics"] == [{"name": "sessions"}]
    assert request["dateRanges"] == CURRENT_AND_PRIOR
    assert request["dimensionFilter"] == {"andGroup": {"expressions": [*UNPAID_FROM_TIKTOK, events]}}


@pytest.mark.parametrize("key_events", [[], ["sign_up", "purchase"]])
def test_every_report_but_one_is_about_unpaid_visits_from_tiktok(key_events: list[str]) -> None:
    for call in asked(key_events=key_events).asked():
        for request in call:
            wanted = [] if name_of(request) == "tracked" else UNPAID_FROM_TIKTOK
            assert request["dimensionFilter"]["andGroup"]["expressions"][: len(wanted)] == wanted


def test_whether_sales_are_recorded_at_all_is_asked_of_everybody_over_both_periods() -> None:
    request = one("tracked")

    assert request["dimensions"] == [{"name": "eventName"}]
    assert request["metrics"] == [{"name": "eventCount"}]
    assert request["dateRanges"] == [{"startDate": "2026-09-25", "endDate": "2026-11-19"}]
    assert request["dimensionFilter"] == {
        "andGroup": {
            "expressions": [
                {
                    "filter": {
                        "fieldName": "eventName",
                        "inListFilter": {"values": ["add_to_cart", "purchase"], "caseSensitive": True},
                    }
                }
            ]
        }
    }


def test_chosen_key_events_are_reports_of_their_own() -> None:
    world = asked(key_events=["sign_up", "purchase"])
    chosen = [{"name": "keyEvents:sign_up"}, {"name": "keyEvents:purchase"}]

    assert [name_of(request) for request in world.asked()[1]] == ["commerce", "funnel", "tracked", "goals", "goal_days"]
    assert world.of("goals")[0]["metrics"] == chosen
    assert world.of("goals")[0]["dateRanges"] == CURRENT_AND_PRIOR
    assert world.of("goal_days")[0]["metrics"] == chosen
    assert world.of("goal_days")[0]["dateRanges"] == SIXTY_DAYS
    assert {"name": "keyEvents"} not in world.of("totals")[0]["metrics"] + world.of("days")[0]["metrics"]


def test_no_call_and_no_report_is_larger_than_ga4_takes() -> None:
    for call in asked(key_events=["a", "b", "c", "d", "e"]).asked():
        assert len(call) <= 5
        for request in call:
            assert len(request["metrics"]) <= 10
            assert len(request.get("dimensions", [])) <= 9
            assert len(request["dateRanges"]) <= 4


def test_money_is_asked_for_in_the_merchants_currency() -> None:
    assert {request["currencyCode"] for call in asked(currency="NOK").asked() for request in call} == {"NOK"}


def test_another_base_address_is_used_as_it_is() -> None:
    world = asked(base_url="http://127.0.0.1:9/ga4")

    assert str(world.requests[0].url) == "http://127.0.0.1:9/ga4/v1beta/properties/312345678:batchRunReports"
