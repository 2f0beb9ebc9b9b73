"""The embedded AWS at work: stacks, queues, streams, schedules, topics and logs act as on AWS."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from console.embedded import Delivery, EmbeddedAws, EmbeddedAwsError, QueueDepth
from tests.console.embedded_assemblies import ROLE, Resources, function, table, write_assembly

pytestmark = pytest.mark.slow

CODE = """
import json, os
import boto3

def dispatch(event, context):
    sqs = boto3.client("sqs")
    for number in range(12):
        body = json.dumps({"id": f"m{number:02}", "at": event["scheduled_time"]})
        sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=body)
    print("dispatched 12")

def work(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    failed = []
    for record in event["Records"]:
        item = json.loads(record["body"])
        if item["id"] == "poison":
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            table.put_item(Item=item)
    return {"batchItemFailures": failed}

def tell(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        boto3.client("sns").publish(
            TopicArn=os.environ["TOPIC"],
            Subject="Done " + image["id"]["S"],
            Message=json.dumps({"default": "?", "email": "mail " + image["id"]["S"], "sms": "sms"}),
            MessageStructure="json",
            MessageAttributes={"severity": {"DataType": "String", "StringValue": "critical"}},
        )

def broken(event, context):
    raise ValueError("no night without stars")
"""


def resources() -> dict[str, Any]:
    """What reads and writes; the table comes from another stack, through an export."""
    return {
        "Role": ROLE,
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs-dlq"}},
        "Jobs": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": "jobs",
                "VisibilityTimeout": 1,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 1,
                },
            },
        },
        "Dispatch": function("dispatch", QUEUE={"Ref": "Jobs"}),
        "Work": function("work", TABLE={"Fn::ImportValue": "TableName"}),
        "Tell": function("tell", TOPIC={"Ref": "Topic"}),
        "Broken": function("broken"),
        "FromJobs": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]},
                "FunctionName": {"Ref": "Work"},
                "BatchSize": 5,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": 2},
            },
        },
        "FromTable": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::ImportValue": "StreamArn"},
                "FunctionName": {"Ref": "Tell"},
                "StartingPosition": "TRIM_HORIZON",
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "night"}},
        "Mail": subscription("email", "owner@shop.example"),
        "Phone": subscription("sms", "+15550100", ["critical"]),
        "QuietPhone": subscription("sms", "+15550199", ["summary"]),
        "Nightly": schedule("nightly", "ENABLED"),
        "Asleep": schedule("asleep", "DISABLED"),
    }


def subscription(protocol: str, endpoint: str, severities: list[str] | None = None) -> dict[str, Any]:
    properties = {"TopicArn": {"Ref": "Topic"}, "Protocol": protocol, "Endpoint": endpoint}
    policy = {"FilterPolicy": {"severity": severities}} if severities else {}
    return {"Type": "AWS::SNS::Subscription", "Properties": properties | policy}


def schedule(name: str, state: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": name,
            "State": state,
            "ScheduleExpression": "cron(15 2 * * ? *)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": {"Fn::GetAtt": ["Dispatch", "Arn"]},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',
            },
        },
    }


def export(name: str, value: object) -> dict[str, Any]:
    return {"Value": value, "Export": {"Name": name}}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedAws, dict[str, dict[str, str]]]]:
    data = {"Table": table("items", StreamSpecification={"StreamViewType": "NEW_IMAGE"})}
    outputs = {
        "Name": export("TableName", {"Ref": "Table"}),
        "Stream": export("StreamArn", {"Fn::GetAtt": ["Table", "StreamArn"]}),
    }
    stacks: dict[str, Resources | Sequence[Any]] = {"data": (data, outputs), "functions": resources()}
    assembly = write_assembly(tmp_path_factory.mktemp("app"), stacks, code=CODE)
    with EmbeddedAws.start() as aws:
        yield aws, aws.deploy(assembly)


@pytest.fixture
def aws(deployed: tuple[EmbeddedAws, dict[str, dict[str, str]]]) -> EmbeddedAws:
    return deployed[0]


def test_stacks_are_created_in_order_and_tell_their_outputs(
    deployed: tuple[EmbeddedAws, dict[str, dict[str, str]]],
) -> None:
    _, outputs = deployed
    assert outputs["data"]["Name"] == "items"
    assert outputs["data"]["Stream"].startswith("arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/")


def test_a_schedule_fires_and_the_work_goes_through_queue_table_stream_and_topic(aws: EmbeddedAws) -> None:
    at = datetime(2026, 11, 22, 4, 15, tzinfo=timezone(timedelta(hours=2)))
    aws.fire_schedule("nightly", at=at)
    assert not aws.is_idle()
    aws.wait_until(aws.is_idle, timeout=60, what="the work to end")

    items = aws.client("dynamodb").scan(TableName="items")["Items"]
    assert sorted(item["id"]["S"] for item in items) == [f"m{number:02}" for number in range(12)]
    assert {item["at"]["S"] for item in items} == {"2026-11-22T02:15:00Z"}

    sent = aws.outbox()
    topic = "arn:aws:sns:us-east-1:000000000000:night"
    mails = {d.subject: d.body for d in sent if d.protocol == "email"}
    assert mails == {f"Done m{number:02}": f"mail m{number:02}" for number in range(12)}
    phones = [d for d in sent if d.protocol == "sms"]
    assert len(phones) == 12
    assert phones[0] == Delivery("sms", "+15550100", "", "sms", {"severity": "critical"}, topic, phones[0].message_id)


def test_a_message_that_fails_ends_in_the_dead_letter_queue_and_that_is_idle_too(aws: EmbeddedAws) -> None:
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody='{"id": "poison"}')
    aws.wait_until(lambda: aws.queue_depths()["jobs-dlq"].visible, timeout=30, what="the dead letter")
    aws.wait_until(aws.is_idle, timeout=30, what="rest")
    assert aws.queue_depths() == {"jobs": QueueDepth(0, 0), "jobs-dlq": QueueDepth(1, 0)}


def test_what_a_function_wrote_and_why_it_failed_can_be_read(aws: EmbeddedAws) -> None:
    assert aws.logs("broken") == []
    answer = aws.client("lambda").invoke(FunctionName="broken", Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert any("ValueError: no night without stars" in line for line in aws.logs("broken"))


def test_a_text_without_a_version_for_the_protocol_falls_back_to_the_default(aws: EmbeddedAws) -> None:
    seen = len(aws.outbox())
    aws.client("sns").publish(
        TopicArn="arn:aws:sns:us-east-1:000000000000:night",
        Message=json.dumps({"default": "short", "email": "long"}),
        MessageStructure="json",
        Subject="Night closed",
        MessageAttributes={"severity": {"DataType": "String", "StringValue": "summary"}},
    )
    new = [(d.protocol, d.endpoint, d.subject, d.body) for d in aws.outbox()[seen:]]
    assert sorted(new) == [
        ("email", "owner@shop.example", "Night closed", "long"),
        ("sms", "+15550199", "", "short"),
    ]


def test_a_schedule_that_aws_would_not_fire_is_not_fired_here(aws: EmbeddedAws) -> None:
    with pytest.raises(EmbeddedAwsError, match="asleep is DISABLED"):
        aws.fire_schedule("asleep", at=datetime(2026, 11, 22, tzinfo=UTC))
    with pytest.raises(EmbeddedAwsError, match=r"no schedule daily; there are: .*nightly"):
        aws.fire_schedule("daily", at=datetime(2026, 11, 22, tzinfo=UTC))
