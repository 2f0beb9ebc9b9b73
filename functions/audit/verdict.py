"""What a night came to for one merchant: the audit, the findings as they stand now, and the alert, if any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from functions.audit.alert import Alert, compose
from functions.audit.finding import Finding, Move, Pace, move, turned_critical
from functions.audit.judge import CrashReport, judge
from functions.audit.kpi import Kpi, kpis_of
from functions.audit.merchant import Merchant
from functions.audit.outcome import Outcome, Status
from functions.audit.periods import Periods
from functions.audit.profile import Profile
from functions.audit.snapshot import Snapshot


class AuditState(StrEnum):
    """How far a merchant's night has come. ``failed``: it ended, and no fetch ever came back."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Audit:
    """All outcomes and KPIs of one merchant on one night, and what exactly they were judged on and by."""

    merchant_id: str
    night: date
    state: AuditState
    outcomes: tuple[Outcome, ...]
    kpis: tuple[Kpi, ...]
    periods: Periods
    snapshot_sha256: str
    profile_version: str
    pace: Pace
    evaluated_at: datetime

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many outcomes there are of each status; every status is named."""
        found = Counter(outcome.status for outcome in self.outcomes)
        return {status: found[status] for status in Status}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that one evaluation writes, in one transaction."""

    audit: Audit
    findings: tuple[Finding, ...]
    moves: Mapping[str, Move]
    alert: Alert | None


def audit_of(
    snapshot: Snapshot,
    merchant: Merchant | None,
    profile: Profile,
    *,
    evaluated_at: datetime,
    on_crash: CrashReport | None = None,
) -> Audit:
    """Return the audit of one snapshot. Pure: the same snapshot, profile and overrides give the same outcomes."""
    rules = profile.rules_for(merchant, snapshot.night)
    return Audit(
        merchant_id=snapshot.merchant_id,
        night=snapshot.night,
        state=AuditState.DONE if snapshot.fetched else AuditState.FAILED,
        outcomes=judge(snapshot, profile, rules, on_crash=on_crash),
        kpis=kpis_of(snapshot),
        periods=snapshot.periods,
        snapshot_sha256=snapshot.sha256,
        profile_version=profile.version,
        pace=profile.pace,
        evaluated_at=evaluated_at,
    )


def conclude(audit: Audit, merchant: Merchant, before: Mapping[str, Finding]) -> Verdict:
    """Return what the audit changes: each finding moved by its outcome, and one alert when any turned critical.

    ``before`` holds the merchant's findings by check id. A night that they know already moves and tells nothing.
    """
    findings: list[Finding] = []
    moves: dict[str, Move] = {}
    for outcome in audit.outcomes:
        finding, happened = move(
            before.get(outcome.check_id),
            outcome,
            merchant_id=audit.merchant_id,
            night=audit.night,
            pace=audit.pace,
        )
        findings.append(finding)
        moves[outcome.check_id] = happened
    told = {finding.check_id for finding in findings if turned_critical(finding, moves[finding.check_id])}
    news = [(outcome, moves[outcome.check_id]) for outcome in audit.outcomes if outcome.check_id in told]
    alert = compose(merchant, audit.night, news, audit.counts, created_at=audit.evaluated_at) if news else None
    return Verdict(audit=audit, findings=tuple(findings), moves=moves, alert=alert)
