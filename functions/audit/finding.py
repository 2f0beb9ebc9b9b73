"""How a finding moves when a night's outcome arrives. A finding is the current state of one check of one merchant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from functions.audit.merchant import Severity
from functions.audit.outcome import Evidence, Outcome, Status

# One good night may be chance; the second closes the episode.
GOOD_NIGHTS_TO_RESOLVE = 2


class Move(StrEnum):
    """What a night did to a finding."""

    NOTHING = "nothing"
    OPENED = "opened"
    REOPENED = "reopened"
    WORSENED = "worsened"
    EASED = "eased"
    BLINDED = "blinded"
    SIGHTED = "sighted"
    RESOLVED = "resolved"

    @property
    def is_news(self) -> bool:
        """Whether the breach is new or worse than before: what can turn a finding critical."""
        return self in {Move.OPENED, Move.REOPENED, Move.WORSENED}


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one check after ``last_night``.

    ``status`` is that night's outcome. ``severity`` is set while the finding is open, also through nights that could
    not look (then ``blinded_since`` is set) and through the first good night. ``reason`` names why it was not
    evaluated, all reasons joined by a comma.
    """

    merchant_id: str
    check_id: str
    last_night: date
    status: Status
    severity: Severity | None = None
    value: Decimal | None = None
    unit: str = ""
    warn: Decimal | None = None
    critical: Decimal | None = None
    summary: str = ""
    reason: str | None = None
    opened_on: date | None = None
    resolved_on: date | None = None
    blinded_since: date | None = None
    good_nights: int = 0
    evidence: Evidence = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether there is something to be done about it."""
        return self.severity is not None

    @property
    def nights_open(self) -> int:
        """Nights since the episode began, the first and the last counted; 0 when it is not open."""
        return (self.last_night - self.opened_on).days + 1 if self.is_open and self.opened_on else 0


def move(before: Finding | None, outcome: Outcome, *, merchant_id: str, night: date) -> tuple[Finding, Move]:
    """Return the finding after this night and what happened to it.

    ``before`` must be the state of an earlier night: the caller never applies an older night over a newer one.
    """
    seen = Finding(
        merchant_id=merchant_id,
        check_id=outcome.check_id,
        last_night=night,
        status=outcome.status,
        value=outcome.value,
        unit=outcome.unit,
        warn=outcome.warn,
        critical=outcome.critical,
        summary=outcome.summary,
        reason=",".join(outcome.reasons) or None,
        resolved_on=before.resolved_on if before else None,
        evidence=outcome.evidence,
    )
    if outcome.status.severity is not None:
        return _breached(before, seen, outcome.status.severity)
    if before is None or before.severity is None:
        return seen, Move.NOTHING
    still_open = replace(seen, severity=before.severity, opened_on=before.opened_on)
    if outcome.status is Status.NOT_EVALUATED:
        # Losing sight resolves nothing and keeps what was already seen of the way back.
        since = before.blinded_since or night
        blind = replace(still_open, blinded_since=since, good_nights=before.good_nights)
        return blind, Move.NOTHING if before.blinded_since else Move.BLINDED
    good_nights = before.good_nights + 1
    if good_nights >= GOOD_NIGHTS_TO_RESOLVE:
        return replace(seen, resolved_on=night), Move.RESOLVED
    return replace(still_open, good_nights=good_nights), Move.SIGHTED if before.blinded_since else Move.EASED


def _breached(before: Finding | None, seen: Finding, severity: Severity) -> tuple[Finding, Move]:
    if before is None or before.severity is None or before.opened_on is None:
        opened = replace(seen, severity=severity, opened_on=seen.last_night)
        return opened, Move.REOPENED if before and before.resolved_on else Move.OPENED
    finding = replace(seen, severity=severity, opened_on=before.opened_on)
    if severity is before.severity:
        return finding, Move.SIGHTED if before.blinded_since else Move.NOTHING
    return finding, Move.WORSENED if severity is Severity.CRITICAL else Move.EASED


def turned_critical(finding: Finding, happened: Move) -> bool:
    """Say whether this move made the finding critical: the moment at which somebody must be told."""
    return finding.severity is Severity.CRITICAL and happened.is_news
