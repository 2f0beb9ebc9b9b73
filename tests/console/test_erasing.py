"""Erasing a merchant: nothing of it is left, a night under way writes nothing back, and a crash is gone on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from pydantic import SecretStr

from console.erasing import erase
from console.stage import Stage
from functions.audit.grant import SHOPIFY, TIKTOK, Grant
from functions.audit.jobs import TextJob
from functions.audit.night import Coverage
from functions.audit.outcome import Status
from functions.notifier.later import name_of
from functions.runtime.report_links import key_of
from functions.store.erasure import Erasure
from functions.store.text_budget import TextBudget
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant, mute, snapshot
from tests.cloud import REGION, Cloud, pretended_aws
from tests.console.test_stage_commands import Said, say
from tests.rooms.fakes import refused
from tests.store.stories import TTL, audit, failed, night_after
from tests.tables import INDEXES, KEYS, PREFIX

__all__ = ["say"]  # the fixture
UNTIL = NOW + timedelta(hours=5)


class Schedules:
    """A group of schedules that takes down which were deleted."""

    def __init__(self) -> None:
        self.there = {name_of(TextJob(merchant_id="larkspur", alert_id=f"{NIGHT}#critical"), UNTIL)}
        self.groups: list[str] = []

    def delete_schedule(self, *, Name: str, GroupName: str) -> None:  # noqa: N803 - Scheduler's own names
        self.groups.append(GroupName)
        if Name not in self.there:
            raise refused("ResourceNotFoundException", "DeleteSchedule")
        self.there.remove(Name)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """Two merchants with something in every table that can hold something of them."""
    with pretended_aws() as stage:
        tables = stage.tables
        for shop in ("larkspur", "brasa"):
            own = merchant(id=shop, tiktok={"open_id": "723f24d7"})
            tables.merchants.save(own)
            for provider in (TIKTOK, SHOPIFY):
                stage.tokens.connect(
                    Grant(merchant_id=shop, provider=provider, access_token=SecretStr("act.s"), connected_at=NOW)
                )
            tables.mutes.save(mute(merchant_id=shop))
            tables.snapshots.put_once(snapshot(merchant_id=shop), ttl=TTL)
            settle(tables, audit(channel(bounce_rate="81.2"), own, merchant_id=shop), own, ttl=TTL)
            tables.alerts.record_published(shop, f"{NIGHT}#critical", at=NOW, message_id="m", topic_arn="t")
            tables.texts.record_held(shop, f"{NIGHT}#critical", until=UNTIL)
            tables.audits.expect(shop, night_after(2), at=NOW, ttl=TTL)
            for day in (NIGHT, NIGHT - timedelta(days=8)):
                TextBudget(stage.dynamodb, f"{PREFIX}budgets", 9, 9).take(shop, f"{NIGHT}#critical", on=day)
        tables.nights.open(night_after(), at=NOW, ttl=TTL)
        counted = dict.fromkeys(Status, 0)
        tables.nights.close(Coverage(night_after(), 3, 1, ("brasa", "larkspur"), ("larkspur",), counted, {}), at=NOW)
        yield stage


def _stage(cloud: Cloud, schedules: Schedules | None = None) -> Stage:
    clients: dict[str, Any] = {
        "dynamodb": cloud.dynamodb,
        "kms": cloud.kms,
        "scheduler": schedules or Schedules(),
        "sns": cloud.sns,
        "s3": boto3.client("s3", region_name=REGION),
        "sts": boto3.client("sts", region_name=REGION),
    }
    return Stage("test", clients.__getitem__)


def _erase(cloud: Cloud, schedules: Schedules | None = None) -> dict[str, tuple[int | None, int]]:
    lines = erase(_stage(cloud, schedules), "larkspur", now=NOW, sleep=lambda _: None)
    return {line.place: (line.removed, line.left) for line in lines}


def _texts(plain: object) -> Iterator[str]:
    match plain:
        case str():
            yield plain
        case dict():
            for name, value in plain.items():
                yield from (name, *_texts(value))
        case list():
            for entry in plain:
                yield from _texts(entry)


def _mentions(cloud: Cloud, id_: str) -> dict[str, int]:
    """Return how many items of each table say the id anywhere, in a key, an attribute or a text."""
    found = {name: sum(any(id_ in text for text in _texts(row)) for row in cloud.rows(name)) for name in KEYS}
    return {name: count for name, count in found.items() if count}


def test_everything_of_a_merchant_goes_and_others_keep_what_is_theirs(cloud: Cloud) -> None:
    before = _of_brasa(cloud)

    told = _erase(cloud)

    assert _mentions(cloud, "larkspur") == {"merchants": 1}
    assert told["merchants"] == (1, 0)
    assert told["tokens"] == (2, 0)
    assert told["audits"] == (2, 0)
    assert told["findings"] == (15, 0)
    assert (told["nights"], told["budgets"]) == ((1, 0), (2, 0))
    assert {left for _, left in told.values()} == {0}
    assert _of_brasa(cloud) == before
    (night,) = (row for row in cloud.rows("nights") if "failed_merchants" in row)
    assert (night["failed_merchants"], night["missing_merchants"], night["failed"]) == (["brasa"], [], 2)
    # The mark is a merchant without settings that no night expects.
    (mark,) = (row for row in cloud.rows("merchants") if row["merchant_id"] == "larkspur")
    assert (mark["name"], mark["enabled"], mark["version"]) == ("erased", False, 0)
    assert mark["ttl"] == int((NOW + timedelta(days=30)).timestamp())
    assert not {"tiktok", "open_id", "analytics"} & set(mark)
    assert [getattr(row, "id", "") for row in cloud.tables.merchants.all()] == ["brasa"]
    assert cloud.tables.merchants.get("larkspur") is None


def _of_brasa(cloud: Cloud) -> dict[str, list[dict[str, Any]]]:
    return {name: [row for row in cloud.raw(name) if row.get("merchant_id") == {"S": "brasa"}] for name in KEYS}


def test_every_table_and_every_index_that_can_hold_it_is_read_again(cloud: Cloud) -> None:
    own = {name for name, keys in KEYS.items() if keys[0] == "merchant_id"}
    indexes = {f"{name}/{index}" for name, by_name in INDEXES.items() for index in by_name}

    others = {"nights", "budgets", "topics", "reports", "schedules of held text messages"}
    assert set(_erase(cloud)) == own | indexes | others


def test_the_schedule_of_a_held_text_message_is_cancelled(cloud: Cloud) -> None:
    schedules = Schedules()

    assert _erase(cloud, schedules)["schedules of held text messages"] == (1, 0)
    assert schedules.there == set()
    assert schedules.groups == [f"{PREFIX}texts"]


def test_what_is_left_is_counted_table_by_table_and_index_by_index(cloud: Cloud) -> None:
    seen = Erasure(_stage(cloud).tables, "larkspur")
    before = dict(seen.left())
    _erase(cloud)
    seen.mark(at=NOW, until=UNTIL)

    assert before == {
        "tokens": 2,
        "recipients": 0,
        "snapshots": 1,
        "audits": 2,
        "audits/by_night": 0,
        "audits/unfinished": 0,
        "findings": 15,
        "findings/open_by_severity": 1,
        "findings/by_check": 15,
        "alerts": 1,
        "alerts/unsent": 0,
        "alerts/by_night": 0,
        "mutes": 1,
        "mutes/by_end": 0,
        "merchants/by_open_id": 0,
        "nights": 1,
    }


@pytest.mark.parametrize(("late", "left"), [(2, 0), (99, 1)])
def test_an_index_that_still_shows_something_is_asked_again_and_in_the_end_told_of(
    cloud: Cloud, late: int, left: int
) -> None:
    real, waits = cloud.dynamodb.query, list[float]()

    def lagging(**request: Any) -> Any:
        behind = len(waits) < late and request.get("IndexName") == "by_end"
        return {"Count": 1} if behind else real(**request)

    cloud.instead("query", lagging)
    lines = erase(_stage(cloud), "larkspur", now=NOW, sleep=waits.append)

    assert {line.place: line.left for line in lines}["mutes/by_end"] == left
    assert len(waits) == min(late, 4)


@pytest.mark.parametrize("calls", [4, 19])
def test_stopped_anywhere_it_is_gone_on_with(cloud: Cloud, calls: int) -> None:
    real, done = cloud.dynamodb.delete_item, list[Any]()

    def dies(**request: Any) -> Any:
        if len(done) == calls:
            raise KeyboardInterrupt
        done.append(request)
        return real(**request)

    cloud.instead("delete_item", dies)
    try:
        _erase(cloud)
    except KeyboardInterrupt:
        cloud.instead("delete_item", real)

    told = _erase(cloud)

    assert told["merchants"][0] in {0, 1}
    assert {left for _, left in told.values()} == {0}
    assert _mentions(cloud, "larkspur") == {"merchants": 1}


def test_a_night_under_way_writes_nothing_back(cloud: Cloud) -> None:
    tables, own = cloud.tables, merchant()
    _erase(cloud)
    before = cloud.everything()

    assert not tables.audits.expect("larkspur", night_after(3), at=NOW, ttl=TTL)
    assert not tables.snapshots.put_once(snapshot(), ttl=TTL)
    assert settle(tables, audit(channel(bounce_rate="90")), own, ttl=TTL) is None
    assert settle(tables, failed("larkspur", night_after(4)), own, ttl=TTL) is None
    assert cloud.everything() == before


def test_an_erased_merchant_is_not_imported_again_before_the_mark_ends(
    cloud: Cloud, say: Callable[..., Said], tmp_path: Any
) -> None:
    cloud.tables.merchants.erase("larkspur", at=datetime(2026, 11, 22, tzinfo=UTC), until=UNTIL)
    file = tmp_path / "merchants.toml"
    file.write_text('[[merchant]]\nid = "larkspur"\nname = "Larkspur"\n')

    said = say("merchants", "import", str(file))

    assert said.code == 2
    assert "larkspur was erased on 2026-11-22; the id can be used again 30 days later." in said.err


def test_the_command_says_that_nothing_is_left_and_what_still_holds_copies(
    cloud: Cloud, say: Callable[..., Said]
) -> None:
    cloud.dynamodb.delete_item(
        TableName=f"{PREFIX}alerts",
        Key={"merchant_id": {"S": "larkspur"}, "alert_id": {"S": f"{NIGHT}#critical"}},
    )

    said = say("merchants", "remove", "larkspur", "--erase", "--yes")

    assert said.code == 0
    assert "larkspur is erased from stage test: nothing is left." in said.out
    assert "  point-in-time recovery of the tables: everything, tokens encrypted, until 20" in said.out
    assert "findings/by_check" in said.out


def test_an_id_that_nobody_knows_is_no_merchant_to_erase(cloud: Cloud, say: Callable[..., Said]) -> None:
    said = say("merchants", "remove", "larkspurr", "--erase", "--yes")

    assert (said.code, said.out) == (2, "")
    assert "There is nothing of a merchant 'larkspurr' on stage test." in said.err
    assert len(cloud.raw("merchants")) == 2


def test_reports_go_with_the_merchant_and_a_neighbour_by_name_keeps_its_own(cloud: Cloud) -> None:
    s3 = boto3.client("s3", region_name=REGION)
    bucket = f"{PREFIX}reports-123456789012-{REGION}"
    s3.create_bucket(Bucket=bucket)
    nights = [night_after(number) for number in range(3)]
    for shop in ("larkspur", "larkspur-2", "brasa"):
        for night in nights:
            s3.put_object(Bucket=bucket, Key=key_of(shop, night), Body=shop.encode())

    assert _erase(cloud)["reports"] == (3, 0)

    left = {found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert left == {key_of(shop, night) for shop in ("larkspur-2", "brasa") for night in nights}
    assert _erase(cloud)["reports"] == (0, 0)


def test_a_stage_without_reports_has_none_of_them(cloud: Cloud) -> None:
    assert _erase(cloud)["reports"] == (0, 0)
