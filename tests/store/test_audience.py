"""Everybody who is told: rows and subscriptions find each other, whatever state they are in."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.audit.errors import NightjarError
from functions.audit.recipient import FLEET, Entry, Protocol, Recipient, RecipientState, hint_of
from functions.store.audience import Audience
from functions.store.recipients import Recipients
from functions.store.subscriptions import Subscriptions
from tests.audit.test_recipient import TOPICS
from tests.builders import added
from tests.cloud import Cloud
from tests.subscribing import FakeSubscriber, FakeSubscribers
from tests.tables import PREFIX

OWN = TOPICS.of("larkspur")


@pytest.fixture
def table(cloud: Cloud) -> Recipients:
    return Recipients(cloud.dynamodb, f"{PREFIX}recipients")


def audience(table: Recipients, sns: FakeSubscribers) -> Audience:
    return Audience(table, Subscriptions(cast("Any", sns)), TOPICS)


def noted(table: Recipients, one: FakeSubscriber, number: int, merchant_id: str = "larkspur") -> Entry:
    row = added(
        merchant_id=merchant_id,
        recipient_id=f"{one.protocol}-{number}",
        protocol=Protocol(one.protocol),
        hint=hint_of(one.protocol, one.endpoint),
        subscription_arn=one.arn,
    )
    assert table.add(row)
    return row


def seen(recipients: tuple[Recipient, ...]) -> list[tuple[str, str, str]]:
    return [(one.entry.recipient_id if one.entry else "-", one.hint, one.state.value) for one in recipients]


def test_every_state_is_seen_and_nobody_twice(table: Recipients) -> None:
    sns = FakeSubscribers(opted_out={"+447700900124"})
    alerts, texts = OWN.both
    noted(table, sns.add(alerts, "email", "anna@example.com", policy={"severity": ["critical"]}), 1)
    noted(table, sns.add(alerts, "email", "ben@example.com", pending=True), 2)
    noted(table, sns.add(alerts, "email", "cleo@example.com", listed_as="Deleted"), 3)
    gone = sns.add(alerts, "email", "dora@example.com")
    noted(table, gone, 4)
    sns.subscribers.remove(gone)
    noted(table, sns.add(texts, "sms", "+447700900123"), 1)
    noted(table, sns.add(texts, "sms", "+447700900124"), 2)
    sns.add(alerts, "sqs", "arn:aws:sqs:eu-west-1:111122223333:by-hand")
    sns.add(alerts, "email", "eve@example.com", pending=True)

    found = audience(table, sns).of_merchant("larkspur")

    assert seen(found) == [
        ("email-1", "a…@example.com", "confirmed"),
        ("email-2", "b…@example.com", "pending"),
        ("email-3", "c…@example.com", "deleted"),
        ("email-4", "d…@example.com", "deleted"),
        ("sms-1", "+44…123", "confirmed"),
        ("sms-2", "+44…124", "opted_out"),
        ("-", "arn:aws:sqs:eu-west-1:111122223333:by-hand", "confirmed"),
        ("-", "e…@example.com", "pending"),
    ]
    assert found[0].subscription is not None
    assert found[0].subscription.endpoint == "anna@example.com"
    assert found[0].subscription.policy == {"severity": ["critical"]}


def test_two_who_look_alike_are_told_apart_by_their_state(table: Recipients) -> None:
    sns = FakeSubscribers()
    first = noted(table, sns.add(OWN.alerts, "email", "anna@example.com", listed_as="Deleted"), 1)
    second = noted(table, sns.add(OWN.alerts, "email", "alice@example.com", pending=True), 2)

    found = audience(table, sns).of_merchant("larkspur")

    assert [(one.entry, one.state) for one in found] == [
        (first, RecipientState.DELETED),
        (second, RecipientState.PENDING),
    ]


def test_one_that_sns_knows_and_does_not_list_is_not_called_deleted(table: Recipients) -> None:
    sns = FakeSubscribers()
    pending = sns.add(OWN.alerts, "email", "anna@example.com", pending=True)
    noted(table, pending, 1)
    pending.topic_arn = "elsewhere"

    assert seen(audience(table, sns).of_merchant("larkspur")) == [("email-1", "a…@example.com", "unknown")]


def test_a_row_without_a_subscription_is_of_nobody_whom_sns_knows(table: Recipients) -> None:
    table.add(added(subscription_arn=None))

    assert seen(audience(table, FakeSubscribers()).of_merchant("larkspur")) == [
        ("email-1", "a…@example.com", "deleted")
    ]


def test_the_fleets_are_not_the_merchants_and_who_has_none_costs_no_call(table: Recipients) -> None:
    sns = FakeSubscribers()
    noted(table, sns.add(TOPICS.alerts, "email", "ops@example.com"), 1, FLEET)
    sns.add(TOPICS.texts, "sms", "+447700900125")

    assert audience(table, sns).of_merchant("larkspur") == ()
    assert sns.asked == 0
    assert seen(audience(table, sns).of_fleet()) == [
        ("email-1", "o…@example.com", "confirmed"),
        ("-", "+44…125", "confirmed"),
    ]


def test_every_merchant_with_recipients_of_its_own_is_listed_once(table: Recipients) -> None:
    sns = FakeSubscribers()
    for owner in (FLEET, "larkspur", "brasa"):
        for number in (1, 2):
            topic_arn = TOPICS.of(owner).alerts
            noted(table, sns.add(topic_arn, "email", f"{number}a@{owner}.example".replace("*", "f")), number, owner)

    found = dict(audience(table, sns).of_all_merchants())

    assert sorted(found) == ["brasa", "larkspur"]
    assert [hint for _, hint, _ in seen(found["brasa"])] == ["1…@brasa.example", "2…@brasa.example"]


@pytest.mark.parametrize("code", ["AuthorizationError", "Throttled", "InternalError"])
def test_not_to_be_let_look_is_not_to_see_nobody(table: Recipients, code: str) -> None:
    with pytest.raises(ClientError):
        audience(table, FakeSubscribers(broken=code)).of_fleet()


def test_a_topic_that_is_not_there_has_nobody(table: Recipients) -> None:
    assert audience(table, FakeSubscribers(broken="NotFound")).of_fleet() == ()


def test_a_row_that_cannot_be_read_is_said_and_not_passed_over(cloud: Cloud, table: Recipients) -> None:
    odd: Any = {"merchant_id": {"S": "larkspur"}, "recipient_id": {"S": "email-1"}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}recipients", Item=odd)

    with pytest.raises(NightjarError, match="recipient email-1 of larkspur cannot be read"):
        table.of("larkspur")


def test_a_row_holds_no_address_and_comes_back_as_it_was(cloud: Cloud, table: Recipients) -> None:
    row = added(areas=["traffic"])

    assert table.add(row)
    assert not table.add(row)
    assert cloud.rows("recipients") == [
        {
            "schema_version": 1,
            "merchant_id": "larkspur",
            "recipient_id": "email-1",
            "protocol": "email",
            "hint": "a…@example.com",
            "severities": ["critical"],
            "areas": ["traffic"],
            "subscription_arn": row.subscription_arn,
            "added_by": "Anna",
            "added_at": row.added_at.isoformat(),
        }
    ]
    assert table.of("larkspur") == (row,)
    assert (table.has_own("larkspur"), table.has_own("brasa")) == (True, False)


def test_a_row_is_replaced_where_there_is_one_and_taken_away_once(table: Recipients) -> None:
    assert not table.replace(added())
    table.add(added())

    assert table.replace(added(areas=["commerce"]))
    assert table.of("larkspur")[0].areas == ("commerce",)

    for _ in range(2):
        table.remove("larkspur", "email-1")
    assert table.of("larkspur") == ()
