"""Does an answer's data reach the end of the period? ``meta.data_through`` says so (APIS 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Periods

_DATE_LENGTH = len("2026-11-19")


def staleness(data: Mapping[str, Any], periods: Periods, *, what: str) -> Absent | None:
    """Return why the data cannot be used, or ``None`` when it reaches far enough or nobody said how far."""
    through = data_through(data, what=what)
    if through is None or isinstance(through, Absent):
        return through
    end = periods.current.end
    if through >= end:
        return None
    return Absent.because(Reason.SOURCE_STALE, f"{what}: data goes through {through}, the period ends {end}")


def data_through(data: Mapping[str, Any], *, what: str) -> date | Absent | None:
    """Return the last day of the data; ``None`` when the answer does not say."""
    meta = data.get("meta")
    if meta is None:
        return None
    if not isinstance(meta, dict):
        return Absent.because(Reason.SOURCE_FAILED, f"{what}: meta is not an object")
    said = meta.get("data_through")
    if said is None:
        return None
    day = parse_day(said)
    return day or Absent.because(Reason.SOURCE_FAILED, f"{what}: meta.data_through is not a date")


def parse_day(said: object) -> date | None:
    """Return the day of ``YYYY-MM-DD``, with or without a time behind it; ``None`` for anything else."""
    if not isinstance(said, str) or len(said) < _DATE_LENGTH or said[4] != "-":
        return None
    try:
        return date.fromisoformat(said[:_DATE_LENGTH])
    except ValueError:
        return None
