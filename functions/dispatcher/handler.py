"""The door of the dispatcher: EventBridge Scheduler, a person or the dispatcher itself calls it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.audit.start import Start
from functions.dispatcher.dispatch import Dispatcher
from functions.runtime import clients
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.store.tables import Tables

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()
tables = Tables(clients.dynamodb(), environment.table_prefix)
queue_url = environment.text("NIGHTJAR_FETCH_QUEUE_URL")
audit_days = environment.number("NIGHTJAR_AUDIT_DAYS")
night_days = environment.number("NIGHTJAR_NIGHT_DAYS")
# Jitter wants to differ between containers, not to be secret.
random = Random()  # noqa: S311


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int | str]:
    """Start a night. Returns what was done, for the person who called it by hand."""

    def start_again(start: Start) -> None:
        clients.lambda_().invoke(
            FunctionName=context.function_name,
            InvocationType="Event",
            Payload=start.model_dump_json(exclude_none=True).encode(),
        )

    metrics.add_metric("DispatcherRuns", MetricUnit.Count, 1)
    dispatcher = Dispatcher(
        tables=tables,
        sqs=clients.sqs(),
        queue_url=queue_url,
        audit_days=audit_days,
        night_days=night_days,
        start_again=start_again,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        random=random,
    )
    try:
        start = Start.parse(event)
        done = dispatcher.run(start, now=datetime.now(UTC))
    except Exception as error:
        logger.error("The night could not be dispatched.", extra=about(error))
        raise
    night = start.of_night.isoformat()
    metrics.add_metric("MerchantsDispatched", MetricUnit.Count, done.sent)
    logger.info("Dispatched.", extra={"night": night, "count": done.sent, "skipped": done.already_done})
    return {
        "night": night,
        "sent": done.sent,
        "already_done": done.already_done,
        "disabled": done.disabled,
        "shards": done.shards,
    }
