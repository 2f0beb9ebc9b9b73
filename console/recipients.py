"""Adding and removing recipients: SNS's subscriptions, and what we note of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from console.errors import Unusable
from console.own_topics import delete_topics, make_topics
from console.stage import Stage
from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.recipient import (
    FLEET,
    Entry,
    Protocol,
    Recipient,
    RecipientState,
    Subscription,
    Topics,
    hint_of,
    next_id,
    policy_of,
)
from functions.audit.wording import counted
from functions.store.audience import Audience
from functions.store.subscriptions import Subscriptions, is_not_found

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_FILTERED: Final = "MessageAttributes"
_ARN: Final = "arn:"


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be told of what. ``merchant_id``: of one merchant, or ``FLEET``: of every one."""

    merchant_id: str
    protocol: Protocol
    endpoint: str
    severities: tuple[Severity, ...]
    areas: tuple[Area, ...]
    author: str


@dataclass(frozen=True)
class Desk:
    """Everything that this works with: one stage."""

    stage: Stage

    @property
    def sns(self) -> SNSClient:
        """The stage's SNS."""
        client: SNSClient = self.stage.client("sns")
        return client

    @cached_property
    def topics(self) -> Topics:
        """The fleet's topics. Their names are known; the account is the caller's."""
        partition, account = self.stage.client("sts").get_caller_identity()["Arn"].split(":")[1:5:3]
        before = f"arn:{partition}:sns:{self.sns.meta.region_name}:{account}:{self.stage.prefix}"
        return Topics(alerts=f"{before}alerts", texts=f"{before}texts")

    @property
    def audience(self) -> Audience:
        """Who is told, as it is now."""
        return Audience(self.stage.tables.recipients, Subscriptions(self.sns), self.topics)

    def of(self, merchant_id: str) -> tuple[Recipient, ...]:
        """Return the recipients of a merchant's own topics, or of the fleet's."""
        return self.audience.of_fleet() if merchant_id == FLEET else self.audience.of_merchant(merchant_id)

    def add(self, wish: Wish, *, now: datetime) -> Recipient:
        """Add a recipient, or give one that is there other filters; return it as it is now.

        Noted before it is subscribed: a crash in between leaves a row that says "deleted", which adding again mends,
        and never a subscriber whom nobody knows of.

        Raises:
            Unusable: it is subscribed by other means, or somebody else was quicker.
            pydantic.ValidationError: the author cannot be used.
        """
        make_topics(self.stage, self.topics, wish.merchant_id)
        topic_arn = self.topics.of(wish.merchant_id).for_protocol(wish.protocol)
        there = self.of(wish.merchant_id)
        same = _same(there, wish, topic_arn)
        if same is not None and same.entry is None:
            raise Unusable(
                f"{same.hint} is subscribed to this topic already, by a deployment or by hand. End that subscription "
                "first: it has a filter of its own."
            )
        before = same.entry if same else None
        taken = [one.entry.recipient_id for one in there if one.entry is not None]
        entry = Entry(
            merchant_id=wish.merchant_id,
            recipient_id=before.recipient_id if before else next_id(wish.protocol, taken),
            protocol=wish.protocol,
            hint=hint_of(wish.protocol, wish.endpoint),
            severities=wish.severities,
            areas=wish.areas,
            subscription_arn=before.subscription_arn if before else None,
            added_by=wish.author,
            added_at=now,
        )
        table = self.stage.tables.recipients
        if not (table.replace(entry) if before else table.add(entry)):
            raise Unusable("Somebody else changed the recipients meanwhile; say it again.")
        arn = self._subscribe(entry, wish.endpoint, topic_arn, same)
        table.replace(entry.model_copy(update={"subscription_arn": arn}))
        return next(
            one for one in self.of(wish.merchant_id) if one.entry and one.entry.recipient_id == entry.recipient_id
        )

    def remove(self, recipient: Recipient) -> None:
        """Unsubscribe a recipient and forget it; a merchant's topics go with the last one.

        Raises:
            Unusable: it cannot be taken back yet, or others would lose their topic.
        """
        entry = noted(recipient)
        rest = [one for one in self.of(entry.merchant_id) if one.entry is None or one.entry != entry]
        own, others = entry.merchant_id != FLEET, [one for one in rest if one.entry is None]
        if own and others and len(others) == len(rest):
            raise Unusable(
                f"{counted(len(others), 'other')} subscribed to this merchant's topics by other means: end those "
                "subscriptions first, since the topics go with the last recipient."
            )
        if recipient.state is not RecipientState.DELETED:
            seen = recipient.subscription.arn if recipient.subscription is not None else None
            self._unsubscribe(recipient, entry.subscription_arn or seen)
        if own and not rest:
            delete_topics(self.stage, self.topics, entry.merchant_id)
        self.stage.tables.recipients.remove(entry.merchant_id, entry.recipient_id)

    def remove_all(self, merchant_id: str) -> int:
        """Remove a merchant's topics, whoever subscribes to them, and all that is noted; return how many that were."""
        delete_topics(self.stage, self.topics, merchant_id)
        entries = self.stage.tables.recipients.of(merchant_id)
        for entry in entries:
            self.stage.tables.recipients.remove(merchant_id, entry.recipient_id)
        return len(entries)

    def _subscribe(self, entry: Entry, endpoint: str, topic_arn: str, same: Recipient | None) -> str | None:
        """Subscribe, or filter anew what is subscribed; return SNS's name for it, where it tells one."""
        policy = json.dumps(policy_of(entry))
        there = same.subscription if same is not None and same.state is not RecipientState.DELETED else None
        arn = (there.arn or entry.subscription_arn) if there is not None else None
        if arn is not None:
            self.sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy
            )
            return arn
        answer = self.sns.subscribe(
            TopicArn=topic_arn,
            Protocol=entry.protocol.value,
            Endpoint=endpoint,
            Attributes={"FilterPolicy": policy, "FilterPolicyScope": _FILTERED},
            ReturnSubscriptionArn=True,
        )
        arn = answer["SubscriptionArn"]
        return arn if arn.startswith(_ARN) else None

    def _unsubscribe(self, recipient: Recipient, arn: str | None) -> None:
        waits = "SNS takes no unconfirmed subscription back, and forgets it two days after it was added."
        if arn is None:
            raise Unusable(waits)
        try:
            self.sns.unsubscribe(SubscriptionArn=arn)
        except ClientError as error:
            if is_not_found(error):
                return
            if recipient.state is RecipientState.PENDING and error.response["Error"].get("Code") == "InvalidParameter":
                raise Unusable(waits) from error
            raise


def _same(there: Sequence[Recipient], wish: Wish, topic_arn: str) -> Recipient | None:
    """Return the recipient that has this address; else one that is gone and looked like it, whose place it takes."""
    hint, gone = hint_of(wish.protocol, wish.endpoint), list[Recipient]()
    for one in there:
        is_there = one.subscription is not None and one.state is not RecipientState.DELETED
        if is_there and _address(one.subscription) == (topic_arn, wish.protocol, wish.endpoint):
            return one
        if one.entry is not None and one.state is RecipientState.DELETED:
            gone += [one] if (one.protocol, one.hint) == (wish.protocol, hint) else []
    return gone[0] if gone else None


def _address(seen: Subscription | None) -> tuple[str, str, str] | None:
    return (seen.topic_arn, seen.protocol, seen.endpoint) if seen is not None else None


def noted(recipient: Recipient) -> Entry:
    """Return what we noted of a recipient.

    Raises:
        Unusable: nothing: it is not ours to change.
    """
    if recipient.entry is None:
        raise Unusable(f"{recipient.hint} was subscribed by other means: by a deployment or by hand.")
    return recipient.entry
