"""What TikTok tells by other tokens than the merchant's: public counts to the app, the account's type to another."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from console.sample.account import account_of
from console.sample.grants import ACCESS_SECONDS, Pair
from console.sample.replies import Reply, business_reply, data_reply, error_reply, oauth_reply
from console.sample.story import SampleMerchant

RESEARCH: Final = "/v2/research/user/info/"
BUSINESS: Final = "/open_api/v1.3/business/get/"
BUSINESS_REFRESH: Final = "/open_api/v1.3/tt_user/oauth2/refresh_token/"
BUSINESS_APP_ID: Final = "7301234567890123456"
BUSINESS_APP_SECRET: Final = "sample-business-secret"  # noqa: S105 - known to everybody: it opens nothing but the sample server
PUBLIC_FIELDS: Final = frozenset(
    {"display_name", "bio_description", "avatar_url", "is_verified"}
    | {"follower_count", "following_count", "likes_count", "video_count"}
)
NO_PERMISSION, BAD_PARAMETER, BAD_TOKEN = 40001, 40002, 40105
_DAY: Final = 86_400
_YEAR: Final = 365 * _DAY


def business_pair_of(merchant: SampleMerchant, number: int) -> Pair:
    """Return the merchant's pair at the business app after so many refreshes; 0 is the one in the merchants file."""
    mark = hashlib.sha256(f"{merchant.seed}:{merchant.id}:business:{number}".encode()).hexdigest()[:32]
    return Pair(f"act.business{mark}", f"rft.business{mark}")


class Lookups:
    """Which of these tokens live, and what they show. Safe to use from many threads."""

    def __init__(self, fleet: Iterable[SampleMerchant]) -> None:
        self._lock = threading.Lock()
        self._client_tokens: set[str] = set()
        everyone = tuple(fleet)
        self._by_username = {account_of(merchant)["username"]: merchant for merchant in everyone}
        told = [merchant for merchant in everyone if merchant.conduct.business_account is not None]
        self._count = dict.fromkeys((merchant.id for merchant in told), 0)
        self._by_access = {business_pair_of(merchant, 0).access_token: merchant for merchant in told}
        self._by_refresh = {business_pair_of(merchant, 0).refresh_token: merchant for merchant in told}

    def client_token(self) -> Reply:
        """Give the app a token of its own (APIS 2.2)."""
        with self._lock:
            token = f"clt.sample{len(self._client_tokens)}"
            self._client_tokens.add(token)
        return oauth_reply({"access_token": token, "expires_in": ACCESS_SECONDS, "token_type": "Bearer"})

    def research(self, authorization: str, query: Mapping[str, str], body: bytes) -> Reply:
        """Answer the Research API (APIS 3): the figures lie flat in ``data``."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            known = scheme == "Bearer" and token in self._client_tokens
        if not known:
            return error_reply(401, "access_token_invalid", mark=RESEARCH)
        fields = [part for part in query.get("fields", "").split(",") if part]
        merchant = self._by_username.get(str(_object(body).get("username")))
        if merchant is None or not fields or not PUBLIC_FIELDS.issuperset(fields):
            return error_reply(400, "invalid_params", mark=f"{RESEARCH}:{fields}")
        account = account_of(merchant)
        return data_reply({name: account[name] for name in fields}, mark=f"{RESEARCH}:{merchant.id}")

    def business(self, access_token: str, query: Mapping[str, str]) -> tuple[SampleMerchant | None, Reply]:
        """Answer the API for Business (APIS 1.8), and say whose token it was: HTTP 200 whatever it comes to."""
        with self._lock:
            merchant = self._by_access.get(access_token)
        if merchant is None:
            return None, business_reply(BAD_TOKEN, "Access token is incorrect or has been revoked.")
        if query.get("business_id") != merchant.open_id:
            return merchant, business_reply(NO_PERMISSION, "No permission to this account.")
        account = account_of(merchant)
        shown = {
            "is_business_account": merchant.conduct.business_account,
            "username": account["username"],
            "display_name": account["display_name"],
            "followers_count": account["follower_count"],
        }
        fields = _names(query.get("fields", ""))
        if not fields or not set(fields) <= set(shown):
            return merchant, business_reply(BAD_PARAMETER, "fields: Invalid value.")
        return merchant, business_reply(0, "OK", {name: shown[name] for name in fields})

    def renew(self, body: bytes) -> tuple[SampleMerchant | None, Reply]:
        """Trade a refresh token of the business app for a new pair; the old one dies."""
        form = _object(body)
        if (form.get("client_id"), form.get("client_secret")) != (BUSINESS_APP_ID, BUSINESS_APP_SECRET):
            return None, business_reply(BAD_PARAMETER, "client_id or client_secret is incorrect.")
        with self._lock:
            merchant = self._by_refresh.pop(str(form.get("refresh_token")), None)
            if merchant is None or form.get("grant_type") != "refresh_token":
                return None, business_reply(BAD_TOKEN, "The refresh token is invalid.")
            number = self._count[merchant.id]
            self._by_access.pop(business_pair_of(merchant, number).access_token, None)
            pair = business_pair_of(merchant, number + 1)
            self._count[merchant.id] = number + 1
            self._by_access[pair.access_token] = self._by_refresh[pair.refresh_token] = merchant
        data = {
            "access_token": pair.access_token,
            "expires_in": _DAY,
            "open_id": merchant.open_id,
            "refresh_token": pair.refresh_token,
            "refresh_token_expires_in": _YEAR,
            "scope": "user.info.basic,user.account.type",
            "token_type": "Bearer",
        }
        return merchant, business_reply(0, "OK", data)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _names(text: str) -> list[str]:
    """Return the names in a JSON array that travels as text."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [str(name) for name in found] if isinstance(found, list) else []
