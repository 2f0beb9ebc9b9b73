"""The embedded AWS as its callers see it."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from console.embedded.clients import ACCOUNT, REGION, Clients
from console.embedded.deploy import Deployment
from console.embedded.errors import EmbeddedAwsError, WaitTimeoutError
from console.embedded.outbox import Delivery, Meddler
from console.embedded.server import Server

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages a queue holds."""

    visible: int
    """Waiting to be received, or waiting out their delay."""
    in_flight: int
    """Received, neither deleted nor visible again."""


class EmbeddedAws:
    """An AWS of its own, empty at the start, gone at the end. One at a time in a process."""

    account = ACCOUNT
    region = REGION

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients = Clients(server.endpoint)

    @classmethod
    def start(cls) -> Self:
        """Start one on a free loopback port; use as a context manager or call `stop`.

        Raises:
            EmbeddedAwsError: one is running in this process already, or it did not come up.
        """
        return cls(Server())

    def stop(self) -> None:
        """End the server, every Lambda process, and delete all files; a second call does nothing."""
        self._clients.close()
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """Where it answers; other programs reach it with ``AWS_ENDPOINT_URL``, any keys, and `region`."""
        return self._server.endpoint

    @overload
    def client(self, service: Literal["cloudformation"]) -> "CloudFormationClient": ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, service: Literal["kms"]) -> "KMSClient": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...
    @overload
    def client(self, service: Literal["logs"]) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["s3"]) -> "S3Client": ...
    @overload
    def client(self, service: Literal["scheduler"]) -> "EventBridgeSchedulerClient": ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, service: Literal["sns"]) -> "SNSClient": ...
    @overload
    def client(self, service: Literal["sqs"]) -> "SQSClient": ...
    @overload
    def client(self, service: str) -> Any: ...  # noqa: ANN401  # boto3 builds clients at run time
    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, always the same one; it can reach nothing but this AWS."""
        return self._clients.get(service)

    def deploy(self, assembly_dir: Path) -> dict[str, dict[str, str]]:
        """Deploy the cloud assembly that ``App(outdir=…).synth()`` wrote, and return each stack's outputs.

        Raises:
            DeployError: the assembly cannot be read, or a stack fails; the message has the resources' reasons.
        """
        return Deployment(self._clients).deploy(assembly_dir)

    def fire_schedule(self, name: str, *, at: datetime, group: str = "default") -> None:
        """Do what EventBridge Scheduler does when schedule `name` comes due at `at`.

        The schedule's own target is invoked asynchronously with the schedule's own input, in which
        ``<aws.scheduler.scheduled-time>`` is replaced. This stands in for ministack's Scheduler, which looks
        at its schedules every ten seconds only and knows no placeholders.

        Raises:
            EmbeddedAwsError: no such schedule, it is disabled, or its target is no Lambda function.
        """
        scheduler = self.client("scheduler")
        try:
            schedule = scheduler.get_schedule(Name=name, GroupName=group)
        except scheduler.exceptions.ResourceNotFoundException as error:
            known = [s["Name"] for s in scheduler.list_schedules()["Schedules"]]
            raise EmbeddedAwsError(f"no schedule {name}; there are: {', '.join(known) or 'none'}") from error
        if schedule["State"] != "ENABLED":
            raise EmbeddedAwsError(f"schedule {name} is {schedule['State']}: AWS would not fire it")
        target = schedule["Target"]
        if ":lambda:" not in target["Arn"]:
            raise EmbeddedAwsError(f"schedule {name} has the target {target['Arn']}: only functions can be fired")
        due = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self.client("lambda").invoke(
            FunctionName=target["Arn"],
            InvocationType="Event",
            Payload=target.get("Input", json.dumps({})).replace(_SCHEDULED_TIME, due),
        )

    def outbox(self) -> list[Delivery]:
        """Every email and SMS that SNS delivered to a topic's subscribers so far, oldest first."""
        return self._server.outbox.deliveries()

    def meddled(self, meddler: Meddler) -> AbstractContextManager[None]:
        """While this lasts, have `meddler` do what it likes to each message that is published, and to its publisher.

        It gets the message's attributes, and a function that delivers it; the publisher waits for its answer.
        """
        return self._server.outbox.meddled(meddler)

    def kill(self, function_name: str) -> None:
        """End a function in the middle of its work, as a machine that dies does."""
        self._server.workers.kill(function_name)

    def queue_depths(self) -> dict[str, QueueDepth]:
        """How full each queue is, by name; dead-letter queues are among them."""
        sqs = self.client("sqs")
        depths = {}
        for url in sqs.list_queues().get("QueueUrls", []):
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            depths[url.rsplit("/", 1)[1]] = QueueDepth(
                visible=int(attributes["ApproximateNumberOfMessages"])
                + int(attributes.get("ApproximateNumberOfMessagesDelayed", 0)),
                in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            )
        return depths

    def is_idle(self) -> bool:
        """Whether nothing moves any more: no function runs, all that functions consume is consumed.

        What lies in a queue without a consumer, a dead-letter queue, does not count.
        """
        # Twice, because work that moves on between two looks could be missed by both.
        return self._is_quiet() and self._is_quiet()

    def _is_quiet(self) -> bool:
        if self._server.functions_running():
            return False
        depths = self.queue_depths()
        for mapping in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
            source = mapping["EventSourceArn"]
            if ":sqs:" in source:
                waiting = depths[source.rsplit(":", 1)[1]]
                if waiting.visible or waiting.in_flight:
                    return False
            elif self._server.emulator.stream_records_waiting(mapping["UUID"], source):
                return False
        return True

    def logs(self, function_name: str) -> list[str]:
        """What a function wrote, with Lambda's own START, END and REPORT lines, oldest first.

        A function that could not even be imported has written nothing: see `problems`. Lines written in the
        last milliseconds of an invocation may stand under the next one of the same process.
        """
        configuration = self.client("lambda").get_function_configuration(FunctionName=function_name)
        group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{function_name}")
        logs = self.client("logs")
        try:
            pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group))
        except logs.exceptions.ResourceNotFoundException:
            return []
        events = sorted((e for page in pages for e in page["events"]), key=lambda e: e["timestamp"])
        return [event["message"].rstrip("\n") for event in events]

    def problems(self) -> list[str]:
        """The emulator's own warnings, oldest first: functions that failed, were not found, timed out."""
        return self._server.log.lines()

    def worker_processes(self) -> int:
        """How many Lambda processes are alive, warm ones included."""
        return self._server.workers.count()

    def wait_until(
        self, predicate: Callable[[], object], *, timeout: float, what: str, interval: float = _POLL_SECONDS
    ) -> None:
        """Ask `predicate` every `interval` seconds until it is true.

        Raises:
            WaitTimeoutError: not within `timeout` seconds; tells queues, and the last problems.
        """
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while not predicate():
            if time.monotonic() > deadline:
                raise WaitTimeoutError(
                    f"waited {timeout:g} s for {what}, in vain; queues: {self.queue_depths()}; "
                    f"last problems: {self.problems()[-3:] or 'none'}"
                )
            pause.wait(interval)
