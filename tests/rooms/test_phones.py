"""A text message leaves at once by day, and after the recipient's quiet hours by night; never twice for a replay."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.audit.alert import Alert, TextState
from functions.audit.reach import Reach
from functions.notifier.notify import Notified, Notifier
from functions.notifier.phones import terms
from functions.store.text_budget import TextBudget
from functions.store.verdicts import settle
from tests.builders import NIGHT, merchant
from tests.cloud import Cloud
from tests.rooms.fakes import FakeScheduler, FakeSns, refused
from tests.rooms.ringing import DEAD, NOTIFIER, ROLE, TEXTS, phones_of
from tests.store.stories import TTL, audit
from tests.tables import PREFIX

ALERTS = "arn:aws:sns:us-east-1:123456789012:nightjar-test-alerts"
ID = f"{NIGHT}#critical"
AT_NIGHT = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
EIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass
class Stage:
    """A notifier with telephones, and an alert of a shop in London that has not left."""

    cloud: Cloud
    sns: FakeSns = field(default_factory=FakeSns)
    scheduler: FakeScheduler = field(default_factory=FakeScheduler)
    counted: list[str] = field(default_factory=list)
    texts: int = 100
    rung: Reach = Reach.SOMEBODY
    read: Reach = Reach.UNKNOWN

    def notify(self, now: datetime, *, called: bool = False) -> Notified:
        phones = phones_of(
            self.cloud,
            self.sns,
            self.scheduler,
            now,
            texts=self.texts,
            rung=lambda *_: self.rung,
            read=lambda *_: self.read,
            on_published=lambda _: self.counted.append("published"),
            on_held=lambda _, because: self.counted.append(because.value),
        )
        notifier = Notifier(self.cloud.tables, cast("Any", self.sns), ALERTS, phones, clock=lambda: now)
        return notifier.notify("larkspur", ID, called=called)

    def alert(self) -> Alert:
        alert = self.cloud.tables.alerts.get("larkspur", ID)
        assert alert is not None
        return alert

    def sent(self) -> list[str]:
        return [request["TopicArn"].rpartition("-")[2] for request in self.sns.published]

    def row(self) -> dict[str, Any]:
        return self.cloud.rows("alerts")[0]


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.tables.merchants.save(merchant())
    settle(cloud.tables, audit(), merchant(), ttl=TTL)
    return Stage(cloud)


def sleeping(stage: Stage, **alerts: str) -> None:
    stored = stage.cloud.tables.merchants.get("larkspur")
    assert stored is not None
    stage.cloud.tables.merchants.save(merchant(alerts=alerts, version=stored.version))


def test_by_day_the_text_leaves_at_once_on_a_topic_of_its_own(stage: Stage) -> None:
    assert stage.notify(EIGHT) is Notified.PUBLISHED

    assert stage.sent() == ["alerts", "texts"]
    main, text = stage.sns.published
    sms = stage.alert().sms
    assert json.loads(text["Message"]) == {"default": sms, "sms": sms}
    assert text["MessageStructure"] == "json"
    assert text["MessageAttributes"] == main["MessageAttributes"] | {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": "0.50"},
        "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Nightjar"},
    }
    # A queue that wants messages raw gets none that has more attributes than these.
    assert len(text["MessageAttributes"]) <= 10
    row = stage.row()
    assert (row["sms_state"], row["sms_message_id"], row["sms_topic_arn"]) == ("published", "message-2", TEXTS)
    assert row["sms_published_at"] == EIGHT.isoformat()
    assert "unsent_night" not in row
    assert stage.counted == ["published"]


def test_by_night_the_email_leaves_at_once_and_the_text_is_held_until_the_morning(stage: Stage) -> None:
    stage.notify(AT_NIGHT)

    assert stage.sent() == ["alerts"]
    row = stage.row()
    assert (row["state"], row["sms_state"], row["sms_held_for"]) == ("published", "held", "quiet_hours")
    assert row["sms_held_until"] == EIGHT.isoformat()
    assert row["unsent_night"] == "2026-11-21"
    assert stage.counted == ["quiet_hours"]


def test_the_schedule_runs_once_in_utc_and_calls_the_notifier_with_the_alert(stage: Stage) -> None:
    stage.notify(AT_NIGHT)

    ((name, request),) = stage.scheduler.made.items()
    assert name.startswith("text-")
    assert len(name) <= 64
    assert request["GroupName"] == "nightjar-test-texts"
    assert (request["ScheduleExpression"], request["ScheduleExpressionTimezone"]) == ("at(2026-11-21T08:00:00)", "UTC")
    assert request["ActionAfterCompletion"] == "DELETE"
    assert request["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = request["Target"]
    assert (target["Arn"], target["RoleArn"], target["DeadLetterConfig"]) == (NOTIFIER, ROLE, {"Arn": DEAD})
    assert json.loads(target["Input"]) == {"merchant_id": "larkspur", "alert_id": ID, "deliver": "sms"}


def test_when_the_quiet_hours_are_over_the_text_leaves_once(stage: Stage) -> None:
    stage.notify(AT_NIGHT)

    assert stage.notify(EIGHT, called=True) is Notified.TEXT_PUBLISHED
    before = stage.cloud.everything()
    assert stage.notify(EIGHT, called=True) is Notified.ALREADY_PUBLISHED

    assert stage.sent() == ["alerts", "texts"]
    assert stage.cloud.everything() == before
    row = stage.row()
    # That it was held, and until when, is still there to be asked about.
    assert (row["sms_state"], row["sms_held_for"]) == ("published", "quiet_hours")
    assert stage.counted == ["quiet_hours", "published"]


def test_the_record_that_comes_again_at_night_changes_nothing(stage: Stage) -> None:
    stage.notify(AT_NIGHT)
    before = stage.cloud.everything()

    assert stage.notify(AT_NIGHT) is Notified.ALREADY_PUBLISHED

    assert stage.cloud.everything() == before
    assert (stage.scheduler.asked, stage.sent()) == (1, ["alerts"])


@pytest.mark.parametrize(
    ("alerts", "sent"),
    [
        ({"quiet": "off"}, ["alerts", "texts"]),
        ({"quiet": "03:00-08:00"}, ["alerts", "texts"]),
        ({"quiet_timezone": "America/Los_Angeles"}, ["alerts", "texts"]),
        ({"quiet_timezone": "Asia/Tokyo", "quiet": "11:00-12:00"}, ["alerts"]),
    ],
)
def test_hours_and_zone_are_the_merchants_to_set(stage: Stage, alerts: dict[str, str], sent: list[str]) -> None:
    sleeping(stage, **alerts)

    stage.notify(AT_NIGHT)

    assert stage.sent() == sent


def test_a_call_that_finds_longer_quiet_hours_holds_the_text_anew(stage: Stage) -> None:
    stage.notify(AT_NIGHT)
    sleeping(stage, quiet="21:00-09:30")

    assert stage.notify(EIGHT, called=True) is Notified.TEXT_HELD
    again = stage.notify(EIGHT, called=True)

    assert again is Notified.TEXT_HELD
    assert stage.sent() == ["alerts"]
    times = [request["ScheduleExpression"] for request in stage.scheduler.made.values()]
    assert times == ["at(2026-11-21T08:00:00)", "at(2026-11-21T09:30:00)"]
    assert stage.row()["sms_held_until"] == "2026-11-21T09:30:00+00:00"
    assert stage.counted == ["quiet_hours"]


def test_a_schedule_is_never_asked_for_in_the_past(stage: Stage) -> None:
    stage.notify(datetime(2026, 11, 21, 7, 59, 30, tzinfo=UTC))

    (request,) = stage.scheduler.made.values()
    assert request["ScheduleExpression"] == "at(2026-11-21T08:01:30)"


def test_a_crash_between_scheduling_and_noting_asks_for_the_same_schedule_again(stage: Stage) -> None:
    crashes = iter([MemoryError()])

    def crash_once() -> None:
        for crash in crashes:
            raise crash

    stage.scheduler.after = crash_once
    with pytest.raises(MemoryError):
        stage.notify(AT_NIGHT)
    assert stage.alert().text is TextState.DUE

    assert stage.notify(AT_NIGHT) is Notified.TEXT_HELD
    assert (len(stage.scheduler.made), stage.scheduler.asked) == (1, 2)
    assert stage.sent() == ["alerts"]


def test_a_scheduler_that_refuses_brings_the_record_back_and_no_second_email(stage: Stage) -> None:
    refusals = iter([refused("ThrottlingException", "CreateSchedule")])

    def refuse_once() -> None:
        for refusal in refusals:
            raise refusal

    stage.scheduler.before = refuse_once
    with pytest.raises(ClientError):
        stage.notify(AT_NIGHT)

    assert stage.notify(AT_NIGHT) is Notified.TEXT_HELD
    assert stage.sent() == ["alerts"]


def test_a_crash_between_publishing_the_text_and_noting_it_repeats_the_text_only(stage: Stage) -> None:
    stage.notify(AT_NIGHT)
    crashes = iter([MemoryError()])

    def crash_once() -> None:
        for crash in crashes:
            raise crash

    stage.sns.after = crash_once
    with pytest.raises(MemoryError):
        stage.notify(EIGHT, called=True)

    assert stage.notify(EIGHT, called=True) is Notified.TEXT_PUBLISHED
    assert stage.sent() == ["alerts", "texts", "texts"]


def test_a_lost_schedule_is_made_again_when_the_closer_has_stirred_the_row_up(stage: Stage) -> None:
    stage.notify(AT_NIGHT)
    stage.scheduler.made.clear()
    assert list(stage.cloud.tables.texts.unsettled(NIGHT)) == [("larkspur", ID)]
    assert stage.cloud.tables.texts.touch("larkspur", ID, at=AT_NIGHT)
    assert stage.row()["sms_state"] == "overdue"

    assert stage.notify(AT_NIGHT) is Notified.TEXT_HELD

    assert len(stage.scheduler.made) == 1
    assert (stage.row()["sms_state"], stage.row()["sweeps"]) == ("held", 1)
    assert stage.counted == ["quiet_hours"]


def test_a_text_that_was_found_waiting_by_day_leaves(stage: Stage) -> None:
    stage.notify(AT_NIGHT)
    stage.cloud.tables.texts.touch("larkspur", ID, at=EIGHT)

    assert stage.notify(EIGHT) is Notified.TEXT_PUBLISHED
    assert not stage.cloud.tables.texts.touch("larkspur", ID, at=EIGHT)
    assert list(stage.cloud.tables.texts.unsettled(NIGHT)) == []


def test_a_row_of_an_older_version_sent_its_text_with_the_rest(stage: Stage) -> None:
    stage.notify(EIGHT)
    item = stage.cloud.raw("alerts")[0]
    old: Any = {name: value for name, value in item.items() if not name.startswith("sms_")}
    stage.cloud.dynamodb.put_item(TableName=f"{PREFIX}alerts", Item=old)

    assert stage.notify(EIGHT) is Notified.ALREADY_PUBLISHED
    assert len(stage.sns.published) == 2


@pytest.mark.parametrize("row", ["gone", "unreadable"])
def test_who_cannot_be_looked_up_is_not_woken_as_far_as_utc_can_tell(stage: Stage, row: str) -> None:
    stage.cloud.tables.merchants.delete("larkspur")
    if row == "unreadable":
        odd: Any = {"merchant_id": {"S": "larkspur"}, "timezone": {"S": "Mars/Olympus"}}
        stage.cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=odd)

    stage.notify(AT_NIGHT)

    assert stage.row()["sms_held_until"] == EIGHT.isoformat()


def spend(stage: Stage, *merchants: str) -> None:
    """Have other merchants' texts leave on that day, as many as the budget has room for."""
    stage.texts = len(merchants)
    budget = TextBudget(stage.cloud.dynamodb, f"{PREFIX}budgets", fleet=stage.texts, merchant=3)
    assert all(budget.take(merchant, ID, on=NIGHT) for merchant in merchants)


def test_a_text_that_the_budget_has_no_room_for_is_withheld_for_good_and_the_email_has_left(stage: Stage) -> None:
    spend(stage, "foxglove", "campion")

    assert stage.notify(EIGHT) is Notified.PUBLISHED

    assert stage.sent() == ["alerts"]
    row = stage.row()
    assert (row["state"], row["sms_state"], row["sms_held_for"]) == ("published", "withheld", "sms_budget")
    assert "unsent_night" not in row
    assert stage.counted == ["sms_budget"]


def test_what_was_withheld_stays_so_and_is_counted_once_whoever_comes_again(stage: Stage) -> None:
    spend(stage, "foxglove")
    stage.notify(EIGHT)
    before = stage.cloud.everything() | {"budgets": stage.cloud.raw("budgets")}
    stage.texts = 100  # a deployment raised it meanwhile

    assert stage.notify(EIGHT) is Notified.ALREADY_PUBLISHED
    assert stage.notify(EIGHT, called=True) is Notified.ALREADY_PUBLISHED
    assert not stage.cloud.tables.texts.touch("larkspur", ID, at=EIGHT)
    assert list(stage.cloud.tables.texts.unsettled(NIGHT)) == []

    assert stage.sent() == ["alerts"]
    assert stage.counted == ["sms_budget"]
    assert stage.cloud.everything() | {"budgets": stage.cloud.raw("budgets")} == before


def test_a_held_text_takes_its_turn_in_the_morning_and_not_before(stage: Stage) -> None:
    stage.notify(AT_NIGHT)
    assert stage.cloud.raw("budgets") == []
    spend(stage, "foxglove")

    assert stage.notify(EIGHT, called=True) is Notified.TEXT_WITHHELD

    row = stage.row()
    assert (row["sms_state"], row["sms_held_for"]) == ("withheld", "sms_budget")
    assert "sms_held_until" not in row
    assert stage.counted == ["quiet_hours", "sms_budget"]


def test_a_crash_after_it_was_counted_repeats_the_text_and_counts_it_once(stage: Stage) -> None:
    stage.texts = 1
    crashes = iter([None, MemoryError()])  # the first message is the email

    def crash_once() -> None:
        for crash in crashes:
            if crash is not None:
                raise crash
            return

    stage.sns.after = crash_once
    with pytest.raises(MemoryError):
        stage.notify(EIGHT)

    assert stage.notify(EIGHT) is Notified.TEXT_PUBLISHED
    assert stage.sent() == ["alerts", "texts", "texts"]
    assert [len(row["counted"]["SS"]) for row in stage.cloud.raw("budgets")] == [1, 1]


def test_a_text_that_rings_nowhere_costs_nothing_and_is_not_counted(stage: Stage) -> None:
    spend(stage, "foxglove")
    before = stage.cloud.raw("budgets")
    stage.rung = Reach.NOBODY

    stage.notify(EIGHT)

    assert stage.row()["sms_state"] == "published"
    assert stage.cloud.raw("budgets") == before


@pytest.mark.parametrize(
    ("read", "sms_state"),
    [(Reach.NOBODY, "published"), (Reach.UNKNOWN, "withheld"), (Reach.SOMEBODY, "withheld")],
)
def test_where_nobody_reads_the_email_the_text_leaves_over_the_budget(
    stage: Stage, read: Reach, sms_state: str
) -> None:
    spend(stage, "foxglove")
    stage.read = read

    stage.notify(EIGHT)

    assert stage.row()["sms_state"] == sms_state


def test_without_a_sender_there_is_no_such_attribute() -> None:
    assert set(terms(max_price_usd="0.50", sender_id=None)) == {"AWS.SNS.SMS.SMSType", "AWS.SNS.SMS.MaxPrice"}
