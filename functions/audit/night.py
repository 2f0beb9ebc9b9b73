"""One night over all merchants: who was expected, who was really audited, and what kept the others out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from functions.audit.absence import Reason
from functions.audit.grant import milestone
from functions.audit.merchant import Extra
from functions.audit.outcome import Status
from functions.audit.snapshot import Effort
from functions.audit.verdict import AuditState
from functions.audit.wording import counted


@dataclass(frozen=True, slots=True)
class AuditHead:
    """What the summary of a night needs to know of one merchant's audit.

    ``days_left``: for how many days its connection lives on; ``None`` where nobody could tell. ``failures``: what
    failed there tonight, by the names of ``rootcause``. ``extra_checks``: what is expected of a pending one beside the
    fifteen. ``new_criticals`` and ``ended_criticals``: as the verdict had them; ``effort``: what the fetch took.
    """

    merchant_id: str
    state: AuditState
    counts: Mapping[Status, int]
    reasons: Mapping[Reason, int]
    days_left: Decimal | None = None
    failures: tuple[str, ...] = ()
    extra_checks: tuple[Extra, ...] = ()
    new_criticals: tuple[str, ...] = ()
    ended_criticals: tuple[str, ...] = ()
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the merchants expected tonight, how many were really audited. ``missing`` are still pending at the close."""

    night: date
    expected: int
    audited: int
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    outcomes: Mapping[Status, int]
    causes: Mapping[Reason, int]

    @property
    def percent(self) -> Decimal:
        """Audited of expected, in percent. A night that expected nobody covered nobody: 0."""
        return Decimal(100 * self.audited) / self.expected if self.expected else Decimal()

    @property
    def is_full(self) -> bool:
        """Whether every expected merchant was audited, and there was at least one."""
        return self.expected > 0 and self.audited == self.expected


@dataclass(frozen=True, slots=True)
class FleetFailure:
    """One failure, at how many merchants, and since which night it is the fleet's."""

    failure: str
    merchants: int
    since: date

    def is_due(self, night: date, every: int) -> bool:
        """Say whether the operators hear of it tonight: when it is new, and then every so many nights."""
        return (night - self.since).days % every == 0


@dataclass(frozen=True, slots=True)
class Night:
    """The row of one night. ``closed_at`` stays empty until the closer has counted."""

    night: date
    opened_at: datetime
    closed_at: datetime | None
    coverage: Coverage | None
    fleet: tuple[FleetFailure, ...] = ()


def cover(night: date, heads: Iterable[AuditHead]) -> Coverage:
    """Return the coverage of a night from the audits of its expected set."""
    expected = audited = 0
    failed: list[str] = []
    missing: list[str] = []
    outcomes: Counter[Status] = Counter()
    causes: Counter[Reason] = Counter()
    for head in heads:
        expected += 1
        match head.state:
            case AuditState.DONE:
                audited += 1
            case AuditState.FAILED:
                failed.append(head.merchant_id)
            case AuditState.PENDING:
                missing.append(head.merchant_id)
        outcomes.update(head.counts)
        causes.update(head.reasons)
    return Coverage(
        night=night,
        expected=expected,
        audited=audited,
        failed=tuple(sorted(failed)),
        missing=tuple(sorted(missing)),
        outcomes={status: outcomes[status] for status in Status},
        causes=dict(causes.most_common()),
    )


def ending_soon(heads: Iterable[AuditHead]) -> tuple[str, ...]:
    """Return who must connect again within 30 days, and in how many, the soonest first.

    Told to operators before any threshold warns: whoever can log in may have to be found first.
    """
    near = [
        (head.days_left, head.merchant_id)
        for head in heads
        if head.days_left is not None and milestone(head.days_left) is not None
    ]
    return tuple(f"{merchant_id} {_in_days(left)}" for left, merchant_id in sorted(near))


def _in_days(left: Decimal) -> str:
    """Return when, in whole days: a connection that ends in 2.9 days has two of them left."""
    days = int(left // 1)
    if left < 0:
        return "has ended"
    return f"in {counted(days, 'day')}" if days else "in less than a day"
