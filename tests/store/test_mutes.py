"""The table `mutes`: one row a merchant and check, found by merchant and by its end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from functions.audit.mute import Kind, Mute
from functions.store.mutes import UnreadableMute
from tests.builders import NOW, mute
from tests.cloud import Cloud
from tests.tables import PREFIX


def ack(**changed: Any) -> Mute:
    return mute(kind=Kind.ACK, episode=date(2026, 11, 19), until=date(2027, 11, 22), **changed)


def test_a_row_reads_plainly_and_goes_eight_weeks_after_its_end(cloud: Cloud) -> None:
    cloud.tables.mutes.save(mute())

    assert cloud.rows("mutes") == [
        {
            "schema_version": 1,
            "merchant_id": "larkspur",
            "check_id": "bounce_rate",
            "kind": "mute",
            "until": "2026-11-30",
            "author": "Anna",
            "reason": "new theme",
            "created_at": NOW.isoformat(),
            "ttl": int(datetime(2027, 1, 26, tzinfo=UTC).timestamp()),
        }
    ]


def test_what_is_stored_comes_back_for_its_merchant_only(cloud: Cloud) -> None:
    mine = (mute(check_id="all"), ack())
    for row in (*mine, mute("brasa")):
        assert cloud.tables.mutes.save(row)

    assert cloud.tables.mutes.of_merchant("larkspur") == mine
    assert cloud.tables.mutes.of_merchant("nobody") == ()
    assert len(list(cloud.tables.mutes.rows())) == 3


def test_a_mute_takes_the_place_of_what_was_there(cloud: Cloud) -> None:
    for row in (ack(), mute(), mute(until=date(2026, 12, 24))):
        assert cloud.tables.mutes.save(row)

    assert cloud.tables.mutes.of_merchant("larkspur") == (mute(until=date(2026, 12, 24)),)


@pytest.mark.parametrize(("last", "taken"), [(date(2026, 11, 20), True), (date(2026, 11, 21), False)])
def test_an_acknowledgement_takes_the_place_of_a_mute_that_is_over_and_of_no_other(
    cloud: Cloud, last: date, *, taken: bool
) -> None:
    cloud.tables.mutes.save(mute(until=last))

    assert cloud.tables.mutes.save(ack()) is taken
    assert cloud.tables.mutes.of_merchant("larkspur") == ((ack() if taken else mute(until=last)),)
    assert cloud.tables.mutes.save(ack(check_id="viral_spike"))


def test_taking_away_says_whether_there_was_anything(cloud: Cloud) -> None:
    cloud.tables.mutes.save(mute())

    assert cloud.tables.mutes.delete("larkspur", "bounce_rate")
    assert not cloud.tables.mutes.delete("larkspur", "bounce_rate")
    assert cloud.rows("mutes") == []


def test_mutes_are_found_by_the_night_that_was_their_last(cloud: Cloud) -> None:
    for day, shop in enumerate(("a", "b", "c", "d"), start=27):
        cloud.tables.mutes.save(mute(shop, until=date(2026, 11, day)))
    cloud.tables.mutes.save(ack(check_id="viral_spike").model_copy(update={"until": date(2026, 11, 28)}))

    found = cloud.tables.mutes.ended(date(2026, 11, 28), date(2026, 11, 29))

    assert [(row.merchant_id, row.until.day) for row in found] == [("b", 28), ("c", 29)]


def test_a_row_that_nobody_can_read_silences_nothing_and_is_shown(cloud: Cloud) -> None:
    odd: Any = {"merchant_id": {"S": "larkspur"}, "check_id": {"S": "all"}, "until": {"S": "for ever"}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}mutes", Item=odd)
    cloud.tables.mutes.save(mute())

    assert cloud.tables.mutes.of_merchant("larkspur") == (mute(),)
    assert list(cloud.tables.mutes.rows("larkspur")) == [UnreadableMute("larkspur", "all"), mute()]
