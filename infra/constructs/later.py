"""What a function needs to have itself called once, later: a group of schedules and the role they act under."""

from __future__ import annotations

from aws_cdk import Aws, aws_iam, aws_kms, aws_scheduler, aws_sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import Function
from infra.constructs.permissions import allow, send, use_key_through


class Later(Construct):
    """A group of one-time schedules. Their calls fail into ``dead``."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, prefix: str, dead: aws_sqs.IQueue, key: aws_kms.IKey
    ) -> None:
        super().__init__(scope, construct_id)
        self._schedules = f"arn:{Aws.PARTITION}:scheduler:{Aws.REGION}:{Aws.ACCOUNT_ID}:schedule/{name}/{prefix}*"
        self._group = aws_scheduler.CfnScheduleGroup(self, "Group", name=name)
        self._dead = dead
        self.role = aws_iam.Role(
            self,
            "Role",
            # Schedules of this group alone: another account's, or another's of this account, cannot borrow the role.
            assumed_by=aws_iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self._group.attr_arn}
                },
            ),
        )
        self.role.add_to_policy(send(dead))
        self.role.add_to_policy(use_key_through(key, "sqs"))

    def environment(self, function_name: str) -> dict[str, str]:
        """Return what tells the function of that name how to have itself called."""
        return {
            "NIGHTJAR_SCHEDULE_GROUP": self._group.ref,
            "NIGHTJAR_SCHEDULE_ROLE_ARN": self.role.role_arn,
            "NIGHTJAR_SCHEDULE_TARGET_ARN": _arn_of(function_name),
            "NIGHTJAR_SCHEDULE_DEAD_ARN": self._dead.queue_arn,
        }

    def open_to(self, function: Function) -> None:
        """Let the function make schedules here, and let these call it and nothing else."""
        self.role.add_to_policy(allow(["lambda:InvokeFunction"], [_arn_of(function.name)]))
        to_scheduler = {"iam:PassedToService": "scheduler.amazonaws.com"}
        function.allow(
            allow(["scheduler:CreateSchedule"], [self._schedules]),
            allow(["iam:PassRole"], [self.role.role_arn], StringEquals=to_scheduler),
        )
        shown = self._schedules
        for token, name in ((Aws.PARTITION, "Partition"), (Aws.REGION, "Region"), (Aws.ACCOUNT_ID, "AccountId")):
            shown = shown.replace(token, f"<AWS::{name}>")
        acknowledge(
            function.role,
            {
                f"AwsSolutions-IAM5[Resource::{shown}]": (
                    "The function makes up the schedules' names as it goes, inside a group that holds nothing else."
                )
            },
        )


def _arn_of(function_name: str) -> str:
    # By name: by its own ARN, function, role and environment would wait for each other.
    return f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:{function_name}"
