"""A handler as most teams write it: boto3, Powertools with Tracer and parser, pydantic, httpx. Measured, never run.

``PLAIN_CLIENTS`` names the AWS clients, so that it builds the same ones as the room that it is compared with.
"""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import boto3
import httpx
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.parser.models import SqsModel
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

logger = Logger()
tracer = Tracer()
metrics = Metrics()
clients = {name: boto3.client(name) for name in os.environ["PLAIN_CLIENTS"].split(",")}  # type: ignore[call-overload]  # any service's name
http = httpx.Client(timeout=8)


class Job(BaseModel):
    """What one message says."""

    merchant_id: str
    night: date


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
@event_parser(model=SqsModel)
def handler(event: SqsModel, context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Read every message."""
    for record in event.Records:
        Job.model_validate_json(str(record.body))
        metrics.add_metric("Jobs", MetricUnit.Count, 1)
    return {"batchItemFailures": []}
