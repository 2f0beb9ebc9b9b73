"""What one evaluation writes: the audit, fifteen findings, and an alert when something turned critical."""

from datetime import timedelta

from functions.audit.absence import Reason
from functions.audit.finding import Finding, Move
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.telling import Why
from functions.audit.verdict import AuditState, Verdict, audit_of, conclude
from tests.builders import CHECKS, NIGHT, NOW, PERIODS, absent, channel, merchant, overriding, snapshot

BAD = channel(bounce_rate="90", session_conversion_rate="0.1", cart_abandonment_rate="80")


def night(seen: Snapshot, before: dict[str, Finding] | None = None) -> Verdict:
    audit = audit_of(seen, merchant(), default_profile(), evaluated_at=NOW)
    return conclude(audit, merchant(), before or {})


def findings(verdict: Verdict) -> dict[str, Finding]:
    return {finding.check_id: finding for finding in verdict.findings}


def next_night(seen: Snapshot) -> Snapshot:
    return seen.model_copy(update={"night": seen.night + timedelta(days=1)})


def test_every_check_has_one_outcome_and_one_finding_in_report_order() -> None:
    verdict = night(snapshot())

    assert [outcome.check_id for outcome in verdict.audit.outcomes] == list(CHECKS)
    assert [finding.check_id for finding in verdict.findings] == list(CHECKS)
    assert set(verdict.moves.values()) == {Move.NOTHING}
    assert verdict.alert is None


def test_counts_name_every_status() -> None:
    assert night(BAD).audit.counts == {
        Status.PASS: 11,
        Status.INFO: 1,
        Status.WARN: 1,
        Status.CRITICAL: 2,
        Status.NOT_EVALUATED: 0,
    }


def test_what_turned_critical_makes_one_alert_in_report_order() -> None:
    verdict = night(BAD)

    assert verdict.alert is not None
    assert [one.check_id for one in verdict.alert.criticals] == ["bounce_rate", "session_conversion_rate"]
    assert verdict.alert.counts == verdict.audit.counts
    assert (verdict.alert.merchant_id, verdict.alert.night) == ("larkspur", NIGHT)


def test_the_next_night_repeats_nothing() -> None:
    second = night(next_night(BAD), findings(night(BAD)))

    assert second.alert is None
    assert second.moves["bounce_rate"] is Move.NOTHING


def test_only_what_is_new_the_next_night_is_told() -> None:
    warned = channel(bounce_rate="90", session_conversion_rate="0.8")
    second = night(next_night(BAD), findings(night(warned)))

    assert second.alert is not None
    assert [(one.check_id, one.why) for one in second.alert.criticals] == [("session_conversion_rate", Why.WORSENED)]


def test_a_night_without_sight_alarms_nobody_and_closes_nothing() -> None:
    blind = night(next_night(snapshot(sessions=absent(Reason.SOURCE_FAILED))), findings(night(BAD)))

    assert blind.alert is None
    assert findings(blind)["bounce_rate"].is_open
    assert blind.moves["bounce_rate"] is Move.BLINDED


def test_the_same_input_gives_the_same_verdict_however_often() -> None:
    before = findings(night(channel(bounce_rate="70")))

    assert night(next_night(BAD), before) == night(next_night(BAD), before)


def test_a_fetch_that_never_came_back_is_a_failed_audit_with_fifteen_blind_outcomes() -> None:
    nothing = Snapshot.unseen(
        merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=absent(Reason.SOURCE_FAILED)
    )
    audit = audit_of(nothing, merchant(), default_profile(), evaluated_at=NOW)

    assert (audit.state, audit.counts[Status.NOT_EVALUATED]) == (AuditState.FAILED, 15)
    assert audit_of(snapshot(), None, default_profile(), evaluated_at=NOW).state is AuditState.DONE


def test_an_audit_names_exactly_what_it_was_judged_on() -> None:
    audit = audit_of(BAD, overriding("bounce_rate", critical=95), default_profile(), evaluated_at=NOW)

    assert audit.snapshot_sha256 == BAD.sha256 != snapshot().sha256
    assert (audit.profile_version, audit.periods, audit.night) == (default_profile().version, PERIODS, NIGHT)
    assert {one.check_id: one.status for one in audit.outcomes}["bounce_rate"] is Status.WARN
