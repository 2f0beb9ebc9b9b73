"""What a night came to for one merchant: the audit, the findings as they stand now, and the alert, if any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from functions.audit.alert import Alert, HeldBack, compose
from functions.audit.finding import Finding, Move, Pace, move
from functions.audit.judge import CrashReport, judge
from functions.audit.kpi import Kpi, kpis_of
from functions.audit.merchant import Merchant
from functions.audit.message import News
from functions.audit.outcome import Outcome, Status
from functions.audit.periods import Periods
from functions.audit.profile import Profile
from functions.audit.snapshot import Snapshot
from functions.audit.telling import NOTHING_IN_THE_WAY, Circumstances, Decision, Hold, Send, decide


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


def conclude(
    audit: Audit,
    merchant: Merchant,
    before: Mapping[str, Finding],
    around: Circumstances = NOTHING_IN_THE_WAY,
) -> Verdict:
    """Return what the audit changes: each finding moved by its outcome, and the alert where there is something to say.

    ``before`` holds the merchant's findings by check id. A night that they know already moves and tells nothing.
    """
    findings: list[Finding] = []
    moves: dict[str, Move] = {}
    news: list[News] = []
    held: list[HeldBack] = []
    for outcome in audit.outcomes:
        known = before.get(outcome.check_id)
        finding, moves[outcome.check_id] = move(
            known, outcome, merchant_id=audit.merchant_id, night=audit.night, pace=audit.pace
        )
        if finding is not known:
            match _decided(known, finding, moves[outcome.check_id], audit, around):
                case Send(why):
                    finding = replace(finding, last_told_on=audit.night)
                    news.append(News(outcome, why, finding.critical_since))
                case Hold(because, wanted) if because.is_noted:
                    held.append(HeldBack(outcome.check_id, outcome.area.value, because, wanted, outcome.summary))
        findings.append(finding)
    alert = None
    if news or any(entry.wanted for entry in held):
        alert = compose(merchant, audit.night, news, audit.counts, created_at=audit.evaluated_at, held=held)
    return Verdict(audit=audit, findings=tuple(findings), moves=moves, alert=alert)


def _decided(known: Finding | None, finding: Finding, happened: Move, audit: Audit, around: Circumstances) -> Decision:
    return decide(
        known, finding, happened, remind_nights=audit.pace.remind_nights, around=around, now=audit.evaluated_at
    )
