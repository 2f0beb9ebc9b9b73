"""A figure out of a report: a value that GA4 measured, or why there is none.

GA4 leaves out rows in which all is 0, so a missing row is a measured 0: unless rows were held back, or the figure is
one that the role may not see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.check import HUNDRED
from functions.audit.snapshot import Count, Figure
from functions.fetcher import figures
from functions.fetcher.sources.ga4.report import Report, Row

# Google writes all figures as texts, floats perhaps with an exponent.
_FLOAT: Final = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?")
# A double holds about sixteen digits; what comes after the ninth decimal is no measurement, only binary.
_FINEST: Final = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of a report, there or left out, under the name that a detail calls it by."""

    report: Report | Absent
    row: Row | None
    within: str

    def count(self, metric: str) -> Count:
        """Return a whole number."""
        found = self._found(metric)
        return found if isinstance(found, Absent) else figures.count(found, metric, within=self.within)

    def amount(self, metric: str) -> Figure:
        """Return a number of at least 0."""
        found = self._found(metric)
        return found if isinstance(found, Absent) else figures.amount(found, metric, within=self.within)

    def money(self, metric: str) -> Figure:
        """Return an amount of money."""
        found = self._found(metric)
        return found if isinstance(found, Absent) else figures.money(found, metric, within=self.within)

    def rate(self, metric: str) -> Figure:
        """Return a fraction as the percentage that it is."""
        found = self._found(metric)
        if isinstance(found, Absent):
            return found
        fraction = found.get(metric)
        percent = {metric: fraction * HUNDRED} if isinstance(fraction, Decimal) else found
        return figures.rate(percent, metric, within=self.within)

    def _found(self, metric: str) -> Mapping[str, object] | Absent:
        """Return the metric as a number, as far as it is one, by its name."""
        report = self.report
        if isinstance(report, Absent):
            return report
        if metric in report.worth.restricted:
            return Absent.because(Reason.SCOPE_MISSING, f"the role hides {metric}")
        if metric not in report.columns:
            return {}
        if self.row is not None:
            return {metric: _number(self.row.values.get(metric))}
        if report.worth.hushed:
            return Absent.because(Reason.NOT_MEASURED, f"{self.within}.{metric}: {report.worth.hushed}")
        return {metric: Decimal(0)}


def share(part: Count, whole: Count, *, of: str) -> Figure:
    """Return ``part`` of ``whole`` in percent, exact, within 0 to 100; absent over nothing."""
    if isinstance(part, Absent):
        return part
    if isinstance(whole, Absent):
        return whole
    if whole == 0:
        return Absent.because(Reason.NOT_MEASURED, f"{of}: there were none")
    # Multiplied before it is divided: 48 of 80 is exactly 60, which a threshold of 60 must not see as more.
    return min(max(HUNDRED * part / whole, Decimal(0)), HUNDRED)


def _number(raw: object) -> object:
    if not isinstance(raw, str):
        return raw
    text = raw.strip()
    if text.lower() == "nan":
        return None  # a mean over nothing
    if not _FLOAT.fullmatch(text):
        return raw
    value = Decimal(text)
    if value.adjusted() >= figures.LARGEST.adjusted() or int(value.as_tuple().exponent) >= -9:  # noqa: PLR2004 - as _FINEST
        return value
    return value.quantize(_FINEST) + 0  # no minus before nothing
