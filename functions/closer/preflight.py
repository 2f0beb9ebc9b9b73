"""Looks at what a message needs to arrive: SNS's limits, subscribers, dead letters, alarms. Changes nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import ClientError

from functions.audit.errors import NightjarError
from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.preflight import Checked, checked
from functions.audit.preflight_facts import Audiences, Bell, Blind, Facts, Seen, Spending
from functions.audit.reach import Reach, reachable
from functions.audit.recipient import FLEET, Recipient

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from functions.store.audience import Audience

# The stage's dead-letter queues and what its alarms are called, behind its prefix. A test holds both to the stack.
DEAD: Final = ("fetch-dlq", "evaluate-dlq", "schedule-dlq", "alerts-stream-dlq")
ALARMS: Final = "app-"
# Enough for what a stage has once; of merchants with topics of their own SNS lets about fifteen a second be looked at.
SECONDS: Final = 45.0
LOOKERS: Final = 8
NO_TIME: Final = Blind("there was no time left")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that looking works with. ``prefix``: as in ``nightjar-prod-``; ``clock`` is monotonic, in seconds."""

    audience: Audience
    sns: SNSClient
    sqs: SQSClient
    cloudwatch: Callable[[], CloudWatchClient]
    operators_arn: str
    prefix: str
    clock: Callable[[], float] = time.monotonic

    def check(self, merchants: Collection[str], *, now: datetime, seconds: float = SECONDS) -> tuple[Checked, ...]:
        """Return every check; what AWS refuses, does not offer or does not answer in time is "could not look".

        ``merchants`` are those whose criticals somebody should hear of.
        """
        ends = self.clock() + seconds
        pool = ThreadPoolExecutor(LOOKERS)
        try:
            begin = partial(self._begin, pool)
            sandbox, limit = begin(self._is_in_sandbox), begin(self._limit)
            spent, bells = begin(partial(self._spent, now)), begin(self._bells)
            operators, fleet = begin(self._operators), begin(self.audience.of_fleet)
            owners = begin(self._owners)
            dead = {self.prefix + name: begin(partial(self._held, self.prefix + name)) for name in DEAD}
            facts = partial(
                Facts,
                sandbox=self._end(sandbox, ends),
                spending=Spending(self._end(limit, ends), self._end(spent, ends)),
                operators=self._end(operators, ends),
                dead={name: self._end(one, ends) for name, one in dead.items()},
                bells=self._end(bells, ends),
            )
            seen = self._audiences(pool, self._end(fleet, ends), self._end(owners, ends), merchants, now, ends)
            return checked(facts(audiences=seen))
        finally:
            # What hangs ends by its own timeouts, and nobody waits for it.
            pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, pool: ThreadPoolExecutor, look: Callable[[], T]) -> Future[Seen[T]]:
        return pool.submit(_tried, look)

    def _end(self, begun: Future[Seen[T]], ends: float) -> Seen[T]:
        done, _ = wait([begun], timeout=max(0.0, ends - self.clock()))
        return begun.result() if done else NO_TIME

    def _is_in_sandbox(self) -> bool:
        return self.sns.get_sms_sandbox_account_status()["IsInSandbox"]

    def _limit(self) -> Decimal:
        said = self.sns.get_sms_attributes(attributes=["MonthlySpendLimit"])["attributes"]
        if "MonthlySpendLimit" not in said:
            raise NightjarError("SNS does not say")
        return Decimal(said["MonthlySpendLimit"])

    def _spent(self, now: datetime) -> Decimal:
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        said = self.cloudwatch().get_metric_statistics(
            Namespace="AWS/SNS",
            MetricName="SMSMonthToDateSpentUSD",
            StartTime=first,
            EndTime=now,
            Period=86_400,
            Statistics=["Maximum"],
        )
        figures = [Decimal(str(point["Maximum"])) for point in said["Datapoints"] if "Maximum" in point]
        if not figures:
            raise NightjarError("CloudWatch has no figure of this month, as where nothing was sent yet")
        return max(figures)

    def _bells(self) -> Sequence[Bell]:
        found = self.cloudwatch().get_paginator("describe_alarms").paginate(AlarmNamePrefix=self.prefix + ALARMS)
        return [
            Bell(alarm["AlarmName"], alarm["ActionsEnabled"] and self.operators_arn in alarm["AlarmActions"])
            for page in found
            for alarm in page["MetricAlarms"]
        ]

    def _held(self, name: str) -> int:
        said = self.sqs.get_queue_attributes(
            QueueUrl=self.sqs.get_queue_url(QueueName=name)["QueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(int(count) for count in said["Attributes"].values())

    def _operators(self) -> Sequence[Recipient]:
        subscribed = self.audience.subscriptions.of_topic(self.operators_arn)
        return [Recipient(FLEET, None, one) for one in subscribed]

    def _owners(self) -> Sequence[str]:
        rows = groupby(self.audience.recipients.all(), key=lambda entry: entry.merchant_id)
        return [merchant_id for merchant_id, _ in rows if merchant_id != FLEET]

    def _audiences(
        self,
        pool: ThreadPoolExecutor,
        fleet: Seen[tuple[Recipient, ...]],
        owners: Seen[Sequence[str]],
        merchants: Collection[str],
        now: datetime,
        ends: float,
    ) -> Seen[Audiences]:
        if isinstance(fleet, Blind):
            return fleet
        if isinstance(owners, Blind):
            return owners
        seen = Audiences()
        seen.add(fleet)
        own: dict[str, Reaches] = {}
        for merchant_id, found in self._of_each(pool, _shuffled(owners, now), ends):
            if isinstance(found, Blind):
                seen.unread.append(merchant_id)
                seen.why.add(found.why)
                own[merchant_id] = dict.fromkeys(Area, Reach.UNKNOWN)
            else:
                seen.add(found)
                own[merchant_id] = _reaches(found, merchant_id)
        for merchant_id in merchants:
            heard = [own.get(merchant_id, {}), _reaches(fleet, merchant_id)]
            reach = {area: _either(one.get(area, Reach.NOBODY) for one in heard) for area in Area}
            if Reach.NOBODY in reach.values():
                seen.nobody.append(merchant_id)
            elif Reach.UNKNOWN in reach.values():
                seen.unsure.append(merchant_id)
        return seen

    def _of_each(
        self, pool: ThreadPoolExecutor, owners: Sequence[str], ends: float
    ) -> Iterator[tuple[str, Seen[Sequence[Recipient]]]]:
        def look(merchant_id: str) -> Seen[Sequence[Recipient]]:
            return _tried(partial(self.audience.of_merchant, merchant_id)) if self.clock() < ends else NO_TIME

        begun = [(merchant_id, pool.submit(look, merchant_id)) for merchant_id in owners]
        for merchant_id, one in begun:
            yield merchant_id, self._end(one, ends)


Reaches = Mapping[Area, Reach]


def _reaches(recipients: Sequence[Recipient], merchant_id: str) -> Reaches:
    about = {"merchant_id": merchant_id, "severity": [Severity.CRITICAL.value]}
    return {area: reachable(recipients, {**about, "areas": [area.value]}) for area in Area}


def _either(reaches: Iterator[Reach]) -> Reach:
    found = set(reaches)
    return next((reach for reach in (Reach.SOMEBODY, Reach.UNKNOWN) if reach in found), Reach.NOBODY)


def _shuffled(owners: Sequence[str], now: datetime) -> Sequence[str]:
    """Return them in another order each night: where time is short for all, the same ones are not always left out."""
    return sorted(owners, key=lambda owner: hashlib.sha256(f"{now.date()} {owner}".encode()).digest())


def _tried(look: Callable[[], T]) -> Seen[T]:
    try:
        return look()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        return Blind(f"AWS answered {error.operation_name} with {code}")
    except NightjarError as error:
        return Blind(str(error).rstrip("."))
    except Exception as error:  # noqa: BLE001 - a look that fails, whatever for, keeps nothing else from going on
        return Blind(f"AWS gave no usable answer ({type(error).__name__})")
