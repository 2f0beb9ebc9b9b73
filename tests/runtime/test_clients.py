"""Clients are made once a container, and only those that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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

    assert (config.connect_timeout, config.read_timeout) == (3, 10)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}


def test_clients_can_be_forgotten() -> None:
    before = clients.sqs()

    clients.forget()

    assert clients.sqs() is not before
