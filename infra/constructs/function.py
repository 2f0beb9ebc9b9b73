"""What every function of Nightjar is: its runtime, its role, its log, its limits, and the alarms on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy, aws_iam, aws_kms, aws_lambda, aws_logs, aws_sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.permissions import allow, send, use_key_through
from infra.stages import Stage

LOG_PREFIX: Final = "/aws/lambda/"


@dataclass(frozen=True, slots=True)
class Common:
    """What all functions of a stage share. ``code`` is the one zip that they all run from."""

    stage: Stage
    code: aws_lambda.Code
    key: aws_kms.IKey
    alarms: Alarms


def metrics_namespace(stage: Stage) -> str:
    """Return the CloudWatch namespace of a stage's metrics.

    One a stage: were it shared, a night that closed in dev would silence the alarm for the one that did not in prod.
    """
    return f"Nightjar/{stage.name}"


class Function(Construct):
    """One room's Lambda. It may do nothing but write its log and its traces until ``allow`` says more.

    ``is_public`` says whether it has a URL that anybody may call.
    """

    def __init__(
        self,
        scope: Construct,
        room: str,
        common: Common,
        *,
        says: str,
        memory_mb: int,
        timeout: Duration,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, room.capitalize())
        stage = common.stage
        self.name = stage.prefix + room
        self.timeout = timeout
        self.is_public = False
        self._common = common
        self._log = self._own_log()
        self.role = self._own_role()
        self.function = aws_lambda.Function(
            self,
            "Function",
            function_name=self.name,
            description=says,
            runtime=aws_lambda.Runtime.PYTHON_3_13,
            architecture=aws_lambda.Architecture.ARM_64,
            handler=f"functions.{room}.handler.handler",
            code=common.code,
            role=self.role,
            memory_size=memory_mb,
            timeout=timeout,
            tracing=aws_lambda.Tracing.ACTIVE,
            log_group=aws_logs.LogGroup.from_log_group_name(self, "LogName", self._log.ref),
            environment={
                "NIGHTJAR_STAGE": stage.name,
                "NIGHTJAR_TABLE_PREFIX": stage.prefix,
                "POWERTOOLS_SERVICE_NAME": room,
                "POWERTOOLS_METRICS_NAMESPACE": metrics_namespace(stage),
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
            },
        )
        newest = "Lambda's python3.13 is what the code is tested on and what its bytecode is compiled for."
        no_dlq = (
            "Dispatcher and closer, called asynchronously, have an on-failure destination, which also says why an "
            "event failed; the others are called by event source mappings or answer their caller at once: for those, "
            "Lambda ignores this setting."
        )
        acknowledge(
            self.function,
            {"AwsSolutions-L1": newest, "Serverless-LambdaLatestVersion": newest, "Serverless-LambdaDLQ": no_dlq},
        )
        self._watch(common.alarms)

    def allow(self, *statements: aws_iam.PolicyStatement) -> None:
        """Let the function do this too."""
        for statement in statements:
            self.role.add_to_policy(statement)

    def keep_failed_events(self, queue: aws_sqs.IQueue, *, max_age: Duration) -> None:
        """Send events to ``queue`` that were accepted and then failed for good.

        Scheduler's own dead-letter queue does not see those: for Scheduler an event that Lambda accepted is delivered.
        """
        self.allow(send(queue), use_key_through(self._common.key, "sqs"))
        aws_lambda.CfnEventInvokeConfig(
            self,
            "Async",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=2,
            maximum_event_age_in_seconds=int(max_age.to_seconds()),
            destination_config=aws_lambda.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=aws_lambda.CfnEventInvokeConfig.OnFailureProperty(destination=queue.queue_arn)
            ),
        )

    def _own_log(self) -> aws_logs.CfnLogGroup:
        log = aws_logs.CfnLogGroup(
            self,
            "Log",
            log_group_name=LOG_PREFIX + self.name,
            retention_in_days=self._common.stage.log_days,
            kms_key_id=self._common.key.key_arn,
        )
        # Kept logs would stand in the way when this stack is made again under the same names.
        log.apply_removal_policy(RemovalPolicy.DESTROY)
        return log

    def _own_role(self) -> aws_iam.Role:
        role = aws_iam.Role(self, "Role", assumed_by=aws_iam.ServicePrincipal("lambda.amazonaws.com"))
        group = f"log-group:{LOG_PREFIX}{self.name}:log-stream:*"
        streams = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:{group}"
        role.add_to_policy(allow(["logs:CreateLogStream", "logs:PutLogEvents"], [streams]))
        acknowledge(
            role,
            {
                f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:{group}]": (
                    "The streams of this function's own log group. Lambda makes up their names as it goes."
                ),
                "AwsSolutions-IAM5[Resource::*]": "X-Ray's two write actions know no resource to be held to.",
            },
        )
        return role

    def _watch(self, alarms: Alarms) -> None:
        five_minutes = Duration.minutes(5)
        alarms.add(
            self,
            "Errors",
            self.function.metric_errors(period=five_minutes),
            says=f"{self.name} failed. Its log group {LOG_PREFIX}{self.name} says why.",
            above=0,
        )
        alarms.add(
            self,
            "Throttles",
            self.function.metric_throttles(period=five_minutes),
            says=f"{self.name} was throttled: the account's concurrency is used up, or what is reserved for this "
            "function. Ask AWS for more, or lower the stage's concurrency.",
            above=0,
        )
