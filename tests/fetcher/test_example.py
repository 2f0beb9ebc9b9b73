"""The example of the wire contract (APIS 4.3 to 4.5), fetched and judged by the default profile, trips what it says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from functions.audit.judge import judge
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from functions.audit.snapshot import (
    PageSeen,
    PagesSeen,
    PeriodFigures,
    Series,
    SessionsSeen,
    Snapshot,
    SourceSeen,
    SourcesSeen,
)
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


def example(world: World, series: list[dict[str, Any]]) -> Snapshot:
    first = {"pages": PAGES, "totals": TOTALS, "cursor": "eyJvIjoyfQ", "has_more": True, "total": 37, "meta": META}
    last = {"pages": [], "totals": TOTALS, "cursor": "", "has_more": False, "total": 37, "meta": META}
    world.answers |= {
        "sessions": ok({"current": CURRENT, "prior": PRIOR, "series": series, "meta": META}),
        "pages": [ok(first), ok(last)],
        "sources": ok({"sources": SOURCES, "cursor": "", "has_more": False, "total": 2, "meta": META}),
    }
    return fetched()


def statuses(world: World, series: list[dict[str, Any]]) -> dict[str, Status]:
    profile = default_profile()
    outcomes = judge(example(world, series), profile, profile.rules_for(merchant(), NIGHT))
    return {outcome.check_id: outcome.status for outcome in outcomes}


def test_the_example_is_read_field_by_field(world: World) -> None:
    seen = example(world, SERIES[-2:])

    assert seen.sessions == SessionsSeen(
        current=PeriodFigures(
            sessions=8000,
            users=6900,
            new_users=6200,
            returning_users=700,
            bounce_rate=Decimal("63.0"),
            pageviews_per_session=Decimal("1.4"),
            avg_session_duration=Decimal("31.5"),
            session_conversion_rate=Decimal("0.7"),
            carts=400,
            cart_abandonment_rate=Decimal("86.0"),
            goal_completions=Decimal(210),
            orders=58,
            revenue=Decimal("1873.40"),
        ),
        prior=PeriodFigures(
            sessions=5000,
            users=4300,
            new_users=3550,
            returning_users=750,
            bounce_rate=Decimal("51.0"),
            pageviews_per_session=Decimal("1.9"),
            avg_session_duration=Decimal("74.0"),
            session_conversion_rate=Decimal("1.4"),
            carts=250,
            cart_abandonment_rate=Decimal("72.0"),
            goal_completions=Decimal(240),
            orders=72,
            revenue=Decimal("2412.00"),
        ),
        series=Series(
            start=date(2026, 11, 18),
            sessions=(640, 702),
            goal_completions=(Decimal(6), Decimal(5)),
            revenue=(Decimal("61.90"), Decimal("29.00")),
        ),
        currency="GBP",
    )
    assert seen.pages == PagesSeen(
        pages=(
            PageSeen(
                path="/products/amber-candle",
                title="Amber candle",
                sessions=3900,
                conversion_rate=Decimal("0.0"),
                revenue=Decimal("0.00"),
            ),
            PageSeen(
                path="/collections/autumn",
                title="Autumn",
                sessions=1200,
                conversion_rate=Decimal("2.58"),
                revenue=Decimal("1012.40"),
            ),
        ),
        total_sessions=8000,
    )
    assert seen.sources == SourcesSeen(
        sources=(
            SourceSeen(
                label="tiktok / social / bio-link",
                is_paid=False,
                sessions=6100,
                conversion_rate=Decimal("0.8"),
                revenue=Decimal("1590.40"),
            ),
            SourceSeen(
                label="tiktok.com / referral",
                is_paid=False,
                sessions=1900,
                conversion_rate=Decimal("0.47"),
                revenue=Decimal("283.00"),
            ),
        )
    )
    assert [call.url.params.get("cursor") for call in world.to("pages")] == [None, "eyJvIjoyfQ"]
    assert [call.url.params.get("cursor") for call in world.to("sources")] == [None]


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
