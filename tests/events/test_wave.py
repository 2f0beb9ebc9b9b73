"""A wave of rejected tokens through the real handlers: operators hear of it once, merchants do not, none is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from types import ModuleType
from typing import Any

import pytest

from functions.audit.snapshot import Snapshot
from tests.builders import channel, merchant, snapshot
from tests.cloud import Cloud
from tests.events.wiring import call, started
from tests.store.stories import TTL, revoked

NIGHT = date(2026, 11, 22)
# As small as a wave can be: the pretended tables take their time.
FLEET = tuple(f"shop-{number:02}" for number in range(12))
WAVE, LEAKING = FLEET[:10], FLEET[10]
NOW = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)


@dataclass
class Stage:
    """Evaluator, notifier and closer as Lambda starts them; the table's stream is played by hand."""

    cloud: Cloud
    rooms: dict[str, ModuleType]
    shown: set[str] = field(default_factory=set)
    turns: Iterator[int] | None = None

    def evaluate(self, night: date, seen: dict[str, Snapshot], fleet: tuple[str, ...] = FLEET) -> None:
        """Have everybody expected and judged, in one batch of messages."""
        self.cloud.tables.nights.open(night, at=NOW, ttl=TTL)
        for id_ in fleet:
            self.cloud.tables.audits.expect(id_, night, at=NOW, ttl=TTL)
            one = seen.get(id_, snapshot()).model_dump() | {"merchant_id": id_, "night": night}
            self.cloud.tables.snapshots.put_once(Snapshot.model_validate(one), ttl=TTL)
        records = [
            {"messageId": id_, "eventSource": "aws:sqs",
             "body": json.dumps({"merchant_id": id_, "night": night.isoformat()})}
            for id_ in fleet
        ]  # fmt: skip
        assert call(self.rooms["evaluator"], {"Records": records}) == {"batchItemFailures": []}

    def stream(self) -> None:
        """Show the notifier what changed, as far as the stack's filter lets it pass: rows that are pending."""
        images = [row for row in self.cloud.raw("alerts") if row["state"]["S"] == "pending"]
        new = [image for image in images if repr(image) not in self.shown]
        self.shown |= {repr(image) for image in new}
        self.show(new)

    def show(self, images: list[dict[str, Any]]) -> None:
        records = [
            {"eventID": str(at), "eventName": "MODIFY", "eventSource": "aws:dynamodb",
             "dynamodb": {"SequenceNumber": str(at), "NewImage": image}}
            for at, image in enumerate(images)
        ]  # fmt: skip
        if records:
            assert call(self.rooms["notifier"], {"Records": records}) == {"batchItemFailures": []}

    def close(self, night: date) -> None:
        call(self.rooms["closer"], {"night": night.isoformat()})

    def told(self) -> list[str]:
        """Return the merchants that were told something since the last look, each with what it was."""
        return sorted(
            f"{message['MessageAttributes']['merchant_id']['Value']}: {message['Subject'].partition(': ')[2]}"
            for message in self._messages("alerts")
        )

    def operators(self) -> list[str]:
        return sorted(message["Subject"] for message in self._messages("operators"))

    def _messages(self, topic: str) -> list[Any]:
        return self.cloud.messages(self.cloud.queue(f"heard-{topic}"))

    def states(self) -> dict[str, str]:
        return {row["merchant_id"]: row["state"] for row in self.cloud.rows("alerts")}


@pytest.fixture
def stage(cloud: Cloud) -> Iterator[Stage]:
    for id_ in FLEET:
        cloud.tables.merchants.save(merchant(id=id_, name=id_, alerts={"quiet": "off"}))
    for topic in ("alerts", "operators"):
        queue = cloud.queue(f"heard-{topic}")
        arn = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        cloud.sns.subscribe(TopicArn=cloud.topic(topic), Protocol="sqs", Endpoint=arn)
    with ExitStack() as starting:
        rooms = {room: starting.enter_context(started(room, cloud)) for room in ("evaluator", "notifier", "closer")}
        stage = Stage(cloud, rooms)
        client, one_by_one = rooms["closer"].closer.tables.client, Lock()
        transact = client.transact_write_items

        def in_turn(**request: Any) -> Any:
            """Write as the pretended AWS needs it, one after the other; die when the turns are used up."""
            with one_by_one:
                if stage.turns is not None and next(stage.turns, None) is None:
                    raise SystemExit
                return transact(**request)

        patch = starting.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(client, "transact_write_items", in_turn)
        yield stage


def test_a_wave_is_one_message_to_the_operators_and_none_to_merchants(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = {id_: revoked() for id_ in WAVE} | {LEAKING: channel(bounce_rate="90")}
    stage.evaluate(NIGHT, trouble)
    written = stage.cloud.raw("alerts")
    stage.stream()
    assert stage.told() == [f"{LEAKING}: {LEAKING}: bounce rate 90 %"]

    stage.close(NIGHT)
    stage.stream()

    assert stage.told() == []
    assert stage.operators() == [
        "Nightjar 2026-11-22: 12 of 12 audited, 11 critical (11 new), preflight: 1 failed",
        "Nightjar 2026-11-22: access_token:rejected at 10 of 12 merchants",
    ]
    held = [row for row in stage.cloud.rows("alerts") if row["merchant_id"] in WAVE]
    assert {row["state"] for row in held} == {"held"}
    assert {(row["held"][0]["because"], row["held"][0]["wanted"]) for row in held} == {("root_cause_sent", "opened")}
    assert _counted(capsys.readouterr().out) == {
        "notifier AlertsPublished": 1,
        "notifier AlertsOpened": 1,
        # At each of the ten, fourteen checks could not run; the messages about the tokens were held at the close.
        "evaluator AlertsHeldRootCauseSent": 140,
        "closer AlertsHeldRootCauseSent": 10,
        "closer FleetFailures": 1,
    }

    # Everything once more, in any order: nobody hears anything, and nothing changes.
    before = stage.cloud.everything()
    stage.evaluate(NIGHT, trouble)
    stage.show([*stage.cloud.raw("alerts"), *written])
    stage.close(NIGHT)
    stage.stream()
    assert stage.cloud.everything() == before
    assert stage.told() == stage.operators() == []

    # The next night one shop's own token is still rejected: now it is told, and the wave is over.
    tomorrow = NIGHT + timedelta(days=1)
    stage.evaluate(tomorrow, {WAVE[3]: revoked()}, fleet=WAVE[2:5])
    stage.stream()
    assert stage.told() == []
    stage.close(tomorrow)
    stage.stream()
    assert stage.told() == [f"{WAVE[3]}: {WAVE[3]}: access token: rejected (14 checks could not run)"]
    assert stage.operators() == ["Nightjar 2026-11-23: 3 of 3 audited, 1 critical, preflight: 1 failed"]


def test_a_wave_that_goes_on_is_not_told_again_the_next_night(stage: Stage) -> None:
    for night in (NIGHT, NIGHT + timedelta(days=1)):
        stage.evaluate(night, {id_: revoked() for id_ in WAVE}, fleet=WAVE)
        stage.close(night)
        stage.stream()

    assert stage.told() == []
    assert [subject for subject in stage.operators() if "access_token" in subject] == [
        "Nightjar 2026-11-22: access_token:rejected at 10 of 10 merchants"
    ]


def test_a_closer_that_dies_on_the_way_goes_on_where_it_was(stage: Stage) -> None:
    """Half of the wave is withheld when it ends: the rest must not look like a few troubles of their own."""
    stage.evaluate(NIGHT, {id_: revoked() for id_ in WAVE}, fleet=WAVE)
    stage.turns = iter(range(6))
    with pytest.raises(SystemExit):
        stage.close(NIGHT)
    stage.turns = None
    assert sorted(stage.states().values()) == ["held"] * 6 + ["waiting"] * 4

    stage.close(NIGHT)
    stage.stream()

    assert set(stage.states().values()) == {"held"}
    assert stage.told() == []
    assert "Nightjar 2026-11-22: access_token:rejected at 10 of 10 merchants" in stage.operators()


def test_a_night_that_was_never_closed_is_caught_up_by_the_next(stage: Stage) -> None:
    """On the first night it was everybody's, on the second nobody's: each alert is judged by its own night."""
    stage.evaluate(NIGHT, {id_: revoked() for id_ in WAVE}, fleet=WAVE)
    tomorrow = NIGHT + timedelta(days=1)
    stage.evaluate(tomorrow, {}, fleet=FLEET[10:])

    stage.close(tomorrow)
    stage.stream()

    assert set(stage.states().values()) == {"held"}
    assert stage.told() == []


def _counted(out: str) -> dict[str, float]:
    """Return the sums of the metrics that say who was told; no metric may know a merchant."""
    counted: dict[str, float] = {}
    for line in map(json.loads, out.splitlines()):
        if "_aws" not in line:
            continue
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [["service"]]
        for name in (metric["Name"] for metric in directive["Metrics"]):
            if name.startswith(("Alerts", "Fleet")):
                counted[f"{line['service']} {name}"] = counted.get(f"{line['service']} {name}", 0) + sum(line[name])
    return counted
