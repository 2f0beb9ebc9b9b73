"""A queue that one function works on, and where its failures go: a dead-letter queue with an alarm."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration, RemovalPolicy, aws_kms, aws_lambda, aws_sqs
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.function import Function
from infra.constructs.permissions import consume, use_key_through
from infra.stages import Stage

RECEIVES: Final = 5  # AWS asks for at least five, so that throttling alone does not dead-letter a message
VISIBILITY_FACTOR: Final = 6  # of the function's timeout; AWS's advice for SQS event sources
KEPT: Final = Duration.days(4)
DEAD_KEPT: Final = Duration.days(14)  # the longest there is: a message keeps its first time stamp when it is moved


class DeadLetterQueue(Construct):
    """Where something that failed for good waits for a person, who is told by the alarm."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, holds: str, key: aws_kms.IKey, alarms: Alarms
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.queue = _queue(self, name, key, retention=DEAD_KEPT)
        reason = "This queue is where failures end up; it has an alarm and needs no dead-letter queue of its own."
        acknowledge(self.queue, {"AwsSolutions-SQS3": reason, "Serverless-SQSRedrivePolicy": reason})
        alarms.add(
            self,
            "NotEmpty",
            self.queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
            ),
            says=f"{name} holds {holds}. Read one with `aws sqs receive-message`; redrive them once the cause is gone.",
            above=0,
        )


class WorkQueue(Construct):
    """A queue, its dead-letter queue, and alarms for both; ``feed`` connects the function that works on it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        function_timeout: Duration,
        key: aws_kms.IKey,
        alarms: Alarms,
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        full_name = stage.prefix + name
        self.dead = DeadLetterQueue(
            self,
            "Dead",
            name=f"{full_name}-dlq",
            holds=f"messages of {full_name} that failed {RECEIVES} times",
            key=key,
            alarms=alarms,
        )
        self.queue = _queue(
            self,
            full_name,
            key,
            retention=KEPT,
            visibility=Duration.seconds(VISIBILITY_FACTOR * int(function_timeout.to_seconds())),
            dead=aws_sqs.DeadLetterQueue(queue=self.dead.queue, max_receive_count=RECEIVES),
        )
        patience = stage.night_minutes // 2
        alarms.add(
            self,
            "TooOld",
            self.queue.metric_approximate_age_of_oldest_message(
                period=Duration.minutes(5), statistic=cloudwatch.Stats.MAXIMUM
            ),
            says=f"A message in {full_name} has waited {patience} minutes, half of the night: coverage is in danger.",
            above=patience * 60,
        )

    def feed(self, function: Function, *, batch_size: int, concurrency: int) -> None:
        """Let ``function`` work on the queue, at most ``concurrency`` at once, naming the messages that failed."""
        function.allow(consume(self.queue), use_key_through(self._key, "sqs"))
        source = aws_lambda.CfnEventSourceMapping(
            self,
            "Source",
            function_name=function.function.function_name,
            event_source_arn=self.queue.queue_arn,
            batch_size=batch_size,
            function_response_types=["ReportBatchItemFailures"],
            # Not reserved concurrency: pollers take more than that lets through, and throttled messages are
            # received again and again until they are dead.
            scaling_config=aws_lambda.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=concurrency),
        )
        reason = "Lambda has no failure destination for a queue: the queue's own redrive policy does that."
        acknowledge(source, {"Serverless-LambdaEventSourceMappingDestination": reason})


def _queue(
    scope: Construct,
    name: str,
    key: aws_kms.IKey,
    *,
    retention: Duration,
    visibility: Duration | None = None,
    dead: aws_sqs.DeadLetterQueue | None = None,
) -> aws_sqs.Queue:
    return aws_sqs.Queue(
        scope,
        "Queue",
        queue_name=name,
        retention_period=retention,
        visibility_timeout=visibility,
        dead_letter_queue=dead,
        encryption=aws_sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        removal_policy=RemovalPolicy.DESTROY,
    )
