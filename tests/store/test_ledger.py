"""The ledger as people read it: which ways a message went, what was held, by merchant or by night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.audit.alert import AlertState
from functions.audit.errors import Conflict
from functions.audit.ledger import Audience, Channel, Way
from functions.audit.telling import Held
from functions.store.ledger import Ledger
from functions.store.own_topics import READ
from functions.store.unreached import hold_unreached, record_operators_told
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant
from tests.cloud import Cloud
from tests.store.stories import TTL, audit, night_after
from tests.tables import PREFIX

ID = f"{NIGHT}#critical"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:nightjar-prod-alerts"
LATER = NOW + timedelta(minutes=3)


def ledger(cloud: Cloud) -> Ledger:
    return Ledger(cloud.dynamodb, f"{PREFIX}alerts", clock=lambda: 0.0, pause=lambda _: None)


def sick(cloud: Cloud, merchant_id: str = "larkspur", night: date = NIGHT) -> None:
    settle(
        cloud.tables,
        audit(channel(bounce_rate="81.2"), merchant_id=merchant_id, night=night),
        merchant(id=merchant_id),
        ttl=TTL,
    )


def ways(cloud: Cloud) -> tuple[Way, ...]:
    (row,) = ledger(cloud).of_merchant("larkspur", NIGHT, NIGHT)
    return row.ways


def test_a_message_that_is_written_has_not_left(cloud: Cloud) -> None:
    sick(cloud)

    assert ways(cloud) == (Way(Channel.READ, Audience.FLEET, "pending"),)
    assert ways(cloud)[0].says == "has not left yet"


def test_each_way_that_a_message_went_is_there_with_its_time_and_id(cloud: Cloud) -> None:
    sick(cloud)
    tables = cloud.tables
    tables.own_topics.record("larkspur", ID, READ, at=NOW, message_id="m-1", topic_arn=f"{TOPIC}_larkspur")
    tables.alerts.record_published("larkspur", ID, at=LATER, message_id="m-2", topic_arn=TOPIC)
    tables.texts.record_held("larkspur", ID, until=datetime(2026, 11, 21, 8, tzinfo=UTC))

    own, fleets, text = ways(cloud)

    assert own == Way(Channel.READ, Audience.MERCHANT, "published", at=NOW, message_id="m-1")
    assert fleets == Way(Channel.READ, Audience.FLEET, "published", at=LATER, message_id="m-2")
    assert (text.channel, text.audience, text.at) == (Channel.SMS, Audience.FLEET, None)
    assert text.says == "held for quiet hours until 2026-11-21 08:00 UTC"

    tables.texts.record_published("larkspur", ID, at=LATER, message_id="t-1", topic_arn=TOPIC)
    assert ways(cloud)[2] == Way(Channel.SMS, Audience.FLEET, "published", at=LATER, message_id="t-1")


def test_a_text_over_the_budget_says_so(cloud: Cloud) -> None:
    sick(cloud)
    cloud.tables.alerts.record_published("larkspur", ID, at=NOW, message_id="m-1", topic_arn=TOPIC)
    cloud.tables.texts.record_withheld("larkspur", ID, because=Held.SMS_BUDGET)

    assert ways(cloud)[1].says == "withheld for sms budget"


def test_what_nobody_was_there_to_get_names_the_operators(cloud: Cloud) -> None:
    sick(cloud)
    alert = cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    hold_unreached(cloud.tables, alert)
    assert ways(cloud) == ()

    record_operators_told(cloud.tables, alert, at=LATER)

    assert ways(cloud) == (Way(Channel.OPERATORS, Audience.OPERATORS, "published", at=LATER),)
    (row,) = ledger(cloud).of_merchant("larkspur", NIGHT, NIGHT)
    assert row.alert.state is AlertState.HELD
    assert [one.because for one in row.alert.held] == [Held.RECIPIENT_UNREACHABLE]


def test_a_merchants_nights_come_newest_first_and_no_others(cloud: Cloud) -> None:
    for back in (9, 8, 0):
        sick(cloud, night=night_after(-back))
        cloud.dynamodb.delete_item(
            TableName=f"{PREFIX}findings",
            Key={"merchant_id": {"S": "larkspur"}, "check_id": {"S": "bounce_rate"}},
        )
    sick(cloud, "brasa")

    found = ledger(cloud).of_merchant("larkspur", night_after(-8), NIGHT)

    assert [(row.alert.merchant_id, row.alert.night) for row in found] == [
        ("larkspur", NIGHT),
        ("larkspur", night_after(-8)),
    ]


def test_a_night_has_every_merchant_and_no_other_night(cloud: Cloud) -> None:
    for shop in ("larkspur", "brasa", "anna.shop"):
        sick(cloud, shop)
    sick(cloud, "wren", night_after(-1))

    assert [row.alert.merchant_id for row in ledger(cloud).of_night(NIGHT)] == ["anna.shop", "brasa", "larkspur"]


@pytest.mark.parametrize("stubborn", [False, True])
def test_keys_that_dynamodb_leaves_out_are_asked_for_again(cloud: Cloud, *, stubborn: bool) -> None:
    for shop in ("larkspur", "brasa"):
        sick(cloud, shop)
    fetch = cloud.dynamodb.batch_get_item
    asked: list[int] = []

    def one_at_a_time(*, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - DynamoDB's own names
        ((name, wanted),) = RequestItems.items()
        asked.append(len(wanted["Keys"]))
        if stubborn:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        answer: dict[str, Any] = dict(fetch(RequestItems={name: {"Keys": wanted["Keys"][:1]}}))
        rest = wanted["Keys"][1:]
        return answer | {"UnprocessedKeys": {name: {"Keys": rest}} if rest else {}}

    cloud.instead("batch_get_item", one_at_a_time)

    if stubborn:
        with pytest.raises(Conflict, match="say it again"):
            list(ledger(cloud).of_night(NIGHT))
    else:
        assert [row.alert.merchant_id for row in ledger(cloud).of_night(NIGHT)] == ["brasa", "larkspur"]
    assert asked == ([2] * 6 if stubborn else [2, 1])


def test_rows_whose_time_is_over_are_not_shown(cloud: Cloud) -> None:
    sick(cloud)
    late = Ledger(cloud.dynamodb, f"{PREFIX}alerts", clock=lambda: TTL.timestamp() + 1)

    assert list(late.of_night(NIGHT)) == []
    assert list(late.of_merchant("larkspur", NIGHT, NIGHT)) == []
