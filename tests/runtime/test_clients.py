"""Clients are made once a container, and only those that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from functions.runtime import clients
from tests.cloud import REGION, pretended_aws


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with pretended_aws():
        yield


@pytest.mark.parametrize("service", ["dynamodb", "kms", "lambda_", "secrets", "sns", "sqs"])
def test_a_client_is_made_once(service: str) -> None:
    make = getattr(clients, service)

    client = make()

    assert make() is client
    assert client.meta.region_name == REGION


def test_a_call_that_hangs_is_given_up_well_inside_every_functions_timeout() -> None:
    config: Any = clients.dynamodb().meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 2)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}


class Body(BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """SNS as it answers over HTTP: each of these codes once, a message id afterwards. Pauses are noted, not waited."""

    def __init__(self, patch: pytest.MonkeyPatch, *codes: str) -> None:
        self.codes = list(codes)
        self.asked = 0
        self.pauses: list[float] = []
        patch.setattr("botocore.endpoint.time.sleep", self.pauses.append)
        for _ in range(2):  # asking for the client again adds nothing
            self.sns = clients.sns()
        answer: Any = self.answer  # the stubs know of no handler that answers
        self.sns.meta.events.register_first("before-send.sns.Publish", answer)

    def answer(self, request: Any, **_: object) -> AWSResponse:
        self.asked += 1
        if self.codes:
            status, body = 400, f"<ErrorResponse><Error><Code>{self.codes.pop(0)}</Code></Error></ErrorResponse>"
        else:
            status, body = 200, "<R><PublishResult><MessageId>m</MessageId></PublishResult></R>"
        return AWSResponse(request.url, status, HTTPHeaders(), Body(body.encode()))

    def publish(self) -> str:
        return self.sns.publish(TopicArn=f"arn:aws:sns:{REGION}:123456789012:t", Message="m")["MessageId"]


@pytest.mark.parametrize("code", ["Throttled", "Throttling", "ThrottledException", "KMSThrottling"])
def test_a_topic_that_is_asked_too_often_is_asked_again_after_a_random_pause(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, code, code)

    assert wire.publish() == "m"
    assert wire.asked == 3
    assert len(wire.pauses) == len(set(wire.pauses)) == 2
    assert all(0 <= pause <= 20 for pause in wire.pauses)


@pytest.mark.parametrize(("code", "asked"), [("Throttled", 5), ("AuthorizationError", 1), ("NotFound", 1)])
def test_what_goes_on_is_the_records_trouble_and_what_cannot_help_is_not_tried_again(
    code: str, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, *[code] * 9)

    with pytest.raises(ClientError, match=code):
        wire.publish()
    assert wire.asked == asked
    assert sum(wire.pauses) < 15


def test_clients_can_be_forgotten() -> None:
    before = clients.sqs()

    clients.forget()

    assert clients.sqs() is not before
