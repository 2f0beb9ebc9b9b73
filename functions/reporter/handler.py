"""The door of the reporter: messages of the report queue."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import ValidationError

from functions.audit.errors import InvalidMessage
from functions.audit.jobs import ReportJob
from functions.audit.profile import default_profile, sentence
from functions.reporter.report import Reporter
from functions.runtime import clients
from functions.runtime.batches import Record, each_queue_message
from functions.runtime.settings import Environment
from functions.runtime.telemetry import new_logger, new_metrics
from functions.store.tables import Tables

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()
reporter = Reporter(
    tables=Tables(clients.dynamodb(), environment.table_prefix),
    s3=clients.s3(),
    bucket=environment.text("NIGHTJAR_REPORTS_BUCKET"),
    profile=default_profile(),
)


def report_one(record: Record) -> None:
    """Write the report that one message asks for.

    Raises:
        InvalidMessage: the message is not one of ours; it ends in the dead-letter queue, where an alarm watches.
    """
    try:
        job = ReportJob.model_validate_json(record["body"])
    except ValidationError as error:
        raise InvalidMessage(f"This is not a report message: {sentence(error)}.") from error
    came_of_it = reporter.report(job)
    metrics.add_metric("ReportsWritten", MetricUnit.Count, int(came_of_it == "written"))
    about_job = {"merchant_id": job.merchant_id, "night": job.night.isoformat()}
    logger.info("Report handled.", extra={**about_job, "status": came_of_it.value})


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:  # noqa: ARG001 - Lambda's signature
    """Write every report of the batch; name those that failed."""
    metrics.add_metric("ReporterBatches", MetricUnit.Count, 1)
    return each_queue_message(event, report_one, logger)
