"""A merchant with recipients of its own: its topics get each message too, noted one by one; nothing goes elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from functions.audit.alert import AlertState
from functions.audit.reach import Reach
from functions.audit.recipient import FLEET
from functions.audit.telling import Held
from functions.notifier.hearing import Hearing, plain_of
from functions.notifier.notify import Notified, Notifier, attributes_of
from functions.store.audience import Audience
from functions.store.subscriptions import Subscriptions
from functions.store.unreached import hold_unreached, record_operators_told
from functions.store.verdicts import settle
from tests.audit.test_recipient import TOPICS
from tests.builders import NIGHT, added, merchant
from tests.cloud import Cloud
from tests.rooms.fakes import FakeScheduler, FakeSns, refused
from tests.rooms.ringing import TEXTS, phones_of
from tests.store.stories import TTL, audit, night_after
from tests.subscribing import FakeSubscribers

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ALERTS = TEXTS.replace("texts", "alerts")
ID = f"{NIGHT}#critical"


@dataclass
class Stage:
    """A notifier by day, and a critical of two merchants, of whom larkspur has a recipient of its own."""

    cloud: Cloud
    sns: FakeSns = field(default_factory=FakeSns)
    reach: Reach = Reach.UNKNOWN
    held: list[str] = field(default_factory=list)

    def notify(self, merchant_id: str = "larkspur") -> Notified:
        notifier = Notifier(
            self.cloud.tables,
            cast("Any", self.sns),
            ALERTS,
            phones_of(self.cloud, self.sns, FakeScheduler(), NOON),
            clock=lambda: NOON,
            on_unreached=lambda alert: self.held.append(alert.merchant_id),
            reach=lambda *_: self.reach,
        )
        return notifier.notify(merchant_id, ID)

    def row(self, merchant_id: str = "larkspur") -> dict[str, Any]:
        (row,) = (one for one in self.cloud.rows("alerts") if one["merchant_id"] == merchant_id)
        return row

    def told_on(self, merchant_id: str = "larkspur", check_id: str = "bounce_rate") -> Any:
        return self.cloud.tables.findings.of_merchant(merchant_id)[check_id].last_told_on


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    for shop in ("larkspur", "brasa"):
        own = merchant(id=shop)
        cloud.tables.merchants.save(own)
        settle(cloud.tables, audit(merchant_id=shop), own, ttl=TTL)
    cloud.tables.recipients.add(added())
    return Stage(cloud)


def topics(stage: Stage) -> list[str]:
    return [request["TopicArn"].rpartition("test-")[2] for request in stage.sns.published]


def test_own_topics_get_what_the_fleets_get_and_each_is_noted(stage: Stage) -> None:
    assert stage.notify() is Notified.PUBLISHED

    assert topics(stage) == ["alerts_larkspur", "alerts", "texts_larkspur", "texts"]
    own, fleets, own_text, text = stage.sns.published
    assert {**own, "TopicArn": ""} == {**fleets, "TopicArn": ""}
    assert {**own_text, "TopicArn": ""} == {**text, "TopicArn": ""}
    row = stage.row()
    noted = {name: row[f"{part}{name}"] for part in ("own_", "own_sms_") for name in ("topic_arn", "message_id")}
    assert noted == {"topic_arn": f"{TEXTS}_larkspur", "message_id": "message-3"}
    assert (row["own_topic_arn"], row["own_message_id"]) == (f"{ALERTS}_larkspur", "message-1")
    assert (row["topic_arn"], row["message_id"]) == (ALERTS, "message-2")
    assert (row["sms_topic_arn"], row["sms_message_id"]) == (TEXTS, "message-4")
    assert row["own_published_at"] == row["own_sms_published_at"] == NOON.isoformat()


def test_nothing_of_a_merchant_goes_to_anothers_topic(stage: Stage) -> None:
    stage.notify("brasa")

    assert topics(stage) == ["alerts", "texts"]
    assert not [name for name in stage.row("brasa") if name.startswith("own_")]


@pytest.mark.parametrize(
    ("dies_after", "sent"),
    [
        (1, ["alerts_larkspur", "alerts_larkspur", "alerts", "texts_larkspur", "texts"]),
        (2, ["alerts_larkspur", "alerts", "alerts", "texts_larkspur", "texts"]),
        (3, ["alerts_larkspur", "alerts", "texts_larkspur", "texts_larkspur", "texts"]),
        (4, ["alerts_larkspur", "alerts", "texts_larkspur", "texts", "texts"]),
    ],
)
def test_a_crash_after_any_publish_repeats_that_one_and_loses_none(
    stage: Stage, dies_after: int, sent: list[str]
) -> None:
    def die() -> None:
        if len(stage.sns.published) == dies_after:
            raise MemoryError

    stage.sns.after = die
    with pytest.raises(MemoryError):
        stage.notify()
    stage.sns.after = lambda: None
    stage.notify()
    before = stage.cloud.everything()

    assert stage.notify() is Notified.ALREADY_PUBLISHED
    assert topics(stage) == sent
    assert stage.cloud.everything() == before


def test_a_topic_that_went_with_its_last_recipient_keeps_nobody_else_from_hearing(stage: Stage) -> None:
    answers = iter([refused("NotFound", "Publish"), None, refused("NotFound", "Publish"), None])

    def answer() -> None:
        if (refusal := next(answers)) is not None:
            raise refusal

    stage.sns.before = answer

    assert stage.notify() is Notified.PUBLISHED
    assert topics(stage) == ["alerts", "texts"]
    assert "own_topic_arn" not in stage.row()


def test_a_message_that_nobody_would_get_is_held_and_still_owed(stage: Stage) -> None:
    stage.reach = Reach.NOBODY

    assert stage.notify() is Notified.UNREACHED

    assert (stage.sns.published, stage.held) == ([], ["larkspur"])
    row = stage.row()
    assert (row["state"], row["criticals"], row["email"]) == ("held", [], "")
    assert [(one["check_id"], one["because"], one["wanted"]) for one in row["held"]] == [
        ("bounce_rate", "recipient_unreachable", "opened")
    ]
    assert stage.told_on() is None
    assert stage.told_on("brasa") == NIGHT
    assert list(stage.cloud.tables.alerts.unreached(NIGHT)) == [("larkspur", ID)]
    assert list(stage.cloud.tables.alerts.unsent(NIGHT)) == [("brasa", ID)]
    assert stage.notify() is Notified.NOT_DUE

    again = settle(stage.cloud.tables, audit(night=night_after()), merchant(), ttl=TTL)
    assert again is not None
    assert again.alert is not None
    assert [(one.check_id, one.why.value) for one in again.alert.criticals] == [("bounce_rate", "opened")]


def test_not_to_know_who_is_there_lets_the_message_leave(stage: Stage) -> None:
    stage.reach = Reach.UNKNOWN

    assert stage.notify() is Notified.PUBLISHED


def test_a_finding_that_went_on_owes_nothing(stage: Stage) -> None:
    alert = stage.cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    settle(stage.cloud.tables, audit(night=night_after(7)), merchant(), ttl=TTL)
    assert stage.told_on() == night_after(7)

    assert hold_unreached(stage.cloud.tables, alert)

    held = stage.cloud.tables.alerts.get("larkspur", ID)
    assert held is not None
    assert (held.state, stage.told_on()) == (AlertState.HELD, night_after(7))


def test_what_left_meanwhile_is_not_held(stage: Stage) -> None:
    alert = stage.cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    stage.notify()
    before = stage.cloud.everything()

    assert not hold_unreached(stage.cloud.tables, alert)
    assert stage.cloud.everything() == before


def test_that_the_operators_were_told_is_noted_once(stage: Stage) -> None:
    stage.reach = Reach.NOBODY
    stage.notify()
    alert = stage.cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    assert alert.state is AlertState.HELD
    assert [one.because for one in alert.held] == [Held.RECIPIENT_UNREACHABLE]

    assert record_operators_told(stage.cloud.tables, alert, at=NOON)
    assert not record_operators_told(stage.cloud.tables, alert, at=NOON + timedelta(hours=1))

    assert stage.row()["operators_told_at"] == NOON.isoformat()
    assert list(stage.cloud.tables.alerts.unreached(NIGHT)) == []


@dataclass
class Ears:
    """Hearing over subscribers of a story, and a clock that it moves."""

    cloud: Cloud
    sns: FakeSubscribers = field(default_factory=FakeSubscribers)
    now: datetime = NOON
    blind: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        audience = Audience(self.cloud.tables.recipients, Subscriptions(cast("Any", self.sns)), TOPICS)
        self.hearing = Hearing(
            audience, clock=lambda: self.now, on_blind=lambda error: self.blind.append(type(error).__name__)
        )

    def of(self, merchant_id: str = "brasa") -> Reach:
        alert = self.cloud.tables.alerts.get(merchant_id, ID)
        assert alert is not None
        return self.hearing.of(merchant_id, attributes_of(alert))


def test_one_of_the_fleet_is_enough_and_is_asked_for_once_in_a_while(stage: Stage) -> None:
    ears = Ears(stage.cloud)
    ears.sns.add(TOPICS.alerts, "email", "ops@example.com")

    assert [ears.of() for _ in range(3)] == [Reach.SOMEBODY] * 3
    assert ears.sns.asked == 3
    ears.now += timedelta(minutes=5)
    assert ears.of() is Reach.SOMEBODY
    assert ears.sns.asked == 6


def test_nobody_is_only_said_of_what_was_just_seen(stage: Stage) -> None:
    ears = Ears(stage.cloud)
    assert ears.of() is Reach.NOBODY

    ears.sns.add(TOPICS.alerts, "email", "ops@example.com")
    assert ears.of() is Reach.SOMEBODY


def test_a_merchants_own_recipient_is_enough_and_is_nobody_elses(stage: Stage) -> None:
    ears = Ears(stage.cloud)
    own = ears.sns.add(TOPICS.of("larkspur").alerts, "email", "ben@example.com", policy={"areas": ["traffic"]})
    stage.cloud.tables.recipients.replace(added(subscription_arn=own.arn))

    assert ears.of("larkspur") is Reach.SOMEBODY
    assert ears.of("brasa") is Reach.NOBODY
    own.policy = {"areas": ["commerce"]}
    assert ears.of("larkspur") is Reach.NOBODY


def test_telephones_and_readers_are_asked_about_apart(stage: Stage) -> None:
    ears = Ears(stage.cloud)
    alert = stage.cloud.tables.alerts.get("brasa", ID)
    assert alert is not None
    about = attributes_of(alert)
    ears.sns.add(TOPICS.texts, "sms", "+447700900123", policy={"severity": ["critical"]})

    assert ears.hearing.telephones("brasa", about) is Reach.SOMEBODY
    assert ears.hearing.readers("brasa", about) is Reach.NOBODY
    ears.sns.subscribers[0].protocol = "email"
    ears.now += timedelta(minutes=5)
    assert ears.hearing.telephones("brasa", about) is Reach.NOBODY
    assert ears.hearing.readers("brasa", about) is Reach.SOMEBODY


def test_that_no_telephone_rings_is_believed_for_some_minutes(stage: Stage) -> None:
    ears = Ears(stage.cloud)
    alert = stage.cloud.tables.alerts.get("brasa", ID)
    assert alert is not None
    assert [ears.hearing.telephones("brasa", attributes_of(alert)) for _ in range(3)] == [Reach.NOBODY] * 3

    assert ears.sns.asked == 2  # both topics, once


def test_who_could_not_look_says_so_and_does_not_say_nobody(stage: Stage) -> None:
    ears = Ears(stage.cloud, FakeSubscribers(broken="Throttled"))

    assert ears.of() is Reach.UNKNOWN
    assert ears.blind == ["ClientError"]


def test_a_row_that_cannot_be_read_is_not_nobody_either(stage: Stage) -> None:
    odd: Any = {"merchant_id": {"S": FLEET}, "recipient_id": {"S": "email-1"}}
    stage.cloud.dynamodb.put_item(TableName="nightjar-test-recipients", Item=odd)
    ears = Ears(stage.cloud)

    assert ears.of() is Reach.UNKNOWN
    assert ears.blind == ["NightjarError"]


def test_filters_see_texts_and_lists_of_texts(stage: Stage) -> None:
    alert = stage.cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None

    plain = plain_of(attributes_of(alert))
    assert (plain["severity"], plain["areas"], plain["merchant_id"]) == ("critical", ["traffic"], "larkspur")
