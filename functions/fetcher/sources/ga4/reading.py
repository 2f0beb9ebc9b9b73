"""A figure out of a report: a value that GA4 measured, or why there is none.

GA4 leaves out rows in which all is 0, so a missing row is a measured 0: unless rows were held back, or the figure is
one that the role may not see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.check import HUNDRED
from functions.audit.snapshot import Count, Figure
from functions.fetcher import figures
from functions.fetcher.sources.ga4.report import Report, Row

# Google writes all figures as texts, floats perhaps with an exponent.
_FLOAT: Final = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?")
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
        value = self._settled(metric)
        return value if isinstance(value, Absent) else figures.count({metric: value}, metric, within=self.within)

    def amount(self, metric: str) -> Figure:
        """Return a number of at least 0."""
        value = self._settled(metric)
        return value if isinstance(value, Absent) else figures.amount({metric: value}, metric, within=self.within)

    def money(self, metric: str) -> Figure:
        """Return an amount of money."""
        value = self._settled(metric)
        return value if isinstance(value, Absent) else figures.money({metric: value}, metric, within=self.within)

    def rate(self, metric: str) -> Figure:
        """Return a fraction as the percentage that it is."""
        value = self._settled(metric)
        if isinstance(value, Decimal):
            value *= HUNDRED
        return value if isinstance(value, Absent) else figures.rate({metric: value}, metric, within=self.within)

    def _settled(self, metric: str) -> object:
        """Return what stands for the metric: a Decimal where it is a number, ``None`` where it is null."""
        report = self.report
        if isinstance(report, Absent):
            return report
        if metric in report.worth.restricted:
            return Absent.because(Reason.SCOPE_MISSING, f"the role hides {metric}")
        if metric not in report.columns:
            return None
        if self.row is not None:
            return _number(self.row.values.get(metric))
        if report.worth.hushed:
            return Absent.because(Reason.NOT_MEASURED, f"{self.within}.{metric}: {report.worth.hushed}")
        return Decimal(0)


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
