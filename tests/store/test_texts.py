"""What the ledger says of a text message, step by step; no step is taken twice or backwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.audit.alert import TextState
from functions.store.verdicts import settle
from tests.builders import NIGHT, merchant
from tests.cloud import Cloud
from tests.store.stories import TTL, audit, night_after

ID = f"{NIGHT}#critical"
MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOTE: dict[str, Any] = {"at": MORNING, "message_id": "m-1", "topic_arn": "arn:aws:sns:us-east-1:123456789012:texts"}


@pytest.fixture
def left(cloud: Cloud) -> Cloud:
    """Give a stage whose one alert has left, but for its text."""
    settle(cloud.tables, audit(), merchant(), ttl=TTL)
    cloud.tables.alerts.record_published("larkspur", ID, at=MORNING, message_id="m", topic_arn="t")
    return cloud


def text(cloud: Cloud) -> TextState | None:
    alert = cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    return alert.text


def test_a_text_is_due_once_the_rest_has_left_and_not_before(cloud: Cloud) -> None:
    settle(cloud.tables, audit(), merchant(), ttl=TTL)
    assert text(cloud) is None
    assert not cloud.tables.texts.record_published("larkspur", ID, **NOTE)
    assert not cloud.tables.texts.record_held("larkspur", ID, until=MORNING)
    assert not cloud.tables.texts.touch("larkspur", ID, at=MORNING)

    cloud.tables.alerts.record_published("larkspur", ID, at=MORNING, message_id="m", topic_arn="t")

    assert text(cloud) is TextState.DUE


def test_holding_until_the_same_time_again_changes_nothing(left: Cloud) -> None:
    assert left.tables.texts.record_held("larkspur", ID, until=MORNING)
    before = left.everything()

    assert not left.tables.texts.record_held("larkspur", ID, until=MORNING)
    assert left.everything() == before
    assert left.tables.texts.record_held("larkspur", ID, until=MORNING.replace(hour=9))
    assert text(left) is TextState.HELD


def test_the_first_note_that_it_left_stays_and_nothing_holds_it_then(left: Cloud) -> None:
    assert left.tables.texts.record_published("larkspur", ID, **NOTE)
    before = left.everything()

    assert not left.tables.texts.record_published("larkspur", ID, **NOTE | {"message_id": "m-2"})
    assert not left.tables.texts.record_held("larkspur", ID, until=MORNING)
    assert not left.tables.texts.touch("larkspur", ID, at=MORNING)
    assert left.everything() == before
    assert left.rows("alerts")[0]["sms_message_id"] == "m-1"


def test_what_has_not_left_is_found_for_a_week(left: Cloud) -> None:
    found = [list(left.tables.texts.unsettled(night_after(nights))) for nights in (-1, 0, 7, 8)]

    assert found == [[], [("larkspur", ID)], [("larkspur", ID)], []]
    left.tables.texts.record_held("larkspur", ID, until=MORNING)
    assert list(left.tables.texts.unsettled(NIGHT)) == [("larkspur", ID)]
    left.tables.texts.record_published("larkspur", ID, **NOTE)
    assert list(left.tables.texts.unsettled(NIGHT)) == []


def test_an_alert_that_has_not_left_itself_is_not_among_the_texts(cloud: Cloud) -> None:
    settle(cloud.tables, audit(), merchant(), ttl=TTL)

    assert list(cloud.tables.texts.unsettled(NIGHT)) == []
    assert list(cloud.tables.alerts.unsent(NIGHT)) == [("larkspur", ID)]
