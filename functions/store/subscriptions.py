"""What SNS knows of a topic's subscribers: who they are, whether they confirmed, and what they filter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.audit.recipient import Protocol, RecipientState, Subscription

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import SubscriptionTypeDef

# What SNS writes where an ARN would stand: before the confirmation, and for three days after the end.
_INSTEAD_OF_ARN: Final = {"PendingConfirmation": RecipientState.PENDING, "Deleted": RecipientState.DELETED}


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Asks SNS. Everything that it refuses is raised: who could not look must not say that nobody is there."""

    sns: SNSClient

    def of_topic(self, topic_arn: str) -> Iterator[Subscription]:
        """Yield a topic's subscriptions, with a call for the filter of each. A topic that is not there has none.

        Raises:
            botocore.exceptions.ClientError: SNS refused.
        """
        for listed in self._listed(topic_arn):
            arn, protocol, endpoint = listed["SubscriptionArn"], listed["Protocol"], listed["Endpoint"]
            if arn in _INSTEAD_OF_ARN:
                yield Subscription(topic_arn, None, protocol, endpoint, _INSTEAD_OF_ARN[arn])
            elif (attributes := self.attributes(arn)) is not None:
                yield Subscription(
                    topic_arn,
                    arn,
                    protocol,
                    endpoint,
                    RecipientState.PENDING if is_pending(attributes) else self._state(protocol, endpoint),
                    policy=_policy(attributes.get("FilterPolicy")),
                    by_body=attributes.get("FilterPolicyScope") == "MessageBody",
                )

    def attributes(self, arn: str) -> Mapping[str, str] | None:
        """Return what SNS says of one subscription; ``None`` when it has none by that name (any more).

        Raises:
            botocore.exceptions.ClientError: SNS refused.
        """
        try:
            return self.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        except ClientError as error:
            if is_not_found(error):
                return None
            raise

    def _listed(self, topic_arn: str) -> Iterator[SubscriptionTypeDef]:
        token: dict[str, Any] = {}
        while True:
            try:
                answer = self.sns.list_subscriptions_by_topic(TopicArn=topic_arn, **token)
            except ClientError as error:
                if is_not_found(error):
                    return
                raise
            yield from answer["Subscriptions"]
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _state(self, protocol: str, endpoint: str) -> RecipientState:
        """Return whether a confirmed one is to be reached. Who answered STOP stays subscribed."""
        if protocol != Protocol.SMS:
            return RecipientState.CONFIRMED
        out = self.sns.check_if_phone_number_is_opted_out(phoneNumber=endpoint)["isOptedOut"]
        return RecipientState.OPTED_OUT if out else RecipientState.CONFIRMED


def is_not_found(error: ClientError) -> bool:
    """Say whether SNS knows nothing by that name."""
    return error.response.get("Error", {}).get("Code") == "NotFound"


def is_pending(attributes: Mapping[str, str]) -> bool:
    """Say whether a subscription waits for its confirmation."""
    return attributes.get("PendingConfirmation") == "true"


def _policy(text: str | None) -> Mapping[str, Any] | None:
    policy = json.loads(text) if text else None
    return policy if isinstance(policy, dict) and policy else None
