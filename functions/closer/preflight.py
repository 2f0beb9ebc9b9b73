"""Looks at what a message needs to arrive: SNS's limits, subscribers, dead letters, alarms. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.audit.errors import NightjarError
from functions.audit.preflight import Checked, checked
from functions.audit.preflight_facts import Audiences, Bell, Blind, Facts, Seen, Spending
from functions.audit.recipient import FLEET, Recipient
from functions.closer.hearers import Hearers
from functions.closer.looking import looking

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from functions.store.audience import Audience

# Every stage's dead-letter queues and what its alarms are called, behind its prefix. A test holds all to the stack.
DEAD: Final = ("fetch-dlq", "evaluate-dlq", "schedule-dlq", "alerts-stream-dlq")
ALARMS: Final = "app-"
# Those of what not every stage has. Where one is missing, nothing can have failed there.
OPTIONAL_DEAD: Final = ("report-dlq",)
_NO_QUEUE: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
# Enough for what a stage has once, with ten thousand merchants too. SNS lists thirty topics a second, so of merchants
# with topics of their own fifteen a second are looked at, those first of whom nobody else hears.
SECONDS: Final = 45.0


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that looking works with. ``prefix``: as in ``nightjar-prod-``; ``clock`` is monotonic, in seconds.

    ``dead``: the dead-letter queues by name, where whoever looks was told them; else the usual ones are looked for.
    """

    audience: Audience
    sns: SNSClient
    sqs: SQSClient
    cloudwatch: CloudWatchClient
    operators_arn: str
    prefix: str
    dead: Sequence[str] = ()
    clock: Callable[[], float] = time.monotonic

    def check(
        self, merchants: Seen[Collection[str]], *, now: datetime, seconds: float = SECONDS
    ) -> tuple[Checked, ...]:
        """Return every check; what AWS refuses, does not offer or does not answer in time is "could not look".

        ``merchants`` are those whose criticals somebody should hear of, or why nobody knows who they are.
        """
        with looking(self.clock, seconds) as at:
            sandbox, limit = at.begin(self._is_in_sandbox), at.begin(self._limit)
            spent, bells = at.begin(partial(self._spent, now)), at.begin(self._bells)
            operators, fleet = at.begin(self._operators), at.begin(self.audience.of_fleet)
            owners = at.begin(self._owners)
            dead = {name: at.begin(partial(look, name)) for name, look in self._dead().items()}
            seen = {name: at.end(one) for name, one in dead.items()}
            facts = partial(
                Facts,
                sandbox=at.end(sandbox),
                spending=Spending(at.end(limit), at.end(spent)),
                operators=at.end(operators),
                dead={name: held for name, held in seen.items() if held is not None},
                bells=at.end(bells),
            )
            hearers = Hearers(self.audience, at, now.date())
            return checked(facts(audiences=_audiences(hearers, merchants, at.end(fleet), at.end(owners))))

    def _is_in_sandbox(self) -> bool:
        return self.sns.get_sms_sandbox_account_status()["IsInSandbox"]

    def _limit(self) -> Decimal:
        said = self.sns.get_sms_attributes(attributes=["MonthlySpendLimit"])["attributes"]
        if "MonthlySpendLimit" not in said:
            raise NightjarError("SNS does not say")
        return Decimal(said["MonthlySpendLimit"])

    def _spent(self, now: datetime) -> Decimal:
        month = partial(
            self.cloudwatch.get_metric_statistics,
            Namespace="AWS/SNS",
            StartTime=now.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
            EndTime=now,
            Period=86_400,
        )
        spent = month(MetricName="SMSMonthToDateSpentUSD", Statistics=["Maximum"])["Datapoints"]
        if spent:
            return max(Decimal(str(point["Maximum"])) for point in spent)
        # SNS writes figures while something happens, and none while nothing does: the topic of texts says which it is.
        topic = self.audience.topics.texts.rpartition(":")[2]
        left = month(
            MetricName="NumberOfMessagesPublished",
            Dimensions=[{"Name": "TopicName", "Value": topic}],
            Statistics=["Sum"],
        )
        if left["Datapoints"]:
            raise NightjarError("CloudWatch has no figure of this month, though text messages left")
        return Decimal(0)

    def _bells(self) -> Sequence[Bell]:
        found = self.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=self.prefix + ALARMS)
        return [
            Bell(alarm["AlarmName"], alarm["ActionsEnabled"] and self.operators_arn in alarm["AlarmActions"])
            for page in found
            for alarm in page["MetricAlarms"]
        ]

    def _dead(self) -> Mapping[str, Callable[[str], int | None]]:
        usual, perhaps = ([self.prefix + name for name in names] for names in (DEAD, OPTIONAL_DEAD))
        if self.dead:
            return dict.fromkeys(self.dead, self._held)
        return {**dict.fromkeys(usual, self._held), **dict.fromkeys(perhaps, self._held_if_there)}

    def _held(self, name: str) -> int:
        said = self.sqs.get_queue_attributes(
            QueueUrl=self.sqs.get_queue_url(QueueName=name)["QueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(int(count) for count in said["Attributes"].values())

    def _held_if_there(self, name: str) -> int | None:
        try:
            return self._held(name)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _NO_QUEUE:
                return None
            raise

    def _operators(self) -> Sequence[Recipient]:
        subscribed = self.audience.subscriptions.of_topic(self.operators_arn)
        return [Recipient(FLEET, None, one) for one in subscribed]

    def _owners(self) -> Sequence[str]:
        rows = groupby(self.audience.recipients.all(), key=lambda entry: entry.merchant_id)
        return [merchant_id for merchant_id, _ in rows if merchant_id != FLEET]


def _audiences(
    hearers: Hearers,
    merchants: Seen[Collection[str]],
    fleet: Seen[tuple[Recipient, ...]],
    owners: Seen[Sequence[str]],
) -> Seen[Audiences]:
    if isinstance(fleet, Blind):
        return fleet
    if isinstance(owners, Blind):
        return owners
    return hearers.of(merchants, fleet, owners)
