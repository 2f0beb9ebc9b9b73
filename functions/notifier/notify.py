"""Publishing an alert: read the row as it is now, publish, then record. A crash in between repeats, never loses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypedDict

from functions.audit.alert import Alert, AlertState, TextState
from functions.audit.reach import Reach
from functions.notifier.own import Own
from functions.notifier.phones import Phones, Text
from functions.store.own_topics import READ
from functions.store.unreached import hold_unreached

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

    from functions.store.tables import Tables


class Notified(StrEnum):
    """What became of an alert."""

    PUBLISHED = "published"
    ALREADY_PUBLISHED = "already_published"
    TEXT_PUBLISHED = "text_published"
    TEXT_HELD = "text_held"
    TEXT_WITHHELD = "text_withheld"
    UNREACHED = "unreached"
    NOT_DUE = "not_due"
    GONE = "gone"


_OF_TEXT: Final = {
    Text.PUBLISHED: Notified.TEXT_PUBLISHED,
    Text.HELD: Notified.TEXT_HELD,
    Text.WITHHELD: Notified.TEXT_WITHHELD,
    Text.NOTHING: Notified.ALREADY_PUBLISHED,
}


class _Request(TypedDict):
    """What every topic is asked to publish."""

    Subject: str
    MessageStructure: str
    Message: str
    MessageAttributes: Mapping[str, MessageAttributeValueTypeDef]


@dataclass(frozen=True, slots=True)
class Notifier:
    """Everything that publishing works with. ``on_published`` hears of each message that left.

    ``phones`` sees to the text message, which has a topic and a time of its own. ``reach`` says whether anybody would
    get a message; as it comes nobody is asked, and it leaves. ``email`` is what an alert's email says, with what is
    added to it on its way.
    """

    tables: Tables
    sns: SNSClient
    topic_arn: str
    phones: Phones
    clock: Callable[[], datetime]
    on_published: Callable[[Alert], None] = lambda _: None
    on_unreached: Callable[[Alert], None] = lambda _: None
    reach: Callable[[str, Mapping[str, MessageAttributeValueTypeDef]], Reach] = lambda *_: Reach.UNKNOWN
    email: Callable[[Alert], str] = lambda alert: alert.email

    def notify(self, merchant_id: str, alert_id: str, *, called: bool = False) -> Notified:
        """Publish the alert unless it has left already, and record it; then its text message, or hold that.

        The row is read again: the stream may show it hours late, twice, or after the closer's sweep already sent it.
        ``called``: the schedule that ends the quiet hours has run.

        Raises:
            botocore.exceptions.ClientError: SNS or DynamoDB refused; the record comes again.
        """
        alert = self.tables.alerts.get(merchant_id, alert_id)
        if alert is None:
            return Notified.GONE
        if alert.state is AlertState.PUBLISHED:
            return _OF_TEXT[self.phones.settle(alert, attributes_of_text(alert), called=called)]
        if alert.state is not AlertState.PENDING:
            return Notified.NOT_DUE
        attributes = attributes_of(alert)
        if alert.criticals and self.reach(merchant_id, attributes) is Reach.NOBODY:
            if hold_unreached(self.tables, alert):
                self.on_unreached(alert)
            return Notified.UNREACHED
        request: _Request = {
            "Subject": alert.subject,
            "MessageStructure": "json",
            "Message": bodies_of(replace(alert, email=self.email(alert))),
            "MessageAttributes": attributes,
        }
        Own(self.tables, self.sns, self.clock).publish(alert, READ, self.topic_arn, request)
        answer = self.sns.publish(TopicArn=self.topic_arn, **request)
        first = self.tables.alerts.record_published(
            merchant_id,
            alert_id,
            at=self.clock(),
            message_id=answer["MessageId"],
            topic_arn=self.topic_arn,
            rings=bool(alert.sms),
        )
        self.on_published(alert)
        # Where another one was quicker, it sees to the text message too.
        if first and alert.sms:
            self.phones.settle(replace(alert, text=TextState.DUE), attributes_of_text(alert), called=called)
        return Notified.PUBLISHED


def bodies_of(alert: Alert) -> str:
    """Return the bodies as SNS takes them: people's channels have texts of their own, every program gets the JSON.

    SNS gives ``default`` to each protocol that is not named: to queues, functions, web hooks, Firehose and email-json.
    """
    # A row that an older version wrote has no JSON: its subscribers get what they got from that version.
    # A digest has no text; a telephone that somebody subscribed to this topic by hand must not get JSON for it.
    sms = alert.sms or alert.subject
    bodies = {"default": alert.document or alert.email, "email": alert.email, "sms": sms}
    return json.dumps(bodies, ensure_ascii=False)


def attributes_of(alert: Alert) -> dict[str, MessageAttributeValueTypeDef]:
    """Return what subscribers can filter by: merchant, night, severity, the areas and checks concerned, and why."""

    def text(value: str) -> MessageAttributeValueTypeDef:
        return {"DataType": "String", "StringValue": value}

    def texts(values: list[str]) -> MessageAttributeValueTypeDef:
        return {"DataType": "String.Array", "StringValue": json.dumps(values)}

    severities = [severity.value for severity in alert.severities]
    return {
        "merchant_id": text(alert.merchant_id),
        "night": text(alert.night.isoformat()),
        # Who wants either of them gets what has both.
        "severity": text(severities[0]) if len(severities) == 1 else texts(severities),
        "areas": texts(list(alert.areas)),
        "check_ids": texts(list(alert.check_ids)),
        "reasons": texts(list(alert.reasons)),
    }


def attributes_of_text(alert: Alert) -> dict[str, MessageAttributeValueTypeDef]:
    """Return those of the text message, which tells of criticals alone."""
    return attributes_of(replace(alert, warnings=()))
