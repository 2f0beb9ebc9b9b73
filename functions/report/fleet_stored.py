"""What a night came to over all merchants: counted merchant by merchant, of which only the worst are kept."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from functions.audit.absence import Reason
from functions.audit.finding import Finding
from functions.audit.night import AuditHead, FleetFailure
from functions.audit.outcome import Status
from functions.audit.verdict import AuditState

# So many rows are a page that a phone still scrolls; what is beyond is counted, and nightjar export has it all.
MERCHANTS: Final = 500
FINDINGS: Final = 100


@dataclass(frozen=True, slots=True)
class Heads:
    """The merchants of a night: how many of each state, what they came to, and the worst of them."""

    states: Mapping[AuditState, int]
    outcomes: Mapping[Status, int]
    causes: Mapping[Reason, int]
    blind_merchants: Mapping[Reason, int]
    worst: tuple[AuditHead, ...]

    @property
    def expected(self) -> int:
        """How many there are."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Criticals:
    """What is critical now, over all merchants: how much, of which checks, and what has been so for longest."""

    total: int
    merchants: int
    by_check: Mapping[str, int]
    oldest: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class StoredFleet:
    """A night of the whole fleet. ``names``: of the merchants that are listed, where they have one.

    ``closed_at`` is ``None`` while the night is under way. ``nights``: rows of earlier nights, the oldest first.
    """

    night: date
    today: date
    opened_at: datetime
    closed_at: datetime | None
    shared: Sequence[FleetFailure]
    heads: Heads
    criticals: Criticals
    names: Mapping[str, str]
    nights: Sequence[Mapping[str, Any]]


def counted_heads(heads: Iterable[AuditHead], *, keep: int = MERCHANTS) -> Heads:
    """Return what a night's audits came to. One pass; no more than ``keep`` of them are held at once."""
    states: Counter[AuditState] = Counter()
    outcomes: Counter[Status] = Counter()
    causes: Counter[Reason] = Counter()
    blind: Counter[Reason] = Counter()

    def each() -> Iterable[AuditHead]:
        for head in heads:
            states[head.state] += 1
            outcomes.update(head.counts)
            causes.update(head.reasons)
            blind.update(head.reasons.keys())
            yield head

    worst = tuple(heapq.nsmallest(keep, each(), key=_worst_first))
    return Heads(states, outcomes, causes, blind, worst)


def counted_criticals(findings: Iterable[Finding], *, keep: int = FINDINGS) -> Criticals:
    """Return what is critical. One pass; besides their ids, no more than ``keep`` findings are held at once."""
    by_check: Counter[str] = Counter()
    merchants: set[str] = set()

    def each() -> Iterable[Finding]:
        for finding in findings:
            by_check[finding.check_id] += 1
            merchants.add(finding.merchant_id)
            yield finding

    oldest = tuple(heapq.nsmallest(keep, each(), key=_oldest_first))
    return Criticals(by_check.total(), len(merchants), by_check, oldest)


def _worst_first(head: AuditHead) -> tuple[int, bool, int, int, str]:
    counts = head.counts
    return (
        -counts[Status.CRITICAL],
        head.state is AuditState.DONE,
        -counts[Status.WARN],
        -counts[Status.NOT_EVALUATED],
        head.merchant_id,
    )


def _oldest_first(finding: Finding) -> tuple[date, str, str]:
    return finding.critical_since or finding.opened_on or finding.last_night, finding.merchant_id, finding.check_id
