"""Telephones to be rung: their topic, their schedules, and a clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from functions.notifier.later import Later
from functions.notifier.phones import Phones
from tests.cloud import Cloud
from tests.rooms.fakes import FakeScheduler, FakeSns

TEXTS: Final = "arn:aws:sns:us-east-1:123456789012:nightjar-test-texts"
NOTIFIER: Final = "arn:aws:lambda:us-east-1:123456789012:function:nightjar-test-notifier"
ROLE: Final = "arn:aws:iam::123456789012:role/texts"
DEAD: Final = "arn:aws:sqs:us-east-1:123456789012:nightjar-test-schedule-dlq"


def phones_of(cloud: Cloud, sns: FakeSns, scheduler: FakeScheduler, now: datetime, **heard: Any) -> Phones:
    """Return what sees to text messages at that time."""
    later = Later(lambda: cast("Any", scheduler), "nightjar-test-texts", ROLE, NOTIFIER, DEAD)
    return Phones(cloud.tables, cast("Any", sns), TEXTS, later, clock=lambda: now, **heard)
