"""What must be known of a shop before it is asked for figures: its time zone, its currency, what the app may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import CURRENCY
from functions.audit.periods import Periods
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.shopify.admin import Admin

WHAT: Final = "Shopify's shop settings"
QUERY: Final = "query{shop{ianaTimezone currencyCode} currentAppInstallation{accessScopes{handle}}}"
ALL_ORDERS: Final = "read_all_orders"
# The reports' data are minutes to hours behind. Half a day leaves two days of lag valid in every time zone there is.
SETTLED_AFTER: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's own settings. ``scopes`` are the handles that Shopify says were granted."""

    timezone: ZoneInfo
    currency: str
    scopes: frozenset[str]


async def look_up(admin: Admin) -> Shop | Absent:
    """Return the shop's settings."""
    data = await admin.ask(QUERY, {}, what=WHAT, kind="shop")
    return data.absent if isinstance(data, Failure) else _shop(data)


def unsettled(periods: Periods, zone: ZoneInfo, now: datetime) -> Absent | None:
    """Return why it is too early to ask: the period's last day has hardly ended, or not at all."""
    ended = midnight(periods.current.end + timedelta(days=1), zone)
    if now - ended >= SETTLED_AFTER:
        return None
    hours = int(SETTLED_AFTER.total_seconds()) // 3600
    end = periods.current.end
    return Absent.because(
        Reason.SOURCE_STALE, f"Shopify: {end} ended less than {hours} hours ago, its figures may grow"
    )


def same_days(one: ZoneInfo, other: ZoneInfo, periods: Periods) -> bool:
    """Say whether every day that the night looks at begins at the same instant in both time zones."""
    first = min(periods.prior.start, periods.series.start)
    days = range((periods.current.end - first).days + 2)
    return all(midnight(first + timedelta(days=at), one) == midnight(first + timedelta(days=at), other) for at in days)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins, in UTC: instants of two zones compare there without surprises."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _shop(data: Mapping[str, Any]) -> Shop | Absent:
    shop = data.get("shop")
    if not isinstance(shop, dict):
        return _wrong("shop is not an object")
    zone, currency = _zone(shop.get("ianaTimezone")), shop.get("currencyCode")
    if zone is None:
        return _wrong("ianaTimezone is not a time zone")
    if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
        return _wrong("currencyCode is not a currency")
    return Shop(zone, currency, _scopes(data.get("currentAppInstallation")))


def _zone(name: object) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An unknown name, one that is no name of a zone at all, or a folder's.
        return None


def _scopes(installation: object) -> frozenset[str]:
    """Return the granted scopes; those that nobody can read were not granted, as far as we know."""
    listed = installation.get("accessScopes") if isinstance(installation, dict) else None
    handles = (scope.get("handle") for scope in listed if isinstance(scope, dict)) if isinstance(listed, list) else ()
    return frozenset(handle for handle in handles if isinstance(handle, str))


def _wrong(why: str) -> Absent:
    return Absent.because(Reason.SOURCE_FAILED, f"{WHAT}: {why}")
