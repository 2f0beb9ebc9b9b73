"""An alert leaves: published first, noted then; a crash in between repeats it and never loses it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.audit.alert import Alert, AlertState
from functions.notifier.notify import Notified, Notifier, bodies_of
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant, mute
from tests.cloud import Cloud
from tests.rooms.fakes import FakeScheduler, FakeSns, refused
from tests.rooms.ringing import phones_of
from tests.store.stories import TTL, audit
from tests.tables import PREFIX

LATER = NOW + timedelta(minutes=3)
TOPIC = "arn:aws:sns:us-east-1:123456789012:nightjar-test-alerts"
ID = f"{NIGHT}#critical"


@dataclass
class Stage:
    """A notifier, its topic and an alert that has not left. It is night: the text message stays out of the way."""

    cloud: Cloud
    sns: FakeSns = field(default_factory=FakeSns)
    counted: list[Alert] = field(default_factory=list)

    def notify(self, merchant_id: str = "larkspur") -> Notified:
        notifier = Notifier(
            self.cloud.tables,
            cast("Any", self.sns),
            TOPIC,
            phones_of(self.cloud, self.sns, FakeScheduler(), LATER),
            clock=lambda: LATER,
            on_published=self.counted.append,
        )
        return notifier.notify(merchant_id, ID)

    def alert(self) -> Alert:
        alert = self.cloud.tables.alerts.get("larkspur", ID)
        assert alert is not None
        return alert


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    settle(cloud.tables, audit(), merchant(), ttl=TTL)
    return Stage(cloud)


def test_an_alert_is_published_before_it_is_noted(stage: Stage) -> None:
    seen: list[AlertState] = []
    stage.sns.before = lambda: seen.append(stage.alert().state)

    assert stage.notify() is Notified.PUBLISHED

    assert seen == [AlertState.PENDING]
    row = stage.cloud.rows("alerts")[0]
    assert (row["state"], row["message_id"], row["topic_arn"]) == ("published", "message-1", TOPIC)
    assert row["published_at"] == LATER.isoformat()


def test_people_have_texts_of_their_own_programs_get_json_and_all_of_them_attributes_to_filter_by(stage: Stage) -> None:
    alert = stage.alert()

    stage.notify()

    (request,) = stage.sns.published
    assert request["TopicArn"] == TOPIC
    assert request["Subject"] == alert.subject
    assert request["MessageStructure"] == "json"
    texts = json.loads(request["Message"])
    assert texts == {"default": alert.document, "email": alert.email, "sms": alert.sms}
    assert json.loads(texts["default"])["news"][0]["check_id"] == "bounce_rate"
    assert "81.2 %" in texts["sms"]
    attributes = {
        name: (value["DataType"], value["StringValue"]) for name, value in request["MessageAttributes"].items()
    }
    assert attributes == {
        "merchant_id": ("String", "larkspur"),
        "night": ("String", "2026-11-21"),
        "severity": ("String", "critical"),
        "areas": ("String.Array", '["traffic"]'),
        "check_ids": ("String.Array", '["bounce_rate"]'),
        "reasons": ("String.Array", '["opened"]'),
    }


def test_an_alert_of_a_version_without_json_goes_out_as_that_version_sent_it(stage: Stage) -> None:
    assert json.loads(bodies_of(replace(stage.alert(), document="")))["default"] == stage.alert().email


def test_the_record_that_comes_again_publishes_nothing(stage: Stage) -> None:
    stage.notify()
    before = stage.cloud.everything()

    assert stage.notify() is Notified.ALREADY_PUBLISHED
    assert len(stage.sns.published) == 1
    assert stage.cloud.everything() == before


def test_an_alert_that_is_gone_is_no_error(stage: Stage) -> None:
    assert stage.notify("foxglove") is Notified.GONE
    assert stage.sns.published == []


def test_an_alert_that_was_held_is_not_published(cloud: Cloud) -> None:
    settle(cloud.tables, audit(), merchant(), ttl=TTL, mutes=(mute(until=NIGHT),))
    stage = Stage(cloud)
    before = cloud.everything()

    assert stage.notify() is Notified.NOT_DUE
    assert stage.sns.published == []
    assert cloud.everything() == before


def test_who_counts_hears_of_each_message_that_left_once(stage: Stage) -> None:
    stage.notify()
    stage.notify()

    assert [alert.merchant_id for alert in stage.counted] == ["larkspur"]


def test_a_topic_that_refuses_leaves_the_alert_pending_for_the_next_try(stage: Stage) -> None:
    refusals = iter([refused("Throttled", "Publish")])

    def refuse_once() -> None:
        for refusal in refusals:
            raise refusal

    stage.sns.before = refuse_once

    with pytest.raises(ClientError):
        stage.notify()
    assert stage.alert().state is AlertState.PENDING
    assert list(stage.cloud.tables.alerts.unsent(NIGHT)) == [("larkspur", ID)]

    assert stage.notify() is Notified.PUBLISHED


def test_a_crash_between_publishing_and_noting_repeats_the_message_and_never_loses_it(stage: Stage) -> None:
    crashes = iter([MemoryError()])

    def crash_once() -> None:
        for crash in crashes:
            raise crash

    stage.sns.after = crash_once

    with pytest.raises(MemoryError):
        stage.notify()
    assert stage.alert().state is AlertState.PENDING

    assert stage.notify() is Notified.PUBLISHED
    assert len(stage.sns.published) == 2
    assert stage.sns.published[0] == stage.sns.published[1]


def test_of_two_notifiers_the_first_note_stays(stage: Stage) -> None:
    def overtake() -> None:
        stage.cloud.tables.alerts.record_published("larkspur", ID, at=NOW, message_id="theirs", topic_arn=TOPIC)

    stage.sns.after = overtake

    assert stage.notify() is Notified.PUBLISHED
    assert stage.cloud.rows("alerts")[0]["message_id"] == "theirs"


def test_what_is_sent_is_what_the_merchants_own_row_says(stage: Stage) -> None:
    settle(stage.cloud.tables, audit(merchant_id="foxglove"), merchant(id="foxglove", name="Foxglove"), ttl=TTL)

    stage.notify("foxglove")

    (request,) = stage.sns.published
    assert request["MessageAttributes"]["merchant_id"]["StringValue"] == "foxglove"
    assert "larkspur" not in repr(request).lower()
    assert stage.alert().state is AlertState.PENDING
    assert PREFIX in TOPIC


def test_a_digest_is_an_email_with_a_severity_of_its_own_and_rings_no_telephone(cloud: Cloud) -> None:
    shop = merchant(alerts={"digest": "daily", "quiet": "off"})
    cloud.tables.merchants.save(shop)
    settle(cloud.tables, audit(channel(bounce_rate="65"), shop), shop, ttl=TTL)
    stage = Stage(cloud)

    assert stage.notify() is Notified.PUBLISHED

    (request,) = stage.sns.published
    told = {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}
    assert told == {
        "merchant_id": "larkspur",
        "night": "2026-11-21",
        "severity": "warn",
        "areas": '["traffic"]',
        "check_ids": '["bounce_rate"]',
        "reasons": '["digest"]',
    }
    texts = json.loads(request["Message"])
    assert json.loads(texts["default"])["kind"] == "digest"
    # For a telephone that somebody subscribed to this topic by hand: no JSON.
    assert texts["sms"] == request["Subject"] == "Nightjar: Larkspur Candles: 1 warning, 1 new"
    row = stage.cloud.rows("alerts")[0]
    assert (row["state"], row["message_id"]) == ("published", "message-1")
    assert not {"unsent_night", "sms_state"} & set(row)
    assert list(cloud.tables.texts.unsettled(NIGHT)) == []
    before = cloud.everything()
    assert stage.notify() is Notified.ALREADY_PUBLISHED
    assert (len(stage.sns.published), cloud.everything()) == (1, before)


def test_a_message_of_both_is_for_whoever_wants_either_and_its_text_for_whoever_wants_criticals(cloud: Cloud) -> None:
    shop = merchant(alerts={"digest": "daily", "quiet": "off"})
    cloud.tables.merchants.save(shop)
    settle(cloud.tables, audit(channel(bounce_rate="90", cart_abandonment_rate="80"), shop), shop, ttl=TTL)
    stage = Stage(cloud)

    stage.notify()

    email, text = (request["MessageAttributes"] for request in stage.sns.published)
    assert email["severity"] == {"DataType": "String.Array", "StringValue": '["critical", "warn"]'}
    assert json.loads(email["areas"]["StringValue"]) == ["traffic", "audience"]
    assert json.loads(email["reasons"]["StringValue"]) == ["opened", "digest"]
    assert text["severity"] == {"DataType": "String", "StringValue": "critical"}
    assert json.loads(text["areas"]["StringValue"]) == ["traffic"]
    assert json.loads(text["check_ids"]["StringValue"]) == ["bounce_rate"]
