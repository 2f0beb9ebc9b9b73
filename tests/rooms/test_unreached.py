"""A critical that no recipient was there to get goes to the operators, once, and is owed on the next night."""

from __future__ import annotations

from typing import Any, cast

import pytest

from functions.audit.recipient import hint_of
from functions.audit.unreached import unreached, unreached_text
from functions.notifier.hearing import Hearing
from functions.notifier.notify import Notified, Notifier
from functions.store.audience import Audience
from functions.store.subscriptions import Subscriptions
from functions.store.unreached import hold_unreached
from tests.audit.test_recipient import TOPICS
from tests.builders import NIGHT, NOW, added
from tests.cloud import Cloud
from tests.rooms.fakes import FakeScheduler, FakeSns
from tests.rooms.ringing import phones_of
from tests.rooms.test_closer import CLOSING, Stage
from tests.store.stories import TTL
from tests.subscribing import FakeSubscribers
from tests.tables import PREFIX

ID = f"{NIGHT}#critical"


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    """Give a night on which nobody could be told of larkspur, and brasa's message left."""
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    stage = Stage(cloud)
    stage.audited("larkspur", "brasa", bounce_rate="81.2", session_conversion_rate="0.1")
    alert = cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    assert hold_unreached(cloud.tables, alert)
    return stage


def of_unreached(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in stage.sns.published if "reached nobody" in one["Subject"]]


def test_the_operators_are_told_what_nobody_else_was_and_what_to_do(stage: Stage) -> None:
    stage.close()

    (told,) = of_unreached(stage)
    assert told["TopicArn"].endswith("operators")
    assert told["Subject"] == "Nightjar 2026-11-21: criticals of 1 merchant reached nobody"
    assert (
        "- larkspur, night of 2026-11-21: bounce_rate (opened), session_conversion_rate (opened)\n" in told["Message"]
    )
    assert "nightjar recipients add email ADDRESS --merchant ID" in told["Message"]
    assert "What is still critical is told again on the next night" in told["Message"]
    assert "brasa" not in told["Message"]
    (row,) = (one for one in stage.cloud.rows("alerts") if one["merchant_id"] == "larkspur")
    assert row["operators_told_at"] == CLOSING.isoformat()
    assert "unsent_night" not in row


def test_another_close_tells_them_nothing_new(stage: Stage) -> None:
    stage.close()
    stage.close()

    assert len(of_unreached(stage)) == 1


def test_a_row_that_cannot_be_read_keeps_neither_the_others_nor_the_summary_from_the_operators(stage: Stage) -> None:
    alert = stage.cloud.tables.alerts.get("brasa", ID)
    assert alert is not None
    hold_unreached(stage.cloud.tables, alert)
    stage.cloud.dynamodb.update_item(
        TableName=f"{PREFIX}alerts",
        Key={"merchant_id": {"S": "brasa"}, "alert_id": {"S": ID}},
        UpdateExpression="REMOVE criticals",
    )

    stage.close()

    (told,) = of_unreached(stage)
    assert "- larkspur, night of" in told["Message"]
    assert stage.sns.published[-1]["Subject"].startswith("Nightjar 2026-11-21: 2 of 2 audited")
    assert stage.troubles == ["brasa KeyError"]


def test_a_crash_before_it_is_noted_tells_them_again_and_not_never(stage: Stage) -> None:
    def die() -> None:
        if of_unreached(stage):
            raise MemoryError

    stage.sns.after = die
    with pytest.raises(MemoryError):
        stage.close()
    stage.sns.after = lambda: None

    stage.close()

    assert len(of_unreached(stage)) == 2
    stage.close()
    assert len(of_unreached(stage)) == 2


# Too many visitors bounce: a critical in the area of traffic.
@pytest.mark.parametrize(
    ("of_fleet", "own", "reaches"),
    [
        ({}, None, True),
        ({"policy": {"areas": ["traffic"], "severity": ["critical"]}}, None, True),
        ({"policy": {"areas": ["access", "commerce"]}}, None, False),
        ({"policy": {"severity": ["warning"]}}, None, False),
        (None, {"policy": {"areas": ["traffic"], "merchant_id": ["foxglove"]}}, True),
        (None, {"policy": {"areas": ["access"], "merchant_id": ["foxglove"]}}, False),
        ({"policy": {"merchant_id": ["brasa"]}}, {"pending": True}, False),
        (None, None, False),
    ],
)
def test_filters_of_the_fleets_and_of_the_merchants_own_decide_whether_the_operators_stand_in(
    cloud: Cloud, of_fleet: dict[str, Any] | None, own: dict[str, Any] | None, *, reaches: bool
) -> None:
    stage = Stage(cloud)
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    stage.audited("foxglove", bounce_rate="81.2")
    sns = FakeSubscribers()
    if of_fleet is not None:
        sns.add(TOPICS.alerts, "email", "anna@example.com", **of_fleet)
    if own is not None:
        one = sns.add(TOPICS.of("foxglove").alerts, "email", "lena@example.com", **own)
        hint = hint_of("email", "lena@example.com")
        cloud.tables.recipients.add(added(merchant_id="foxglove", hint=hint, subscription_arn=one.arn))
    hearing = Hearing(
        Audience(cloud.tables.recipients, Subscriptions(cast("Any", sns)), TOPICS),
        clock=lambda: NOW,
        on_blind=lambda error: stage.troubles.append(type(error).__name__),
    )
    topic = FakeSns()
    phones = phones_of(cloud, topic, FakeScheduler(), NOW)
    notifier = Notifier(cloud.tables, cast("Any", topic), TOPICS.alerts, phones, clock=lambda: NOW, reach=hearing.of)

    came_of_it = notifier.notify("foxglove", ID)
    stage.close()

    assert stage.troubles == []
    assert came_of_it is (Notified.PUBLISHED if reaches else Notified.UNREACHED)
    assert bool(topic.published) is reaches
    assert [one["Subject"] for one in of_unreached(stage)] == (
        [] if reaches else ["Nightjar 2026-11-21: criticals of 1 merchant reached nobody"]
    )


def test_a_long_list_is_cut_and_says_how_many_more_there_are(stage: Stage) -> None:
    alert = stage.cloud.tables.alerts.get("brasa", ID)
    assert alert is not None

    subject, body = unreached_text(NIGHT, [unreached(alert)] * 53)

    assert (subject.isascii(), len(subject) < 100) == (True, True)
    assert body.count("- brasa, night of") == 50
    assert "- and 3 more\n" in body
