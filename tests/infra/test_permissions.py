"""No function may do more than its work needs, and every star in a policy has its reason here."""

from __future__ import annotations

import json

import pytest

from tests.infra.templates import Properties, Stacks, listed

pytestmark = pytest.mark.slow

ROOMS = ("Dispatcher", "Fetcher", "Evaluator", "Notifier", "Closer")
XRAY = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]  # the two know no resource to be held to
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]  # Lambda makes up the streams' names as it goes


def test_no_action_is_a_wildcard(prod: Stacks) -> None:
    actions = [action for _, statement in prod.app.statements() for action in listed(statement["Action"])]
    assert actions
    assert not [action for action in actions if "*" in action]


def test_no_resource_is_a_wildcard_but_for_traces_and_the_names_of_log_streams(prod: Stacks) -> None:
    starred = [statement for _, statement in prod.app.statements() if "*" in json.dumps(statement["Resource"])]
    assert len(starred) == 2 * len(ROOMS)
    for statement in starred:
        actions = sorted(listed(statement["Action"]))
        assert actions in (XRAY, LOGS)
        if actions == LOGS:
            text = json.dumps(statement["Resource"])
            assert ":log-group:/aws/lambda/nightjar-prod-" in text
            assert text.count("*") == 1


def test_nothing_is_allowed_by_a_policy_of_aws(prod: Stacks) -> None:
    assert not [role for role in prod.app.of_type("IAM::Role").values() if "ManagedPolicyArns" in role]


def _direct_key_use(statements: list[Properties]) -> list[Properties]:
    return [
        statement
        for statement in statements
        if any(action.startswith("kms:") for action in listed(statement["Action"])) and "Condition" not in statement
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_only_the_fetcher_can_decrypt_a_token_itself(prod: Stacks, room: str) -> None:
    direct = _direct_key_use(prod.app.statements_of(room))
    assert bool(direct) == (room == "Fetcher")


@pytest.mark.parametrize("room", ROOMS)
def test_tokens_and_the_apps_secret_are_for_the_fetcher_alone(prod: Stacks, room: str) -> None:
    text = json.dumps(prod.app.statements_of(room))
    assert ("TablesTokens" in text) == (room == "Fetcher")
    assert ("secretsmanager:GetSecretValue" in text) == (room == "Fetcher")


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_deletes_an_item_and_only_the_dispatcher_scans(prod: Stacks, room: str) -> None:
    actions = [action for statement in prod.app.statements_of(room) for action in listed(statement["Action"])]
    assert "dynamodb:DeleteItem" not in actions
    assert ("dynamodb:Scan" in actions) == (room == "Dispatcher")


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
    assert by_room == {room: [] for room in ROOMS} | {"Closer": ["by_night", "unsent"]}


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
    assert len(schedulers) == 2
    for trust in schedulers:
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
