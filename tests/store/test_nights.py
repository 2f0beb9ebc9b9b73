"""The table `nights`: opened once, closed with what was counted, the first close remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.audit.errors import NightjarError
from functions.audit.night import Coverage, FleetFailure, Night
from functions.audit.outcome import Status
from functions.store.nights import NAMED
from tests.builders import NIGHT, NOW
from tests.cloud import Cloud
from tests.store.stories import TTL

LATER = NOW + timedelta(hours=4)
COUNTED = Coverage(
    night=NIGHT,
    expected=3,
    audited=1,
    failed=("foxglove",),
    missing=("yarrow",),
    outcomes=dict(zip(Status, (9, 1, 2, 3, 15), strict=True)),
    causes={Reason.SOURCE_FAILED: 15, Reason.RATE_LIMITED: 2},
)


def test_a_night_is_opened_once(cloud: Cloud) -> None:
    assert cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    assert not cloud.tables.nights.open(NIGHT, at=LATER, ttl=TTL)

    assert cloud.tables.nights.get(NIGHT) == Night(NIGHT, opened_at=NOW, closed_at=None, coverage=None)


def test_a_name_is_taken_out_of_a_night_whoever_else_takes_names_out(cloud: Cloud) -> None:
    names = tuple(f"shop-{at}" for at in range(6))
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    cloud.tables.nights.close(replace(COUNTED, failed=names, missing=names[:1]), at=LATER)
    real = cloud.dynamodb.update_item

    def after_another(**request: Any) -> Any:
        cloud.instead("update_item", real)
        cloud.tables.nights.forget("shop-0", NIGHT)
        return real(**request)

    cloud.instead("update_item", after_another)

    assert list(cloud.tables.nights.naming("shop-4")) == [NIGHT]
    assert cloud.tables.nights.forget("shop-4", NIGHT)
    assert not cloud.tables.nights.forget("shop-4", NIGHT)
    (row,) = cloud.rows("nights")
    assert row["failed_merchants"] == ["shop-1", "shop-2", "shop-3", "shop-5"]
    assert (row["missing_merchants"], row["failed"]) == ([], 6)
    assert list(cloud.tables.nights.naming("shop-4")) == []


def test_nobody_opened_a_night_that_is_not_there(cloud: Cloud) -> None:
    assert cloud.tables.nights.get(NIGHT) is None


def test_a_closed_night_comes_back_with_its_coverage(cloud: Cloud) -> None:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)

    cloud.tables.nights.close(COUNTED, at=LATER)

    night = cloud.tables.nights.get(NIGHT)
    assert night == Night(NIGHT, opened_at=NOW, closed_at=LATER, coverage=COUNTED)
    assert night.coverage is not None
    assert list(night.coverage.causes) == [Reason.SOURCE_FAILED, Reason.RATE_LIMITED]


def test_a_closed_night_knows_what_the_fleet_shared(cloud: Cloud) -> None:
    fleet = (FleetFailure("access_token:rejected", 40, NIGHT - timedelta(days=2)), FleetFailure("fetch:x", 12, NIGHT))
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    cloud.tables.nights.close(COUNTED, fleet, at=LATER)
    before = cloud.raw("nights")

    night = cloud.tables.nights.get(NIGHT)

    assert night is not None
    assert night.fleet == fleet
    assert cloud.rows("nights")[0]["fleet_failures"][0] == {
        "failure": "access_token:rejected",
        "merchants": 40,
        "since": "2026-11-19",
    }
    assert not cloud.tables.nights.close(COUNTED, fleet, at=LATER + timedelta(hours=1))
    assert cloud.raw("nights") == before
    assert cloud.tables.nights.close(COUNTED, fleet[:1], at=LATER + timedelta(hours=1))


def test_a_night_that_was_never_opened_is_not_closed_into_being(cloud: Cloud) -> None:
    with pytest.raises(NightjarError, match="2026-11-21 was never opened"):
        cloud.tables.nights.close(COUNTED, at=LATER)

    assert cloud.raw("nights") == []


def test_a_second_close_that_counts_the_same_changes_nothing(cloud: Cloud) -> None:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    assert cloud.tables.nights.close(COUNTED, at=LATER)
    before = cloud.raw("nights")

    assert not cloud.tables.nights.close(COUNTED, at=LATER + timedelta(hours=1))
    assert cloud.raw("nights") == before


def test_a_second_close_counts_anew_and_keeps_the_first_time(cloud: Cloud) -> None:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    cloud.tables.nights.close(COUNTED, at=LATER)
    recounted = Coverage(NIGHT, 3, 3, (), (), dict.fromkeys(Status, 9), {})

    assert cloud.tables.nights.close(recounted, at=LATER + timedelta(hours=1))

    assert cloud.tables.nights.get(NIGHT) == Night(NIGHT, opened_at=NOW, closed_at=LATER, coverage=recounted)
    assert cloud.rows("nights")[0]["restated_at"] == (LATER + timedelta(hours=1)).isoformat()


def test_of_two_closers_at_the_same_moment_one_closes(cloud: Cloud) -> None:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    ready = Barrier(2)

    def close(_: int) -> bool:
        ready.wait()
        return cloud.tables.nights.close(COUNTED, at=LATER)

    with ThreadPoolExecutor(2) as closers:
        changed = list(closers.map(close, range(2)))

    assert sorted(changed) == [False, True]
    assert "restated_at" not in cloud.rows("nights")[0]


def test_a_night_on_which_a_large_fleet_fails_is_closed_all_the_same(cloud: Cloud) -> None:
    fleet = tuple(f"{number:063}" for number in range(20_000))
    outage = Coverage(NIGHT, 40_000, 0, fleet, fleet, dict.fromkeys(Status, 0), {})
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)

    assert cloud.tables.nights.close(outage, at=LATER)
    assert not cloud.tables.nights.close(outage, at=LATER + timedelta(hours=1))

    row = cloud.rows("nights")[0]
    assert (row["expected"], row["failed"], row["missing"]) == (40_000, 20_000, 20_000)
    assert row["failed_merchants"] == list(fleet[:NAMED])


def test_the_figures_are_plain_numbers(cloud: Cloud) -> None:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    cloud.tables.nights.close(COUNTED, at=LATER)

    item = cloud.raw("nights")[0]

    assert item["schema_version"] == {"N": "1"}
    assert {name: item[name]["N"] for name in ("expected", "audited", "failed", "missing", "not_evaluated")} == {
        "expected": "3",
        "audited": "1",
        "failed": "1",
        "missing": "1",
        "not_evaluated": "15",
    }
    assert item["coverage_percent"] == {"N": "33.333333"}
    assert item["causes"]["M"] == {"source_failed": {"N": "15"}, "rate_limited": {"N": "2"}}
    assert item["failed_merchants"] == {"L": [{"S": "foxglove"}]}
