"""The environment of each function, as the CDK app sets it, with names of nothing real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/nightjar-demo"
_TOPIC = "arn:aws:sns:us-east-1:000000000000:nightjar-demo"
_SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:nightjar-demo-tiktok-app"
_COMMON: Mapping[str, str] = {
    "NIGHTJAR_STAGE": "demo",
    "NIGHTJAR_TABLE_PREFIX": "nightjar-demo-",
    "POWERTOOLS_METRICS_NAMESPACE": "Nightjar/demo",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "dispatcher": {
        "NIGHTJAR_FETCH_QUEUE_URL": f"{_QUEUE}-fetch",
        "NIGHTJAR_NIGHT_DAYS": "500",
        "NIGHTJAR_AUDIT_DAYS": "400",
    },
    "fetcher": {
        "NIGHTJAR_EVALUATE_QUEUE_URL": f"{_QUEUE}-evaluate",
        "NIGHTJAR_FETCH_QUEUE_URL": f"{_QUEUE}-fetch",
        "NIGHTJAR_TIKTOK_PER_MINUTE": "600",
        "NIGHTJAR_MAX_RECEIVES": "5",
        "NIGHTJAR_TOKENS_KEY_ID": "arn:aws:kms:us-east-1:000000000000:key/1234",
        "NIGHTJAR_TIKTOK_SECRET_ID": _SECRET,
        "NIGHTJAR_GOOGLE_SECRET_ID": _SECRET.replace("tiktok-app", "google"),
        "NIGHTJAR_ALLOWED_HOSTS": "open.tiktokapis.com",
        "NIGHTJAR_TIKTOK_HOSTS": "open.tiktokapis.com",
        "NIGHTJAR_ALLOW_LOOPBACK_HTTP": "0",
        "NIGHTJAR_SNAPSHOT_DAYS": "90",
        "NIGHTJAR_RESEARCH_API": "0",
    },
    "evaluator": {
        "NIGHTJAR_FETCH_QUEUE_URL": f"{_QUEUE}-fetch",
        "NIGHTJAR_AUDIT_DAYS": "400",
        "NIGHTJAR_ALERT_DAYS": "300",
        "NIGHTJAR_FINDING_DAYS": "200",
    },
    "notifier": {
        "NIGHTJAR_ALERTS_TOPIC_ARN": f"{_TOPIC}-alerts",
        "NIGHTJAR_TEXTS_TOPIC_ARN": f"{_TOPIC}-texts",
        "NIGHTJAR_SMS_PER_NIGHT": "500",
        "NIGHTJAR_SMS_PER_MERCHANT": "3",
        "NIGHTJAR_SMS_MAX_PRICE_USD": "0.50",
        "NIGHTJAR_SMS_SENDER_ID": "Nightjar",
        "NIGHTJAR_SCHEDULE_GROUP": "nightjar-demo-texts",
        "NIGHTJAR_SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/nightjar-demo-texts-scheduler",
        "NIGHTJAR_SCHEDULE_TARGET_ARN": "arn:aws:lambda:us-east-1:000000000000:function:nightjar-demo-notifier",
        "NIGHTJAR_SCHEDULE_DEAD_ARN": "arn:aws:sqs:us-east-1:000000000000:nightjar-demo-schedule-dlq",
    },
    "closer": {
        "NIGHTJAR_OPERATORS_TOPIC_ARN": f"{_TOPIC}-operators",
        "NIGHTJAR_ALERTS_TOPIC_ARN": f"{_TOPIC}-alerts",
        "NIGHTJAR_TEXTS_TOPIC_ARN": f"{_TOPIC}-texts",
        "NIGHTJAR_DEAD_LETTERS": "nightjar-demo-fetch-dlq,nightjar-demo-evaluate-dlq",
        "NIGHTJAR_ALERT_DAYS": "300",
        "NIGHTJAR_FINDING_DAYS": "200",
        "NIGHTJAR_AUDIT_DAYS": "400",
    },
    "webhook": {"NIGHTJAR_TIKTOK_SECRET_ID": _SECRET},
    "reporter": {"NIGHTJAR_REPORTS_BUCKET": "nightjar-demo-reports-000000000000-us-east-1"},
    "viewer": {
        "NIGHTJAR_REPORTS_BUCKET": "nightjar-demo-reports-000000000000-us-east-1",
        "NIGHTJAR_REPORT_SECRET_ID": _SECRET.replace("tiktok-app", "report-links"),
    },
}


def environment_of(room: str) -> dict[str, str]:
    """Return all variables of a room."""
    return {**_COMMON, **OWN[room], "POWERTOOLS_SERVICE_NAME": room}
