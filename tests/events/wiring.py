"""A room as Lambda starts it: its handler module imported anew, with the environment that the stack gives it."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import boto3
import pytest

from tests.cloud import CLIENT_SECRET, REGION, Cloud
from tests.rooms.tiktok_posts import CLIENT_KEY, header
from tests.tables import PREFIX

EVENTS: Final = Path(__file__).parents[2] / "events"
OF_REPORTS: Final = ("reporter", "viewer")  # there only where a stage has reports
ROOMS: Final = ("dispatcher", "fetcher", "evaluator", "notifier", "closer", "webhook", *OF_REPORTS)
NAME: Final = f"{PREFIX}tiktok-app"
APP_KEYS: Final = json.dumps({"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET})
BUCKET: Final = f"{PREFIX}reports"
LINK_KEY: Final = "sample-key-of-the-links"  # signed events/viewer.json


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of itself."""

    function_name: str
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:nightjar-test"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def event(name: str) -> dict[str, Any]:
    """Return a file of `events/`, named without its ending; a delivery of TikTok's as if it were sent just now."""
    read: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    if name.startswith("webhook"):
        old = read["headers"]["tiktok-signature"]
        sent_at, _, digest = header(read["body"].encode(), CLIENT_SECRET, datetime.now(UTC)).partition(",")
        # What was altered on its way has the signature of something else.
        read["headers"]["tiktok-signature"] = f"{sent_at},{old.split(',')[1] if name.endswith('poison') else digest}"
    return read


def environment_of(room: str, cloud: Cloud | None = None) -> dict[str, str]:
    """Return the environment of a room on the pretended stage; without one, only its names can be trusted."""

    def made(kind: str, name: str) -> str:
        if cloud is None:
            return name
        return cloud.queue(name) if kind == "queue" else cloud.topic(name)

    own: dict[str, dict[str, str]] = {
        "dispatcher": {
            "NIGHTJAR_FETCH_QUEUE_URL": made("queue", "fetch"),
            "NIGHTJAR_NIGHT_DAYS": "500",
            "NIGHTJAR_AUDIT_DAYS": "400",
        },
        "fetcher": {
            "NIGHTJAR_EVALUATE_QUEUE_URL": made("queue", "evaluate"),
            "NIGHTJAR_FETCH_QUEUE_URL": made("queue", "fetch"),
            "NIGHTJAR_TIKTOK_PER_MINUTE": "600",
            "NIGHTJAR_MAX_RECEIVES": "5",
            "NIGHTJAR_TOKENS_KEY_ID": cloud.key_arn if cloud else "key",
            "NIGHTJAR_TIKTOK_SECRET_ID": _secret() if cloud else "secret",
            "NIGHTJAR_GOOGLE_SECRET_ID": "google",
            "NIGHTJAR_ALLOWED_HOSTS": "open.tiktokapis.com",
            "NIGHTJAR_TIKTOK_HOSTS": "open.tiktokapis.com",
            "NIGHTJAR_ALLOW_LOOPBACK_HTTP": "0",
            "NIGHTJAR_SNAPSHOT_DAYS": "35",
            "NIGHTJAR_RESEARCH_API": "0",
        },
        "evaluator": {
            "NIGHTJAR_FETCH_QUEUE_URL": made("queue", "fetch"),
            "NIGHTJAR_AUDIT_DAYS": "400",
            "NIGHTJAR_ALERT_DAYS": "300",
            "NIGHTJAR_FINDING_DAYS": "200",
        },
        "notifier": {
            "NIGHTJAR_ALERTS_TOPIC_ARN": _heard(made("topic", "alerts")) if cloud else "alerts",
            "NIGHTJAR_TEXTS_TOPIC_ARN": made("topic", "texts"),
            "NIGHTJAR_SMS_PER_NIGHT": "500",
            "NIGHTJAR_SMS_PER_MERCHANT": "3",
            "NIGHTJAR_SMS_MAX_PRICE_USD": "0.50",
            "NIGHTJAR_SMS_SENDER_ID": "Nightjar",
            "NIGHTJAR_SCHEDULE_GROUP": _schedules() if cloud else "group",
            "NIGHTJAR_SCHEDULE_ROLE_ARN": "arn:aws:iam::123456789012:role/texts",
            "NIGHTJAR_SCHEDULE_TARGET_ARN": f"arn:aws:lambda:{REGION}:123456789012:function:{PREFIX}notifier",
            "NIGHTJAR_SCHEDULE_DEAD_ARN": f"arn:aws:sqs:{REGION}:123456789012:{PREFIX}schedule-dlq",
        },
        "closer": {
            "NIGHTJAR_OPERATORS_TOPIC_ARN": made("topic", "operators"),
            "NIGHTJAR_ALERTS_TOPIC_ARN": made("topic", "alerts"),
            "NIGHTJAR_TEXTS_TOPIC_ARN": made("topic", "texts"),
            "NIGHTJAR_DEAD_LETTERS": f"{PREFIX}fetch-dlq,{PREFIX}alerts-stream-dlq",
            "NIGHTJAR_AUDIT_DAYS": "400",
            "NIGHTJAR_ALERT_DAYS": "300",
            "NIGHTJAR_FINDING_DAYS": "200",
        },
        "webhook": {"NIGHTJAR_TIKTOK_SECRET_ID": _secret() if cloud else "secret"},
        "reporter": {"NIGHTJAR_REPORTS_BUCKET": _bucket() if cloud else "bucket"},
        "viewer": {
            "NIGHTJAR_REPORTS_BUCKET": _bucket() if cloud else "bucket",
            "NIGHTJAR_REPORT_SECRET_ID": _secret(f"{PREFIX}report-links", LINK_KEY) if cloud else "secret",
        },
    }
    return {
        "NIGHTJAR_STAGE": "test",
        "NIGHTJAR_TABLE_PREFIX": PREFIX,
        "POWERTOOLS_SERVICE_NAME": room,
        "POWERTOOLS_METRICS_NAMESPACE": "Nightjar/test",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        **own[room],
    }


@contextmanager
def started(room: str, cloud: Cloud, *, without: str | None = None, **changed: str) -> Iterator[ModuleType]:
    """Import a room's handler module as a fresh container does, and take it away again.

    ``without`` names a variable that its environment lacks; ``changed`` are variables of another value.
    """
    name = f"functions.{room}.handler"
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in {**environment_of(room, cloud), **changed}.items():
            if variable != without:
                patch.setenv(variable, value)
        # A logger that is already there would go on writing to the stream of another test.
        logging.Logger.manager.loggerDict.pop(room, None)
        sys.modules.pop(name, None)
        module = importlib.import_module(name)
        try:
            yield module
        finally:
            if room == "fetcher":
                module.runner.run(module.http.close())
                module.runner.close()
            sys.modules.pop(name, None)
            logging.Logger.manager.loggerDict.pop(room, None)


def call(module: ModuleType, with_event: dict[str, Any]) -> dict[str, Any]:
    """Call the handler as Lambda does and return what it answers, as the JSON that Lambda would make of it."""
    room = module.__name__.split(".")[1]
    answer: dict[str, Any] = json.loads(json.dumps(module.handler(with_event, Context(f"nightjar-test-{room}"))))
    return answer


def _heard(topic_arn: str) -> str:
    """Have somebody there to get what is published: what nobody gets is held."""
    sns = boto3.client("sns", region_name=REGION)
    sns.subscribe(TopicArn=topic_arn, Protocol="email", Endpoint="anna@shop.example")
    return topic_arn


def _schedules() -> str:
    scheduler, name = boto3.client("scheduler", region_name=REGION), f"{PREFIX}texts"
    if name not in {group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]}:
        scheduler.create_schedule_group(Name=name)
    return name


def _secret(name: str = NAME, text: str = APP_KEYS) -> str:
    secrets = boto3.client("secretsmanager", region_name=REGION)
    listed = [one["ARN"] for one in secrets.list_secrets()["SecretList"] if one["Name"] == name]
    return listed[0] if listed else secrets.create_secret(Name=name, SecretString=text)["ARN"]


def _bucket() -> str:
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=BUCKET)
    return BUCKET
