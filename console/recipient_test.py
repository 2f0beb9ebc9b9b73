"""A message that tests one recipient: its filter lets it through, and nobody else's does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.errors import Unusable
from console.recipients import Desk, noted
from functions.audit.reach import Reach, gets
from functions.audit.recipient import FLEET, Entry, Recipient, RecipientState, mark_of_test
from functions.audit.wording import counted

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef


def publish_test(desk: Desk, recipient: Recipient, *, anyway: bool = False) -> str:
    """Publish a test for one recipient, at once, whatever the hour; return SNS's id of the message.

    Raises:
        Unusable: it would not get it, or others whose filter is not ours would.
    """
    entry = noted(recipient)
    if recipient.state is not RecipientState.CONFIRMED or recipient.subscription is None:
        raise Unusable(f"{entry.recipient_id} is {recipient.state.value.replace('_', ' ')}: no message reaches it.")
    topic_arn, plain = recipient.subscription.topic_arn, _attributes_of(entry)
    if gets(recipient, plain) is not Reach.SOMEBODY:
        raise Unusable(f"Somebody changed the filter of {entry.recipient_id}: add it again, which writes it anew.")
    others = [
        one
        for one in desk.of(entry.merchant_id)
        if one.entry != entry and one.subscription is not None
        if one.subscription.topic_arn == topic_arn and gets(one, plain) is not Reach.NOBODY
    ]
    if others and not anyway:
        raise Unusable(
            f"{counted(len(others), 'other recipient')} of this topic, subscribed by other means, would get the test "
            "too. Say --anyway if that does not matter."
        )
    answer = desk.sns.publish(
        TopicArn=topic_arn,
        Subject=f"Nightjar: a test for {entry.recipient_id}",
        MessageStructure="json",
        Message=_bodies_of(entry),
        MessageAttributes={name: _attribute(value) for name, value in plain.items()},
    )
    return answer["MessageId"]


def _attributes_of(entry: Entry) -> dict[str, str | list[str]]:
    mark = mark_of_test(entry.recipient_id)
    about: dict[str, str | list[str]] = {} if entry.merchant_id == FLEET else {"merchant_id": entry.merchant_id}
    return {**about, "severity": mark, "areas": [mark]}


def _bodies_of(entry: Entry) -> str:
    whose = "every merchant" if entry.merchant_id == FLEET else f"merchant {entry.merchant_id}"
    said = f"This is a test of Nightjar for {entry.recipient_id}, who hears of {whose}. Nothing is wrong."
    plain = {
        "schema_version": 1,
        "kind": "test",
        "merchant_id": entry.merchant_id,
        "recipient_id": entry.recipient_id,
        "text": said,
    }
    return json.dumps({"default": json.dumps(plain), "email": f"{said}\n", "sms": said})


def _attribute(value: str | list[str]) -> MessageAttributeValueTypeDef:
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    return {"DataType": "String.Array", "StringValue": json.dumps(value)}
