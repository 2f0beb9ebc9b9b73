"""The door of the closer: EventBridge Scheduler calls it at closing time."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.audit.errors import NeverOpened
from functions.audit.preflight import Checked, Preflight
from functions.audit.profile import default_profile
from functions.audit.recipient import Topics
from functions.audit.start import Start
from functions.audit.telling import Held
from functions.closer.close import Closer
from functions.closer.nightly import Nightly
from functions.closer.preflight import Look
from functions.runtime import clients
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.store.audience import Audience
from functions.store.subscriptions import Subscriptions
from functions.store.tables import Tables
from functions.store.verdicts import Kept
from functions.store.waits import Waited

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()


def count(checks: Sequence[Checked]) -> None:
    """Count what failed of the preflight, and what could not be looked at."""
    found = Counter(one.came_to for one in checks)
    metrics.add_metric("PreflightFailed", MetricUnit.Count, found[Preflight.FAIL])
    metrics.add_metric("PreflightBlind", MetricUnit.Count, found[Preflight.COULD_NOT_LOOK])


tables = Tables(clients.dynamodb(), environment.table_prefix)
operators = environment.text("NIGHTJAR_OPERATORS_TOPIC_ARN")
topics = Topics(
    alerts=environment.text("NIGHTJAR_ALERTS_TOPIC_ARN"),
    texts=environment.text("NIGHTJAR_TEXTS_TOPIC_ARN"),
)
nightly = Nightly(
    Look(
        Audience(tables.recipients, Subscriptions(clients.sns()), topics),
        sns=clients.sns(),
        sqs=clients.sqs(),
        cloudwatch=clients.cloudwatch(),
        operators_arn=operators,
        prefix=environment.table_prefix,
        dead=environment.text("NIGHTJAR_DEAD_LETTERS").split(","),
    ),
    on_checked=count,
    on_failure=lambda error: logger.error("The preflight failed.", extra=about(error)),
)
closer = Closer(
    tables=tables,
    sns=clients.sns(),
    topic_arn=operators,
    profile=default_profile(),
    kept=Kept.days(
        audits=environment.number("NIGHTJAR_AUDIT_DAYS"),
        alerts=environment.number("NIGHTJAR_ALERT_DAYS"),
        findings=environment.number("NIGHTJAR_FINDING_DAYS"),
    ),
    nightly=nightly,
    on_failure=lambda merchant_id, error: logger.error(
        "A pending audit could not be closed.", extra={"merchant_id": merchant_id, **about(error)}
    ),
)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int | str]:
    """Close a night. Returns the coverage, for the person who called it by hand."""
    metrics.add_metric("CloserRuns", MetricUnit.Count, 1)
    try:
        night = Start.parse(event).of_night
        closed = closer.close(
            night, now=datetime.now(UTC), seconds_left=lambda: context.get_remaining_time_in_millis() / 1000
        )
    except NeverOpened as error:
        # Not raised: the operators know, and would be told once more with each retry. The missing-night alarm rings.
        metrics.add_metric("NightsNeverOpened", MetricUnit.Count, 1)
        logger.error("The night was never opened.", extra=about(error))
        return {"night": night.isoformat(), "state": "never_opened"}
    except Exception as error:
        logger.error("The night could not be closed.", extra=about(error))
        raise
    coverage = closed.coverage
    # The heartbeat: the missing-night alarm rings when a day passes without it.
    metrics.add_metric("NightClosed", MetricUnit.Count, 1)
    metrics.add_metric("CoveragePercent", MetricUnit.Percent, float(coverage.percent))
    metrics.add_metric("AuditsFailed", MetricUnit.Count, len(coverage.failed))
    metrics.add_metric("AuditsMissing", MetricUnit.Count, len(coverage.missing))
    metrics.add_metric("FleetFailures", MetricUnit.Count, len(closed.fleet))
    if withheld := closed.waited.get(Waited.WITHHELD, 0):
        metrics.add_metric(Held.ROOT_CAUSE_SENT.metric, MetricUnit.Count, withheld)
    summary: dict[str, int | str] = {
        "night": night.isoformat(),
        "expected": coverage.expected,
        "audited": coverage.audited,
        "failed": len(coverage.failed),
        "missing": len(coverage.missing),
    }
    logger.info("Night closed.", extra={**summary, "count": closed.swept})
    return summary
