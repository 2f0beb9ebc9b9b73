"""The text message of an alert: published at once, held until quiet hours are over, or withheld by its budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

from functions.audit.alert import Alert, TextState
from functions.audit.errors import NightjarError
from functions.audit.jobs import TextJob
from functions.audit.merchant import Merchant
from functions.audit.reach import Reach
from functions.audit.telling import Held
from functions.notifier.later import Later
from functions.notifier.own import Own
from functions.store.own_topics import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

    from functions.store.tables import Tables
    from functions.store.text_budget import TextBudget


class Text(StrEnum):
    """What became of a text message."""

    PUBLISHED = "text_published"
    HELD = "text_held"
    WITHHELD = "text_withheld"
    NOTHING = "nothing"


class _Request(TypedDict):
    """What every topic is asked to publish."""

    MessageStructure: str
    Message: str
    MessageAttributes: Mapping[str, MessageAttributeValueTypeDef]


@dataclass(frozen=True, slots=True)
class Phones:
    """Everything that a text message works with. It has a topic of its own: see ``docs/decisions``.

    ``terms`` are the attributes that tell SNS from whom it comes and what it may cost. ``rung`` says whether a
    telephone would ring, ``read`` whether anybody hears of it in another way; as they come nobody is asked.
    """

    tables: Tables
    sns: SNSClient
    topic_arn: str
    later: Later
    budget: TextBudget
    terms: Mapping[str, MessageAttributeValueTypeDef]
    clock: Callable[[], datetime]
    on_published: Callable[[Alert], None] = lambda _: None
    on_held: Callable[[Alert, Held], None] = lambda *_: None
    rung: Callable[[str, Mapping[str, MessageAttributeValueTypeDef]], Reach] = lambda *_: Reach.UNKNOWN
    read: Callable[[str, Mapping[str, MessageAttributeValueTypeDef]], Reach] = lambda *_: Reach.UNKNOWN

    def settle(self, alert: Alert, attributes: Mapping[str, MessageAttributeValueTypeDef], *, called: bool) -> Text:
        """Publish the text, hold it or withhold it, unless that is done already. By now the email has left.

        ``called``: its own schedule has run. Nobody would call once more, so it is held anew where it is still quiet.

        Raises:
            botocore.exceptions.ClientError: SNS, Scheduler or DynamoDB refused; the call comes again.
        """
        if alert.text in {None, TextState.PUBLISHED, TextState.WITHHELD}:
            return Text.NOTHING
        now = self.clock()
        until = self._merchant(alert.merchant_id).quiet_until(now)
        if until is not None:
            if alert.text is TextState.HELD and not called:
                return Text.NOTHING
            # Scheduled before it is noted: a crash in between asks for the same schedule again.
            job = TextJob(merchant_id=alert.merchant_id, alert_id=alert.alert_id)
            self.later.call(job, at=until, now=now)
            held = self.tables.texts.record_held(alert.merchant_id, alert.alert_id, until=until)
            if held and alert.text is TextState.DUE:
                self.on_held(alert, Held.QUIET_HOURS)
            return Text.HELD
        if not self._may_cost(alert, attributes, now):
            if self.tables.texts.record_withheld(alert.merchant_id, alert.alert_id, because=Held.SMS_BUDGET):
                self.on_held(alert, Held.SMS_BUDGET)
            return Text.WITHHELD
        request: _Request = {
            "MessageStructure": "json",
            "Message": json.dumps({"default": alert.sms, "sms": alert.sms}, ensure_ascii=False),
            "MessageAttributes": {**attributes, **self.terms},
        }
        Own(self.tables, self.sns, self.clock).publish(alert, TEXT, self.topic_arn, request)
        answer = self.sns.publish(TopicArn=self.topic_arn, **request)
        self.tables.texts.record_published(
            alert.merchant_id, alert.alert_id, at=now, message_id=answer["MessageId"], topic_arn=self.topic_arn
        )
        self.on_published(alert)
        return Text.PUBLISHED

    def _may_cost(self, alert: Alert, attributes: Mapping[str, MessageAttributeValueTypeDef], now: datetime) -> bool:
        """Say whether the text may leave. What rings nowhere costs nothing, and is not counted."""
        asked = (alert.merchant_id, attributes)
        if self.rung(*asked) is Reach.NOBODY:
            return True
        if self.budget.take(alert.merchant_id, alert.alert_id, on=now.astimezone(UTC).date()):
            return True
        # Rather a text too many than a critical of which nobody hears.
        return self.read(*asked) is Reach.NOBODY

    def _merchant(self, merchant_id: str) -> Merchant:
        try:
            merchant = self.tables.merchants.get(merchant_id)
        except NightjarError:
            merchant = None
        # Gone or unreadable meanwhile: nobody is woken by the message all the same, as far as UTC can tell.
        return merchant or Merchant.model_construct(id=merchant_id, name=merchant_id)


def terms(*, max_price_usd: str, sender_id: str | None) -> dict[str, MessageAttributeValueTypeDef]:
    """Return the attributes of a text message: delivered before others, at most so dear, from that sender if any."""
    told: dict[str, MessageAttributeValueTypeDef] = {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": max_price_usd},
    }
    if sender_id is not None:
        told["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": sender_id}
    return told
