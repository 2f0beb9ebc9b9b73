"""Each named reason, why somebody was told or why not, is in the ledger, in the message and in the metrics alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.audit.mute import acknowledge
from functions.audit.snapshot import Snapshot
from functions.store.ledger import Ledger
from functions.store.verdicts import settle
from tests.builders import channel, merchant, mute
from tests.cloud import Cloud
from tests.events.wiring import call, started
from tests.store.stories import TTL, audit, revoked
from tests.tables import PREFIX

NIGHT = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
# The bounce rate of some nights before this one, by how many, and of this one.
BAD, WARNED, GOOD = "81.2", "65", "40"
STORIES: Mapping[str, Mapping[int, str | None]] = {
    "opened": {0: BAD},
    "worsened": {1: WARNED, 0: BAD},
    "reopened": {4: BAD, 3: GOOD, 2: GOOD, 1: GOOD, 0: BAD},
    "reminded": {7: BAD, 0: BAD},
    "resolved": {2: BAD, 1: GOOD, 0: GOOD},
    "muted": {0: BAD},
    "acknowledged": {7: BAD, 0: BAD},
    "alone": {0: BAD},
    "asleep": {0: BAD},
    "broken": {0: None},
}


@dataclass
class Night:
    """What a night of all these stories left behind."""

    messages: dict[str, Any]
    operators: list[str]
    ledger: dict[str, Any]
    counted: Counter[str]


@pytest.fixture
def night(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Night:
    now = datetime.now(UTC)
    around = f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    for id_, figures in STORIES.items():
        quiet = around if id_ == "asleep" else "off"
        shop = merchant(id=id_, name=id_, timezone="UTC", alerts={"quiet": quiet})
        cloud.tables.merchants.save(shop)
        cloud.tables.audits.expect(id_, NIGHT, at=NOW, ttl=TTL)
        for before, rate in figures.items():
            on = NIGHT - timedelta(days=before)
            seen = revoked() if rate is None else channel(bounce_rate=rate)
            one = Snapshot.model_validate(seen.model_dump() | {"merchant_id": id_, "night": on})
            if before:
                settle(cloud.tables, audit(one, shop), shop, ttl=TTL)
            else:
                cloud.tables.snapshots.put_once(one, ttl=TTL)
    cloud.tables.mutes.save(mute("muted"))
    known = cloud.tables.findings.of_merchant("acknowledged")["bounce_rate"]
    cloud.tables.mutes.save(acknowledge(known, author="Anna", reason="we know", now=NOW))
    with ExitStack() as starting:
        rooms = {room: starting.enter_context(started(room, cloud)) for room in ("evaluator", "notifier", "closer")}
        _subscribe(cloud, "alerts", FilterPolicy=json.dumps({"merchant_id": sorted(STORIES.keys() - {"alone"})}))
        _subscribe(cloud, "operators")
        _show(rooms["evaluator"], "aws:sqs", [{"body": {"merchant_id": id_, "night": str(NIGHT)}} for id_ in STORIES])
        for _ in range(2):  # what waited for the close leaves after it
            tonight = [row for row in cloud.raw("alerts") if row["night"]["S"] == str(NIGHT)]
            waiting = [row for row in tonight if row["state"]["S"] == "pending"]
            _show(rooms["notifier"], "aws:dynamodb", [{"dynamodb": {"NewImage": row}} for row in waiting])
            call(rooms["closer"], {"night": str(NIGHT)})
    counted: Counter[str] = Counter()
    for line in capsys.readouterr().out.splitlines():
        told = json.loads(line)
        counted.update({name: len(told[name]) for name in told if name.startswith("Alerts")})
    return Night(
        messages={one["MessageAttributes"]["merchant_id"]["Value"]: one for one in _heard(cloud, "alerts")},
        operators=[one["Message"] for one in _heard(cloud, "operators")],
        ledger={row.alert.merchant_id: row for row in Ledger(cloud.dynamodb, f"{PREFIX}alerts").of_night(NIGHT)},
        counted=counted,
    )


def _subscribe(cloud: Cloud, topic: str, **attributes: str) -> None:
    """Have a queue hear what the topic says, and nobody else."""
    arn = cloud.topic(topic)
    for other in cloud.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        cloud.sns.unsubscribe(SubscriptionArn=other["SubscriptionArn"])
    queue = cloud.queue(f"heard-{topic}")
    hears = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cloud.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=hears, Attributes=attributes)


def _heard(cloud: Cloud, topic: str) -> list[dict[str, Any]]:
    return cloud.messages(cloud.queue(f"heard-{topic}"))


def _show(room: Any, source: str, records: list[dict[str, Any]]) -> None:
    """Call a room with records as Lambda makes them."""
    for at, record in enumerate(records):
        record |= {"messageId": str(at), "eventID": str(at), "eventName": "INSERT", "eventSource": source}
        if "body" in record:
            record["body"] = json.dumps(record["body"])
        else:
            record["dynamodb"]["SequenceNumber"] = str(at)
    if records:
        assert call(room, {"Records": records}) == {"batchItemFailures": []}


def test_each_reason_is_in_the_ledger_the_message_and_the_metrics(night: Night) -> None:
    sent = {
        "opened": "opened",
        "worsened": "worsened",
        "reopened": "reopened",
        "reminded": "still_critical",
        "resolved": "resolved",
        "asleep": "opened",
        "broken": "opened",
    }
    assert {
        id_: [one.why for one in row.alert.criticals] for id_, row in night.ledger.items() if row.alert.criticals
    } == {id_: [why] for id_, why in sent.items()}
    assert {id_: json.loads(one["MessageAttributes"]["reasons"]["Value"]) for id_, one in night.messages.items()} == {
        id_: [why] for id_, why in sent.items()
    }
    for id_, message in night.messages.items():
        assert [news["why"] for news in json.loads(message["Message"])["news"]] == [sent[id_]]

    held = {id_: {one.because.value for one in row.alert.held} for id_, row in night.ledger.items() if row.alert.held}
    assert held == {
        "muted": {"muted"},
        "acknowledged": {"acknowledged"},
        "alone": {"recipient_unreachable"},
        "broken": {"root_cause_sent"},
    }
    assert [way.because for way in night.ledger["asleep"].ways if way.because] == ["quiet_hours"]
    # Of what is held nobody gets a message, but for those whom it concerns.
    assert "(14 checks could not run)" in night.messages["broken"]["Subject"]
    assert [body for body in night.operators if "- alone, night of 2026-11-22: bounce_rate (opened)\n" in body]

    assert night.counted == {
        "AlertsPublished": 7,
        "AlertsOpened": 3,
        "AlertsWorsened": 1,
        "AlertsReopened": 1,
        "AlertsStillCritical": 1,
        "AlertsResolved": 1,
        "AlertsHeldMuted": 1,
        "AlertsHeldAcknowledged": 1,
        "AlertsHeldRootCauseSent": 14,
        "AlertsHeldRecipientUnreachable": 1,
        "AlertsHeldQuietHours": 1,
    }
