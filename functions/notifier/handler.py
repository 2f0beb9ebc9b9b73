"""The door of the notifier: the stream of the alerts table, pending rows only."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.audit.alert import Alert
from functions.notifier.notify import Notifier
from functions.runtime import clients
from functions.runtime.batches import Record, each_stream_record
from functions.runtime.settings import Environment
from functions.runtime.telemetry import new_logger, new_metrics
from functions.store.alerts import key_of_image
from functions.store.tables import Tables

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()


def count(alert: Alert) -> None:
    """Count a message that left, and each reason in it."""
    metrics.add_metric("AlertsPublished", MetricUnit.Count, 1)
    for critical in alert.criticals:
        metrics.add_metric(critical.why.metric, MetricUnit.Count, 1)


notifier = Notifier(
    tables=Tables(clients.dynamodb(), environment.table_prefix),
    sns=clients.sns(),
    topic_arn=environment.text("NIGHTJAR_ALERTS_TOPIC_ARN"),
    clock=lambda: datetime.now(UTC),
    on_published=count,
)


def notify_one(record: Record) -> None:
    """Publish the alert that one stream record shows.

    Raises:
        InvalidMessage: the record shows no alert of ours; it ends in the on-failure queue, where an alarm watches.
    """
    merchant_id, alert_id = key_of_image(record)
    came_of_it = notifier.notify(merchant_id, alert_id)
    logger.info("Alert handled.", extra={"merchant_id": merchant_id, "alert_id": alert_id, "status": came_of_it.value})


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:  # noqa: ARG001 - Lambda's signature
    """Publish every alert of the batch; name the records that failed."""
    metrics.add_metric("NotifierBatches", MetricUnit.Count, 1)
    return each_stream_record(event, notify_one, logger)
