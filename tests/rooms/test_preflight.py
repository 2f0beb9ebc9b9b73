"""The preflight looks at everything that a message needs; whatever is refused, missing or slow is "could not look"."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, current_thread, main_thread
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.outcome import Area
from functions.audit.preflight import Checked, Preflight
from functions.audit.reach import Reach, reachable
from functions.audit.recipient import FLEET, Protocol, Recipient, RecipientState, Subscription, Topics, hint_of
from functions.closer.hearers import Hearers
from functions.closer.looking import Looking
from functions.closer.preflight import DEAD, Look
from functions.store.audience import Audience
from functions.store.subscriptions import Subscriptions
from tests.builders import NOW, added
from tests.cloud import Cloud
from tests.rooms.fakes import refused
from tests.subscribing import FakeSubscribers
from tests.tables import PREFIX

BEFORE = f"arn:aws:sns:us-east-1:123456789012:{PREFIX}"
TOPICS = Topics(alerts=f"{BEFORE}alerts", texts=f"{BEFORE}texts")
OPERATORS = f"{BEFORE}operators"
CONFIRMED = RecipientState.CONFIRMED


@dataclass
class FakeSns(FakeSubscribers):
    """SNS with its limits of text messages."""

    sandbox: bool = False
    attributes: dict[str, str] = field(default_factory=lambda: {"MonthlySpendLimit": "50"})

    def get_sms_sandbox_account_status(self) -> dict[str, bool]:
        self._answer("GetSMSSandboxAccountStatus")
        return {"IsInSandbox": self.sandbox}

    def get_sms_attributes(self, *, attributes: list[str]) -> dict[str, Any]:
        self._answer("GetSMSAttributes")
        return {"attributes": {name: self.attributes[name] for name in attributes if name in self.attributes}}


@dataclass
class FakeCloudWatch:
    """Alarms, two a page, and what text messages have cost."""

    spent: list[float] = field(default_factory=lambda: [1.25, 3.5])
    texts: list[float] = field(default_factory=lambda: [7.0])
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        assert (asked["Namespace"], asked["StartTime"].day) == ("AWS/SNS", 1)
        if asked["MetricName"] == "NumberOfMessagesPublished":
            assert asked["Dimensions"] == [{"Name": "TopicName", "Value": f"{PREFIX}texts"}]
            return {"Datapoints": [{"Sum": one} for one in self.texts]}
        assert asked["MetricName"] == "SMSMonthToDateSpentUSD"
        return {"Datapoints": [{"Maximum": one} for one in self.spent]}

    def get_paginator(self, call: str) -> FakeCloudWatch:
        assert call == "describe_alarms"
        return self

    def paginate(self, *, AlarmNamePrefix: str) -> list[dict[str, Any]]:  # noqa: N803 - CloudWatch's own names
        found = [
            {"AlarmName": name, "ActionsEnabled": True, "AlarmActions": [OPERATORS]} | changed
            for name, changed in self.alarms.items()
            if name.startswith(AlarmNamePrefix)
        ]
        return [{"MetricAlarms": found[start : start + 2]} for start in range(0, len(found), 2)]


@dataclass
class World:
    """A stage on which all is well until a test says otherwise."""

    cloud: Cloud
    sns: FakeSns = field(default_factory=FakeSns)
    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)
    sqs: Any = None

    def look(self, *merchants: str, seconds: float = 45.0, clock: Callable[[], float] = lambda: 0.0) -> list[Checked]:
        audience = Audience(self.cloud.tables.recipients, Subscriptions(cast("Any", self.sns)), TOPICS)
        look = Look(
            audience,
            sns=cast("Any", self.sns),
            sqs=self.sqs or self.cloud.sqs,
            cloudwatch=cast("Any", self.cloudwatch),
            operators_arn=OPERATORS,
            prefix=PREFIX,
            clock=clock,
        )
        return list(look.check(merchants or ("larkspur", "brasa"), now=NOW, seconds=seconds))

    def one(self, name: str, *merchants: str, **how: Any) -> Checked:
        (found,) = (one for one in self.look(*merchants, **how) if one.check == name)
        return found

    def has_own(self, merchant_id: str, protocol: str, endpoint: str, **other: Any) -> None:
        topic = TOPICS.of(merchant_id).for_protocol(protocol)
        one = self.sns.add(topic, protocol, endpoint, **other)
        row = added(
            merchant_id=merchant_id,
            recipient_id=f"{protocol}-1",
            protocol=Protocol(protocol),
            hint=hint_of(protocol, endpoint),
            subscription_arn=one.arn,
        )
        assert self.cloud.tables.recipients.add(row)


@pytest.fixture
def world(cloud: Cloud) -> World:
    world = World(cloud)
    for name in DEAD:
        cloud.queue(name)
    world.sns.add(OPERATORS, "email", "ops@example.com")
    world.sns.add(TOPICS.alerts, "email", "anna@example.com")
    world.sns.add(TOPICS.texts, "sms", "+447700900123")
    world.cloudwatch.alarms = {f"{PREFIX}app-{name}": {} for name in ("Missing", "Late", "Dead")}
    return world


def test_where_all_is_well_every_check_passes(world: World) -> None:
    found = world.look()

    assert [one.came_to for one in found] == [Preflight.PASS] * 8
    assert world.one("sms_spending").says == "Text messages have cost USD 3.5 of this month's USD 50."
    assert world.one("alarms").says == "3 alarms would tell the operators' topic."


def test_what_aws_refuses_is_could_not_look_and_never_a_pass(world: World) -> None:
    world.sns.broken = "AuthorizationError"
    world.sqs = cast("Any", world.sns)  # has no such call at all

    found = {one.check: one for one in world.look()}

    assert {name for name, one in found.items() if one.came_to is Preflight.PASS} == {"alarms"}
    assert {one.came_to for name, one in found.items() if name != "alarms"} == {Preflight.COULD_NOT_LOOK}
    assert "AWS answered ListSubscriptionsByTopic with AuthorizationError" in found["operators"].says


def test_what_does_not_answer_in_time_keeps_nobody_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    never = Event()
    monkeypatch.setattr(world.sns, "get_sms_sandbox_account_status", never.wait)
    ticks = iter(range(1_000))
    try:
        found = world.one("sms_sandbox", seconds=0.1, clock=lambda: next(ticks) / 100)
    finally:
        never.set()

    assert found.came_to is Preflight.COULD_NOT_LOOK
    assert found.says.endswith("there was no time left.")


def test_a_merchant_is_told_by_the_fleets_recipients_or_by_its_own(world: World) -> None:
    world.sns.subscribers = [one for one in world.sns.subscribers if one.topic_arn == OPERATORS]
    world.has_own("larkspur", "email", "lena@example.com")

    found = world.one("somebody_to_tell")

    assert found.came_to is Preflight.FAIL
    assert found.says == "Of criticals of 1 merchant nobody hears, in some area at least: brasa."


def test_a_filter_that_lets_only_some_areas_through_leaves_nobody_for_the_others(world: World) -> None:
    world.sns.subscribers = []
    world.sns.add(TOPICS.alerts, "email", "anna@example.com", policy={"areas": ["connection"]})

    assert world.one("somebody_to_tell", "larkspur").came_to is Preflight.FAIL


def test_merchants_that_could_not_be_looked_at_are_named_and_the_others_are_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sns.subscribers = [one for one in world.sns.subscribers if one.topic_arn == OPERATORS]
    world.has_own("larkspur", "email", "lena@example.com")
    world.has_own("brasa", "email", "bruno@example.com")
    listed = world.sns.list_subscriptions_by_topic

    def refusing(**asked: str) -> dict[str, Any]:
        if asked["TopicArn"].endswith("larkspur"):
            raise refused("Throttled", "ListSubscriptionsByTopic")
        return listed(**asked)

    monkeypatch.setattr(world.sns, "list_subscriptions_by_topic", refusing)

    found = world.one("somebody_to_tell")

    assert found.came_to is Preflight.COULD_NOT_LOOK
    assert found.says == (
        "Could not look at whether anybody hears of larkspur: AWS answered ListSubscriptionsByTopic with Throttled."
    )


def test_where_time_is_over_a_merchants_own_recipients_are_not_asked_for(world: World) -> None:
    world.has_own("larkspur", "email", "lena@example.com")

    # Who works in the background finds that the time is over; who waits for them does not.
    found = world.one("subscriptions", clock=lambda: 0.0 if current_thread() is main_thread() else 100.0)

    assert found.came_to is Preflight.COULD_NOT_LOOK
    assert found.says == "Could not look at the own recipients of 1 merchant, larkspur: there was no time left."


def test_where_time_is_short_those_are_looked_at_first_of_whom_nobody_else_hears(world: World) -> None:
    shops = [f"shop-{at}" for at in range(6)]
    world.sns.subscribers = []
    world.sns.add(
        TOPICS.alerts, "email", "anna@example.com", policy={"merchant_id": [s for s in shops if s != "shop-3"]}
    )
    for shop in (*shops, "switched-off"):
        world.has_own(shop, "email", "lena@example.com")
    audience = Audience(world.cloud.tables.recipients, Subscriptions(cast("Any", world.sns)), TOPICS)
    fleet = audience.of_fleet()
    # Each question takes a second, one is asked after the other, and there is time for one merchant.
    world.sns.asked = 0
    with ThreadPoolExecutor(1) as pool:
        hearers = Hearers(audience, Looking(pool, lambda: world.sns.asked, ends=1.0), NOW.date())
        seen = hearers.of(shops, fleet, [*shops, "switched-off"])

    assert (seen.nobody, seen.unsure) == ([], [])
    assert sorted(seen.unread) == ["shop-0", "shop-1", "shop-2", "shop-4", "shop-5", "switched-off"]
    assert seen.unread[-1] == "switched-off"
    assert seen.why == {"there was no time left"}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["merchant_id", "areas", "severity"]),
            st.lists(
                st.sampled_from(["brasa", "access", "critical", {"exists": True}, {"prefix": "b"}]),
                max_size=3,
            ),
        ),
        max_size=3,
    )
)
@settings(max_examples=50)
def test_merchants_that_no_filter_names_are_worked_out_once_and_as_if_each_were(policies: list[dict[str, Any]]) -> None:
    fleet = [
        Recipient(FLEET, None, Subscription("arn:topic", "arn:one", "email", "a@b.example", CONFIRMED, policy=policy))
        for policy in policies
    ]
    hearers = Hearers(cast("Any", None), cast("Any", None), NOW.date())

    seen = hearers.of(["brasa", "larkspur"], fleet, [])

    for shop in ("brasa", "larkspur"):
        about = {"merchant_id": shop, "severity": ["critical"]}
        reach = {reachable(fleet, {**about, "areas": [area.value]}) for area in Area}
        assert (shop in seen.nobody) is (Reach.NOBODY in reach)
        assert (shop in seen.unsure) is (Reach.NOBODY not in reach and Reach.UNKNOWN in reach)


def test_recipients_of_merchants_are_looked_at_too_and_no_address_is_told(world: World) -> None:
    world.has_own("larkspur", "email", "lena@example.com", pending=True)
    world.has_own("brasa", "sms", "+447700900999")
    world.sns.opted_out = {"+447700900999"}

    found = world.look()

    said = " ".join(one.says for one in found)
    assert "email-1 of larkspur, l…@example.com (pending)" in said
    assert "sms-1 of brasa, +44…999 (opted_out)" in said
    assert "lena" not in said
    assert "7700900" not in said


def test_alarms_whose_actions_are_off_or_go_elsewhere_would_tell_nobody(world: World) -> None:
    world.cloudwatch.alarms |= {
        f"{PREFIX}app-Off": {"ActionsEnabled": False},
        f"{PREFIX}app-Elsewhere": {"AlarmActions": ["arn:elsewhere"]},
        "another-stage-app-Off": {"ActionsEnabled": False},
    }

    says = world.one("alarms").says

    assert says == f"2 alarms would tell nobody: {PREFIX}app-Elsewhere; {PREFIX}app-Off."


def test_a_month_without_a_figure_is_one_without_spending_only_where_no_text_left(world: World) -> None:
    world.cloudwatch.spent = []
    assert world.one("sms_spending").says == (
        "Could not look at what text messages have cost this month: "
        "CloudWatch has no figure of this month, though text messages left."
    )
    world.cloudwatch.texts = []
    assert world.one("sms_spending").says == "Text messages have cost USD 0 of this month's USD 50."
    world.sns.attributes = {}
    assert "SNS does not say" in world.one("sms_spending").says


def test_dead_letters_are_counted_and_a_queue_that_is_not_there_is_not_empty(world: World) -> None:
    url = world.cloud.queue(DEAD[0])
    world.cloud.sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert world.one("dead_letters").says == f"Something failed for good: 1 message in {PREFIX}{DEAD[0]}."

    world.cloud.sqs.delete_queue(QueueUrl=url)
    assert world.one("dead_letters").came_to is Preflight.COULD_NOT_LOOK


def test_the_queue_of_a_part_that_a_stage_need_not_have_counts_where_it_is_there(world: World) -> None:
    assert world.one("dead_letters").came_to is Preflight.PASS

    url = world.cloud.queue("report-dlq")
    world.cloud.sqs.send_message(QueueUrl=url, MessageBody="{}")

    assert world.one("dead_letters").says == f"Something failed for good: 1 message in {PREFIX}report-dlq."


def test_a_row_that_nobody_understands_is_could_not_look(world: World) -> None:
    world.cloud.dynamodb.put_item(
        TableName=f"{PREFIX}recipients",
        Item={"merchant_id": {"S": FLEET}, "recipient_id": {"S": "email-1"}},
    )

    assert world.one("subscriptions").came_to is Preflight.COULD_NOT_LOOK


def test_looking_changes_nothing(world: World) -> None:
    before = world.cloud.everything()

    world.look()

    assert world.cloud.everything() == before


def test_a_refusal_names_the_call_and_nothing_else_of_what_was_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: object) -> Any:
        raise refused("AccessDenied", "DescribeAlarms")

    monkeypatch.setattr(world.cloudwatch, "paginate", denied)

    assert world.one("alarms").says == "Could not look at the alarms: AWS answered DescribeAlarms with AccessDenied."
