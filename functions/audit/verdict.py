"""What a night came to for one merchant: the audit, the findings as they stand now, and the alert, if any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from functions.audit.alert import Alert, AlertState, HeldBack, compose, released, withheld
from functions.audit.checks import CATALOGUE
from functions.audit.code import code_version
from functions.audit.digest import Warned, warnings_of
from functions.audit.extra_checks import asked_for
from functions.audit.finding import Finding, Move, Pace, move
from functions.audit.judge import CrashReport, judge
from functions.audit.kpi import Kpi, kpis_of
from functions.audit.merchant import Digest, Merchant, Override, Severity
from functions.audit.mute import Mute, ended_for
from functions.audit.news import News, Scene
from functions.audit.outcome import Outcome, Status
from functions.audit.periods import Periods
from functions.audit.profile import Profile
from functions.audit.rootcause import RootCause, explains, failures_of, root_cause
from functions.audit.snapshot import Effort, Snapshot
from functions.audit.telling import Decision, Hold, Send, decide


class AuditState(StrEnum):
    """How far a merchant's night has come. ``failed``: it ended, and no fetch ever came back."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Audit:
    """All outcomes and KPIs of one merchant on one night, and what exactly they were judged on and by.

    ``overrides``: the merchant's own thresholds that were in force. ``failures`` names what kept checks from looking,
    so that the fleet's can be counted (see ``rootcause``).
    """

    merchant_id: str
    night: date
    state: AuditState
    outcomes: tuple[Outcome, ...]
    kpis: tuple[Kpi, ...]
    periods: Periods
    snapshot_sha256: str
    profile_version: str
    code_version: str
    overrides: Mapping[str, Override]
    pace: Pace
    failures: tuple[str, ...]
    evaluated_at: datetime
    effort: Effort | None = None

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many outcomes there are of each status; every status is named."""
        found = Counter(outcome.status for outcome in self.outcomes)
        return {status: found[status] for status in Status}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that one evaluation writes, in one transaction.

    ``new_criticals``: the checks that turned critical tonight, told or not; ``ended_criticals``: those that were
    critical and are not any more.
    """

    audit: Audit
    findings: tuple[Finding, ...]
    moves: Mapping[str, Move]
    alert: Alert | None
    new_criticals: tuple[str, ...] = ()
    ended_criticals: tuple[str, ...] = ()

    @property
    def as_history(self) -> Verdict:
        """What is left of it where the findings know of later nights: the audit."""
        return Verdict(self.audit, findings=(), moves={}, alert=None)

    @property
    def failures(self) -> tuple[str, ...]:
        """What failed at this merchant tonight: what kept checks from looking, and a connection that broke."""
        root = self.alert.root if self.alert else None
        return (*self.audit.failures, *((root.failure,) if root else ()))

    def after_close(self, shared: Collection[str]) -> Verdict:
        """Return the verdict of a night whose failures are known already: its alert need not wait."""
        alert = self.alert
        if alert is None or alert.root is None or alert.state is not AlertState.WAITING:
            return self
        if alert.root.failure not in shared:
            return replace(self, alert=released(alert))
        untold = tuple(
            replace(finding, last_told_on=alert.told_before) if finding.check_id == alert.root.check_id else finding
            for finding in self.findings
        )
        return replace(self, alert=withheld(alert), findings=untold)


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
    checks = (*CATALOGUE, *asked_for(snapshot))
    outcomes = judge(snapshot, profile, rules, checks=checks, on_crash=on_crash)
    return Audit(
        merchant_id=snapshot.merchant_id,
        night=snapshot.night,
        state=AuditState.DONE if snapshot.fetched else AuditState.FAILED,
        outcomes=outcomes,
        kpis=kpis_of(snapshot),
        periods=snapshot.periods,
        snapshot_sha256=snapshot.sha256,
        profile_version=profile.version,
        code_version=code_version(),
        overrides=merchant.overrides_on(snapshot.night) if merchant is not None else {},
        pace=profile.pace,
        failures=failures_of(snapshot, merchant, outcomes),
        evaluated_at=evaluated_at,
        effort=snapshot.effort,
    )


def conclude(
    audit: Audit,
    merchant: Merchant,
    before: Mapping[str, Finding],
    mutes: Collection[Mute] = (),
    *,
    stage: str = "",
) -> Verdict:
    """Return what the audit changes: each finding moved by its outcome, and the alert where there is something to say.

    ``before`` holds the merchant's findings by check id. A night that they know already moves and tells nothing.
    ``stage``: the one that the commands in a message are to name.
    """
    moved = {
        outcome.check_id: move(
            before.get(outcome.check_id), outcome, merchant_id=audit.merchant_id, night=audit.night, pace=audit.pace
        )
        for outcome in audit.outcomes
    }
    root = root_cause(audit.outcomes)
    explained = {one.check_id for one in audit.outcomes if root is not None and explains(root, one, merchant)}
    decisions: dict[str, Decision] = {}
    for check_id, (finding, happened) in moved.items():
        if finding is not before.get(check_id):
            decisions[check_id] = decide(
                before.get(check_id),
                finding,
                happened,
                remind_nights=audit.pace.remind_nights,
                mutes=mutes,
                # In report order the root cause comes before what it explains.
                root=decisions.get(root.check_id) if root is not None and check_id in explained else None,
            )
    findings = (
        replace(finding, last_told_on=audit.night) if isinstance(decisions.get(check_id), Send) else finding
        for check_id, (finding, _) in moved.items()
    )
    return Verdict(
        audit=audit,
        findings=tuple(findings),
        moves={check_id: happened for check_id, (_, happened) in moved.items()},
        new_criticals=tuple(
            check_id
            for check_id, (finding, _) in moved.items()
            if finding is not before.get(check_id) and finding.critical_since == audit.night
        ),
        ended_criticals=tuple(
            check_id
            for check_id, (finding, _) in moved.items()
            if finding.severity is not Severity.CRITICAL
            and check_id in before
            and before[check_id].severity is Severity.CRITICAL
        ),
        alert=_alert(
            audit,
            merchant,
            before,
            moved,
            decisions,
            mutes,
            explained,
            stage,
        ),
    )


def _alert(
    audit: Audit,
    merchant: Merchant,
    before: Mapping[str, Finding],
    moved: Mapping[str, tuple[Finding, Move]],
    decisions: Mapping[str, Decision],
    mutes: Collection[Mute],
    explained: Collection[str],
    stage: str,
) -> Alert | None:
    """Return the alert of these decisions; ``None`` where there was nothing to say."""
    root = root_cause(audit.outcomes)
    blinds = sum(one.status is Status.NOT_EVALUATED for one in audit.outcomes if one.check_id in explained)
    news: list[News] = []
    held: list[HeldBack] = []
    waits_for: RootCause | None = None
    for outcome in audit.outcomes:
        match decisions.get(outcome.check_id):
            case Send(why):
                at_root = root is not None and root.check_id == outcome.check_id
                # As it was before tonight's message: that one tells of the ends.
                finding, _ = moved[outcome.check_id]
                ended = ended_for(finding, mutes)
                news.append(News(outcome, why, finding.critical_since, blinds if at_root else 0, ended))
                if at_root and why.is_new:
                    waits_for = root
            case Hold(because, wanted) if because.is_noted:
                held.append(HeldBack(outcome.check_id, outcome.area.value, because, wanted, outcome.summary))
    warnings = _warnings(audit, merchant, before, moved, decisions, mutes)
    if not news and not warnings and not any(entry.wanted for entry in held):
        return None
    told = before.get(waits_for.check_id) if waits_for is not None else None
    return compose(
        merchant,
        Scene(audit.night, audit.counts, audit.outcomes, audit.kpis, audit.periods, stage=stage),
        news,
        created_at=audit.evaluated_at,
        held=held,
        root=waits_for,
        told_before=told.last_told_on if told is not None else None,
        warnings=warnings,
    )


def _warnings(
    audit: Audit,
    merchant: Merchant,
    before: Mapping[str, Finding],
    moved: Mapping[str, tuple[Finding, Move]],
    decisions: Mapping[str, Decision],
    mutes: Collection[Mute],
) -> tuple[Warned, ...]:
    # A night that failed may be judged once more; its message would then stand in the way of the real one.
    if merchant.alerts.digest is not Digest.DAILY or audit.state is not AuditState.DONE:
        return ()
    told = {check_id for check_id, decision in decisions.items() if isinstance(decision, Send)}
    return warnings_of(before, moved, audit.outcomes, mutes=mutes, told=told)
