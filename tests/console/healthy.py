"""What a healthy merchant's TikTok and storefront say on the night of 2026-11-21: all fifteen checks pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

NIGHT = "2026-11-21"
END = date(2026, 11, 19)  # two days before the night
SERIES = [END - timedelta(days=59 - at) for at in range(60)]

HEALTHY_USER: Mapping[str, Any] = {
    "open_id": "723f24d7",
    "union_id": "c9c60f44",
    "display_name": "Larkspur Candles",
    "avatar_url": "https://p16.example/a.webp",
    "username": "larkspurcandles",
    "is_verified": False,
    "bio_description": "Hand-poured in Leeds",
    "profile_deep_link": "https://vm.tiktok.com/ZMexample/",
    "follower_count": 18250,
    "following_count": 312,
    "likes_count": 240118,
    "video_count": 143,
}

HEALTHY_GRANT: Mapping[str, Any] = {
    "access_token": "act.new",
    "expires_in": 7200,
    "open_id": "723f24d7",
    "refresh_expires_in": 15552000,
    "refresh_token": "rft.new",
    "scope": "user.info.basic,user.info.profile,user.info.stats",
    "token_type": "Bearer",
}


def meta() -> dict[str, Any]:
    """Return what every analytics answer says of itself."""
    return {
        "currency": "GBP",
        "timezone": "Europe/London",
        "data_through": END.isoformat(),
        "backend": "ga4",
        "sampled": False,
        "thresholded": False,
        "truncated": False,
        "attribution": "session_source_contains_tiktok",
    }


def healthy_sessions() -> dict[str, Any]:
    """Return two good periods, and a series without a spike whose goals rise."""
    return {
        "current": {
            "start_date": "2026-10-23",
            "end_date": "2026-11-19",
            "sessions": 8000,
            "users": 6900,
            "new_users": 6200,
            "returning_users": 700,
            "engaged_sessions": 4000,
            "bounced_sessions": 4000,
            "bounce_rate": 50.0,
            "pageviews": 16000,
            "pageviews_per_session": 2.0,
            "avg_session_duration_sec": 60.0,
            "converting_sessions": 120,
            "conversions": 120,
            "session_conversion_rate": 1.5,
            "sessions_with_cart": 400,
            "sessions_with_checkout": 160,
            "sessions_with_cart_and_purchase": 120,
            "cart_abandonment_rate": 70.0,
            "goal_completions": 4200,
            "orders": 120,
            "revenue": "4000.00",
        },
        "prior": {
            "start_date": "2026-09-25",
            "end_date": "2026-10-22",
            "sessions": 7500,
            "users": 6400,
            "new_users": 5800,
            "returning_users": 600,
            "engaged_sessions": 3675,
            "bounced_sessions": 3825,
            "bounce_rate": 51.0,
            "pageviews": 14250,
            "pageviews_per_session": 1.9,
            "avg_session_duration_sec": 58.0,
            "converting_sessions": 105,
            "conversions": 105,
            "session_conversion_rate": 1.4,
            "sessions_with_cart": 360,
            "sessions_with_checkout": 150,
            "sessions_with_cart_and_purchase": 105,
            "cart_abandonment_rate": 71.0,
            "goal_completions": 3900,
            "orders": 105,
            "revenue": "3500.00",
        },
        "series": [
            {
                "date": day.isoformat(),
                "sessions": 280 + at % 7,
                "pageviews": 560,
                "goal_completions": 100 + at,
                "conversions": 4,
                "revenue": "140.00",
            }
            for at, day in enumerate(SERIES)
        ],
        "meta": meta(),
    }


def page(path: str, sessions: object, rate: object, **more: Any) -> dict[str, Any]:
    """Return one landing page."""
    figures = {"sessions": sessions, "session_conversion_rate": rate, "conversions": 3, "revenue": "90.00"}
    return {"path": path, "title": "A page", "current": figures, "prior": None, **more}


def source(medium: str, sessions: object, rate: object, **more: Any) -> dict[str, Any]:
    """Return one traffic source."""
    figures = {"sessions": sessions, "session_conversion_rate": rate, "conversions": 3, "revenue": "90.00"}
    named = {"source": "tiktok", "medium": medium, "campaign": None, "is_paid": False}
    return {**named, "current": figures, "prior": None, **more}


def healthy_pages() -> dict[str, Any]:
    """Return three pages that sell about as well as the channel."""
    return {
        "pages": [page("/products/amber", 4000, 1.5), page("/", 2000, 1.4), page("/collections/autumn", 900, 1.6)],
        "totals": {"sessions": 8000, "conversions": 120, "revenue": "4000.00"},
        "cursor": "",
        "has_more": False,
        "total": 3,
        "meta": meta(),
    }


def healthy_sources() -> dict[str, Any]:
    """Return two sources that convert about as well as the channel."""
    return {
        "sources": [source("social", 6100, 1.5), source("referral", 1900, 1.4)],
        "cursor": "",
        "has_more": False,
        "total": 2,
        "meta": meta(),
    }
