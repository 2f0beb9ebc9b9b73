"""The door of the notifier: the stream of the alerts table, and the schedules that end quiet hours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import ValidationError

from functions.audit.alert import Alert
from functions.audit.digest import METRIC as DIGEST_METRIC
from functions.audit.errors import InvalidMessage
from functions.audit.jobs import TextJob
from functions.audit.profile import sentence
from functions.audit.recipient import Topics
from functions.audit.telling import Held
from functions.notifier.hearing import Hearing
from functions.notifier.later import Later
from functions.notifier.notify import Notifier
from functions.notifier.phones import Phones, terms
from functions.notifier.report_links import ReportLinks
from functions.runtime import clients
from functions.runtime.batches import Record, each_stream_record
from functions.runtime.report_links import RememberedKey
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.store.alerts import key_of_image
from functions.store.audience import Audience
from functions.store.subscriptions import Subscriptions
from functions.store.tables import Tables
from functions.store.text_budget import TextBudget

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
    if alert.warnings:
        metrics.add_metric(DIGEST_METRIC, MetricUnit.Count, 1)


def no_link(alert: Alert, error: Exception) -> None:
    """Count a message that leaves without the link to its report."""
    metrics.add_metric("ReportLinksMissing", MetricUnit.Count, 1)
    extra = {"merchant_id": alert.merchant_id, "alert_id": alert.alert_id, **about(error)}
    logger.error("A message leaves without the link to its report.", extra=extra)


def now() -> datetime:
    """Return the time on the wall."""
    return datetime.now(UTC)


tables = Tables(clients.dynamodb(), environment.table_prefix)
hearing = Hearing(
    Audience(
        tables.recipients,
        Subscriptions(clients.sns()),
        Topics(
            alerts=environment.text("NIGHTJAR_ALERTS_TOPIC_ARN"),
            texts=environment.text("NIGHTJAR_TEXTS_TOPIC_ARN"),
        ),
    ),
    clock=now,
    on_blind=lambda error: logger.error("Nobody could look who is there.", extra=about(error)),
)
phones = Phones(
    tables=tables,
    sns=clients.sns(),
    topic_arn=environment.text("NIGHTJAR_TEXTS_TOPIC_ARN"),
    later=Later(
        scheduler=clients.scheduler,
        group=environment.text("NIGHTJAR_SCHEDULE_GROUP"),
        role_arn=environment.text("NIGHTJAR_SCHEDULE_ROLE_ARN"),
        target_arn=environment.text("NIGHTJAR_SCHEDULE_TARGET_ARN"),
        dead_arn=environment.text("NIGHTJAR_SCHEDULE_DEAD_ARN"),
    ),
    budget=TextBudget(
        clients.dynamodb(),
        f"{environment.table_prefix}budgets",
        fleet=environment.number("NIGHTJAR_SMS_PER_NIGHT"),
        merchant=environment.number("NIGHTJAR_SMS_PER_MERCHANT"),
    ),
    terms=terms(
        max_price_usd=environment.text("NIGHTJAR_SMS_MAX_PRICE_USD"),
        sender_id=environment.optional("NIGHTJAR_SMS_SENDER_ID"),
    ),
    clock=now,
    on_published=lambda _: metrics.add_metric("TextsPublished", MetricUnit.Count, 1),
    on_held=lambda _, because: metrics.add_metric(because.metric, MetricUnit.Count, 1),
    rung=hearing.telephones,
    read=hearing.readers,
)
reports_url = environment.optional("NIGHTJAR_REPORTS_URL")
links = (
    ReportLinks(
        url=reports_url,
        key=RememberedKey(clients.secrets(), environment.text("NIGHTJAR_REPORT_SECRET_ID")),
        tables=tables,
        on_failure=no_link,
    )
    if reports_url
    else None
)
notifier = Notifier(
    tables=tables,
    sns=clients.sns(),
    topic_arn=environment.text("NIGHTJAR_ALERTS_TOPIC_ARN"),
    phones=phones,
    clock=now,
    on_published=count,
    on_unreached=lambda _: metrics.add_metric(Held.RECIPIENT_UNREACHABLE.metric, MetricUnit.Count, 1),
    reach=hearing.of,
    email=links.email if links else lambda alert: alert.email,
)


def notify_one(record: Record) -> None:
    """Publish the alert that one stream record shows.

    Raises:
        InvalidMessage: the record shows no alert of ours; it ends in the on-failure queue, where an alarm watches.
    """
    _notify(*key_of_image(record))


def text_later(event: Mapping[str, Any]) -> None:
    """Deliver the text message whose quiet hours are over.

    Raises:
        InvalidMessage: the event is not one of ours; it ends in the dead-letter queue, where an alarm watches.
    """
    try:
        job = TextJob.model_validate(event)
    except ValidationError as error:
        raise InvalidMessage(f"This event delivers no text message: {sentence(error)}.") from error
    _notify(job.merchant_id, job.alert_id, called=True)


def _notify(merchant_id: str, alert_id: str, *, called: bool = False) -> None:
    came_of_it = notifier.notify(merchant_id, alert_id, called=called)
    logger.info("Alert handled.", extra={"merchant_id": merchant_id, "alert_id": alert_id, "status": came_of_it.value})


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | None:  # noqa: ARG001 - Lambda's signature
    """Publish every alert of the batch and name the records that failed; or deliver one text message."""
    metrics.add_metric("NotifierBatches", MetricUnit.Count, 1)
    if "Records" in event:
        return each_stream_record(event, notify_one, logger)
    try:
        text_later(event)
    except Exception as error:
        logger.error("A text message could not be delivered.", extra=about(error))
        raise
    return None
