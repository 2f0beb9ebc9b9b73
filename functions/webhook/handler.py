"""The door of the webhook: TikTok posts to the function's URL."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.runtime import clients
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.runtime.tiktok_app import RememberedApp, stored_app
from functions.store.connections import Connections
from functions.store.tables import Tables
from functions.webhook.delivery import OtherEvent
from functions.webhook.receive import Receiver
from functions.webhook.refused import Refused

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()
secret_id = environment.text("NIGHTJAR_TIKTOK_SECRET_ID")
receiver = Receiver(
    app=RememberedApp(lambda: stored_app(clients.secrets(), secret_id)),
    merchants_of=Tables(clients.dynamodb(), environment.table_prefix).merchants.with_open_id,
    mark=Connections(clients.dynamodb(), f"{environment.table_prefix}tokens").mark_removed,
    on_failure=lambda merchant_id, error: logger.error(
        "A connection could not be marked.", extra={"merchant_id": merchant_id, **about(error)}
    ),
)


def answer(status: HTTPStatus) -> dict[str, Any]:
    """Return what the sender hears: a status and its name, nothing of what was sent and nothing of ours."""
    headers = {"content-type": "text/plain", "allow": "POST"}
    return {"statusCode": status.value, "headers": headers, "body": status.phrase}


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take one delivery. Anything but 200 has TikTok come again, for up to 72 hours."""
    metrics.add_metric("WebhookCalls", MetricUnit.Count, 1)
    try:
        came = receiver.receive(event, now=datetime.now(UTC))
    except Refused as refused:
        logger.warning("A delivery was refused.", extra={"status": refused.status.value, "reason": refused.why})
        return answer(refused.status)
    except Exception as error:  # noqa: BLE001 - Lambda would log the error's own words; the alarm counts the 500
        logger.error("A delivery could not be taken.", extra=about(error))
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR)
    if isinstance(came, OtherEvent):
        logger.info("An event that changes nothing.", extra={"event_name": came.name})
        return answer(HTTPStatus.OK)
    metrics.add_metric("ConnectionsRemoved", MetricUnit.Count, len(came.merchant_ids))
    for merchant_id in came.merchant_ids:
        logger.info("A connection was removed.", extra={"merchant_id": merchant_id, "reason": came.reason})
    if not came.merchant_ids:
        logger.info("A removal that concerns no connection.", extra={"reason": came.reason, "skipped": came.left})
    return answer(HTTPStatus.OK)
