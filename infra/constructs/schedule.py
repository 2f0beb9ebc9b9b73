"""A daily call of one function by EventBridge Scheduler, in UTC, with a role that can do only that."""

from __future__ import annotations

import json
from datetime import time
from typing import Final

from aws_cdk import Aws, Duration, aws_iam, aws_kms, aws_scheduler, aws_sqs
from constructs import Construct

from infra.constructs.function import Function
from infra.constructs.permissions import allow, send, use_key_through

# Scheduler puts the time it was due, not the time it got round to it: a retry still means the same night.
INPUT: Final = json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>"})
RETRIES: Final = 30  # with Scheduler's growing pauses the hour below ends first


class DailySchedule(Construct):
    """Calls ``function`` every day at ``at``. What cannot be delivered within ``patience`` goes to ``dead``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        at: time,
        function: Function,
        dead: aws_sqs.IQueue,
        key: aws_kms.IKey,
        patience: Duration,
    ) -> None:
        super().__init__(scope, construct_id)
        role = aws_iam.Role(
            self,
            "Role",
            # The account condition: without it, another account's schedule could borrow this role.
            assumed_by=aws_iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        role.add_to_policy(allow(["lambda:InvokeFunction"], [function.function.function_arn]))
        role.add_to_policy(send(dead))
        role.add_to_policy(use_key_through(key, "sqs"))
        aws_scheduler.CfnSchedule(
            self,
            "Schedule",
            name=name,
            # UTC: a local time is skipped or doubled when the clocks change.
            schedule_expression=f"cron({at.minute} {at.hour} * * ? *)",
            schedule_expression_timezone="UTC",
            flexible_time_window=aws_scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=aws_scheduler.CfnSchedule.TargetProperty(
                arn=function.function.function_arn,
                role_arn=role.role_arn,
                input=INPUT,
                dead_letter_config=aws_scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead.queue_arn),
                retry_policy=aws_scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=int(patience.to_seconds()), maximum_retry_attempts=RETRIES
                ),
            ),
        )
