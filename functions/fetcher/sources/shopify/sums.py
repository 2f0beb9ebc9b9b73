"""Figures of many report rows as one: counts are summed, rates weighted by what they are rates of."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.snapshot import Count, Figure
from functions.fetcher import figures
from functions.fetcher.sources.shopify.reports import Row

HUNDRED: Final = Decimal(100)
NOTHING_TO_MEASURE: Final = Absent.because(Reason.SAMPLE_TOO_SMALL, "there was nothing to measure it on")


def count_of(rows: Sequence[Row], name: str, *, within: str) -> Count:
    """Return the sum of a count; absent when one row's is."""
    counts = [figures.count(row, name, within=within) for row in rows]
    missing = causes_of(*counts)
    return Absent(missing) if missing else sum(value for value in counts if isinstance(value, int))


def money_of(rows: Sequence[Row], name: str, *, within: str) -> Figure:
    """Return the sum of an amount of money; absent when one row's is."""
    return total_of([figures.money(row, name, within=within) for row in rows])


def total_of(values: Sequence[Figure]) -> Figure:
    """Return the sum of figures; absent when one is."""
    missing = causes_of(*values)
    return Absent(missing) if missing else sum((value for value in values if isinstance(value, Decimal)), Decimal())


def mean_of(
    rows: Sequence[Row], name: str, weights: Sequence[int], *, within: str, at_most: int | None = None
) -> Figure:
    """Return the mean of a rate, each row's weighted by its sessions; a row of none has no say.

    ``at_most`` is the largest value that makes sense: a fraction above 1 is not one.
    """
    heavy = [(row, weight) for row, weight in zip(rows, weights, strict=True) if weight]
    if not heavy:
        return NOTHING_TO_MEASURE
    values = [figures.amount(row, name, within=within) for row, _ in heavy]
    if at_most is not None:
        values = [_within(value, at_most, f"{within}.{name}") for value in values]
    weighed = total_of(
        [
            value if isinstance(value, Absent) else value * weight
            for value, (_, weight) in zip(values, heavy, strict=True)
        ]
    )
    return weighed if isinstance(weighed, Absent) else weighed / sum(weight for _, weight in heavy)


def percent(part: Count, whole: Count, *, of: str) -> Figure:
    """Return a share in percent. Of nothing there is none; more than the whole cannot be."""
    if isinstance(part, Absent) or isinstance(whole, Absent):
        return Absent(causes_of(part, whole))
    if whole == 0:
        return NOTHING_TO_MEASURE
    if part > whole:
        return Absent.because(Reason.SOURCE_FAILED, f"{of}: {part} of {whole} is no share")
    return HUNDRED * part / whole


def _within(value: Figure, at_most: int, what: str) -> Figure:
    if not isinstance(value, Absent) and value > at_most:
        return Absent.because(Reason.SOURCE_FAILED, f"{what} is {value}, which is more than {at_most}")
    return value
