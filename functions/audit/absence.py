"""Absence as a value: why something could not be seen, carried all the way to the finding.

A figure is either measured (a measured 0 is a real 0) or ``Absent`` with every cause that is known. Nothing in
Nightjar stands for "missing" by ``None``, ``0`` or an empty list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Reason(StrEnum):
    """Why a check was not evaluated (DESIGN: the fifteen checks)."""

    SCOPE_MISSING = "scope_missing"
    UNAUTHORIZED = "unauthorized"
    SOURCE_FAILED = "source_failed"
    RATE_LIMITED = "rate_limited"
    SOURCE_STALE = "source_stale"
    NOT_CONNECTED = "not_connected"
    NOT_MEASURED = "not_measured"
    SAMPLE_TOO_SMALL = "sample_too_small"
    NO_PRIOR = "no_prior"
    MIXED_UNITS = "mixed_units"
    CHECK_CRASHED = "check_crashed"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason with the detail that a person needs: which field, which answer, how many are missing.

    ``detail`` never holds a secret or personal data: it is written by us, from status codes, field names and counts.
    """

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Absent:
    """What stands in place of a value that could not be seen. Holds at least one cause."""

    causes: tuple[Cause, ...]

    @classmethod
    def because(cls, reason: Reason, detail: str) -> Absent:
        """Return the absence with this one cause."""
        return cls((Cause(reason, detail),))


def causes_of(*values: object) -> tuple[Cause, ...]:
    """Return every distinct cause among the values that are absent, in the order given."""
    absent = [value for value in values if isinstance(value, Absent)]
    return distinct(cause for value in absent for cause in value.causes) if absent else ()


def distinct(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return the causes without repeats, first come first kept."""
    return tuple(dict.fromkeys(causes))
