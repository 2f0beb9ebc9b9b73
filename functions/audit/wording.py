"""How numbers read in a sentence."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

_SINGULAR = {
    "pages": "page",
    "days": "day",
    "candidates": "candidate",
    "nights": "night",
}
FLOORS = {
    "sessions": "sessions",
    "prior_sessions": "sessions in the prior period",
    "carts": "carts",
    "users": "users",
    "series_days": "days of history",
    "prior_orders": "orders in the prior period",
    "clicks": "clicks",
}
# Numbers stay exact while they are judged; what is stored and shown has at most this many decimals.
STORED_PLACES = Decimal("0.000001")
# A fall from 10^15 to a millionth, in percent, has more digits than the usual 28: rounding must not be what fails.
_ROOMY = Context(prec=60)


def figure(value: Decimal, unit: str) -> str:
    """Return a figure with its unit as people write it: ``81.2 %``, ``1 page``, ``0.35 %``."""
    number = rounded(value)
    if unit and abs(number) == 1:
        unit = _SINGULAR.get(unit, unit)
    return f"{number:,f} {unit}".rstrip()


def rounded(value: Decimal) -> Decimal:
    """Return a number with as many digits as a reader needs: two after the point of a small one, else one."""
    places = Decimal("0.01") if abs(value) < 10 else Decimal("0.1")  # noqa: PLR2004 - two digits after a small number tell more
    return plain(value.quantize(places, ROUND_HALF_EVEN))


def counted(number: int, noun: str) -> str:
    """Return so many of a thing, for the nouns that take an s: ``1 message``, ``2 messages``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def floor_noun(name: str) -> str:
    """Return what a sample floor counts, in words."""
    return FLOORS.get(name, name.replace("_", " "))


def plain(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without an exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def stored(value: Decimal) -> Decimal:
    """Return the number as it is stored and printed: plain, at most six decimals."""
    return plain(value.quantize(STORED_PLACES, ROUND_HALF_EVEN, _ROOMY))
