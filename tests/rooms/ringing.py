"""Telephones to be rung: their topic, their schedules, and a clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from functions.notifier.later import Later
from functions.notifier.phones import Phones, terms
from functions.store.text_budget import TextBudget
from tests.cloud import Cloud
from tests.rooms.fakes import FakeScheduler, FakeSns
from tests.tables import PREFIX

TEXTS: Final = "arn:aws:sns:us-east-1:123456789012:nightjar-test-texts"
NOTIFIER: Final = "arn:aws:lambda:us-east-1:123456789012:function:nightjar-test-notifier"
ROLE: Final = "arn:aws:iam::123456789012:role/texts"
DEAD: Final = "arn:aws:sqs:us-east-1:123456789012:nightjar-test-schedule-dlq"


def phones_of(
    cloud: Cloud, sns: FakeSns, scheduler: FakeScheduler, now: datetime, *, texts: int = 100, **heard: Any
) -> Phones:
    """Return what sees to text messages at that time; ``texts``: how many a night the budgets have room for."""
    later = Later(lambda: cast("Any", scheduler), "nightjar-test-texts", ROLE, NOTIFIER, DEAD)
    budget = TextBudget(cloud.dynamodb, f"{PREFIX}budgets", fleet=texts, merchant=3)
    cost = terms(max_price_usd="0.50", sender_id="Nightjar")
    return Phones(cloud.tables, cast("Any", sns), TEXTS, later, budget, cost, clock=lambda: now, **heard)
