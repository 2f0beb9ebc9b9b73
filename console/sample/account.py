"""The answer of TikTok's user info for a sample merchant: only the fields asked for, only with their scope."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from console.sample.replies import Reply, data_reply, error_reply
from console.sample.story import SampleMerchant
from console.sample.wares import slug
from functions.audit.merchant import BASIC, PROFILE, STATS

_SCOPE_OF = {
    **dict.fromkeys(("open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name"), BASIC),
    **dict.fromkeys(("bio_description", "profile_deep_link", "is_verified", "username"), PROFILE),
    **dict.fromkeys(("follower_count", "following_count", "likes_count", "video_count"), STATS),
}


def user_info(merchant: SampleMerchant, scopes: tuple[str, ...], fields: tuple[str, ...]) -> Reply:
    """Answer ``/v2/user/info/``. One field without its scope fails the whole request (APIS 1.4)."""
    mark = f"{merchant.id}:{','.join(fields)}"
    if not fields or any(name not in _SCOPE_OF for name in fields):
        return error_reply(400, "invalid_params", mark=mark)
    if any(_SCOPE_OF[name] not in scopes for name in fields):
        return error_reply(401, "scope_not_authorized", mark=mark)
    user = account_of(merchant)
    return data_reply({"user": {name: user[name] for name in fields}}, mark=mark)


def asked_fields(query: str | None, body: bytes) -> tuple[str, ...]:
    """Return the fields that a request names: in the query, or (the POST form) in a JSON body."""
    if query is not None:
        return tuple(part for part in query.split(",") if part)
    try:
        named = json.loads(body or b"{}").get("fields", [])
    except (ValueError, AttributeError):
        return ()
    return tuple(map(str, named)) if isinstance(named, list) else ()


def account_of(merchant: SampleMerchant) -> dict[str, Any]:
    """Return everything that TikTok knows of the account, by the names of user info."""
    random = Random(f"{merchant.seed}:{merchant.id}:account")  # noqa: S311 - sample figures, no secrets
    followers, videos = random.randint(1_800, 64_000), random.randint(40, 420)
    handle = slug(merchant.shop.id).replace("-", "")
    picture = f"https://pictures.example/{merchant.id}"
    return {
        "open_id": merchant.open_id,
        "union_id": f"union-{merchant.id}",
        "avatar_url": f"{picture}/168.webp",
        "avatar_url_100": f"{picture}/100.webp",
        "avatar_large_url": f"{picture}/720.webp",
        "display_name": merchant.shop.name,
        "bio_description": f"{merchant.shop.trade.capitalize()}, made by hand",
        "profile_deep_link": f"https://links.example/{handle}",
        "is_verified": random.random() < 0.2,  # noqa: PLR2004 - a fifth has the tick
        "username": handle,
        "follower_count": followers,
        "following_count": random.randint(20, 900),
        "likes_count": followers * random.randint(6, 22) + videos,
        "video_count": videos,
    }
