"""Reports as an option of a stage: a bucket that nobody reads, who writes it, and the one door to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.closer.preflight import DEAD, OPTIONAL_DEAD
from infra.app import build
from infra.bundling import Target
from infra.stages import choose
from tests.events.wiring import OF_REPORTS, environment_of
from tests.infra.conftest import RECIPIENTS
from tests.infra.templates import Properties, Stacks, listed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    outdir = tmp_path_factory.mktemp("cdk-reports")
    stage = choose("prod", recipients=RECIPIENTS).model_copy(update={"reports": True, "report_days": 30})
    build(stage, outdir, target=Target.HOST)
    return Stacks.read(outdir, "prod")


def _function(stacks: Stacks, room: str) -> Properties:
    return stacks.app.named("Lambda::Function", "FunctionName", f"nightjar-prod-{room}")


def _may(stacks: Stacks, room: str) -> dict[str, list[str]]:
    """Return what a room's role allows, by the kind of thing that it is about."""
    found: dict[str, list[str]] = {}
    for statement in stacks.app.statements_of(room.capitalize()):
        for action in listed(statement["Action"]):
            service, _, operation = action.partition(":")
            found.setdefault(service, []).append(operation)
    return {service: sorted(operations) for service, operations in found.items()}


def test_without_the_setting_nothing_of_it_exists(prod: Stacks) -> None:
    assert not prod.data.of_type("S3::Bucket")
    text = json.dumps([prod.data.body, prod.app.body])
    for name in ("reporter", "viewer", "report-links", "nightjar-prod-report", "NIGHTJAR_REPORT"):
        assert name not in text


def test_the_bucket_is_private_encrypted_and_forgets(stacks: Stacks) -> None:
    (bucket,) = stacks.data.of_type("S3::Bucket").values()

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (life,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (life["ExpirationInDays"], life["Status"]) == (30, "Enabled")
    assert "VersioningConfiguration" not in bucket
    (policy,) = stacks.data.of_type("S3::BucketPolicy").values()
    (only,) = policy["PolicyDocument"]["Statement"]
    assert (only["Effect"], only["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert stacks.data.deletion_policies("S3::Bucket") == {"Retain"}


def test_the_key_of_the_links_is_made_up_and_stands_in_no_template(stacks: Stacks) -> None:
    secret = stacks.data.named("SecretsManager::Secret", "Name", "nightjar-prod-report-links")

    assert secret["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert "SecretString" not in secret


def test_the_evaluator_puts_a_night_on_the_queue_and_the_reporter_works_it_off(stacks: Stacks) -> None:
    queue = stacks.app.logical_id("SQS::Queue", "QueueName", "nightjar-prod-report")
    dead = stacks.app.logical_id("SQS::Queue", "QueueName", "nightjar-prod-report-dlq")
    reporter = stacks.app.logical_id("Lambda::Function", "FunctionName", "nightjar-prod-reporter")

    told = _function(stacks, "evaluator")["Environment"]["Variables"]
    assert told["NIGHTJAR_REPORT_QUEUE_URL"] == {"Ref": queue}
    sends = [one for one in stacks.app.statements_of("Evaluator") if listed(one["Action"]) == ["sqs:SendMessage"]]
    assert queue in json.dumps(sends)
    (source,) = (
        one
        for one in stacks.app.of_type("Lambda::EventSourceMapping").values()
        if one["FunctionName"] == {"Ref": reporter}
    )
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    waits = [alarm for alarm in stacks.app.of_type("CloudWatch::Alarm").values() if dead in json.dumps(alarm)]
    assert [alarm["MetricName"] for alarm in waits] == ["ApproximateNumberOfMessagesVisible"]


def test_the_reporter_reads_five_tables_and_writes_reports_alone(stacks: Stacks) -> None:
    may = _may(stacks, "reporter")

    assert may["s3"] == ["DeleteObject", "PutObject"]
    assert set(may["dynamodb"]) == {"GetItem", "Query"}
    assert not {"secretsmanager", "sns"} & may.keys()
    text = json.dumps(stacks.app.statements_of("Reporter"))
    assert "Tokens" not in text
    assert "-reports-" in text


def test_the_viewer_reads_reports_and_the_links_key_and_no_table(stacks: Stacks) -> None:
    may = _may(stacks, "viewer")

    assert may["s3"] == ["GetObject", "ListBucket"]
    assert may["secretsmanager"] == ["GetSecretValue"]
    reads_items = [
        one for one in stacks.app.statements_of("Viewer") if any("dynamodb" in a for a in listed(one["Action"]))
    ]
    assert reads_items == []
    assert _function(stacks, "viewer")["ReservedConcurrentExecutions"] == 5
    variables: dict[str, Any] = _function(stacks, "viewer")["Environment"]["Variables"]
    assert not any("QUEUE" in name or "TOPIC" in name for name in variables)


@pytest.mark.parametrize("room", OF_REPORTS)
def test_the_pretended_environment_names_what_the_template_names(stacks: Stacks, room: str) -> None:
    assert set(environment_of(room)) == set(_function(stacks, room)["Environment"]["Variables"])


@pytest.mark.parametrize("room", OF_REPORTS)
def test_neither_of_the_two_uses_the_key_but_through_a_service(stacks: Stacks, room: str) -> None:
    uses = [one for one in stacks.app.statements_of(room.capitalize()) if "kms:" in json.dumps(one["Action"])]

    assert uses
    assert all("kms:ViaService" in one["Condition"]["StringEquals"] for one in uses)


def test_the_notifier_knows_where_links_lead_and_may_sign_them(stacks: Stacks) -> None:
    variables = _function(stacks, "notifier")["Environment"]["Variables"]

    assert "FunctionUrl" in json.dumps(variables["NIGHTJAR_REPORTS_URL"])
    assert _may(stacks, "notifier")["secretsmanager"] == ["GetSecretValue"]
    # Only through Secrets Manager, and this one secret.
    decrypts = [
        one["Condition"]["StringEquals"]
        for one in stacks.app.statements_of("Notifier")
        if listed(one["Action"]) == ["kms:Decrypt"]
    ]
    assert [sorted(held) for held in decrypts] == [["kms:EncryptionContext:SecretARN", "kms:ViaService"]]


def test_the_preflight_looks_at_the_dead_reports_too(stacks: Stacks) -> None:
    queues = [queue["QueueName"] for queue in stacks.app.of_type("SQS::Queue").values()]
    dead = sorted(name for name in queues if name.endswith("-dlq"))
    told = _function(stacks, "closer")["Environment"]["Variables"]["NIGHTJAR_DEAD_LETTERS"]

    assert dead == sorted(told.split(",")) == sorted(f"nightjar-prod-{name}" for name in (*DEAD, *OPTIONAL_DEAD))
