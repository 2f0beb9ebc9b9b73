"""A recipient that has not confirmed yet: it is not tested, and SNS does not take it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.errors import Unusable
from console.recipient_test import publish_test
from console.recipients import Desk, Wish
from console.stage import Stage
from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.recipient import FLEET, Protocol, RecipientState
from tests.builders import NOW, added
from tests.cloud import Cloud, pretended_aws
from tests.rooms.fakes import refused
from tests.subscribing import FakeSubscribers

TOPIC = "arn:aws:sns:us-east-1:123456789012:nightjar-test-alerts"


class Sns(FakeSubscribers):
    """Subscribers who are changed too. ``unwilling``: what it answers instead of unsubscribing."""

    meta = SimpleNamespace(region_name="us-east-1")
    unwilling = "InvalidParameter"

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::123456789012:user/anna"}

    def get_topic_attributes(self, *, TopicArn: str) -> dict[str, Any]:  # noqa: N803 - SNS' own names
        return {"Attributes": {"TopicArn": TopicArn}}

    def set_subscription_attributes(self, **request: str) -> None:
        assert (request["SubscriptionArn"], request["AttributeName"]) == (self.subscribers[0].arn, "FilterPolicy")
        self.changed = request["AttributeValue"]

    def unsubscribe(self, *, SubscriptionArn: str) -> None:  # noqa: N803 - SNS' own names
        raise refused(self.unwilling, f"Unsubscribe {SubscriptionArn}")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with pretended_aws() as stage:
        yield stage


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    """Give a stage on which somebody of the fleet has not confirmed."""
    sns = Sns()
    pending = sns.add(TOPIC, "email", "anna@example.com", pending=True)
    cloud.tables.recipients.add(added(merchant_id=FLEET, subscription_arn=pending.arn))
    clients: dict[str, Any] = {"dynamodb": cloud.dynamodb, "sns": sns, "sts": sns}
    return Desk(Stage("test", clients.__getitem__))


def test_sns_takes_no_pending_one_back_and_the_row_stays_to_say_so(desk: Desk) -> None:
    (pending,) = desk.of(FLEET)

    with pytest.raises(Unusable, match="SNS takes no unconfirmed subscription back"):
        desk.remove(pending)
    assert [one.state for one in desk.of(FLEET)] == [RecipientState.PENDING]


def test_one_that_sns_never_named_is_not_forgotten_while_it_waits(cloud: Cloud, desk: Desk) -> None:
    cloud.tables.recipients.replace(added(merchant_id=FLEET, subscription_arn=None))
    (pending,) = desk.of(FLEET)

    with pytest.raises(Unusable, match="two days after it was added"):
        desk.remove(pending)
    assert cloud.tables.recipients.has_own(FLEET)


@pytest.mark.parametrize(("answer", "gone"), [("NotFound", True), ("AuthorizationError", False)])
def test_what_sns_says_else_is_no_matter_of_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, *, gone: bool
) -> None:
    monkeypatch.setattr(Sns, "unwilling", answer)
    (pending,) = desk.of(FLEET)

    if gone:
        desk.remove(pending)
    else:
        with pytest.raises(ClientError, match="AuthorizationError"):
            desk.remove(pending)
    assert [one.entry for one in desk.of(FLEET)] == [None if gone else pending.entry]


def test_no_test_is_sent_where_it_cannot_arrive(desk: Desk) -> None:
    with pytest.raises(Unusable, match="email-1 is pending: no message reaches it"):
        publish_test(desk, desk.of(FLEET)[0])


def test_other_filters_are_given_to_a_pending_one_without_asking_it_again(desk: Desk) -> None:
    wish = Wish(FLEET, Protocol.EMAIL, "anna@example.com", (Severity.WARN,), (Area.ACCESS,), "Ben")

    changed = desk.add(wish, now=NOW + timedelta(hours=1))

    assert changed.state is RecipientState.PENDING
    assert changed.entry is not None
    assert (changed.entry.areas, changed.entry.added_by) == ((Area.ACCESS,), "Ben")
    sns: Any = desk.sns
    assert sns.changed == '{"severity": ["warn", "test:email-1"], "areas": ["access", "test:email-1"]}'
