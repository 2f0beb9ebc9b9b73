"""An evaluation: pure between one read and one transaction, the same however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from functions.audit.errors import Conflict, NightjarError
from functions.audit.jobs import EvaluateJob
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState, Verdict
from functions.evaluator.evaluate import Evaluator
from functions.store.tables import Tables
from functions.store.verdicts import Kept
from tests.builders import NIGHT, NOW, PERIODS, channel, merchant, mute, snapshot
from tests.cloud import Cloud
from tests.rooms.fakes import refused
from tests.store.stories import NEVER_CAME, night_after
from tests.tables import PREFIX

FAR = datetime.now(UTC) + timedelta(days=30)


@dataclass
class Stage:
    """An evaluator and its stage."""

    cloud: Cloud
    crashes: list[str] = field(default_factory=list)

    def store(self, seen: Snapshot) -> None:
        self.cloud.tables.snapshots.put_once(seen, ttl=FAR)

    def evaluate(
        self, night: date = NIGHT, *, merchant_id: str = "larkspur", tables: Tables | None = None
    ) -> Verdict | None:
        evaluator = Evaluator(
            tables=tables or self.cloud.tables,
            profile=default_profile(),
            kept=Kept.days(audits=90, alerts=60, findings=30),
            on_crash=lambda check_id, _: self.crashes.append(check_id),
            clock=lambda: NOW,
        )
        return evaluator.evaluate(EvaluateJob(merchant_id=merchant_id, night=night))


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.tables.merchants.save(merchant())
    cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=FAR)
    return Stage(cloud)


def test_a_stored_snapshot_becomes_audit_findings_and_alert(stage: Stage) -> None:
    stage.store(channel(bounce_rate="81.2"))

    verdict = stage.evaluate()

    assert verdict is not None
    assert stage.cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    row = stage.cloud.rows("audits")[0]
    assert row["snapshot_sha256"] == stage.cloud.rows("snapshots")[0]["sha256"]
    ends = {name: {row["ttl"] for row in stage.cloud.rows(name)} for name in ("audits", "alerts", "findings")}
    days = {"audits": 90, "alerts": 60, "findings": 30}
    assert ends == {name: {int((NOW + timedelta(days=kept)).timestamp())} for name, kept in days.items()}
    assert len(stage.cloud.raw("findings")) == 15
    assert stage.crashes == []


def test_the_commands_in_a_message_are_for_the_stage_that_sent_it(stage: Stage) -> None:
    stage.store(channel(bounce_rate="81.2"))
    stage.evaluate()

    (told,) = stage.cloud.rows("alerts")
    assert 'nightjar mute larkspur bounce_rate --until 2026-11-28 --reason "WHY" --stage test\n' in told["email"]


def test_the_message_that_comes_again_changes_nothing(stage: Stage) -> None:
    stage.store(channel(bounce_rate="81.2"))
    stage.evaluate()
    before = stage.cloud.everything()

    assert stage.evaluate() is None
    assert stage.cloud.everything() == before


def test_a_snapshot_that_is_not_there_yet_brings_the_message_back(stage: Stage) -> None:
    with pytest.raises(NightjarError, match="no snapshot of larkspur for 2026-11-21"):
        stage.evaluate()

    assert stage.cloud.tables.audits.state("larkspur", NIGHT) is AuditState.PENDING


def test_the_message_about_an_erased_merchant_ends_here(stage: Stage) -> None:
    stage.cloud.tables.merchants.erase("larkspur", at=NOW, until=FAR)
    before = stage.cloud.everything()

    assert stage.evaluate() is None
    assert stage.cloud.everything() == before


def test_a_damaged_snapshot_brings_the_message_back(stage: Stage) -> None:
    stage.store(snapshot())
    damaged: dict[str, Any] = stage.cloud.raw("snapshots")[0] | {"body": {"B": b"not what was stored"}}
    stage.cloud.dynamodb.put_item(TableName=f"{PREFIX}snapshots", Item=damaged)

    with pytest.raises(NightjarError, match="cannot be read"):
        stage.evaluate()


def test_a_merchants_own_thresholds_are_judged_by(cloud: Cloud) -> None:
    own = {"bounce_rate": {"warn": 85, "critical": 95, "reason": "long-form pages"}}
    cloud.tables.merchants.save(merchant(thresholds=own))
    stage = Stage(cloud)
    stage.store(channel(bounce_rate="81.2"))

    stage.evaluate()

    bounce = cloud.rows("audits")[0]["outcomes"]["bounce_rate"]
    assert (bounce["status"], bounce["threshold"]["reason"]) == ("pass", "long-form pages")
    assert cloud.raw("alerts") == []


@pytest.mark.parametrize("row", ["gone", "unreadable"])
def test_a_merchant_that_cannot_be_read_any_more_is_judged_by_the_default_profile(cloud: Cloud, row: str) -> None:
    if row == "unreadable":
        item: Any = {"merchant_id": {"S": "larkspur"}, "timezone": {"S": "Mars/Olympus"}}
        cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=item)
    stage = Stage(cloud)
    stage.store(channel(bounce_rate="81.2"))

    verdict = stage.evaluate()

    assert verdict is not None
    assert verdict.audit.state is AuditState.DONE
    assert cloud.rows("audits")[0]["outcomes"]["bounce_rate"]["status"] == "critical"


@pytest.mark.parametrize("check_id", ["bounce_rate", "all"])
def test_a_mute_hides_the_message_and_changes_neither_audit_nor_finding(cloud: Cloud, check_id: str) -> None:
    for shop in ("larkspur", "quiet"):
        cloud.tables.merchants.save(merchant(id=shop))
    cloud.tables.mutes.save(mute("quiet", check_id))
    stage = Stage(cloud)
    for shop in ("larkspur", "quiet"):
        stage.store(Snapshot.model_validate(channel(bounce_rate="81.2").model_dump() | {"merchant_id": shop}))
        stage.evaluate(merchant_id=shop)

    def of(table: str, shop: str, *but: str) -> list[dict[str, Any]]:
        left_out = {"merchant_id", "snapshot_sha256", *but}
        rows = (row for row in cloud.rows(table) if row["merchant_id"] == shop)
        return [{name: value for name, value in row.items() if name not in left_out} for row in rows]

    assert of("audits", "quiet") == of("audits", "larkspur")
    assert of("findings", "quiet", "last_told_on") == of("findings", "larkspur", "last_told_on")
    (loud,), (hushed,) = of("alerts", "larkspur"), of("alerts", "quiet")
    assert (loud["state"], hushed["state"]) == ("pending", "held")
    assert (hushed["held"][0]["because"], hushed["held"][0]["wanted"]) == ("muted", "opened")


def test_the_night_after_a_mute_the_message_is_sent_and_says_that_it_has_ended(stage: Stage) -> None:
    stage.cloud.tables.mutes.save(mute(until=NIGHT))
    for night in (NIGHT, night_after()):
        stage.store(Snapshot.model_validate(channel(bounce_rate="81.2").model_dump() | {"night": night}))
        stage.evaluate(night)

    hushed, told = stage.cloud.rows("alerts")
    assert (hushed["state"], told["state"]) == ("held", "pending")
    assert "The mute of bounce_rate by Anna (new theme) has ended; its last night was 2026-11-21." in told["email"]
    assert "(opened on 2026-11-21, not told before)" in told["email"]


def test_a_snapshot_of_absences_becomes_a_failed_audit_of_fifteen_outcomes(stage: Stage) -> None:
    unseen = Snapshot.unseen(merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=NEVER_CAME)
    stage.store(unseen)

    verdict = stage.evaluate()

    assert verdict is not None
    assert stage.cloud.tables.audits.state("larkspur", NIGHT) is AuditState.FAILED
    assert stage.cloud.rows("audits")[0]["counts"]["not_evaluated"] == 15
    assert stage.evaluate() is None


def test_nights_that_arrive_in_the_wrong_order_leave_the_newest_findings(stage: Stage) -> None:
    stage.store(channel(bounce_rate="81.2"))
    stage.store(snapshot(night=night_after()))
    stage.evaluate(night_after())
    findings = stage.cloud.raw("findings")

    late = stage.evaluate()

    assert late is not None
    assert late.alert is None
    assert stage.cloud.raw("findings") == findings
    assert stage.cloud.raw("alerts") == []
    assert len(stage.cloud.raw("audits")) == 2


def test_a_transaction_under_way_is_tried_again_until_it_is_through(stage: Stage) -> None:
    stage.store(snapshot())
    tables, tries = _busy(stage, times=3)

    assert stage.evaluate(tables=tables) is not None
    assert tries == ["busy", "busy", "busy", "through"]


def test_a_table_that_stays_busy_brings_the_message_back(stage: Stage) -> None:
    stage.store(snapshot())
    tables, _ = _busy(stage, times=99)

    with pytest.raises(Conflict, match="larkspur"):
        stage.evaluate(tables=tables)

    assert stage.cloud.tables.audits.state("larkspur", NIGHT) is AuditState.PENDING


def _busy(stage: Stage, *, times: int) -> tuple[Tables, list[str]]:
    """Return tables whose first transactions find another one under way, and the list of what came of each."""
    tries: list[str] = []

    class Busy:
        def transact_write_items(self, **request: Any) -> Any:
            if len(tries) < times:
                tries.append("busy")
                raise refused("TransactionInProgressException", "TransactWriteItems")
            tries.append("through")
            return stage.cloud.dynamodb.transact_write_items(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.cloud.dynamodb, name)

    return Tables(cast("Any", Busy()), PREFIX), tries
