"""AWS clients, built once per container and only those that a room asks for."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# A neighbour in the same region answers within milliseconds: what takes longer than this is not going to come back.
# "standard" retries throttling and connection faults with jitter. Five attempts that all hang are 10 seconds and the
# pauses: inside the shortest timeout, and inside the 15 seconds that the fetcher keeps to store what it has.
_ATTEMPTS: Final = 5
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    max_pool_connections=16,
)
# How SNS says that it, or the key of its topic, is asked too often (API reference, Publish, and botocore's own model);
# botocore's list of what to retry has neither.
_SNS_THROTTLES: Final = frozenset({"Throttled", "KMSThrottling", "KMSThrottlingException"})
_LONGEST_PAUSE: Final = 4.0  # seconds


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time; the callers name their types
    return _session().create_client(service, config=_CONFIG)


def cloudwatch() -> CloudWatchClient:
    """Return the container's CloudWatch client."""
    client: CloudWatchClient = _client("cloudwatch")
    return client


def dynamodb() -> DynamoDBClient:
    """Return the container's DynamoDB client."""
    client: DynamoDBClient = _client("dynamodb")
    return client


def kms() -> KMSClient:
    """Return the container's KMS client."""
    client: KMSClient = _client("kms")
    return client


def lambda_() -> LambdaClient:
    """Return the container's Lambda client."""
    client: LambdaClient = _client("lambda")
    return client


def s3() -> S3Client:
    """Return the container's S3 client, made so that an address which it signs leads to the object.

    What is under a key of KMS can be given away by signature version 4 alone; and only with the bucket in its name is
    the host that is signed the region's own: the other one sends on to it, and there the signature is wrong.
    """
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client: Any = _session().create_client("s3", config=_CONFIG.merge(config))
    made: S3Client = client
    return made


def scheduler() -> EventBridgeSchedulerClient:
    """Return the container's EventBridge Scheduler client."""
    client: EventBridgeSchedulerClient = _client("scheduler")
    return client


def secrets() -> SecretsManagerClient:
    """Return the container's Secrets Manager client."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def sns() -> SNSClient:
    """Return the container's SNS client."""
    client: SNSClient = _client("sns")
    # Under this id it is registered once, however often the client is asked for.
    retry: Any = _after_throttling  # what the stubs say that a handler returns holds for other events
    client.meta.events.register("needs-retry.sns", retry, unique_id="nightjar-throttling")
    return client


def sqs() -> SQSClient:
    """Return the container's SQS client."""
    client: SQSClient = _client("sqs")
    return client


def _after_throttling(response: Any, attempts: int, **_: object) -> float | None:  # noqa: ANN401 - botocore's own pair
    """Return how long to pause before the next attempt, a random time under a growing limit; ``None`` for no more."""
    error = response[1].get("Error", {}) if response is not None else {}
    if attempts >= _ATTEMPTS or error.get("Code") not in _SNS_THROTTLES:
        return None
    return random.uniform(0, min(0.5 * 2**attempts, _LONGEST_PAUSE))  # noqa: S311 - spreads callers, guards nothing


def forget() -> None:
    """Drop every client, so that the next call builds anew: for tests that switch environments."""
    _client.cache_clear()
    _session.cache_clear()
