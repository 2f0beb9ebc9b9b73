"""Are the figures settled? GA4 works on a day for 24 to 48 hours after its end, in the property's zone (APIS 5.9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Periods

# With two days of lag the last day has ended at least so long ago in every time zone there is, whatever the hour of
# the night (docs/decisions/0017): most of the Americas would be blind at Google's own 24.
SETTLED_AFTER: Final = timedelta(hours=12)
FINAL_AFTER: Final = timedelta(hours=48)
PROVISIONAL: Final = "provisional"
OTHER_ZONE: Final = "property_timezone_differs"


def zone_of(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone that the property says it counts its days in; the merchant's where it says none."""
    try:
        return otherwise if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise


def unsettled(periods: Periods, zone: ZoneInfo, now: datetime) -> Absent | None:
    """Return why it is too early to ask: the last day has hardly ended, or not at all."""
    end = periods.current.end
    if now - _midnight(end + timedelta(days=1), zone) >= SETTLED_AFTER:
        return None
    hours = int(SETTLED_AFTER.total_seconds()) // 3600
    return Absent.because(
        Reason.SOURCE_STALE, f"GA4: {end} ended less than {hours} hours ago in {zone.key}, its figures are not in yet"
    )


def flags_of(periods: Periods, zone: ZoneInfo, *, merchant: ZoneInfo, now: datetime) -> tuple[str, ...]:
    """Return the warnings that hold for the night: figures that may still move, days that are not the merchant's."""
    first = min(periods.prior.start, periods.series.start)
    days = [first + timedelta(days=at) for at in range((periods.current.end - first).days + 2)]
    moving = now - _midnight(days[-1], zone) < FINAL_AFTER
    other = any(_midnight(day, zone) != _midnight(day, merchant) for day in days)
    return (*((PROVISIONAL,) if moving else ()), *((OTHER_ZONE,) if other else ()))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins, in UTC: instants of two zones compare there without surprises."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
