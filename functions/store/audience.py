"""Everybody who is told of a merchant: what we noted of recipients, joined with what SNS knows of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from functions.audit.recipient import (
    FLEET,
    Entry,
    Recipient,
    RecipientState,
    Subscription,
    Topics,
    hint_of,
)
from functions.store.subscriptions import Subscriptions, is_pending

if TYPE_CHECKING:
    from functions.store.recipients import Recipients


@dataclass(frozen=True, slots=True)
class Audience:
    """Reads both. ``topics`` are the fleet's; each merchant's follow from them."""

    recipients: Recipients
    subscriptions: Subscriptions
    topics: Topics

    def of_fleet(self) -> tuple[Recipient, ...]:
        """Return who hears of every merchant, also those whom the deployment or somebody by hand subscribed.

        Raises:
            botocore.exceptions.ClientError: SNS or DynamoDB refused: nobody can say who is told.
            NightjarError: a row cannot be understood.
        """
        return self._joined(FLEET, self.recipients.of(FLEET))

    def of_merchant(self, merchant_id: str) -> tuple[Recipient, ...]:
        """Return a merchant's own recipients, without the fleet's, who hear of it too; raises as above.

        SNS is asked only where there is a row: without one, nothing is published to the merchant's own topics.
        """
        entries = self.recipients.of(merchant_id)
        return self._joined(merchant_id, entries) if entries else ()

    def of_all_merchants(self) -> Iterator[tuple[str, tuple[Recipient, ...]]]:
        """Yield every merchant that has recipients of its own, and who they are; raises as above."""
        for merchant_id, entries in groupby(self.recipients.all(), key=lambda entry: entry.merchant_id):
            if merchant_id != FLEET:
                yield merchant_id, self._joined(merchant_id, tuple(entries))

    def _joined(self, merchant_id: str, entries: Collection[Entry]) -> tuple[Recipient, ...]:
        topics = self.topics.of(merchant_id)
        listed = [one for topic_arn in topics.both for one in self.subscriptions.of_topic(topic_arn)]
        known = frozenset(entry.subscription_arn for entry in entries)
        found = [self._one(entry, listed, topics.for_protocol(entry.protocol), known) for entry in entries]
        others = [Recipient(merchant_id, None, one) for one in listed if one.state is not RecipientState.DELETED]
        return (*found, *others)

    def _one(self, entry: Entry, listed: list[Subscription], topic_arn: str, known: frozenset[str | None]) -> Recipient:
        """Return the recipient, and take its subscription off the list.

        It is found by its ARN. Before the confirmation and after the end SNS does not list that, and somebody may have
        stopped before it was noted: then it is the one in this state that nobody else has and that looks the same.
        """
        arn = entry.subscription_arn
        attributes = None
        for one in listed:
            if arn is not None and one.arn == arn:
                listed.remove(one)
                return Recipient(entry.merchant_id, entry, one)
        if arn is not None:
            attributes = self.subscriptions.attributes(arn)
        state = RecipientState.PENDING if attributes and is_pending(attributes) else RecipientState.DELETED
        for one in listed:
            alike = (one.topic_arn, one.protocol) == (topic_arn, entry.protocol) and one.arn not in known - {None}
            fits = arn is None or (one.arn is None and one.state is state)
            if alike and fits and hint_of(one.protocol, one.endpoint) == entry.hint:
                listed.remove(one)
                return Recipient(entry.merchant_id, entry, one)
        # SNS knows it and does not list it: the list is behind.
        return Recipient(entry.merchant_id, entry, None, unknown=attributes is not None)
