"""Nights on which something of ours dies: nobody vanishes, nothing is told that was not seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from console.demo.rehearsal import Rehearsal, rehearse
from console.demo.result import collect
from console.sample.fleet import fleet
from functions.audit.verdict import AuditState

pytestmark = pytest.mark.slow

NIGHT = date(2026, 11, 21)
BEFORE = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
AFTER = datetime(2099, 1, 1, tzinfo=UTC)
PATIENCE = 120.0


@pytest.fixture(scope="module")
def stage() -> Iterator[Rehearsal]:
    """A stage with six merchants and no night yet."""
    with rehearse(fleet(6, seed=5)) as rehearsal:
        yield rehearsal


def test_a_fetch_killed_for_good_leaves_an_audit_that_says_so(stage: Rehearsal) -> None:
    lost = stage.fleet[0].id
    sqs = stage.aws.client("sqs")
    stage.stage.tables.nights.open(NIGHT, at=BEFORE, ttl=AFTER)
    # Expected, and then its message is gone: what a fetch that is killed on every receive comes to.
    stage.stage.tables.audits.expect(lost, NIGHT, at=BEFORE, ttl=AFTER)
    for merchant in stage.fleet[1:]:
        stage.stage.tables.audits.expect(merchant.id, NIGHT, at=BEFORE, ttl=AFTER)
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=f"{stage.stage.prefix}fetch")["QueueUrl"],
            MessageBody=json.dumps({"merchant_id": merchant.id, "night": NIGHT.isoformat()}),
        )
    stage.aws.wait_until(
        lambda: sum(head.state is AuditState.DONE for head in stage.heads(NIGHT)) == len(stage.fleet) - 1,
        timeout=PATIENCE,
        what="the other merchants to be audited",
    )
    stage.close(NIGHT)
    stage.settle(timeout=PATIENCE)

    result = collect(stage, NIGHT, seed=5)
    audit = next(audit for audit in result.audits if audit["merchant_id"] == lost)
    assert stage.stage.tables.audits.state(lost, NIGHT) is AuditState.FAILED
    assert {outcome["status"] for outcome in audit["outcomes"]} == {"not_evaluated"}
    assert {tuple(outcome["reasons"]) for outcome in audit["outcomes"]} == {("source_failed",)}
    assert result.coverage.expected == len(stage.fleet)
    assert result.coverage.audited == len(stage.fleet) - 1
    assert result.coverage.failed == (lost,)


def test_a_poison_message_ends_in_the_dead_letter_queue_and_hurts_nobody(stage: Rehearsal) -> None:
    sqs = stage.aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stage.stage.prefix}evaluate")["QueueUrl"]
    dead = sqs.get_queue_url(QueueName=f"{stage.stage.prefix}evaluate-dlq")["QueueUrl"]
    # Seconds instead of minutes until it comes again; the number of receives stays the template's.
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    sqs.send_message(QueueUrl=url, MessageBody="not one of ours")

    def is_dead() -> bool:
        attributes = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
        return attributes["Attributes"]["ApproximateNumberOfMessages"] == "1"

    stage.aws.wait_until(is_dead, timeout=PATIENCE, what="the poison message to be set aside")
    assert len(stage.heads(NIGHT)) == len(stage.fleet)


def test_a_night_that_nobody_opened_is_not_closed(stage: Rehearsal) -> None:
    never = date(2026, 1, 1)

    answer = stage.aws.client("lambda").invoke(
        FunctionName=f"{stage.stage.prefix}closer", Payload=json.dumps({"night": never.isoformat()}).encode()
    )

    assert answer["FunctionError"]
    assert "never opened" in json.loads(answer["Payload"].read())["errorMessage"]
    assert stage.stage.tables.nights.get(never) is None
