"""What no rule pack covers: the figures between queues and functions, streams, schedules, alarms."""

from __future__ import annotations

import json

import pytest

from functions.closer.preflight import ALARMS
from functions.closer.preflight import DEAD as LOOKED_AT
from infra.stages import choose
from tests.infra.templates import Properties, Stacks, listed

pytestmark = pytest.mark.slow

ROOMS = ("dispatcher", "fetcher", "evaluator", "notifier", "closer")
DEAD = ("fetch-dlq", "evaluate-dlq", "schedule-dlq", "alerts-stream-dlq")
WORK = {"fetch": "fetcher", "evaluate": "evaluator"}


def _function(stacks: Stacks, room: str) -> Properties:
    return stacks.app.named("Lambda::Function", "FunctionName", f"nightjar-prod-{room}")


def _queue(stacks: Stacks, name: str) -> Properties:
    return stacks.app.named("SQS::Queue", "QueueName", f"nightjar-prod-{name}")


def _queue_id(stacks: Stacks, name: str) -> str:
    return stacks.app.logical_id("SQS::Queue", "QueueName", f"nightjar-prod-{name}")


def _source(stacks: Stacks, room: str) -> Properties:
    function = stacks.app.logical_id("Lambda::Function", "FunctionName", f"nightjar-prod-{room}")
    return next(
        source
        for source in stacks.app.of_type("Lambda::EventSourceMapping").values()
        if source["FunctionName"] == {"Ref": function}
    )


@pytest.mark.parametrize("room", ROOMS)
def test_a_function_runs_on_3_13_and_arm64_with_a_log_that_ends(prod: Stacks, room: str) -> None:
    function = _function(prod, room)
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Handler"] == f"functions.{room}.handler.handler"
    log = prod.app.of_type("Logs::LogGroup")[function["LoggingConfig"]["LogGroup"]["Ref"]]
    assert log["LogGroupName"] == f"/aws/lambda/nightjar-prod-{room}"
    assert log["RetentionInDays"] == choose("prod").log_days
    assert "KmsKeyId" in log


def test_the_closer_has_a_whole_processor_and_all_the_time_that_there_is(prod: Stacks) -> None:
    closer = _function(prod, "closer")
    assert (closer["Timeout"], closer["MemorySize"]) == (15 * 60, 1769)


def test_there_are_five_functions_each_with_a_role_of_its_own(prod: Stacks) -> None:
    functions = prod.app.of_type("Lambda::Function").values()
    assert len(functions) == len(ROOMS)
    assert len({json.dumps(function["Role"]) for function in functions}) == len(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_function_is_told_which_stage_it_is(prod: Stacks, room: str) -> None:
    told = _function(prod, room)["Environment"]["Variables"]
    assert told["NIGHTJAR_STAGE"] == "prod"
    assert told["NIGHTJAR_TABLE_PREFIX"] == "nightjar-prod-"
    assert told["POWERTOOLS_SERVICE_NAME"] == room


def test_only_the_demos_fetcher_may_speak_plain_http(prod: Stacks, demo: Stacks) -> None:
    allowed = [
        stacks.app.named("Lambda::Function", "FunctionName", name)["Environment"]["Variables"][
            "NIGHTJAR_ALLOW_LOOPBACK_HTTP"
        ]
        for stacks, name in ((prod, "nightjar-prod-fetcher"), (demo, "nightjar-demo-fetcher"))
    ]
    assert allowed == ["0", "1"]


@pytest.mark.parametrize("name", ["prod", "demo"])
def test_no_stage_asks_the_research_api_unless_somebody_says_so(prod: Stacks, demo: Stacks, name: str) -> None:
    stacks = {"prod": prod, "demo": demo}[name]
    fetcher = stacks.app.named("Lambda::Function", "FunctionName", f"nightjar-{name}-fetcher")
    assert fetcher["Environment"]["Variables"]["NIGHTJAR_RESEARCH_API"] == "0"


@pytest.mark.parametrize(("name", "room"), WORK.items())
def test_a_message_stays_hidden_for_six_times_the_functions_timeout(prod: Stacks, name: str, room: str) -> None:
    assert _queue(prod, name)["VisibilityTimeout"] == 6 * _function(prod, room)["Timeout"]


@pytest.mark.parametrize("name", WORK)
def test_a_message_is_tried_five_times_and_then_kept_for_longer_than_before(prod: Stacks, name: str) -> None:
    queue = _queue(prod, name)
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [_queue_id(prod, f"{name}-dlq"), "Arn"]},
        "maxReceiveCount": 5,
    }
    assert _queue(prod, f"{name}-dlq")["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_the_fetcher_knows_which_receive_is_its_last(prod: Stacks) -> None:
    told = _function(prod, "fetcher")["Environment"]["Variables"]["NIGHTJAR_MAX_RECEIVES"]
    assert int(told) == _queue(prod, "fetch")["RedrivePolicy"]["maxReceiveCount"]


def test_the_fetcher_keeps_to_what_tiktok_allows(prod: Stacks) -> None:
    told = _function(prod, "fetcher")["Environment"]["Variables"]["NIGHTJAR_TIKTOK_PER_MINUTE"]
    assert int(told) == 600


def test_the_fetcher_can_send_a_message_back_to_its_own_queue(prod: Stacks) -> None:
    queue = {"Fn::GetAtt": [_queue_id(prod, "fetch"), "Arn"]}
    sending = [s for s in prod.app.statements_of("Fetcher") if listed(s["Action"]) == ["sqs:SendMessage"]]
    assert queue in [resource for statement in sending for resource in listed(statement["Resource"])]
    assert "NIGHTJAR_FETCH_QUEUE_URL" in _function(prod, "fetcher")["Environment"]["Variables"]


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_letter_is_kept_for_fourteen_days(prod: Stacks, name: str) -> None:
    assert _queue(prod, name)["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_queue_is_encrypted_and_refuses_plain_connections(prod: Stacks) -> None:
    queues = prod.app.of_type("SQS::Queue")
    assert len(queues) == len(DEAD) + len(WORK)
    assert all("KmsMasterKeyId" in queue for queue in queues.values())
    refusing = {
        policy["Queues"][0]["Ref"]
        for policy in prod.app.of_type("SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == set(queues)


@pytest.mark.parametrize(("name", "room"), WORK.items())
def test_a_queue_feeds_its_function_within_a_limit_and_hears_which_messages_failed(
    prod: Stacks, name: str, room: str
) -> None:
    source = _source(prod, room)
    assert source["EventSourceArn"] == {"Fn::GetAtt": [_queue_id(prod, name), "Arn"]}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    limit = {"fetch": choose("prod").fetch_concurrency, "evaluate": choose("prod").evaluate_concurrency}[name]
    assert source["ScalingConfig"] == {"MaximumConcurrency": limit}
    assert "ReservedConcurrentExecutions" not in _function(prod, room)


def test_a_bad_alert_does_not_hold_up_the_stream(prod: Stacks) -> None:
    source = _source(prod, "notifier")
    assert source["MaximumRetryAttempts"] == 5
    assert source["MaximumRecordAgeInSeconds"] == 6 * 3600
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["StartingPosition"] == "TRIM_HORIZON"
    on_failure = source["DestinationConfig"]["OnFailure"]["Destination"]
    assert on_failure == {"Fn::GetAtt": [_queue_id(prod, "alerts-stream-dlq"), "Arn"]}


def test_only_alerts_that_wait_reach_the_notifier(prod: Stacks) -> None:
    patterns = [json.loads(only["Pattern"]) for only in _source(prod, "notifier")["FilterCriteria"]["Filters"]]
    assert [pattern["dynamodb"]["NewImage"] for pattern in patterns] == [
        {"state": {"S": ["pending"]}},
        {"sms_state": {"S": ["overdue"]}},
    ]


def test_what_the_notifier_is_called_for_later_and_fails_at_is_kept(prod: Stacks) -> None:
    function = prod.app.logical_id("Lambda::Function", "FunctionName", "nightjar-prod-notifier")
    (kept,) = (
        config
        for config in prod.app.of_type("Lambda::EventInvokeConfig").values()
        if config["FunctionName"] == {"Ref": function}
    )
    dead = {"Fn::GetAtt": [_queue_id(prod, "schedule-dlq"), "Arn"]}
    assert kept["DestinationConfig"] == {"OnFailure": {"Destination": dead}}
    told = _function(prod, "notifier")["Environment"]["Variables"]
    group = prod.app.logical_id("Scheduler::ScheduleGroup", "Name", "nightjar-prod-texts")
    assert told["NIGHTJAR_SCHEDULE_GROUP"] == {"Ref": group}
    assert told["NIGHTJAR_SCHEDULE_DEAD_ARN"] == dead
    assert json.dumps(told["NIGHTJAR_SCHEDULE_TARGET_ARN"]).endswith(':function:nightjar-prod-notifier"]]}')


@pytest.mark.parametrize(
    ("name", "room", "at"),
    [("nightly", "dispatcher", "cron(15 2 * * ? *)"), ("closing", "closer", "cron(15 6 * * ? *)")],
)
def test_a_schedule_calls_its_function_in_utc_and_loses_no_call(prod: Stacks, name: str, room: str, at: str) -> None:
    schedule = prod.app.named("Scheduler::Schedule", "Name", f"nightjar-prod-{name}")
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (at, "UTC")
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    function = prod.app.logical_id("Lambda::Function", "FunctionName", f"nightjar-prod-{room}")
    assert target["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    assert json.loads(target["Input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}
    dead = {"Fn::GetAtt": [_queue_id(prod, "schedule-dlq"), "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": dead}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 30}
    # Scheduler hands the event over and is done: what fails after that is Lambda's to keep.
    (kept,) = (
        config
        for config in prod.app.of_type("Lambda::EventInvokeConfig").values()
        if config["FunctionName"] == {"Ref": function}
    )
    assert kept["DestinationConfig"] == {"OnFailure": {"Destination": dead}}


def test_every_alarm_tells_the_operators_and_says_something(prod: Stacks) -> None:
    alarms = prod.app.of_type("CloudWatch::Alarm")
    assert alarms
    for name, alarm in alarms.items():
        assert "Operators" in json.dumps(alarm["AlarmActions"]), name
        assert len(alarm["AlarmDescription"].split()) > 4, name


def test_the_preflight_looks_at_every_dead_letter_queue_and_every_alarm(prod: Stacks) -> None:
    queues = [queue["QueueName"] for queue in prod.app.of_type("SQS::Queue").values()]
    assert sorted(name for name in queues if name.endswith("-dlq")) == sorted(f"nightjar-prod-{n}" for n in LOOKED_AT)
    # CloudFormation names an alarm after its stack, nightjar-prod-app, unless somebody names it.
    assert ALARMS == "app-"
    assert not [alarm for alarm in prod.app.of_type("CloudWatch::Alarm").values() if "AlarmName" in alarm]
    assert not prod.data.of_type("CloudWatch::Alarm")


def _alarm_on(stacks: Stacks, metric: str, dimension: object) -> Properties:
    return next(
        alarm
        for alarm in stacks.app.of_type("CloudWatch::Alarm").values()
        if alarm["MetricName"] == metric and dimension in [item["Value"] for item in alarm["Dimensions"]]
    )


@pytest.mark.parametrize("name", DEAD)
def test_one_dead_letter_is_enough_for_an_alarm(prod: Stacks, name: str) -> None:
    dimension = {"Fn::GetAtt": [_queue_id(prod, name), "QueueName"]}
    alarm = _alarm_on(prod, "ApproximateNumberOfMessagesVisible", dimension)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@pytest.mark.parametrize("name", WORK)
def test_a_message_that_waits_for_half_the_night_raises_an_alarm(prod: Stacks, name: str) -> None:
    alarm = _alarm_on(prod, "ApproximateAgeOfOldestMessage", {"Fn::GetAtt": [_queue_id(prod, name), "QueueName"]})
    assert alarm["Threshold"] == choose("prod").night_minutes * 60 / 2


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_a_function_that_fails_or_is_throttled_raises_an_alarm(prod: Stacks, room: str, metric: str) -> None:
    function = prod.app.logical_id("Lambda::Function", "FunctionName", f"nightjar-prod-{room}")
    assert _alarm_on(prod, metric, {"Ref": function})["Threshold"] == 0


def test_a_stream_that_falls_behind_raises_an_alarm(prod: Stacks) -> None:
    function = prod.app.logical_id("Lambda::Function", "FunctionName", "nightjar-prod-notifier")
    assert _alarm_on(prod, "IteratorAge", {"Ref": function})["Threshold"] == 5 * 60 * 1000


def test_a_night_that_never_closed_raises_an_alarm_because_nothing_was_heard(prod: Stacks) -> None:
    alarm = _alarm_on(prod, "NightClosed", "closer")
    assert (alarm["TreatMissingData"], alarm["Period"], alarm["EvaluationPeriods"]) == ("breaching", 86400, 1)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")


def test_a_merchant_that_was_left_out_or_a_check_that_crashed_raises_an_alarm(prod: Stacks) -> None:
    left_out, crashed = _alarm_on(prod, "CoveragePercent", "closer"), _alarm_on(prod, "CheckCrashed", "evaluator")
    assert (left_out["Threshold"], left_out["ComparisonOperator"]) == (100, "LessThanThreshold")
    assert (crashed["Threshold"], crashed["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_a_budget_of_text_messages_that_is_spent_raises_an_alarm(prod: Stacks) -> None:
    alarm = _alarm_on(prod, "AlertsHeldSmsBudget", "notifier")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_the_notifier_knows_what_text_messages_may_cost_and_whose_they_are(prod: Stacks, demo: Stacks) -> None:
    told = _function(prod, "notifier")["Environment"]["Variables"]
    budgets = {name: value for name, value in told.items() if name.startswith("NIGHTJAR_SMS_")}
    assert budgets == {
        "NIGHTJAR_SMS_PER_NIGHT": "500",
        "NIGHTJAR_SMS_PER_MERCHANT": "3",
        "NIGHTJAR_SMS_MAX_PRICE_USD": "0.5",
    }
    ours = demo.app.named("Lambda::Function", "FunctionName", "nightjar-demo-notifier")["Environment"]["Variables"]
    assert ours["NIGHTJAR_SMS_SENDER_ID"] == "Nightjar"


def test_alarms_look_where_this_stages_functions_write_their_metrics(prod: Stacks) -> None:
    written = {_function(prod, room)["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] for room in ROOMS}
    watched = {
        alarm["Namespace"]
        for alarm in prod.app.of_type("CloudWatch::Alarm").values()
        if not alarm["Namespace"].startswith("AWS/")
    }
    assert written == watched == {"Nightjar/prod"}


def test_the_dashboard_shows_every_alarm(prod: Stacks) -> None:
    (board,) = prod.app.of_type("CloudWatch::Dashboard").values()
    shown = json.dumps(board["DashboardBody"])
    assert all(f'"{name}", "Arn"' in shown for name in prod.app.of_type("CloudWatch::Alarm"))
