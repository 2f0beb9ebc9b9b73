"""The table `snapshots`: written once, never replaced, read only as what was stored for that merchant and night."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings

from functions.audit.absence import Absent
from functions.audit.errors import NightjarError
from functions.audit.snapshot import Snapshot
from functions.store import snapshots
from functions.store.tables import Tables
from tests.audit.nights import nights
from tests.builders import NIGHT, NOW, absent, page, pages, snapshot, source, sources
from tests.cloud import Cloud, pretended_aws
from tests.tables import PREFIX

TTL = datetime.now(UTC) + timedelta(days=30)
TABLE = f"{PREFIX}snapshots"


@given(nights())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_snapshot_comes_back_as_it_was_stored_with_the_same_hash(seen: Snapshot) -> None:
    with pretended_aws() as cloud:
        assert cloud.tables.snapshots.put_once(seen, ttl=TTL)

        back = cloud.tables.snapshots.get(seen.merchant_id, seen.night)

        assert back == seen
        assert back is not None
        assert back.sha256 == seen.sha256 == cloud.rows("snapshots")[0]["sha256"]


def test_there_is_no_snapshot_before_one_is_stored(cloud: Cloud) -> None:
    assert cloud.tables.snapshots.get("larkspur", NIGHT) is None


def test_the_first_snapshot_of_a_night_stays(cloud: Cloud) -> None:
    first = snapshot()
    cloud.tables.snapshots.put_once(first, ttl=TTL)

    assert not cloud.tables.snapshots.put_once(snapshot(scopes=None), ttl=TTL)
    assert cloud.tables.snapshots.get("larkspur", NIGHT) == first


def test_a_row_says_when_and_whether_it_was_fetched_beside_its_body(cloud: Cloud) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)

    item = cloud.raw("snapshots")[0]

    assert item["schema_version"] == {"N": "1"}
    assert item["ttl"] == {"N": str(int(TTL.timestamp()))}
    assert item["taken_at"] == {"S": NOW.isoformat()}
    assert item["fetched"] == {"BOOL": True}
    assert set(item["body"]) == {"B"}


def test_a_snapshot_whose_time_is_over_is_gone_although_its_row_still_stands(cloud: Cloud) -> None:
    seconds = int(TTL.timestamp())
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)

    before = Tables(cloud.dynamodb, PREFIX, clock=lambda: seconds - 1.0)
    after = Tables(cloud.dynamodb, PREFIX, clock=lambda: float(seconds))

    assert before.snapshots.get("larkspur", NIGHT) is not None
    assert after.snapshots.get("larkspur", NIGHT) is None
    assert cloud.raw("snapshots")


def test_another_body_under_the_same_hash_is_refused(cloud: Cloud) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)
    _change(cloud, body={"B": gzip.compress(snapshot(scopes=None).encoded)})

    with pytest.raises(NightjarError, match="not the one that was stored"):
        cloud.tables.snapshots.get("larkspur", NIGHT)


def test_a_body_of_a_form_that_nobody_knows_is_refused(cloud: Cloud) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)
    other = b'{"schema_version": 2}'
    _change(cloud, body={"B": gzip.compress(other)}, sha256={"S": hashlib.sha256(other).hexdigest()})

    with pytest.raises(NightjarError, match="cannot be read by this version"):
        cloud.tables.snapshots.get("larkspur", NIGHT)


def test_a_snapshot_of_another_schema_is_refused_even_where_it_looks_alike(cloud: Cloud) -> None:
    cloud.tables.snapshots.put_once(snapshot(schema_version=2), ttl=TTL)

    with pytest.raises(NightjarError, match="cannot be read by this version"):
        cloud.tables.snapshots.get("larkspur", NIGHT)


@pytest.mark.parametrize("damage", ["not gzip", "cut short", "bits flipped"])
def test_a_damaged_body_is_refused(cloud: Cloud, damage: str) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)
    whole = cloud.raw("snapshots")[0]["body"]["B"]
    flipped = bytearray(whole)
    flipped[10:14] = b"\xff\xff\xff\xff"
    damaged = {"not gzip": b"hello", "cut short": whole[: len(whole) // 2], "bits flipped": bytes(flipped)}[damage]
    _change(cloud, body={"B": damaged})

    with pytest.raises(NightjarError, match="cannot be read"):
        cloud.tables.snapshots.get("larkspur", NIGHT)


@pytest.mark.parametrize("key", [{"merchant_id": {"S": "foxglove"}}, {"night": {"S": "2026-11-20"}}], ids=repr)
def test_a_row_copied_to_another_merchant_or_night_is_refused(cloud: Cloud, key: dict[str, Any]) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)
    copied = cloud.raw("snapshots")[0] | key
    cloud.dynamodb.put_item(TableName=TABLE, Item=copied)

    with pytest.raises(NightjarError, match="of another merchant or night"):
        cloud.tables.snapshots.get(copied["merchant_id"]["S"], date.fromisoformat(copied["night"]["S"]))


def test_a_snapshot_that_is_too_large_loses_its_smallest_rows_and_says_so(cloud: Cloud) -> None:
    rows = [page(f"/{_noise(n)}", title=_noise(-n), sessions=n) for n in range(3000, 0, -1)]
    seen = snapshot(pages=pages(*rows), sources=sources(source(), source("tiktok / paid")))

    assert cloud.tables.snapshots.put_once(seen, ttl=TTL)

    back = cloud.tables.snapshots.get("larkspur", NIGHT)
    assert back is not None
    assert not isinstance(back.pages, Absent)
    assert back.pages.truncated
    assert back.pages.pages == tuple(rows[: len(back.pages.pages)])
    assert 100 < len(back.pages.pages) < len(rows)
    assert back.sources == seen.sources
    assert back.sha256 == cloud.rows("snapshots")[0]["sha256"]
    assert len(cloud.rows("snapshots")[0]["body"]) <= snapshots.LARGEST_BODY
    assert not isinstance(seen.pages, Absent)
    assert not seen.pages.truncated


def test_the_smallest_rows_go_wherever_they_are_listed_and_those_of_unknown_size_stay(cloud: Cloud) -> None:
    rows = [page(f"/{_noise(n)}", title=_noise(-n), sessions=n) for n in range(3000)]
    rows.insert(1500, page("/unknown", sessions=absent()))

    cloud.tables.snapshots.put_once(snapshot(pages=pages(*rows)), ttl=TTL)

    back = cloud.tables.snapshots.get("larkspur", NIGHT)
    assert back is not None
    assert not isinstance(back.pages, Absent)
    kept = [row.sessions for row in back.pages.pages if not isinstance(row.sessions, Absent)]
    assert kept == list(range(3000 - len(kept), 3000))
    assert [row.path for row in back.pages.pages if isinstance(row.sessions, Absent)] == ["/unknown"]


def test_sources_are_cut_too_when_they_are_the_longer_listing(cloud: Cloud) -> None:
    rows = [source(_noise(n) * 2, sessions=n) for n in range(7000, 0, -1)]

    cloud.tables.snapshots.put_once(snapshot(sources=sources(*rows)), ttl=TTL)

    back = cloud.tables.snapshots.get("larkspur", NIGHT)
    assert back is not None
    assert not isinstance(back.sources, Absent)
    assert back.sources.truncated
    assert back.pages == pages()


def test_what_is_too_large_without_listings_is_refused_and_not_stored(cloud: Cloud) -> None:
    huge = snapshot(scopes=tuple(_noise(n) for n in range(9000)))

    with pytest.raises(NightjarError, match="too large"):
        cloud.tables.snapshots.put_once(huge, ttl=TTL)

    assert cloud.raw("snapshots") == []


def _noise(number: int) -> str:
    """Return text that cannot be compressed much."""
    return hashlib.sha512(str(number).encode()).hexdigest()


def _change(cloud: Cloud, **attributes: Any) -> None:
    cloud.dynamodb.put_item(TableName=TABLE, Item=cloud.raw("snapshots")[0] | attributes)


# --- what was seen of a night later


def _later(sessions: Any = None) -> Snapshot:
    return snapshot(sessions=sessions or absent(), taken_at=NOW + timedelta(days=1))


def test_what_was_seen_later_stands_beside_what_was_seen_first_and_is_written_once(cloud: Cloud) -> None:
    table = cloud.tables.snapshots
    table.put_once(snapshot(), ttl=TTL)

    assert table.add_version(_later(), 2)
    assert not table.add_version(snapshot(), 2)

    assert table.get("larkspur", NIGHT) == snapshot()
    assert table.get("larkspur", NIGHT, 2) == _later()
    assert table.get("larkspur", NIGHT, 3) is None
    assert table.newest("larkspur", NIGHT, NIGHT) == {NIGHT: (2, _later())}


def test_there_is_nothing_later_than_a_night_that_nobody_saw_or_that_is_over(cloud: Cloud) -> None:
    late = Tables(cloud.dynamodb, PREFIX, clock=TTL.timestamp)

    assert not cloud.tables.snapshots.add_version(_later(), 2)
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)
    assert not late.snapshots.add_version(_later(), 2)
    assert late.snapshots.newest("larkspur", NIGHT, NIGHT) == {}
    assert "version_2" not in cloud.rows("snapshots")[0]


def test_of_an_erased_merchant_nothing_later_is_stored(cloud: Cloud) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)
    cloud.tables.merchants.erase("larkspur", at=NOW, until=TTL)

    assert not cloud.tables.snapshots.add_version(_later(), 2)


def test_an_item_that_holds_no_more_keeps_what_it_has(cloud: Cloud) -> None:
    cloud.tables.snapshots.put_once(snapshot(), ttl=TTL)

    def full(**_: Any) -> None:
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "ValidationError"}, {"Code": "None"}],
        }
        raise ClientError(answer, "TransactWriteItems")

    cloud.instead("transact_write_items", full)

    assert not cloud.tables.snapshots.add_version(_later(), 2)


def test_a_damaged_version_leaves_the_other_nights_readable(cloud: Cloud) -> None:
    table, other = cloud.tables.snapshots, NIGHT - timedelta(days=1)
    table.put_once(snapshot(), ttl=TTL)
    table.put_once(snapshot(night=other), ttl=TTL)
    table.add_version(_later(), 2)
    row = next(item for item in cloud.raw("snapshots") if "version_2" in item)
    row["version_2"]["M"]["sha256"] = {"S": "0" * 64}
    cloud.dynamodb.put_item(TableName=TABLE, Item=row)

    assert table.newest("larkspur", other, NIGHT) == {other: (1, snapshot(night=other))}
