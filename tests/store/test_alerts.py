"""The table `alerts`: what has not left can be found and stirred up; what has left is noted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.alert import Alert, AlertState, Critical, HeldBack, TextState
from functions.audit.errors import InvalidMessage
from functions.audit.message import Texts
from functions.audit.outcome import Status
from functions.audit.rootcause import RootCause
from functions.audit.telling import Held, Why
from functions.store.alerts import alert_item, key_of_image
from tests.builders import NIGHT, NOW
from tests.cloud import Cloud, pretended_aws
from tests.store.stories import TTL, night_after, verdict
from tests.tables import PREFIX

LATER = datetime(2026, 11, 21, 6, 15, tzinfo=UTC)
NOTE: dict[str, Any] = {"at": LATER, "message_id": "m-1", "topic_arn": "arn:aws:sns:us-east-1:123456789012:alerts"}
CRITICALS = st.builds(
    Critical,
    check_id=st.sampled_from(["bounce_rate", "access_token"]),
    area=st.sampled_from(["traffic", "access"]),
    why=st.sampled_from(list(Why)),
    summary=st.text(max_size=30),
)
HELD = st.builds(
    HeldBack,
    check_id=st.sampled_from(["bounce_rate", "access_token"]),
    area=st.sampled_from(["traffic", "access"]),
    because=st.sampled_from(list(Held)),
    wanted=st.none() | st.sampled_from(list(Why)),
    summary=st.text(max_size=30),
)
ALERTS = st.builds(
    Alert,
    merchant_id=st.just("larkspur"),
    night=st.just(NIGHT),
    criticals=st.lists(CRITICALS, min_size=1, max_size=3).map(tuple),
    counts=st.fixed_dictionaries({status: st.integers(0, 15) for status in Status}),
    subject=st.text(max_size=30),
    email=st.text(max_size=60),
    sms=st.text(max_size=60),
    document=st.text(max_size=60),
    created_at=st.just(NOW),
    state=st.sampled_from(list(AlertState)),
    held=st.lists(HELD, max_size=3).map(tuple),
    root=st.none() | st.just(RootCause("access_token", "access_token:rejected")),
    told_before=st.none() | st.just(NIGHT),
    instead=st.none() | st.just(Texts("subject", "email", "sms", "{}")),
)


def _alert(**changed: Any) -> Alert:
    alert = verdict().alert
    assert alert is not None
    return replace(alert, **changed)


@given(ALERTS)
@settings(max_examples=10, deadline=None)
def test_an_alert_comes_back_as_it_was_stored(alert: Alert) -> None:
    with pretended_aws() as cloud:
        _put(cloud, alert)

        assert cloud.tables.alerts.get("larkspur", alert.alert_id) == alert


def test_a_row_of_a_version_without_json_is_read_and_has_none(cloud: Cloud) -> None:
    _put(cloud, _alert(instead=Texts("subject", "email", "sms", "{}")))
    cloud.dynamodb.update_item(
        TableName=f"{PREFIX}alerts",
        Key={"merchant_id": {"S": "larkspur"}, "alert_id": {"S": "2026-11-21#critical"}},
        UpdateExpression="REMOVE document, #instead.document",
        ExpressionAttributeNames={"#instead": "instead"},
    )

    alert = cloud.tables.alerts.get("larkspur", "2026-11-21#critical")

    assert alert is not None
    assert (alert.document, alert.instead) == ("", Texts("subject", "email", "sms", ""))
    assert alert.email == _alert().email


def test_there_is_no_alert_before_one_is_written(cloud: Cloud) -> None:
    assert cloud.tables.alerts.get("larkspur", "2026-11-21#critical") is None


def test_the_ledger_row_reads_plainly(cloud: Cloud) -> None:
    _put(cloud, _alert())

    item = cloud.raw("alerts")[0]
    row = cloud.rows("alerts")[0]

    assert item["schema_version"] == {"N": "1"}
    assert item["ttl"] == {"N": str(int(TTL.timestamp()))}
    assert item["counts"]["M"]["critical"] == {"N": "1"}
    assert row["alert_id"] == "2026-11-21#critical"
    assert (row["state"], row["night"], row["unsent_night"]) == ("pending", "2026-11-21", "2026-11-21")
    assert row["areas"] == ["traffic"]
    assert [(entry["check_id"], entry["why"]) for entry in row["criticals"]] == [("bounce_rate", "opened")]


def test_the_ledger_says_why_nobody_was_told(cloud: Cloud) -> None:
    muted = HeldBack("bounce_rate", "traffic", Held.MUTED, Why.OPENED, "Too many leave.")
    blind = HeldBack("returning_users", "audience", Held.ROOT_CAUSE_SENT, None, "Could not look.")
    _put(cloud, _alert(criticals=(), state=AlertState.HELD, held=(muted, blind)))

    row = cloud.rows("alerts")[0]

    assert (row["state"], row["criticals"], row.get("unsent_night")) == ("held", [], None)
    assert row["held"] == [
        {"check_id": "bounce_rate", "area": "traffic", "because": "muted", "wanted": "opened",
         "summary": "Too many leave."},
        {"check_id": "returning_users", "area": "audience", "because": "root_cause_sent",
         "summary": "Could not look."},
    ]  # fmt: skip
    assert list(cloud.tables.alerts.unsent(NIGHT)) == []
    assert not cloud.tables.alerts.touch("larkspur", row["alert_id"], at=LATER)


def test_a_published_alert_leaves_the_unsent_ones_and_keeps_the_first_note(cloud: Cloud) -> None:
    alert = _alert()
    _put(cloud, alert)
    assert list(cloud.tables.alerts.unsent(NIGHT)) == [("larkspur", alert.alert_id)]

    assert cloud.tables.alerts.record_published("larkspur", alert.alert_id, **NOTE)
    assert not cloud.tables.alerts.record_published("larkspur", alert.alert_id, **NOTE | {"message_id": "m-2"})

    row = cloud.rows("alerts")[0]
    assert list(cloud.tables.alerts.unsent(NIGHT)) == []
    assert (row["state"], row["message_id"], row["published_at"]) == ("published", "m-1", LATER.isoformat())
    assert row["topic_arn"] == NOTE["topic_arn"]
    assert cloud.tables.alerts.get("larkspur", alert.alert_id) == replace(
        alert, state=AlertState.PUBLISHED, text=TextState.DUE
    )


def test_unsent_alerts_are_those_of_the_night_over_all_merchants(cloud: Cloud) -> None:
    _put(cloud, _alert(), _alert(merchant_id="foxglove"), _alert(night=night_after()))

    assert {merchant_id for merchant_id, _ in cloud.tables.alerts.unsent(NIGHT)} == {"larkspur", "foxglove"}


def test_what_could_not_leave_for_days_is_still_found_after_its_own_night(cloud: Cloud) -> None:
    _put(cloud, _alert(), _alert(merchant_id="foxglove", night=night_after(7)))

    assert list(cloud.tables.alerts.unsent(night_after(7))) == [
        ("foxglove", "2026-11-28#critical"),
        ("larkspur", "2026-11-21#critical"),
    ]
    assert list(cloud.tables.alerts.unsent(night_after(8))) == [("foxglove", "2026-11-28#critical")]


def test_a_touch_shows_the_row_anew_and_changes_nothing_that_is_told(cloud: Cloud) -> None:
    alert = _alert()
    _put(cloud, alert)

    assert cloud.tables.alerts.touch("larkspur", alert.alert_id, at=LATER)
    assert cloud.tables.alerts.touch("larkspur", alert.alert_id, at=LATER + timedelta(hours=1))

    row = cloud.rows("alerts")[0]
    assert (row["sweeps"], row["swept_at"]) == (2, "2026-11-21T07:15:00+00:00")
    assert cloud.tables.alerts.get("larkspur", alert.alert_id) == alert


def test_a_touch_leaves_alone_what_has_left_and_makes_no_row_of_nothing(cloud: Cloud) -> None:
    alert = _alert()
    _put(cloud, alert)
    cloud.tables.alerts.record_published("larkspur", alert.alert_id, **NOTE)
    before = cloud.raw("alerts")

    assert not cloud.tables.alerts.touch("larkspur", alert.alert_id, at=LATER)
    assert not cloud.tables.alerts.touch("foxglove", alert.alert_id, at=LATER)
    assert not cloud.tables.alerts.record_published("foxglove", alert.alert_id, **NOTE)
    assert cloud.raw("alerts") == before


def test_a_stream_record_shows_the_key_of_its_row() -> None:
    image = {"merchant_id": {"S": "larkspur"}, "alert_id": {"S": "2026-11-21#critical"}}

    assert key_of_image({"dynamodb": {"NewImage": image}}) == ("larkspur", "2026-11-21#critical")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"dynamodb": {"Keys": {}}},
        {"dynamodb": {"NewImage": {"merchant_id": {"S": "larkspur"}}}},
        {"dynamodb": {"NewImage": {"merchant_id": {"N": "7"}, "alert_id": {"S": "x"}}}},
        {"dynamodb": {"NewImage": {"merchant_id": {"S": ""}, "alert_id": {"S": "x"}}}},
        {"dynamodb": {"NewImage": {"merchant_id": {"S": ["a"]}, "alert_id": {"S": "x"}}}},
        {"dynamodb": None},
    ],
    ids=["empty", "no image", "half a key", "a number", "no text", "a list", "nothing"],
)
def test_a_record_that_shows_no_alert_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage, match="shows no alert"):
        key_of_image(record)


def _put(cloud: Cloud, *alerts: Alert) -> None:
    for alert in alerts:
        cloud.dynamodb.put_item(TableName=f"{PREFIX}alerts", Item=alert_item(alert, ttl=TTL))
