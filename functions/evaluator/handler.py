"""The door of the evaluator: messages of the evaluate queue."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from functions.audit.errors import InvalidMessage
from functions.audit.jobs import EvaluateJob, ReportJob
from functions.audit.profile import default_profile, sentence
from functions.evaluator.evaluate import Evaluator
from functions.evaluator.rejudge import Rejudge, Rejudged
from functions.runtime import clients
from functions.runtime.batches import Record, each_queue_message
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.store.tables import Tables
from functions.store.verdicts import Kept

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()


def report_crash(check_id: str, error: Exception) -> None:
    """Tell the operators of a check's bug: by the log and by the metric that an alarm watches."""
    metrics.add_metric("CheckCrashed", MetricUnit.Count, 1)
    logger.error("A check crashed.", extra={"check_id": check_id, **about(error)})


evaluator = Evaluator(
    tables=Tables(clients.dynamodb(), environment.table_prefix),
    profile=default_profile(),
    kept=Kept.days(
        audits=environment.number("NIGHTJAR_AUDIT_DAYS"),
        alerts=environment.number("NIGHTJAR_ALERT_DAYS"),
        findings=environment.number("NIGHTJAR_FINDING_DAYS"),
    ),
    on_crash=report_crash,
    clock=lambda: datetime.now(UTC),
)
rejudge = Rejudge(
    tables=evaluator.tables,
    profile=evaluator.profile,
    kept=evaluator.kept,
    on_crash=report_crash,
    clock=evaluator.clock,
)
fetch_queue_url = environment.text("NIGHTJAR_FETCH_QUEUE_URL")
report_queue_url = environment.optional("NIGHTJAR_REPORT_QUEUE_URL")


def ask_for_report(job: EvaluateJob) -> None:
    """Have the night's report written, where the stage has reports. An audit never fails for want of its report."""
    if report_queue_url is None:
        return
    wanted = ReportJob(merchant_id=job.merchant_id, night=job.night)
    try:
        clients.sqs().send_message(QueueUrl=report_queue_url, MessageBody=wanted.body)
    except (BotoCoreError, ClientError) as error:
        metrics.add_metric("ReportsNotAsked", MetricUnit.Count, 1)
        extra = {"merchant_id": job.merchant_id, "night": job.night.isoformat(), **about(error)}
        logger.error("A report could not be asked for.", extra=extra)


def evaluate_one(record: Record) -> None:
    """Judge what one message points to.

    Raises:
        InvalidMessage: the message is not one of ours; it ends in the dead-letter queue, where an alarm watches.
    """
    try:
        job = EvaluateJob.model_validate_json(record["body"])
    except ValidationError as error:
        raise InvalidMessage(f"This is not an evaluate message: {sentence(error)}.") from error
    about_job = {"merchant_id": job.merchant_id, "night": job.night.isoformat()}
    if job.version > 1:
        came_of_it = rejudge.judge(job, evaluator.merchant(job.merchant_id))
        logger.info("Judged anew.", extra={**about_job, "status": came_of_it.value})
        if came_of_it is Rejudged.SUPERSEDED:
            ask_for_report(job)
        return
    verdict = evaluator.evaluate(job)
    ask_for_report(job)  # for a message that comes again, too: the first one may have ended right here
    for again in rejudge.outdated(job):
        clients.sqs().send_message(QueueUrl=fetch_queue_url, MessageBody=again.body)
        logger.info("Late figures.", extra={"merchant_id": again.merchant_id, "night": again.night.isoformat()})
    if verdict is None:
        logger.info(
            "Already evaluated, or erased meanwhile.",
            extra={"merchant_id": job.merchant_id, "night": job.night.isoformat()},
        )
        return
    metrics.add_metric("AuditsDone", MetricUnit.Count, 1)
    for held in verdict.alert.held if verdict.alert else ():
        metrics.add_metric(held.because.metric, MetricUnit.Count, 1)
    logger.info(
        "Evaluated.",
        extra={
            "merchant_id": job.merchant_id,
            "night": job.night.isoformat(),
            "state": verdict.audit.state.value,
            "alert_id": verdict.alert.alert_id if verdict.alert else None,
        },
    )


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:  # noqa: ARG001 - Lambda's signature
    """Judge every message of the batch; name those that failed."""
    metrics.add_metric("EvaluatorBatches", MetricUnit.Count, 1)
    return each_queue_message(event, evaluate_one, logger)
