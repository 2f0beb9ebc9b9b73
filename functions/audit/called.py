"""What reasons, sources and conditions are called, in messages and in reports: one word for one thing."""

from __future__ import annotations

from typing import Final

from functions.audit.absence import Reason
from functions.audit.language import marked

REASONS: Final = {
    Reason.SCOPE_MISSING: marked("a permission is missing"),
    Reason.UNAUTHORIZED: marked("the login is refused"),
    Reason.SOURCE_FAILED: marked("the source failed"),
    Reason.RATE_LIMITED: marked("the source was asked too often"),
    Reason.SOURCE_STALE: marked("the data is not up to date"),
    Reason.NOT_CONNECTED: marked("the source is not connected"),
    Reason.NOT_MEASURED: marked("the source does not measure it"),
    Reason.SAMPLE_TOO_SMALL: marked("too little traffic to judge"),
    Reason.NO_PRIOR: marked("there is no prior period"),
    Reason.MIXED_UNITS: marked("the periods cannot be compared"),
    Reason.CHECK_CRASHED: marked("the check failed; this is Nightjar's own fault"),
}
SOURCES: Final = {
    "tiktok": marked("TikTok"),
    "tiktok_research": marked("TikTok's public counts"),
    "storefront": marked("the storefront"),
    "ga4": marked("Google Analytics 4"),
    "shopify": marked("Shopify"),
}
# What a provider or our own code calls it, and who reads a text message would not understand.
_CONDITIONS: Final = {
    "age_changed": "ended as the age changed",
    "developer_revoked": "revoked for this app",
    "invalid_grant": "login revoked or ended",
    "lost_rotation": "renewal lost",
}


def condition_name(condition: str) -> str:
    """Return what a condition is called in a headline, in English; the catalogues take it up with its check."""
    return _CONDITIONS.get(condition, condition.replace("_", " "))
