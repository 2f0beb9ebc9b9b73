"""What TikTok's OAuth errors mean for whoever connects a shop, and what to do about each (APIS 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_GUIDE: Final = "docs/guides/tiktok-app.md"
_KEYS: Final = (
    "TikTok does not know the app's key or secret. Compare both with the app's page at TikTok for Developers; sandbox "
    "and production have keys of their own."
)
_LOGIN_KIT: Final = (
    "TikTok does not let this app log people in. Add the product Login Kit to it, and see that the app is approved "
    f"({_GUIDE})."
)
_DOWN: Final = "TikTok's login has a problem of its own just now. Nothing was stored; run this again in some minutes."
_OURS: Final = (
    "TikTok does not understand the request. Most often the redirect address is not, letter for letter, one that is "
    f"registered with the app ({_GUIDE})."
)
_SCOPE: Final = (
    "The app may not ask for one of these scopes. Add it to the app at TikTok for Developers and wait until it is "
    f"approved, or ask for fewer with --scopes ({_GUIDE})."
)
_BOTH: Final[Mapping[str, str]] = {
    "invalid_client": _KEYS,
    "invalid_request": _OURS,
    "invalid_scope": _SCOPE,
    "unauthorized_client": _LOGIN_KIT,
    "unsupported_response_type": _LOGIN_KIT,
    "unsupported_grant_type": _LOGIN_KIT,
    "server_error": _DOWN,
    "temporarily_unavailable": _DOWN,
}
_AT_CONSENT: Final[Mapping[str, str]] = {
    **_BOTH,
    "access_denied": (
        "The login was cancelled at TikTok, so nothing is connected. Run this again and allow the app; every "
        "permission that stays unticked blinds some checks."
    ),
}
_AT_EXCHANGE: Final[Mapping[str, str]] = {
    **_BOTH,
    "access_denied": "TikTok says that the user no longer allows it. Run this again and allow the app.",
    "invalid_grant": (
        "TikTok does not take this code (any more): it was used already, is older than some five minutes, or was asked "
        "for with another redirect address. Run this again from the start."
    ),
    "rate_limit_exceeded": _DOWN,
}


def consent_refused(error: str) -> str:
    """Return why TikTok sent the browser back without a code. A name that is not documented is not repeated."""
    known = _AT_CONSENT.get(error)
    if known is None:
        return f"TikTok refused the login for a reason that it does not document. See {_GUIDE}, or run this again."
    return f"{known} (TikTok: {error}.)"


def exchange_refused(error: str) -> str:
    """Return why TikTok gave no tokens for the code."""
    known = _AT_EXCHANGE.get(error)
    if known is None:
        return "TikTok gave no tokens, for a reason that it does not document. Nothing was stored; run this again."
    return f"{known} (TikTok: {error}.)"


def revoke_refused(error: str) -> str:
    """Return why TikTok did not end a connection."""
    if error in {"invalid_client", "unauthorized_client"}:
        return f"{_KEYS} (TikTok: {error}.)"
    if error in _AT_EXCHANGE:
        return f"TikTok did not end the connection (TikTok: {error})."
    return "TikTok did not end the connection, for a reason that it does not document."
