"""Which sessions, sales and orders came from TikTok without being paid for, as Shopify names their origin (APIS 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_NAME: Final = "tiktok"
_HOST: Final = "tiktok.com"
# What GA4 calls a paid medium (APIS 5.3), so that one word means the same whoever counted.
_PAID: Final = re.compile(r".*cp.*|ppc|retargeting|paid.*", re.DOTALL)


def names_tiktok(*names: str | None) -> bool:
    """Say whether one of the names that a session's or a sale's origin goes by is TikTok's."""
    return any(name is not None and _NAME in name.lower() for name in names)


def is_paid(medium: str | None) -> bool:
    """Say whether a utm medium is that of paid traffic, which is not this channel."""
    return medium is not None and _PAID.fullmatch(medium.strip().lower()) is not None


class UnreadableVisitError(Exception):
    """A visit is not of the documented form: where it came from cannot be told."""


def is_organic_visit(visit: Mapping[str, Any]) -> bool:
    """Say whether a ``CustomerVisit`` came from TikTok without being paid for (APIS 6.2).

    Raises:
        UnreadableVisitError: a part of the visit is neither text nor null.
    """
    utm = visit.get("utmParameters")
    if not isinstance(utm, dict | None):
        raise UnreadableVisitError("utmParameters")
    tagged = utm or {}
    landing = _query_of(_text(visit, "landingPage"))
    mediums = (_text(tagged, "medium"), landing.get("utm_medium"))
    if any(is_paid(medium) for medium in mediums):
        return False
    names = (_text(tagged, "source"), _text(visit, "source"), landing.get("utm_source"))
    return names_tiktok(*names) or _is_tiktoks(_text(visit, "referrerUrl"))


def _text(of: Mapping[str, Any], name: str) -> str | None:
    value = of.get(name)
    if not isinstance(value, str | None):
        raise UnreadableVisitError(name)
    return value


def _query_of(address: str | None) -> dict[str, str]:
    """Return the parameters of an address; of one that cannot be read there are none."""
    try:
        found = parse_qs(urlsplit(address or "").query)
    except ValueError:
        return {}
    return {name.lower(): values[0] for name, values in found.items()}


def _is_tiktoks(address: str | None) -> bool:
    try:
        host = urlsplit(address or "").hostname or ""
    except ValueError:
        return False
    return host == _HOST or host.endswith(f".{_HOST}")
