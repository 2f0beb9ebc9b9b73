"""Which days a night looks at: the current period, the one before it, and the daily series."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from functions.audit.errors import InvalidInput
from functions.audit.model import Model

# Before TikTok there was nothing to audit, and windows before year 1 cannot even be written down.
EARLIEST = date(2016, 1, 1)
_NIGHT = re.compile(r"\d{4}-\d{2}-\d{2}")


class Period(Model):
    """A run of whole days, both ends included, as calendar days in the merchant's time zone."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days, both ends counted."""
        return (self.end - self.start).days + 1

    def __iter__(self) -> Iterator[date]:  # type: ignore[override]  # a period is its days; pydantic's field pairs are not used
        """Yield every day, first to last."""
        return (self.start + timedelta(days=offset) for offset in range(self.days))

    @classmethod
    def ending(cls, end: date, days: int) -> Period:
        """Return the period of so many days that ends on ``end``."""
        return cls(start=end - timedelta(days=days - 1), end=end)


class Periods(Model):
    """The three windows of one night. ``prior`` ends the day before ``current`` starts."""

    current: Period
    prior: Period
    series: Period

    @classmethod
    def of_night(cls, night: date, *, period_days: int, lag_days: int, series_days: int) -> Periods:
        """Return the windows of a night.

        The night's date less ``lag_days`` is taken as a calendar day of the merchant's own time zone: the window is
        then the same however late the schedule runs, and two days of lag leave every zone's day complete.
        """
        end = night - timedelta(days=lag_days)
        current = Period.ending(end, period_days)
        return cls(
            current=current,
            prior=Period.ending(current.start - timedelta(days=1), period_days),
            series=Period.ending(end, series_days),
        )


def parse_night(text: str) -> date:
    """Return the night named by ``YYYY-MM-DD``.

    Raises:
        InvalidInput: the text is not such a date.
    """
    if _NIGHT.fullmatch(text):
        try:
            night = date.fromisoformat(text)
        except ValueError:
            pass  # 2026-02-30 has the right form and is no day: one sentence serves both
        else:
            if night >= EARLIEST:
                return night
    raise InvalidInput(f"{text!r} is not a night: give a UTC date as YYYY-MM-DD, for example 2026-11-21.")
