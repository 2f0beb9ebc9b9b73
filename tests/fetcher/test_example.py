"""The example of the wire contract (APIS 4.3 to 4.5), fetched and judged by the default profile, trips what it says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from functions.audit.judge import judge
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from tests.builders import NIGHT
from tests.fetcher.world import World, fetched, merchant, ok

META = {
    "currency": "GBP",
    "timezone": "Europe/London",
    "data_through": "2026-11-19",
    "backend": "ga4",
    "sampled": False,
    "thresholded": False,
    "truncated": False,
}
CURRENT = {
    "start_date": "2026-10-23",
    "end_date": "2026-11-19",
    "sessions": 8000,
    "users": 6900,
    "new_users": 6200,
    "returning_users": 700,
    "engaged_sessions": 2960,
    "bounced_sessions": 5040,
    "bounce_rate": 63.0,
    "pageviews": 11200,
    "pageviews_per_session": 1.4,
    "avg_session_duration_sec": 31.5,
    "converting_sessions": 56,
    "conversions": 58,
    "session_conversion_rate": 0.7,
    "sessions_with_cart": 400,
    "sessions_with_checkout": 160,
    "sessions_with_cart_and_purchase": 56,
    "cart_abandonment_rate": 86.0,
    "goal_completions": 210,
    "orders": 58,
    "revenue": "1873.40",
}
PRIOR = {
    "start_date": "2026-09-25",
    "end_date": "2026-10-22",
    "sessions": 5000,
    "users": 4300,
    "new_users": 3550,
    "returning_users": 750,
    "engaged_sessions": 2450,
    "bounced_sessions": 2550,
    "bounce_rate": 51.0,
    "pageviews": 9500,
    "pageviews_per_session": 1.9,
    "avg_session_duration_sec": 74.0,
    "converting_sessions": 70,
    "conversions": 72,
    "session_conversion_rate": 1.4,
    "sessions_with_cart": 250,
    "sessions_with_checkout": 125,
    "sessions_with_cart_and_purchase": 70,
    "cart_abandonment_rate": 72.0,
    "goal_completions": 240,
    "orders": 72,
    "revenue": "2412.00",
}
# The example shows its last two days only; the others are ordinary ones, as its totals suggest.
ORDINARY = {"sessions": 200, "pageviews": 280, "goal_completions": 7, "conversions": 2, "revenue": "70.00"}
SERIES = [
    *({"date": (date(2026, 9, 21) + timedelta(days=at)).isoformat(), **ORDINARY} for at in range(58)),
    {
        "date": "2026-11-18",
        "sessions": 640,
        "pageviews": 880,
        "goal_completions": 6,
        "conversions": 2,
        "revenue": "61.90",
    },
    {
        "date": "2026-11-19",
        "sessions": 702,
        "pageviews": 950,
        "goal_completions": 5,
        "conversions": 1,
        "revenue": "29.00",
    },
]
PAGES = [
    {
        "path": "/products/amber-candle",
        "title": "Amber candle",
        "current": {"sessions": 3900, "bounce_rate": 71.2, "session_conversion_rate": 0.0, "revenue": "0.00"},
        "prior": {"sessions": 410, "bounce_rate": 55.0, "session_conversion_rate": 1.46, "revenue": "187.00"},
    },
    {
        "path": "/collections/autumn",
        "title": "Autumn",
        "current": {"sessions": 1200, "bounce_rate": 48.0, "session_conversion_rate": 2.58, "revenue": "1012.40"},
        "prior": None,
    },
]
SOURCES = [
    {
        "source": "tiktok",
        "medium": "social",
        "campaign": "bio-link",
        "is_paid": False,
        "current": {"sessions": 6100, "bounce_rate": 61.0, "session_conversion_rate": 0.8, "revenue": "1590.40"},
    },
    {
        "source": "tiktok.com",
        "medium": "referral",
        "campaign": None,
        "is_paid": False,
        "current": {"sessions": 1900, "bounce_rate": 69.4, "session_conversion_rate": 0.47, "revenue": "283.00"},
    },
]
TOTALS = {"sessions": 8000, "conversions": 58, "revenue": "1873.40"}


def statuses(world: World, series: list[dict[str, Any]]) -> dict[str, Status]:
    first = {"pages": PAGES, "totals": TOTALS, "cursor": "eyJvIjoyfQ", "has_more": True, "total": 37, "meta": META}
    last = {"pages": [], "totals": TOTALS, "cursor": "", "has_more": False, "total": 37, "meta": META}
    world.answers |= {
        "sessions": ok({"current": CURRENT, "prior": PRIOR, "series": series, "meta": META}),
        "pages": [ok(first), ok(last)],
        "sources": ok({"sources": SOURCES, "cursor": "", "has_more": False, "total": 2, "meta": META}),
    }
    profile, shop = default_profile(), merchant()
    outcomes = judge(fetched(shop=shop), profile, profile.rules_for(shop, NIGHT))
    return {outcome.check_id: outcome.status for outcome in outcomes}


def test_the_example_trips_what_the_contract_says(world: World) -> None:
    assert statuses(world, SERIES) == {
        "access_token": Status.PASS,
        "account_access": Status.PASS,
        "stats_scope": Status.PASS,
        "bounce_rate": Status.WARN,  # 63 > 60
        "pageviews_per_session": Status.WARN,  # 1.4 < 1.5
        "session_duration": Status.WARN,  # from 74 to 31.5: 57 % down
        "sessions_trend": Status.PASS,
        "session_conversion_rate": Status.WARN,  # 0.7 < 1
        "cart_abandonment_rate": Status.CRITICAL,  # 86 > 85
        "returning_users": Status.PASS,
        "goal_completions": Status.WARN,  # level, and fewer in the end
        "attributed_revenue": Status.WARN,  # from 2412.00 to 1873.40: 22 % down
        "unconverting_pages": Status.WARN,  # 3,900 sessions at 0 %
        "amplify_candidates": Status.INFO,  # 2.58 % is more than 1.5 times 0.7 %
        "viral_spike": Status.WARN,  # 640 and 702 sessions on days when 200 are usual, and nothing came of it
    }


def test_the_two_days_that_the_example_prints_are_too_few_for_a_series(world: World) -> None:
    seen = statuses(world, SERIES[-2:])

    assert (seen["goal_completions"], seen["viral_spike"]) == (Status.NOT_EVALUATED, Status.NOT_EVALUATED)
    assert seen["cart_abandonment_rate"] is Status.CRITICAL
