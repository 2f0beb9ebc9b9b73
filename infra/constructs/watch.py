"""What the operators are told of and can look at: the night's own alarms, and the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, aws_sns, aws_sqs
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.function import Function, metrics_namespace
from infra.stages import Stage

MINUTE, FIVE_MINUTES, HOUR, DAY = Duration.minutes(1), Duration.minutes(5), Duration.hours(1), Duration.days(1)
LATE_STREAM_MS = 5 * 60 * 1000  # a critical alert that is five minutes late


def watch(
    scope: Construct,
    *,
    stage: Stage,
    alarms: Alarms,
    topics: Mapping[str, aws_sns.ITopic],
    functions: Sequence[Function],
    queues: Sequence[aws_sqs.IQueue],
    dead: Sequence[aws_sqs.IQueue],
    stream_reader: Function,
) -> None:
    """Add the alarms that belong to no single queue or function, and a dashboard of everything."""
    _alarm_on_the_night(scope, stage, alarms)
    late = stream_reader.function.metric("IteratorAge", period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM)
    alarms.add(
        scope,
        "StreamLate",
        late,
        says=f"Alerts wait for {stream_reader.name}: the oldest record is over five minutes old. See its log.",
        above=LATE_STREAM_MS,
    )
    for name, topic in topics.items():
        alarms.add(
            scope,
            f"{name}Undelivered",
            topic.metric_number_of_notifications_failed(period=FIVE_MINUTES),
            says="SNS could not deliver an alert to a subscriber. Look at the topic's subscriptions and the SMS limit.",
            above=0,
        )
    alarms.add(
        scope,
        "TextsWithheld",
        _metric(stage, "notifier", "AlertsHeldSmsBudget", FIVE_MINUTES),
        says="The night's budget of text messages is spent, or a merchant's: their emails left, further texts do not. "
        "See sms_per_night and sms_per_merchant of the stage.",
        above=0,
    )
    _dashboard(scope, stage, alarms, functions, queues, dead, late)


def _metric(stage: Stage, room: str, name: str, period: Duration, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric of our own, as Powertools writes it: the room is the dimension ``service``."""
    return cloudwatch.Metric(
        namespace=metrics_namespace(stage),
        metric_name=name,
        dimensions_map={"service": room},
        period=period,
        statistic=statistic,
    )


def _alarm_on_the_night(scope: Construct, stage: Stage, alarms: Alarms) -> None:
    alarms.add(
        scope,
        "NightMissing",
        _metric(stage, "closer", "NightClosed", DAY),
        says=f"No night was closed on {stage.name} for a day: the scheduler, the dispatcher or the closer did not run. "
        "`nightjar run` starts it by hand.",
        below=1,
        missing=cloudwatch.TreatMissingData.BREACHING,
    )
    alarms.add(
        scope,
        "CoverageIncomplete",
        _metric(stage, "closer", "CoveragePercent", HOUR, cloudwatch.Stats.MINIMUM),
        says="Some merchants that were expected were not audited. `nightjar night` names them and the reasons.",
        below=100,
        # There is one figure a day: between two of them the last one counts.
        missing=cloudwatch.TreatMissingData.IGNORE,
    )
    alarms.add(
        scope,
        "CheckCrashed",
        _metric(stage, "evaluator", "CheckCrashed", FIVE_MINUTES),
        says="A check crashed: a bug of ours. Its outcome is not_evaluated with reason check_crashed; see the "
        "evaluator's log.",
        above=0,
    )


def _dashboard(
    scope: Construct,
    stage: Stage,
    alarms: Alarms,
    functions: Sequence[Function],
    queues: Sequence[aws_sqs.IQueue],
    dead: Sequence[aws_sqs.IQueue],
    late: cloudwatch.IMetric,
) -> None:
    board = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=stage.prefix.removesuffix("-"))
    board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms.all, width=24, height=4))
    board.add_widgets(
        cloudwatch.SingleValueWidget(
            title="The last night",
            width=12,
            height=6,
            set_period_to_time_range=False,
            metrics=[
                _metric(stage, "closer", "NightClosed", DAY),
                _metric(stage, "closer", "CoveragePercent", DAY, cloudwatch.Stats.MINIMUM),
                _metric(stage, "closer", "AuditsFailed", DAY),
                _metric(stage, "closer", "AuditsMissing", DAY),
            ],
        ),
        _graph(
            "The night at work",
            [
                _metric(stage, "dispatcher", "MerchantsDispatched", FIVE_MINUTES),
                _metric(stage, "fetcher", "Fetches", FIVE_MINUTES),
                _metric(stage, "fetcher", "FetchesPostponed", FIVE_MINUTES),
                _metric(stage, "fetcher", "SourceAbsences", FIVE_MINUTES),
                _metric(stage, "evaluator", "AuditsDone", FIVE_MINUTES),
                _metric(stage, "notifier", "AlertsPublished", FIVE_MINUTES),
            ],
        ),
    )
    board.add_widgets(
        _graph(
            "Messages waiting", [queue.metric_approximate_number_of_messages_visible(period=MINUTE) for queue in queues]
        ),
        _graph(
            "Age of the oldest, s", [queue.metric_approximate_age_of_oldest_message(period=MINUTE) for queue in queues]
        ),
    )
    board.add_widgets(
        _graph(
            "Dead letters", [queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES) for queue in dead]
        ),
        _graph("Age of the alerts' stream, ms", [late]),
    )
    board.add_widgets(
        _graph("Errors", [function.function.metric_errors(period=FIVE_MINUTES) for function in functions]),
        _graph(
            "Duration, p95",
            [function.function.metric_duration(period=FIVE_MINUTES, statistic="p95") for function in functions],
        ),
    )
    answers = ("UrlRequestCount", "Url4xxCount", "Url5xxCount")
    for public in (function for function in functions if function.is_public):
        metrics = [public.function.metric(answer, period=FIVE_MINUTES, statistic="Sum") for answer in answers]
        board.add_widgets(_graph(f"Calls of {public.name}", metrics))


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, width=12, height=6, left=list(metrics))
