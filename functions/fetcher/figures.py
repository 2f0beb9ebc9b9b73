"""Numbers of an answer, settled once: strings or numbers, nulls, wrong types, impossible sizes.

``null`` or a missing key is ``not_measured``. A wrong type, a negative count or an impossible rate is
``source_failed``: the source said something that cannot be true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import Count, Figure

LARGEST = Decimal(10) ** 15  # beyond any shop, and well inside what DynamoDB keeps exactly
MOST_DIGITS = 30  # as many as DynamoDB and every sum after us keep exactly
_FINEST = Decimal("0.000001")
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")


def count(of: Mapping[str, Any], name: str, *, within: str) -> Count:
    """Return a whole number of at least 0."""
    value = _number(of, name, within=within, least=Decimal(0))
    if isinstance(value, Absent):
        return value
    if value != value.to_integral_value():
        return _wrong(f"{within}.{name} is {value}, which is no count")
    return int(value)


def rate(of: Mapping[str, Any], name: str, *, within: str) -> Figure:
    """Return a percentage, 0 to 100."""
    value = _number(of, name, within=within, least=Decimal(0))
    if not isinstance(value, Absent) and value > 100:  # noqa: PLR2004 - percent
        return _wrong(f"{within}.{name} is {value}, which is no percentage")
    return value


def amount(of: Mapping[str, Any], name: str, *, within: str) -> Figure:
    """Return a number of at least 0: seconds, pages, goals."""
    return _number(of, name, within=within, least=Decimal(0))


def money(of: Mapping[str, Any], name: str, *, within: str) -> Figure:
    """Return an amount of money; refunds may make it negative."""
    return _number(of, name, within=within, least=-LARGEST)


def _number(of: Mapping[str, Any], name: str, *, within: str, least: Decimal) -> Figure:
    raw = of.get(name)
    if raw is None:
        said = "null" if name in of else "missing"
        return Absent.because(Reason.NOT_MEASURED, f"{within}.{name} is {said}")
    value = _decimal(raw)
    if value is None:
        return _wrong(f"{within}.{name} is not a number")
    if not least <= value <= LARGEST:
        return _wrong(f"{within}.{name} is out of range")
    # A hair above a threshold is above it, so nothing is rounded that anybody measures; only digits without an end are.
    digits = value.as_tuple()
    endless = len(digits.digits) > MOST_DIGITS or -int(digits.exponent) > MOST_DIGITS
    return value.quantize(_FINEST, ROUND_HALF_EVEN) if endless else value


def _decimal(raw: object) -> Decimal | None:
    match raw:
        case bool():
            return None
        case int():
            return Decimal(raw)
        case Decimal():
            return raw if raw.is_finite() and raw.adjusted() < 40 else None  # noqa: PLR2004 - far beyond LARGEST
        case str() if _NUMBER.fullmatch(raw.strip()):
            try:
                return Decimal(raw.strip())
            except InvalidOperation:
                return None
        case _:
            return None


def _wrong(detail: str) -> Absent:
    return Absent.because(Reason.SOURCE_FAILED, detail)
