"""TikTok and the storefront as a healthy shop's answers, for respx: small, and in the wire's own form."""

from __future__ import annotations

from typing import Any, Final

import httpx
import respx

HOST: Final = "https://open.tiktokapis.com"
ENDED: Final = "2026-11-20"
_USER: Final = {
    "open_id": "723f24d7",
    "display_name": "Larkspur",
    "username": "larkspur",
    "is_verified": True,
    "follower_count": 12000,
    "following_count": 80,
    "likes_count": 240000,
    "video_count": 310,
}
_PERIOD: Final = {
    "sessions": 8000,
    "users": 6900,
    "new_users": 6200,
    "returning_users": 700,
    "bounce_rate": 81.2,
    "pageviews_per_session": 1.9,
    "avg_session_duration_sec": 64.0,
    "session_conversion_rate": 1.4,
    "sessions_with_cart": 400,
    "cart_abandonment_rate": 70.0,
    "goal_completions": 420,
    "orders": 112,
    "revenue": "3200.00",
}
_META: Final = {"currency": "GBP", "timezone": "Europe/London", "data_through": ENDED}


def ok(data: dict[str, Any]) -> httpx.Response:
    """Return an answer in TikTok's envelope."""
    return httpx.Response(200, json={"data": data, "error": {"code": "ok", "message": "", "log_id": "202611220215EX"}})


def failure(status: int, code: str, message: str = "") -> httpx.Response:
    """Return a refusal in TikTok's envelope."""
    return httpx.Response(status, json={"error": {"code": code, "message": message, "log_id": "202611220215EX"}})


def answer_well(router: respx.Router) -> None:
    """Have every source answer; the bounce rate is critical."""
    router.get(f"{HOST}/v2/user/info/").mock(side_effect=_user)
    sessions = {"current": _PERIOD, "prior": _PERIOD, "series": [{"date": ENDED, "sessions": 250}], "meta": _META}
    router.get(f"{HOST}/analytics/sessions").mock(return_value=ok(sessions))
    for listing in ("pages", "sources"):
        nothing = {listing: [], "totals": {"sessions": 8000}, "cursor": "", "has_more": False, "meta": _META}
        router.get(f"{HOST}/analytics/{listing}").mock(return_value=ok(nothing))


def _user(request: httpx.Request) -> httpx.Response:
    asked = request.url.params["fields"].split(",")
    return ok({"user": {name: _USER[name] for name in asked if name in _USER}})
