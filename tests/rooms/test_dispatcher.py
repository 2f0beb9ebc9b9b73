"""A night's start: expected first, sent then; what SQS refuses is sent again and said in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.audit.errors import NightjarError
from functions.audit.start import Start
from functions.audit.verdict import AuditState
from functions.dispatcher import dispatch
from functions.dispatcher.dispatch import Dispatched, Dispatcher
from functions.store.tables import Tables
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, merchant
from tests.cloud import Cloud
from tests.rooms.fakes import FakeSqs, refused
from tests.store.stories import TTL, audit, failed
from tests.tables import PREFIX

EVERYBODY = Start(night=NIGHT)


@dataclass
class Stage:
    """A dispatcher among fakes, and what it asked of them."""

    cloud: Cloud
    sqs: FakeSqs = field(default_factory=FakeSqs)
    seconds: list[float] = field(default_factory=lambda: [300.0])
    again: list[Start] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def run(self, start: Start = EVERYBODY, tables: Tables | None = None) -> Dispatched:
        dispatcher = Dispatcher(
            tables=tables or self.cloud.tables,
            sqs=cast("Any", self.sqs),
            queue_url="https://queue",
            audit_days=90,
            night_days=30,
            start_again=self.again.append,
            seconds_left=lambda: self.seconds[0],
            random=Random(1),  # noqa: S311 - jitter that is the same every time
            sleep=self.slept.append,
        )
        return dispatcher.run(start, now=NOW)

    def import_(self, *ids: str, **changed: Any) -> None:
        for id_ in ids:
            self.cloud.tables.merchants.save(merchant(id=id_, **changed))

    def expected(self) -> set[str]:
        return {head.merchant_id for head in self.cloud.tables.audits.heads(NIGHT)}


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    return Stage(cloud)


def _ids(count: int) -> list[str]:
    return [f"shop-{number:02}" for number in range(count)]


def test_everybody_is_expected_before_their_message_is_sent(stage: Stage) -> None:
    stage.import_(*_ids(12))
    too_early: list[str] = []

    def look(merchants: list[str]) -> None:
        too_early.extend(
            id_ for id_ in merchants if stage.cloud.tables.audits.state(id_, NIGHT) is not AuditState.PENDING
        )
        assert stage.cloud.tables.nights.get(NIGHT) is not None

    stage.sqs.before = look

    assert stage.run() == Dispatched(sent=12)
    assert too_early == []
    assert sorted(stage.sqs.sent) == _ids(12)
    assert stage.expected() == set(_ids(12))


def test_what_is_expected_beside_the_fifteen_stands_in_the_pending_row(stage: Stage) -> None:
    stage.import_("plain")
    stage.import_("more", tiktok={"open_id": "1"}, extra_checks=["click_capture"])

    stage.run()

    assert {row["merchant_id"]: row.get("extra_checks") for row in stage.cloud.rows("audits")} == {
        "plain": None,
        "more": ["click_capture"],
    }


def test_messages_go_out_ten_at_a_time(stage: Stage) -> None:
    stage.import_(*_ids(23))

    stage.run()

    assert sorted(len(call) for call in stage.sqs.calls) == [3, 10, 10]


def test_pending_rows_and_the_night_end_after_the_days_of_the_stage(stage: Stage) -> None:
    stage.import_("larkspur")

    stage.run()

    assert stage.cloud.rows("audits")[0]["ttl"] == int((NOW + timedelta(days=90)).timestamp())
    assert stage.cloud.rows("nights")[0]["ttl"] == int((NOW + timedelta(days=30)).timestamp())


def test_only_the_entries_that_failed_are_sent_again(stage: Stage) -> None:
    stage.import_(*_ids(4))
    stage.sqs.refuse = lambda call, merchant: call == 1 and merchant in {"shop-01", "shop-03"}

    assert stage.run() == Dispatched(sent=4)

    assert [sorted(call) for call in stage.sqs.calls] == [_ids(4), ["shop-01", "shop-03"]]
    assert sorted(stage.sqs.sent) == _ids(4)
    assert len(stage.slept) == 1
    assert 0 <= stage.slept[0] <= 0.2


def test_what_is_refused_to_the_end_is_said_and_stays_expected(stage: Stage) -> None:
    stage.import_(*_ids(4))
    stage.sqs.refuse = lambda _, merchant: merchant == "shop-02"

    with pytest.raises(NightjarError, match=r"^1 fetch messages could not be sent \(InternalError\), 3 could"):
        stage.run()

    assert len(stage.sqs.calls) == dispatch.SEND_ATTEMPTS
    assert all(call == ["shop-02"] for call in stage.sqs.calls[1:])
    assert stage.cloud.tables.audits.state("shop-02", NIGHT) is AuditState.PENDING


def test_a_batch_that_is_refused_whole_keeps_nobody_else_from_being_sent(stage: Stage) -> None:
    stage.import_(*_ids(25))
    _two_a_page(stage)

    def deny(merchants: list[str]) -> None:
        if "shop-00" in merchants:
            raise refused("AccessDenied", "SendMessageBatch")

    stage.sqs.before = deny

    with pytest.raises(NightjarError, match=r"\(AccessDenied\)"):
        stage.run()

    assert stage.expected() == set(_ids(25))
    assert len(stage.sqs.sent) >= 15


def test_who_is_done_is_not_sent_again(stage: Stage) -> None:
    stage.import_("done", "failed", "pending", "new")
    settle(stage.cloud.tables, audit(merchant_id="done"), merchant(id="done"), ttl=TTL)
    settle(stage.cloud.tables, failed("failed"), merchant(id="failed"), ttl=TTL)
    stage.cloud.tables.audits.expect("pending", NIGHT, at=NOW, ttl=TTL)

    assert stage.run() == Dispatched(sent=3, already_done=1)
    assert sorted(stage.sqs.sent) == ["failed", "new", "pending"]
    assert stage.cloud.tables.audits.state("done", NIGHT) is AuditState.DONE
    assert stage.cloud.tables.audits.state("failed", NIGHT) is AuditState.FAILED


def test_running_a_finished_night_again_sends_nothing_and_changes_nothing(stage: Stage) -> None:
    stage.import_("larkspur")
    stage.run()
    settle(stage.cloud.tables, audit(), merchant(), ttl=TTL)
    before = stage.cloud.everything()
    stage.sqs.calls.clear()

    assert stage.run() == Dispatched(already_done=1)
    assert stage.sqs.calls == []
    assert stage.cloud.everything() == before


def test_who_is_erased_after_the_page_was_read_is_neither_expected_nor_sent(stage: Stage) -> None:
    stage.import_("erased", "there")
    real = stage.cloud.dynamodb.scan

    def erased_meanwhile(**request: Any) -> Any:
        page = real(**request)
        stage.cloud.tables.merchants.erase("erased", at=NOW, until=TTL)
        return page

    stage.cloud.instead("scan", erased_meanwhile)

    assert stage.run() == Dispatched(sent=1, already_done=1)
    stage.cloud.instead("scan", real)
    assert (stage.sqs.sent, stage.expected()) == (["there"], {"there"})


def test_who_is_disabled_is_neither_expected_nor_sent(stage: Stage) -> None:
    stage.import_("off", enabled=False)
    stage.import_("on")

    assert stage.run() == Dispatched(sent=1, disabled=1)
    assert stage.expected() == {"on"}


def test_a_row_that_cannot_be_read_is_expected_and_sent_too(stage: Stage) -> None:
    _by_hand(stage, "broken", timezone="Mars/Olympus")
    stage.import_("larkspur")

    assert stage.run() == Dispatched(sent=2)
    assert sorted(stage.sqs.sent) == ["broken", "larkspur"]


def test_an_id_that_no_message_can_name_is_expected_and_keeps_nobody_back(stage: Stage) -> None:
    _by_hand(stage, "Shop A")
    stage.import_("larkspur")

    assert stage.run() == Dispatched(sent=1)
    assert stage.sqs.sent == ["larkspur"]
    assert stage.expected() == {"Shop A", "larkspur"}


def test_an_empty_fleet_opens_its_night(stage: Stage) -> None:
    assert stage.run() == Dispatched()
    assert stage.cloud.tables.nights.get(NIGHT) is not None


def test_one_merchant_can_be_started_alone_even_when_disabled(stage: Stage) -> None:
    stage.import_("off", "other", enabled=False)

    assert stage.run(Start(night=NIGHT, merchant_id="off")) == Dispatched(sent=1)
    assert stage.expected() == {"off"}


def test_a_merchant_that_does_not_exist_cannot_be_started(stage: Stage) -> None:
    with pytest.raises(NightjarError, match="no merchant 'nobody'; import it first"):
        stage.run(Start(night=NIGHT, merchant_id="nobody"))

    assert stage.expected() == set()


def test_a_large_fleet_is_handed_to_shards_of_itself(stage: Stage) -> None:
    stage.import_(*_ids(5))
    _said_to_hold(stage, 2 * dispatch.MERCHANTS_A_SHARD + 1)

    assert stage.run() == Dispatched(shards=3)
    assert stage.again == [Start(night=NIGHT, segment=number, segments=3) for number in range(3)]
    assert stage.sqs.calls == []
    assert stage.cloud.tables.nights.get(NIGHT) is not None


def test_a_shard_dispatches_its_segment_and_shards_no_further(stage: Stage) -> None:
    stage.import_(*_ids(5))
    _said_to_hold(stage, 2 * dispatch.MERCHANTS_A_SHARD + 1)
    asked: list[dict[str, Any]] = []
    tables = _watched_scans(stage, asked)

    stage.run(Start(night=NIGHT, segment=1, segments=3), tables)

    assert stage.again == []
    assert {(scan["Segment"], scan["TotalSegments"]) for scan in asked} == {(1, 3)}


def test_what_is_left_when_time_runs_out_is_handed_on(stage: Stage) -> None:
    stage.import_(*_ids(5))
    _two_a_page(stage)
    stage.seconds[0] = dispatch.SECONDS_TO_SPARE - 1

    done = stage.run()

    assert done == Dispatched(sent=2, shards=1)
    (rest,) = stage.again
    assert (rest.night, rest.segment, rest.segments) == (NIGHT, 0, 1)
    assert rest.start_after in stage.sqs.sent

    while stage.again:
        stage.run(stage.again.pop())
    assert sorted(stage.sqs.sent) == _ids(5)


def test_a_shard_hands_on_its_own_segment(stage: Stage) -> None:
    stage.import_(*_ids(5))
    _two_a_page(stage)
    stage.seconds[0] = 0.0

    stage.run(Start(night=NIGHT, segment=0, segments=2), _watched_scans(stage, []))

    assert [(rest.segment, rest.segments) for rest in stage.again] == [(0, 2)]


def test_a_page_that_ends_with_an_odd_id_is_handed_on_too(stage: Stage) -> None:
    for id_ in ("Shop A", "Shop B", "Shop C"):
        _by_hand(stage, id_)
    _two_a_page(stage)
    stage.seconds[0] = 0.0

    stage.run()
    while stage.again:
        stage.run(stage.again.pop())

    assert stage.expected() == {"Shop A", "Shop B", "Shop C"}


def test_a_table_that_refuses_stops_the_start(stage: Stage) -> None:
    stage.import_("larkspur")
    stage.cloud.dynamodb.delete_table(TableName=f"{PREFIX}audits")

    with pytest.raises(ClientError, match="ResourceNotFound"):
        stage.run()

    assert stage.sqs.calls == []


def _by_hand(stage: Stage, merchant_id: str, **texts: str) -> None:
    item: dict[str, Any] = {"merchant_id": {"S": merchant_id}, "name": {"S": "By hand"}}
    item |= {name: {"S": text} for name, text in texts.items()}
    stage.cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=item)


def _said_to_hold(stage: Stage, rows: int) -> None:
    """Have DynamoDB believe that the merchants' table holds so many rows."""
    stage.cloud.instead("describe_table", lambda **_: {"Table": {"ItemCount": rows}})


def _two_a_page(stage: Stage) -> None:
    """Have DynamoDB give two rows an answer, whatever limit it is asked for."""
    _on_scan(stage, lambda request: request | {"Limit": 2})


def _watched_scans(stage: Stage, asked: list[dict[str, Any]]) -> Tables:
    def without_segment(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return {name: value for name, value in request.items() if name not in {"Segment", "TotalSegments"}}

    _on_scan(stage, without_segment)
    return stage.cloud.tables


def _on_scan(stage: Stage, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    scan = stage.cloud.dynamodb.scan
    stage.cloud.instead("scan", lambda **request: scan(**change(request)))
