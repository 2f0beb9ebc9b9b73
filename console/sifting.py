"""Which findings are shown and in which order. Read along the index that fits the question; never by a scan."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby, islice
from typing import Any, Final

from functions.audit.absence import Reason
from functions.audit.check import Breach
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.outcome import Area, Status
from functions.report.stored import CHECKS
from functions.store.findings import Findings

_RANK: Final = {Severity.CRITICAL: 0, Severity.WARN: 1, None: 2}
_PLACE: Final = {check_id: place for place, check_id in enumerate(CHECKS)}


class Order(StrEnum):
    """What comes first."""

    WORST = "worst"
    OLDEST = "oldest"
    MERCHANT = "merchant"
    CHECK = "check"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. Without merchant, check, status or reason that is what is open."""

    merchant: str | None = None
    check: str | None = None
    severity: Severity | None = None
    status: Status | None = None
    area: Area | None = None
    reason: Reason | None = None
    opened_since: date | None = None
    min_nights: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing that is not open can be meant."""
        if self.severity is not None or self.opened_since is not None or self.min_nights is not None:
            return True
        return self.reason is None and (self.status is None or self.status.severity is not None)

    def fits(self, row: Finding) -> bool:
        """Say whether a finding is meant."""
        check = CHECKS.get(row.check_id)
        return (
            self.check in {None, row.check_id}
            and self.severity in {None, row.severity}
            and self.status in {None, row.status}
            and (self.area is None or (check is not None and check.area is self.area))
            and (self.reason is None or self.reason.value in (row.reason or "").split(","))
            and (self.opened_since is None or (row.opened_on is not None and row.opened_on >= self.opened_since))
            and (self.min_nights is None or (row.is_open and row.nights_open >= self.min_nights))
        )


@dataclass(frozen=True, slots=True)
class Sifted:
    """The findings to show. ``there_are``: how many fit; ``None`` where only is known that there are more."""

    rows: list[Finding]
    there_are: int | None


def sift(findings: Findings, wanted: Wanted, *, order: Order = Order.WORST, limit: int | None = None) -> Sifted:
    """Return the first so many findings that fit, all without a limit.

    What the index has in the wanted order is read no further than it is shown. For every other order all that fits is
    read, and no more is kept than is shown.
    """
    rows = (row for row in _along(findings, wanted) if wanted.fits(row))
    by_index = order is Order.WORST and wanted.merchant is None and wanted.check is None and wanted.is_open
    if by_index and limit is not None:
        first = list(islice(rows, limit + 1))
        return Sifted(first[:limit], len(first) if len(first) <= limit else None)
    fitting = 0

    def counted() -> Iterator[Finding]:
        nonlocal fitting
        for row in rows:
            fitting += 1
            yield row

    key = _keys()[order]
    shown = sorted(counted(), key=key) if limit is None else heapq.nsmallest(limit, counted(), key=key)
    return Sifted(shown, fitting)


def _along(findings: Findings, wanted: Wanted) -> Iterable[Finding]:
    if wanted.merchant is not None:
        yield from findings.of_merchant(wanted.merchant).values()
    elif wanted.check is not None:
        yield from findings.of_check(wanted.check)
    elif wanted.is_open:
        for level in (wanted.severity,) if wanted.severity else (Severity.CRITICAL, Severity.WARN):
            # Within a severity the index knows the merchants' order, and nothing of checks.
            for _, rows in groupby(findings.open(level), key=lambda row: row.merchant_id):
                yield from sorted(rows, key=_worst)
    else:
        for check in CHECKS.values():
            if wanted.area in {None, check.area}:
                yield from findings.of_check(check.id)


def _keys() -> dict[Order, Callable[[Finding], Any]]:
    return {
        Order.WORST: _worst,
        Order.OLDEST: lambda row: (-row.nights_open, _worst(row)),
        Order.MERCHANT: lambda row: (row.merchant_id, row.check_id),
        Order.CHECK: lambda row: (_PLACE.get(row.check_id, len(_PLACE)), _worst(row)),
        Order.VALUE: lambda row: (row.value is None, _badness(row), _worst(row)),
    }


def _worst(row: Finding) -> tuple[int, str, str]:
    return _RANK[row.severity], row.merchant_id, row.check_id


def _badness(row: Finding) -> Any:  # noqa: ANN401 - a number, either way round
    if row.value is None:
        return 0
    return -row.value if CHECKS[row.check_id].breach is Breach.ABOVE else row.value
