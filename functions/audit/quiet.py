"""Quiet hours: whether the clocks where a recipient lives say that it is quiet now, and when that ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

DEFAULT: Final = "21:00-08:00"
OFF: Final = "off"
_FORM: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_MINUTE: Final = timedelta(minutes=1)


def hours(text: str) -> tuple[time, time] | None:
    """Return the first quiet minute and the first that is no longer quiet, by the clock; ``None`` when it never is.

    Raises:
        ValueError: the text is neither ``off`` nor two different times of day, as in ``21:00-08:00``.
    """
    if text == OFF:
        return None
    form = _FORM.fullmatch(text)
    if form is None or form.group(1, 2) == form.group(3, 4):
        raise ValueError(f"{text!r} are no quiet hours: write two times of day as in {DEFAULT}, or {OFF}")
    begin_hour, begin_minute, end_hour, end_minute = map(int, form.groups())
    return time(begin_hour, begin_minute), time(end_hour, end_minute)


def is_quiet(quiet: str, zone: tzinfo, now: datetime) -> bool:
    """Say whether the clocks of that zone show a time within the quiet hours."""
    span = hours(quiet)
    if span is None:
        return False
    begin, end = span
    shown = now.astimezone(zone).time()
    return begin <= shown < end if begin < end else shown >= begin or shown < end


def ends(quiet: str, zone: tzinfo, now: datetime) -> datetime | None:
    """Return the first instant, in UTC, at which the clocks show no quiet time any more; ``None`` when it is not quiet.

    Whatever the clocks do meanwhile (an hour left out, an hour twice, a whole day skipped), what counts is what they
    show: so each minute is looked at. Offsets and changes are whole minutes, and so is the answer.
    """
    if not is_quiet(quiet, zone, now):
        return None
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    while is_quiet(quiet, zone, minute):
        minute += _MINUTE
    return minute
