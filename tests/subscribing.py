"""SNS as far as subscriptions go: topics, who subscribes, who confirmed, who answered STOP. It lists two at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.rooms.fakes import refused

PAGE: Final = 2


@dataclass
class FakeSubscriber:
    """One subscription. ``listed_as``: what SNS writes in the list where its ARN would stand."""

    topic_arn: str
    arn: str
    protocol: str
    endpoint: str
    policy: Mapping[str, Any] | None = None
    pending: bool = False
    listed_as: str | None = None
    by_body: bool = False


@dataclass
class FakeSubscribers:
    """Answers what the reader of subscriptions asks, and counts how often. ``broken``: every call is refused."""

    subscribers: list[FakeSubscriber] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    broken: str | None = None
    asked: int = 0

    def add(self, topic_arn: str, protocol: str, endpoint: str, **other: Any) -> FakeSubscriber:
        """Subscribe somebody; return the subscription."""
        arn = f"{topic_arn}:{len(self.subscribers)}"
        one = FakeSubscriber(topic_arn, arn, protocol, endpoint, **other)
        if one.pending and one.listed_as is None:
            one.listed_as = "PendingConfirmation"
        self.subscribers.append(one)
        return one

    def list_subscriptions_by_topic(self, *, TopicArn: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - SNS' own names
        self._answer("ListSubscriptionsByTopic")
        mine = [one for one in self.subscribers if one.topic_arn == TopicArn]
        start = int(NextToken)
        page = [
            {"SubscriptionArn": one.listed_as or one.arn, "Protocol": one.protocol, "Endpoint": one.endpoint}
            for one in mine[start : start + PAGE]
        ]
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(mine) else {}
        return {"Subscriptions": page, **more}

    def get_subscription_attributes(self, *, SubscriptionArn: str) -> dict[str, Any]:  # noqa: N803 - SNS' own names
        self._answer("GetSubscriptionAttributes")
        for one in self.subscribers:
            if one.arn == SubscriptionArn and one.listed_as != "Deleted":
                attributes = {"PendingConfirmation": str(one.pending).lower()}
                if one.policy is not None:
                    attributes["FilterPolicy"] = json.dumps(one.policy)
                    attributes["FilterPolicyScope"] = "MessageBody" if one.by_body else "MessageAttributes"
                return {"Attributes": attributes}
        raise refused("NotFound", "GetSubscriptionAttributes")

    def check_if_phone_number_is_opted_out(self, *, phoneNumber: str) -> dict[str, Any]:  # noqa: N803 - SNS' own names
        self._answer("CheckIfPhoneNumberIsOptedOut")
        return {"isOptedOut": phoneNumber in self.opted_out}

    def _answer(self, call: str) -> None:
        self.asked += 1
        if self.broken is not None:
            raise refused(self.broken, call)
