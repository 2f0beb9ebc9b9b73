"""Nights on which something of ours dies: nobody vanishes, nothing is told that was not seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from console.demo.rehearsal import EMAIL, OPERATOR, PHONE, Rehearsal, rehearse
from console.demo.result import collect
from console.embedded import Delivery
from console.own_topics import own_topics
from console.recipient_test import publish_test
from console.recipients import Desk, Wish
from console.sample.fleet import fleet
from functions.audit.alert import Alert, AlertState, TextState, compose
from functions.audit.merchant import Severity
from functions.audit.news import News
from functions.audit.recipient import FLEET, Protocol, RecipientState
from functions.audit.telling import Why
from functions.audit.verdict import AuditState
from functions.store.alerts import alert_item
from tests.audit.messages import SCENE, critical

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

    # It is no error to be tried again: the operators are told, once.
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == {"night": "2026-01-01", "state": "never_opened"}
    told = [message.subject for message in stage.aws.outbox() if message.subject and "2026-01-01" in message.subject]
    assert told == ["Nightjar 2026-01-01: nobody was audited, the night never began"]
    assert stage.stage.tables.nights.get(never) is None


# No audit is of that night: what is written here is all that it tells.
OTHER_NIGHT = NIGHT - timedelta(days=1)
SENDER = "AWS.SNS.SMS.SenderID"  # that a text message has


def write_alerts(stage: Rehearsal, night: date = OTHER_NIGHT) -> str:
    """Put an alert of each shop into the outbox at once, so that they come in one batch; return their id."""
    shops = [stage.stage.tables.merchants.get(sample.id) for sample in stage.fleet]
    news = [News(critical(), Why.OPENED, night)]
    scene = replace(SCENE, night=night)
    items = [alert_item(compose(shop, scene, news, created_at=BEFORE), ttl=AFTER) for shop in shops if shop]
    table = stage.stage.tables.alerts.name
    stage.aws.client("dynamodb").batch_write_item(RequestItems={table: [{"PutRequest": {"Item": i}} for i in items]})
    return scene.alert_id


def alert_of(stage: Rehearsal, merchant_id: str, alert_id: str) -> Alert:
    alert = stage.stage.tables.alerts.get(merchant_id, alert_id)
    assert alert is not None
    return alert


def heard(stage: Rehearsal, merchant_id: str) -> list[Delivery]:
    """Return what people heard of that night."""
    return [
        message
        for message in stage.aws.outbox()
        if message.attributes.get("merchant_id") == merchant_id
        and message.attributes["night"] == OTHER_NIGHT.isoformat()
    ]


def texts_of(alert: Alert) -> dict[str, tuple[str, str]]:
    return {EMAIL: (alert.subject, alert.email), PHONE: ("", alert.sms)}


def test_a_record_that_kills_the_notifier_is_set_aside_the_others_leave_and_the_sweep_sends_it(
    stage: Rehearsal,
) -> None:
    poison, *others = [sample.id for sample in stage.fleet]
    notifier = f"{stage.stage.prefix}notifier"
    letters = f"{stage.stage.prefix}alerts-stream-dlq"

    def die(message: Mapping[str, str], deliver: Callable[[], None]) -> None:
        if message.get("merchant_id") == poison:
            stage.aws.kill(notifier)
        else:
            deliver()

    stage.settle(timeout=PATIENCE)
    # Fewer retries, since a process that dies takes a second to begin anew; how often it is is tested of the template.
    lambda_ = stage.aws.client("lambda")
    (stream,) = lambda_.list_event_source_mappings(FunctionName=notifier)["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=stream["UUID"], MaximumRetryAttempts=1)
    with stage.aws.meddled(die):
        alert_id = write_alerts(stage)
        stage.aws.wait_until(
            lambda: stage.aws.queue_depths()[letters].visible, timeout=PATIENCE, what="the record to be set aside"
        )
        stage.settle(timeout=PATIENCE)

    sqs = stage.aws.client("sqs")
    (letter,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName=letters)["QueueUrl"])["Messages"]
    told = json.loads(letter["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1
    for shop in others:
        alert = alert_of(stage, shop, alert_id)
        assert (alert.state, alert.text) == (AlertState.PUBLISHED, TextState.PUBLISHED)
        assert {message.endpoint: (message.subject, message.body) for message in heard(stage, shop)} == texts_of(alert)
    assert alert_of(stage, poison, alert_id).state is AlertState.PENDING
    assert heard(stage, poison) == []

    stage.stage.tables.nights.open(NIGHT, at=BEFORE, ttl=AFTER)
    stage.close(NIGHT)
    stage.aws.wait_until(lambda: len(heard(stage, poison)) == 2, timeout=PATIENCE, what="the sweep to send it")
    stage.settle(timeout=PATIENCE)

    alert = alert_of(stage, poison, alert_id)
    assert (alert.state, alert.text) == (AlertState.PUBLISHED, TextState.PUBLISHED)
    assert {message.endpoint: (message.subject, message.body) for message in heard(stage, poison)} == texts_of(alert)


def test_a_notifier_killed_between_publishing_and_noting_repeats_a_message_and_loses_none(stage: Rehearsal) -> None:
    notifier = f"{stage.stage.prefix}notifier"
    email_dies, text_dies, *others = [sample.id for sample in stage.fleet]
    killed: list[str] = []

    def deliver_then_die(message: Mapping[str, str], deliver: Callable[[], None]) -> None:
        deliver()
        of = f"{message.get('merchant_id')} {'text' if SENDER in message else 'email'}"
        if of in {f"{email_dies} email", f"{text_dies} text"} - set(killed):
            killed.append(of)
            stage.aws.kill(notifier)

    stage.settle(timeout=PATIENCE)
    before = {sample.id: len(heard(stage, sample.id)) for sample in stage.fleet}
    with stage.aws.meddled(deliver_then_die):
        alert_id = write_alerts(stage)
        stage.aws.wait_until(
            lambda: all(alert_of(stage, shop, alert_id).text is TextState.PUBLISHED for shop in before),
            timeout=PATIENCE,
            what="every message to be noted",
        )
        stage.settle(timeout=PATIENCE)

    new = {shop: [message.endpoint for message in heard(stage, shop)[count:]] for shop, count in before.items()}
    assert len(killed) == 2
    assert new == {
        email_dies: [EMAIL, EMAIL, PHONE],
        text_dies: [EMAIL, PHONE, PHONE],
        **{shop: [EMAIL, PHONE] for shop in others},
    }
    for shop in (email_dies, text_dies):
        # What came twice is the same to the letter, but for SNS's own id.
        assert len({(message.endpoint, message.body) for message in heard(stage, shop)}) == 2


def test_a_merchants_recipient_hears_of_it_alone_and_of_whom_nobody_hears_the_operators_do(stage: Rehearsal) -> None:
    mine, *others = [sample.id for sample in stage.fleet]
    night, own, sns = OTHER_NIGHT - timedelta(days=1), "own@shop.example", stage.aws.client("sns")
    stage.settle(timeout=PATIENCE)
    desk = Desk(stage.stage)
    wish = Wish(mine, Protocol.EMAIL, own, tuple(Severity), (), "Anna")
    added = desk.add(wish, now=BEFORE)
    assert (added.state, added.hint) == (RecipientState.CONFIRMED, "o…@shop.example")
    assert {one.state for one in desk.of(FLEET)} == {RecipientState.CONFIRMED}
    for one in desk.of(FLEET):
        assert one.subscription is not None
        assert one.subscription.arn is not None
        sns.unsubscribe(SubscriptionArn=one.subscription.arn)
    stage.aws.kill(f"{stage.stage.prefix}notifier")  # it remembers for five minutes who is there

    alert_id = write_alerts(stage, night)
    stage.aws.wait_until(
        lambda: all(alert_of(stage, shop, alert_id).state is not AlertState.PENDING for shop in (mine, *others)),
        timeout=PATIENCE,
        what="every message to leave or to be held",
    )
    publish_test(desk, desk.of(mine)[0])
    stage.stage.tables.nights.open(night, at=BEFORE, ttl=AFTER)
    stage.close(night)
    stage.settle(timeout=PATIENCE)

    alert, test = (message for message in stage.aws.outbox() if message.endpoint == own)
    assert alert.topic_arn == desk.topics.of(mine).alerts
    assert (alert.attributes["merchant_id"], alert.body) == (mine, alert_of(stage, mine, alert_id).email)
    assert (test.subject, test.attributes["severity"]) == ("Nightjar: a test for email-1", "test:email-1")
    assert {alert_of(stage, shop, alert_id).state for shop in others} == {AlertState.HELD}
    (told,) = (message for message in stage.aws.outbox() if "reached nobody" in message.subject)
    assert told.endpoint == OPERATOR
    assert [shop for shop in (mine, *others) if f"- {shop}, night of {night}: " in told.body] == others
    desk.remove(desk.of(mine)[0])
    assert desk.of(mine) == ()
    assert own_topics(stage.stage, desk.topics, mine) == []
