"""How a finding moves when a night's outcome arrives. A finding is the current state of one check of one merchant.

Up it goes at once, down with care. A breach opens or worsens a finding on the night it is seen. It steps down (from
critical to warn, or to resolved) quickly only when the figure is clear of its threshold by a margin and the finding
did not come back lately; otherwise it must stay better for many nights. ``status`` is always that night's exact
outcome: only ``severity`` and the moves are patient.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from functions.audit.check import Breach
from functions.audit.merchant import Severity
from functions.audit.outcome import Evidence, Outcome, Status


class Move(StrEnum):
    """What a night did to a finding."""

    NOTHING = "nothing"
    OPENED = "opened"
    REOPENED = "reopened"
    WORSENED = "worsened"
    IMPROVED = "improved"
    BLINDED = "blinded"
    SIGHTED = "sighted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a finding is. The numbers and their reasons are those of ``[findings]`` in the profile.

    ``good_nights``: evaluated good nights in a row that resolve a finding; ``slow_nights``: better nights in a row that
    it needs where the figure lies within ``margin_percent`` of its threshold, or where the finding came back within
    ``return_nights`` of stepping down, for as many nights from then on. ``remind_nights``: after so many more nights
    a critical one is told again.
    """

    good_nights: int
    slow_nights: int
    margin_percent: Decimal
    return_nights: int
    remind_nights: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one check after ``last_night``.

    ``status`` is that night's outcome. ``severity`` is set while the finding is open, also through nights that could
    not look (then ``blinded_since`` is set) and through nights that are better, but not for long enough yet.
    ``reason`` names why it was not evaluated, all reasons joined by a comma. ``critical_since`` is the night on which
    it turned critical, while it is; ``calmed_on`` the last night on which it stepped down; ``returned_on`` the last on
    which it came back soon after that, or after better nights that were not enough. ``good_nights`` counts evaluated
    nights in a row without a breach, ``calm_nights`` those below the severity. ``last_told_on`` is the night whose
    message told of it last.
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
    critical_since: date | None = None
    calmed_on: date | None = None
    returned_on: date | None = None
    last_told_on: date | None = None
    good_nights: int = 0
    calm_nights: int = 0
    evidence: Evidence = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether there is something to be done about it."""
        return self.severity is not None

    @property
    def nights_open(self) -> int:
        """Nights since the episode began, the first and the last counted; 0 when it is not open."""
        return (self.last_night - self.opened_on).days + 1 if self.is_open and self.opened_on else 0

    @property
    def told_night(self) -> date | None:
        """The night on which somebody was told that it is critical, and has been since; ``None`` while nobody was."""
        if self.critical_since is None or self.last_told_on is None or self.last_told_on < self.critical_since:
            return None
        return self.last_told_on

    @property
    def was_told(self) -> bool:
        """Whether somebody was told of this episode: that it was critical at some time."""
        return self.opened_on is not None and self.last_told_on is not None and self.last_told_on >= self.opened_on

    def knows(self, night: date) -> bool:
        """Say whether that night is in here already. A night that could not look may be looked at later."""
        return night < self.last_night or (night == self.last_night and self.status is not Status.NOT_EVALUATED)


def move(
    before: Finding | None, outcome: Outcome, *, merchant_id: str, night: date, pace: Pace
) -> tuple[Finding, Move]:
    """Return the finding after this night and what happened to it.

    A night that ``before`` knows already changes nothing: late and repeated nights never move a finding backwards.
    """
    if before is not None and before.knows(night):
        return before, Move.NOTHING
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
        calmed_on=before.calmed_on if before else None,
        returned_on=before.returned_on if before else None,
        last_told_on=before.last_told_on if before else None,
        evidence=outcome.evidence,
    )
    level = outcome.status.severity
    if before is None or before.severity is None:
        return (seen, Move.NOTHING) if level is None else _opened(before, seen, level, pace)
    still_open = replace(
        seen, severity=before.severity, opened_on=before.opened_on, critical_since=before.critical_since
    )
    if outcome.status is Status.NOT_EVALUATED:
        # Losing sight resolves nothing and keeps what was already seen of the way back.
        since = before.blinded_since or night
        blind = replace(still_open, blinded_since=since, good_nights=before.good_nights, calm_nights=before.calm_nights)
        return blind, Move.NOTHING if before.blinded_since else Move.BLINDED
    if level is before.severity:
        # Better nights that came to nothing: what is to stay better for long begins anew.
        relapsed = before.calm_nights > 0 and _is_fickle(before, night, pace)
        same = replace(still_open, returned_on=night) if relapsed else still_open
        return same, Move.SIGHTED if before.blinded_since else Move.NOTHING
    if level is Severity.CRITICAL:
        return _raised(still_open, level, pace), Move.WORSENED
    return _better(before, still_open, outcome, pace)


def _opened(before: Finding | None, seen: Finding, level: Severity, pace: Pace) -> tuple[Finding, Move]:
    opened = replace(_raised(seen, level, pace), opened_on=seen.last_night)
    return opened, Move.REOPENED if before and before.resolved_on else Move.OPENED


def _raised(seen: Finding, level: Severity, pace: Pace) -> Finding:
    """Return the finding at its new, higher severity; it notes when it came back from stepping down."""
    night = seen.last_night
    came_back = seen.calmed_on is not None and (night - seen.calmed_on).days <= pace.return_nights
    return replace(
        seen,
        severity=level,
        critical_since=night if level is Severity.CRITICAL else None,
        returned_on=night if came_back else seen.returned_on,
    )


def _better(before: Finding, still_open: Finding, outcome: Outcome, pace: Pace) -> tuple[Finding, Move]:
    """Return the finding after an evaluated night that was better than its severity."""
    night = still_open.last_night
    calm = before.calm_nights + 1
    good = before.good_nights + 1 if outcome.status.severity is None else 0
    off_critical = not _is_fickle(before, night, pace) and _is_clear(outcome, outcome.critical, pace)
    off_warn = off_critical and _is_clear(outcome, outcome.warn, pace)
    if good >= (pace.good_nights if off_warn else pace.slow_nights):
        resolved = replace(still_open, severity=None, opened_on=None, critical_since=None)
        return replace(resolved, resolved_on=night, calmed_on=night), Move.RESOLVED
    # On its first good night a critical one goes on as it is: the second may resolve it as a whole.
    to_warn = before.severity is Severity.CRITICAL and (good == 0 or good >= pace.good_nights)
    if to_warn and (off_critical or calm >= pace.slow_nights):
        warn = replace(still_open, severity=Severity.WARN, critical_since=None, calmed_on=night)
        return replace(warn, good_nights=good, calm_nights=good), Move.IMPROVED
    waiting = replace(still_open, good_nights=good, calm_nights=calm)
    if before.blinded_since:
        return waiting, Move.SIGHTED
    return waiting, Move.IMPROVED if good == 1 and off_warn else Move.NOTHING


def _is_fickle(before: Finding, night: date, pace: Pace) -> bool:
    return before.returned_on is not None and (night - before.returned_on).days < pace.return_nights


def _is_clear(outcome: Outcome, threshold: Decimal | None, pace: Pace) -> bool:
    """Say whether a figure lies beyond the margin on the good side. Without figure or threshold there is none."""
    if outcome.value is None or threshold is None:
        return True
    margin = abs(threshold) * pace.margin_percent / 100
    breach = outcome.check.breach
    return not breach.by(outcome.value, threshold - margin if breach is Breach.ABOVE else threshold + margin)
