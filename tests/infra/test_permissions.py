"""No function may do more than its work needs, and every star in a policy has its reason here."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from functions.closer.nightly import KEPT_BACK
from functions.closer.preflight import DEAD, SECONDS
from functions.store.connections import Connections
from infra.rooms import CLOSE_SECONDS
from tests.infra.templates import Properties, Stacks, listed

pytestmark = pytest.mark.slow

ROOMS = ("Dispatcher", "Fetcher", "Evaluator", "Notifier", "Closer")
XRAY = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]  # the two know no resource to be held to
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]  # Lambda makes up the streams' names as it goes
LATER = ["scheduler:CreateSchedule"]  # the notifier makes up the schedules' names as it goes
TOPICS = ["sns:ListSubscriptionsByTopic", "sns:Publish"]  # merchants' own topics come and go with their recipients
ASKED = ["sns:CheckIfPhoneNumberIsOptedOut", "sns:GetSubscriptionAttributes"]  # about what no policy can name
# What the closer looks at beside that: of the account, which is no resource, and of alarms, all of which are listed.
SEEN = [
    "cloudwatch:GetMetricStatistics",
    *ASKED[:1],
    "sns:GetSMSAttributes",
    "sns:GetSMSSandboxAccountStatus",
    *ASKED[1:],
]
ALARMS = ["cloudwatch:DescribeAlarms"]


def test_no_action_is_a_wildcard(prod: Stacks) -> None:
    actions = [action for _, statement in prod.app.statements() for action in listed(statement["Action"])]
    assert actions
    assert not [action for action in actions if "*" in action]


def test_no_resource_is_a_wildcard_but_for_traces_and_names_of_log_streams_and_schedules(prod: Stacks) -> None:
    starred = [statement for _, statement in prod.app.statements() if "*" in json.dumps(statement["Resource"])]
    assert len(starred) == 2 * len(ROOMS) + 4
    for statement in starred:
        actions = sorted(listed(statement["Action"]))
        assert actions in (XRAY, [*ASKED, *XRAY], [*SEEN, *XRAY], LOGS, LATER, TOPICS, TOPICS[:1], ALARMS)
        if actions == ALARMS:
            assert json.dumps(statement["Resource"]).endswith(':alarm:*"]]}')
        if actions in (TOPICS, TOPICS[:1]):
            stars = [resource for resource in statement["Resource"] if "*" in json.dumps(resource)]
            assert [json.dumps(star).split(":")[-1] for star in stars] == [
                'nightjar-prod-alerts_*"]]}',
                'nightjar-prod-texts_*"]]}',
            ]
        if actions == LATER:
            assert json.dumps(statement["Resource"]).endswith(':schedule/nightjar-prod-texts/text-*"]]}')
        if actions == LOGS:
            text = json.dumps(statement["Resource"])
            assert ":log-group:/aws/lambda/nightjar-prod-" in text
            assert text.count("*") == 1


def test_nothing_is_allowed_by_a_policy_of_aws(prod: Stacks) -> None:
    assert not [role for role in prod.app.of_type("IAM::Role").values() if "ManagedPolicyArns" in role]


def _uses_the_key_directly(statement: Properties) -> bool:
    uses = any(action.startswith("kms:") for action in listed(statement["Action"]))
    return uses and "kms:ViaService" not in statement.get("Condition", {}).get("StringEquals", {})


@pytest.mark.parametrize("stage", ["prod", "demo"])
def test_of_all_roles_only_the_fetchers_may_use_the_key_directly(stage: str, request: pytest.FixtureRequest) -> None:
    """The demo has every function that meets a token. That is encrypted with the key itself, through no service."""
    stacks: Stacks = request.getfixturevalue(stage)

    policies = {name for name, statement in stacks.app.statements() if _uses_the_key_directly(statement)}
    assert {name.partition("Role")[0] for name in policies} == {"Fetcher"}
    # What a function may do stands in its role's policy, and in no other place.
    assert not [role for role in stacks.app.of_type("IAM::Role").values() if "Policies" in role]
    assert not stacks.app.of_type("IAM::ManagedPolicy")
    assert not [statement for statement in _key_policy(stacks) if "Condition" not in statement]


def _key_policy(stacks: Stacks) -> list[Properties]:
    (key,) = stacks.data.of_type("KMS::Key").values()
    return [statement for statement in key["KeyPolicy"]["Statement"] if "AWS" not in statement["Principal"]]


@pytest.mark.parametrize("room", ROOMS)
def test_tokens_and_the_apps_secret_are_for_the_fetcher_alone(prod: Stacks, room: str) -> None:
    text = json.dumps(prod.app.statements_of(room))
    assert ("TablesTokens" in text) == (room == "Fetcher")
    assert ("secretsmanager:GetSecretValue" in text) == (room == "Fetcher")


@pytest.mark.parametrize("room", ROOMS)
def test_budgets_are_for_those_who_spend_them_and_can_only_be_moved_on(prod: Stacks, room: str) -> None:
    of_budgets = [
        listed(statement["Action"])
        for statement in prod.app.statements_of(room)
        if "TablesBudgets" in json.dumps(statement["Resource"])
    ]
    assert of_budgets == ([["dynamodb:UpdateItem"]] if room in {"Fetcher", "Notifier"} else [])


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_deletes_an_item_and_whole_tables_are_read_by_the_dispatcher_and_the_preflight(
    prod: Stacks, room: str
) -> None:
    statements = prod.app.statements_of(room)
    assert "dynamodb:DeleteItem" not in [action for one in statements for action in listed(one["Action"])]
    scanned = [json.dumps(one["Resource"]) for one in statements if "dynamodb:Scan" in listed(one["Action"])]
    tables = {"Dispatcher": ["TablesMerchants"], "Closer": ["TablesRecipients"]}.get(room, [])
    assert len(scanned) == len(tables)
    assert all(table in resource for table, resource in zip(tables, scanned, strict=True))


def test_of_dead_letters_the_closer_sees_how_many_there_are_and_takes_none(prod: Stacks) -> None:
    of_queues = [one for one in prod.app.statements_of("Closer") if "sqs:GetQueueUrl" in listed(one["Action"])]
    assert [listed(one["Action"]) for one in of_queues] == [["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]]
    ids = [prod.app.logical_id("SQS::Queue", "QueueName", f"nightjar-prod-{name}") for name in DEAD]
    assert sorted(one["Fn::GetAtt"][0] for one in of_queues[0]["Resource"]) == sorted(ids)
    closer = prod.app.named("Lambda::Function", "FunctionName", "nightjar-prod-closer")
    told = closer["Environment"]["Variables"]["NIGHTJAR_DEAD_LETTERS"].split(",")
    assert sorted(told) == sorted(f"nightjar-prod-{name}" for name in DEAD)


def test_the_preflight_ends_before_the_closer_is_stopped() -> None:
    assert SECONDS + KEPT_BACK < CLOSE_SECONDS / 2


def test_the_closer_alone_queries_indexes_each_by_its_name(prod: Stacks) -> None:
    by_room = {
        room: sorted(
            part.removeprefix("/index/")
            for statement in prod.app.statements_of(room)
            for resource in listed(statement["Resource"])
            for part in (resource["Fn::Join"][1] if isinstance(resource, dict) and "Fn::Join" in resource else [])
            if isinstance(part, str) and part.startswith("/index/")
        )
        for room in ROOMS
    }
    assert by_room == {room: [] for room in ROOMS} | {"Closer": ["by_end", "by_night", "unsent"]}


def test_of_a_finding_the_notifier_takes_back_that_somebody_was_told_and_nothing_else(prod: Stacks) -> None:
    (statement,) = (
        one for one in prod.app.statements_of("Notifier") if "TablesFindings" in json.dumps(one["Resource"])
    )

    assert listed(statement["Action"]) == ["dynamodb:UpdateItem"]
    assert statement["Condition"]["ForAllValues:StringEquals"] == {
        "dynamodb:Attributes": ["check_id", "last_told_on", "merchant_id"]
    }


def test_mutes_are_set_by_people_and_only_read_by_functions(prod: Stacks) -> None:
    reading = {
        room: [
            action
            for statement in prod.app.statements_of(room)
            if "TablesMutes" in json.dumps(statement["Resource"])
            for action in listed(statement["Action"])
        ]
        for room in ROOMS
    }
    assert reading == {room: [] for room in ROOMS} | {"Evaluator": ["dynamodb:Query"], "Closer": ["dynamodb:Query"]}


def _of_the_webhook(demo: Stacks, action: str) -> Properties:
    """Return the one statement of the webhook's role that allows an action."""
    (found,) = (statement for statement in demo.app.statements_of("Webhook") if listed(statement["Action"]) == [action])
    return found


def test_the_webhook_may_do_five_things_and_nothing_else(demo: Stacks) -> None:
    # Beside its log, its traces and DynamoDB's own use of the key.
    assert {
        tuple(listed(statement["Action"]))
        for statement in demo.app.statements_of("Webhook")
        if "*" not in json.dumps(statement["Resource"]) and "kms:GenerateDataKey" not in statement["Action"]
    } == {("dynamodb:Query",), ("dynamodb:UpdateItem",), ("secretsmanager:GetSecretValue",), ("kms:Decrypt",)}
    assert json.dumps(_of_the_webhook(demo, "dynamodb:Query")["Resource"]).count("/index/by_open_id") == 1
    assert "TikTokApp" in json.dumps(_of_the_webhook(demo, "secretsmanager:GetSecretValue")["Resource"])


def test_the_webhook_decrypts_nothing_but_lets_secrets_manager_decrypt_the_apps_secret(demo: Stacks) -> None:
    held = _of_the_webhook(demo, "kms:Decrypt")["Condition"]
    secret = _of_the_webhook(demo, "secretsmanager:GetSecretValue")["Resource"]
    through = {"Fn::Join": ["", ["secretsmanager.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}
    assert held == {"StringEquals": {"kms:ViaService": through, "kms:EncryptionContext:SecretARN": secret}}


def test_of_a_tokens_row_the_webhook_writes_the_state_only_and_is_shown_nothing(demo: Stacks) -> None:
    update = _of_the_webhook(demo, "dynamodb:UpdateItem")
    assert "TablesTokens" in json.dumps(update["Resource"])
    assert update["Condition"] == {
        "ForAllValues:StringEquals": {
            "dynamodb:Attributes": [
                "connected_at",
                "merchant_id",
                "provider",
                "state",
                "state_reason",
                "state_since",
            ]
        },
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }


def test_marking_a_connection_names_just_what_the_webhook_may_name(demo: Stacks) -> None:
    """DynamoDB counts keys, what is written and what is compared with: one name more, and the call is denied."""
    asked: dict[str, Any] = {}

    class Recorder:
        def update_item(self, **request: Any) -> None:
            asked.update(request)

    at = datetime(2026, 11, 21, tzinfo=UTC)
    Connections(cast("Any", Recorder()), "tokens").mark_removed("larkspur", "banned", at)

    expressions = f"{asked['UpdateExpression']} {asked['ConditionExpression']}"
    words = {"SET", "AND", "OR", "NOT", "attribute_exists", "attribute_not_exists"}
    bare = set(re.findall(r"(?<![#:\w])\w+", expressions)) - words
    allowed = _of_the_webhook(demo, "dynamodb:UpdateItem")["Condition"]["ForAllValues:StringEquals"]
    named = {*bare, *asked["ExpressionAttributeNames"].values(), *asked["Key"]}
    assert sorted(named) == allowed["dynamodb:Attributes"]
    assert "ReturnValues" not in asked


@pytest.mark.parametrize(("schedule", "room"), [("Nightly", "dispatcher"), ("Closing", "closer")])
def test_a_schedules_role_calls_one_function_and_fills_one_queue(prod: Stacks, schedule: str, room: str) -> None:
    function = prod.app.logical_id("Lambda::Function", "FunctionName", f"nightjar-prod-{room}")
    dead = prod.app.logical_id("SQS::Queue", "QueueName", "nightjar-prod-schedule-dlq")
    allowed = {
        tuple(listed(statement["Action"])): statement["Resource"] for statement in prod.app.statements_of(schedule)
    }
    assert allowed.pop(("lambda:InvokeFunction",)) == {"Fn::GetAtt": [function, "Arn"]}
    assert allowed.pop(("sqs:SendMessage",)) == {"Fn::GetAtt": [dead, "Arn"]}
    assert list(allowed) == [("kms:Decrypt", "kms:GenerateDataKey")]


def test_scheduler_can_be_asked_to_take_a_role_by_this_account_only(prod: Stacks) -> None:
    roles = [role["AssumeRolePolicyDocument"]["Statement"][0] for role in prod.app.of_type("IAM::Role").values()]
    schedulers = [trust for trust in roles if trust["Principal"] == {"Service": "scheduler.amazonaws.com"}]
    account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    group = prod.app.logical_id("Scheduler::ScheduleGroup", "Name", "nightjar-prod-texts")
    of_group = {"StringEquals": account | {"aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]}}}
    conditions = sorted((trust["Condition"] for trust in schedulers), key=repr)
    assert conditions == sorted([{"StringEquals": account}, {"StringEquals": account}, of_group], key=repr)


def test_the_notifier_hands_its_schedules_one_role_that_calls_nothing_but_the_notifier(prod: Stacks) -> None:
    (role,) = (name for name in prod.app.of_type("IAM::Role") if name.startswith("TextsRole"))
    (passing,) = (
        statement for statement in prod.app.statements_of("Notifier") if listed(statement["Action"]) == ["iam:PassRole"]
    )
    assert passing["Resource"] == {"Fn::GetAtt": [role, "Arn"]}
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    allowed = {
        tuple(listed(statement["Action"])): statement["Resource"] for statement in prod.app.statements_of("TextsRole")
    }
    called = json.dumps(allowed.pop(("lambda:InvokeFunction",)))
    assert called.endswith(':function:nightjar-prod-notifier"]]}')
    dead = prod.app.logical_id("SQS::Queue", "QueueName", "nightjar-prod-schedule-dlq")
    assert allowed.pop(("sqs:SendMessage",)) == {"Fn::GetAtt": [dead, "Arn"]}
    assert list(allowed) == [("kms:Decrypt", "kms:GenerateDataKey")]
