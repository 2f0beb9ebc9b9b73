"""An AWS that only pretends (moto, in this process): tables, queues, topics, key and secret of one stage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
import pytest
from moto import mock_aws

from functions.runtime import clients
from functions.store.items import from_item
from functions.store.tables import Tables
from functions.store.tokens import Tokens
from tests.tables import PREFIX, create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

REGION: Final = "us-east-1"
CLIENT_SECRET: Final = "app-secret-MARKED-c0ffee"


class OneAtATime:
    """A client whose calls wait for each other, as DynamoDB's writes of one item do; moto's do not."""

    def __init__(self, client: object) -> None:
        self._client = client
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def in_turn(**request: Any) -> Any:
            with self._lock:
                return call(**request)

        return in_turn


@dataclass(frozen=True)
class Cloud:
    """The clients of the stage, and short ways to look at what is in it."""

    dynamodb: DynamoDBClient
    kms: KMSClient
    sqs: SQSClient
    sns: SNSClient
    key_arn: str

    @property
    def tables(self) -> Tables:
        # The clock on the wall must not end what a story wrote: nothing here is ever over.
        return Tables(self.dynamodb, PREFIX, clock=lambda: 0.0)

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.dynamodb, f"{PREFIX}tokens", kms=self.kms, key_id=self.key_arn)

    def raw(self, table: str) -> list[dict[str, Any]]:
        """Return every item of a table as DynamoDB has it, in the order of the keys."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=PREFIX + table)["Items"]
        return sorted(items, key=repr)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return every item of a table as plain values."""
        return [from_item(item) for item in self.raw(table)]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Return all that the tables hold."""
        names = ("merchants", "tokens", "snapshots", "audits", "findings", "alerts", "mutes", "recipients", "nights")
        return {name: self.raw(name) for name in names}

    def instead(self, call: str, answer: Callable[..., Any]) -> None:
        """Have DynamoDB's client of this stage answer one of its calls in another way."""
        setattr(self.dynamodb, call, answer)

    def queue(self, name: str) -> str:
        """Create a queue and return its address."""
        return self.sqs.create_queue(QueueName=PREFIX + name)["QueueUrl"]

    def messages(self, queue_url: str) -> list[dict[str, Any]]:
        """Take all messages out of a queue and return their bodies."""
        bodies: list[dict[str, Any]] = []
        while taken := self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in taken:
                bodies.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(bodies, key=json.dumps)

    def topic(self, name: str) -> str:
        """Create a topic and return its ARN."""
        return self.sns.create_topic(Name=PREFIX + name)["TopicArn"]


@contextmanager
def pretended_aws() -> Iterator[Cloud]:
    """Give an empty stage, and take it away again with every client that knew it."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        clients.forget()
        kms: KMSClient = _client("kms")
        # One wrapper a stage: what a test makes it answer ends with the test.
        dynamodb = cast("DynamoDBClient", OneAtATime(_client("dynamodb")))
        create_tables(dynamodb)
        yield Cloud(
            dynamodb=dynamodb,
            kms=kms,
            sqs=_client("sqs"),
            sns=_client("sns"),
            key_arn=kms.create_key()["KeyMetadata"]["Arn"],
        )
        clients.forget()


@cache
def _client(service: Any) -> Any:
    """Return a client that every test shares: moto empties itself, and clients are slow to make."""
    return boto3.client(service, region_name=REGION)
