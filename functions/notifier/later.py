"""Being called again at a later time: a schedule that runs once, under a name that the same call always has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.audit.jobs import TextJob

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

PREFIX: Final = "text-"
SOONEST: Final = timedelta(minutes=2)  # Scheduler takes no time that is past by the time it looks
RETRIES: Final = 30
PATIENCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Later:
    """Makes schedules in ``group`` that call ``target_arn`` under ``role_arn``; what fails goes to ``dead_arn``.

    ``scheduler``: most containers of the notifier never hold anything, and are spared the client.
    """

    scheduler: Callable[[], EventBridgeSchedulerClient]
    group: str
    role_arn: str
    target_arn: str
    dead_arn: str

    def call(self, job: TextJob, *, at: datetime, now: datetime) -> None:
        """Have the notifier called with ``job`` at that time, once. Asking for the same again changes nothing.

        Raises:
            botocore.exceptions.ClientError: Scheduler refused for anything else than that it has this schedule already.
        """
        when = max(at, now + SOONEST).astimezone(UTC)
        try:
            self.scheduler().create_schedule(
                Name=name_of(job, at),
                GroupName=self.group,
                # In UTC: where the clocks stand then was settled when the time was worked out.
                ScheduleExpression=f"at({when:%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": self.target_arn,
                    "RoleArn": self.role_arn,
                    "Input": job.model_dump_json(),
                    "DeadLetterConfig": {"Arn": self.dead_arn},
                    "RetryPolicy": {
                        "MaximumEventAgeInSeconds": int(PATIENCE.total_seconds()),
                        "MaximumRetryAttempts": RETRIES,
                    },
                },
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConflictException":
                raise


def name_of(job: TextJob, at: datetime) -> str:
    """Return the schedule's name. It follows from what is done and when; ids may hold what no name may."""
    told = f"{job.merchant_id}\n{job.alert_id}\n{at.astimezone(UTC).isoformat()}"
    return PREFIX + sha256(told.encode()).hexdigest()[:40]
