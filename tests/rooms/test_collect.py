"""A fetch message: what is stored is never fetched again, and on the last receive the merchant does not vanish."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from console.local_budget import LocalBudget
from functions.audit.absence import Absent, Reason
from functions.audit.budget import Budget, Rate, Spent, Turns
from functions.audit.jobs import FetchJob
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState
from functions.fetcher.collect import MOST_POSTPONED, Collected, Collector
from functions.fetcher.gate import Gate
from functions.fetcher.pace import Pacer
from functions.store.verdicts import settle
from tests.builders import NIGHT, merchant, snapshot
from tests.cloud import Cloud
from tests.rooms.fakes import FakeSqs, refused
from tests.store.stories import TTL, audit, failed
from tests.tables import PREFIX

JOB = FetchJob(merchant_id="larkspur", night=NIGHT)
# A stored snapshot is read only until its end, counted by the real clock.
NOW = datetime.now(UTC)
EPOCH = Decimal(1_795_226_400)
RANDOM = Random(1)  # noqa: S311 - the same every time


@dataclass
class Stage:
    """A collector among fakes, and what it asked of them."""

    cloud: Cloud
    sqs: FakeSqs = field(default_factory=FakeSqs)
    sources: Callable[[], Snapshot] = snapshot
    fetched: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    budget: Budget = field(default_factory=lambda: LocalBudget(Rate.per_minute(600)))

    def collect(self, receive_count: int = 1, job: FetchJob = JOB) -> tuple[Collected, Snapshot | None]:
        async def fetch(shop: Merchant, job: FetchJob, _now: datetime) -> Snapshot:
            assert shop.id == job.merchant_id
            self.fetched.append(shop.id)
            return self.sources()

        collector = Collector(
            tables=self.cloud.tables,
            sqs=cast("Any", self.sqs),
            queue_url="https://evaluate",
            own_queue_url="https://fetch",
            gate=Gate(Pacer(self.budget, lambda: EPOCH), LocalBudget(Rate.per_minute(600)), RANDOM),
            profile=default_profile(),
            snapshot_ttl=lambda now: now + timedelta(days=14),
            max_receives=5,
            fetch=fetch,
            on_given_up=lambda job, error: self.given_up.append(f"{job.merchant_id} {type(error).__name__}"),
        )
        return asyncio.run(collector.collect(job, receive_count=receive_count, now=NOW))

    def spend(self, seconds: int) -> None:
        """Have others book the budget for so long."""
        self.budget.take(seconds * 10, now=EPOCH, within=Decimal(100_000))

    def stored(self) -> Snapshot | None:
        return self.cloud.tables.snapshots.get("larkspur", NIGHT)


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.tables.merchants.save(merchant(tiktok={"open_id": "723f24d7"}))
    return Stage(cloud)


def _crash() -> Snapshot:
    raise ZeroDivisionError("a text that may quote anything")


def test_what_was_seen_is_stored_before_it_is_handed_over(stage: Stage) -> None:
    stored_first: list[bool] = []
    stage.sqs.before = lambda _: stored_first.append(stage.stored() is not None)

    assert stage.collect() == (Collected.FETCHED, snapshot())

    assert stored_first == [True]
    assert stage.stored() == snapshot()
    assert stage.sqs.sent == ['{"merchant_id":"larkspur","night":"2026-11-21"}']
    assert stage.cloud.rows("snapshots")[0]["ttl"] == int((NOW + timedelta(days=14)).timestamp())


def test_a_message_that_comes_again_is_handed_over_without_asking_again(stage: Stage) -> None:
    stage.collect()
    before = stage.cloud.everything()

    assert stage.collect(2) == (Collected.HANDED_OVER_AGAIN, None)

    assert stage.fetched == ["larkspur"]
    assert len(stage.sqs.sent) == 2
    assert stage.cloud.everything() == before


def test_of_an_erased_merchant_nothing_is_asked_stored_or_handed_over(stage: Stage) -> None:
    stage.cloud.tables.merchants.erase("larkspur", at=NOW, until=TTL)

    assert stage.collect() == (Collected.ERASED, None)
    assert (stage.fetched, stage.sqs.sent, stage.cloud.raw("snapshots")) == ([], [], [])


def test_what_was_on_its_way_when_its_merchant_was_erased_is_not_stored(stage: Stage) -> None:
    def erased_meanwhile() -> Snapshot:
        stage.cloud.tables.merchants.erase("larkspur", at=NOW, until=TTL)
        return snapshot()

    stage.sources = erased_meanwhile

    stage.collect()

    assert stage.cloud.raw("snapshots") == []


def test_a_crash_between_storing_and_sending_is_made_good_by_the_next_receive(stage: Stage) -> None:
    stage.sqs.refuse = lambda call, _: call == 1

    with pytest.raises(ClientError):
        stage.collect(1)
    assert stage.stored() == snapshot()

    assert stage.collect(2) == (Collected.HANDED_OVER_AGAIN, None)
    assert stage.fetched == ["larkspur"]
    assert len(stage.sqs.sent) == 1


def test_a_merchant_that_is_done_is_neither_fetched_nor_handed_over(stage: Stage) -> None:
    settle(stage.cloud.tables, audit(), merchant(), ttl=TTL)

    assert stage.collect() == (Collected.ALREADY_DONE, None)
    assert stage.fetched == []
    assert stage.sqs.calls == []


@pytest.mark.parametrize("receive_count", [1, 4])
def test_a_failure_with_receives_left_comes_back_to_the_queue(stage: Stage, receive_count: int) -> None:
    stage.sources = _crash

    with pytest.raises(ZeroDivisionError):
        stage.collect(receive_count)

    assert stage.stored() is None
    assert stage.sqs.calls == []
    assert stage.given_up == []


@pytest.mark.parametrize("receive_count", [5, 6])
def test_the_last_receive_stores_absences_that_say_why(stage: Stage, receive_count: int) -> None:
    stage.sources = _crash

    came_of_it, seen = stage.collect(receive_count)

    assert came_of_it is Collected.GIVEN_UP
    assert seen is not None
    assert seen == stage.stored()
    assert not seen.fetched
    assert isinstance(seen.token, Absent)
    (cause,) = seen.token.causes
    assert cause.reason is Reason.SOURCE_FAILED
    assert cause.detail == f"the fetch failed {receive_count} times, last with ZeroDivisionError"
    assert len(stage.sqs.sent) == 1
    assert stage.given_up == ["larkspur ZeroDivisionError"]


def test_a_success_on_the_last_receive_is_a_success(stage: Stage) -> None:
    assert stage.collect(5) == (Collected.FETCHED, snapshot())
    assert stage.given_up == []


def test_a_merchant_that_is_gone_leaves_a_snapshot_that_says_so(cloud: Cloud) -> None:
    came_of_it, seen = Stage(cloud).collect()

    assert came_of_it is Collected.FETCHED
    assert seen is not None
    assert isinstance(seen.sessions, Absent)
    assert [cause.reason for cause in seen.sessions.causes] == [Reason.NOT_CONNECTED]
    assert not seen.fetched


def test_settings_that_cannot_be_read_leave_a_snapshot_that_says_so(cloud: Cloud) -> None:
    item = {"merchant_id": {"S": "larkspur"}, "name": {"S": "x"}, "timezone": {"S": "Mars/Olympus"}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=cast("Any", item))
    stage = Stage(cloud)

    _, seen = stage.collect()

    assert seen is not None
    assert isinstance(seen.token, Absent)
    (cause,) = seen.token.causes
    assert cause.reason is Reason.SOURCE_FAILED
    assert "settings of larkspur cannot be read" in cause.detail
    assert len(stage.sqs.sent) == 1


def test_of_two_fetches_of_one_message_the_first_snapshot_stays(stage: Stage) -> None:
    def overtaken() -> Snapshot:
        stage.cloud.tables.snapshots.put_once(snapshot(scopes=None), ttl=TTL)
        return snapshot()

    stage.sources = overtaken

    stage.collect()

    assert stage.stored() == snapshot(scopes=None)
    assert len(stage.sqs.sent) == 1


def test_a_fetch_that_finds_the_budget_spent_is_sent_back_for_when_it_is_free(stage: Stage) -> None:
    stage.spend(60)

    assert stage.collect() == (Collected.POSTPONED, None)

    assert stage.fetched == []
    assert stage.stored() is None
    assert [json.loads(body) for body in stage.sqs.sent] == [
        {"merchant_id": "larkspur", "night": "2026-11-21", "postponed": 1}
    ]
    # 600 turns at 0.101836 s begin 61.1 s from now; half of the 5 s that a fetcher waits are taken off.
    assert stage.sqs.delayed == [("https://fetch", 59)]


def test_a_fetch_waits_for_a_turn_that_is_near(stage: Stage) -> None:
    stage.spend(4)

    assert stage.collect()[0] is Collected.FETCHED


def test_the_copy_is_sent_before_the_message_counts_as_done(stage: Stage) -> None:
    stage.spend(60)
    stage.sqs.refuse = lambda call, _: call == 1

    with pytest.raises(ClientError):
        stage.collect()

    assert stage.stored() is None
    assert stage.collect(2) == (Collected.POSTPONED, None)
    assert len(stage.sqs.sent) == 1


def test_a_crash_that_leaves_both_the_message_and_its_copy_harms_nothing(stage: Stage) -> None:
    stage.spend(60)
    stage.collect()
    copy = FetchJob.model_validate_json(stage.sqs.sent[0])
    stage.budget = LocalBudget(Rate.per_minute(600))

    assert stage.collect(job=copy)[0] is Collected.FETCHED
    before = stage.cloud.everything()
    assert stage.collect(2) == (Collected.HANDED_OVER_AGAIN, None)

    assert stage.fetched == ["larkspur"]
    assert stage.cloud.everything() == before


def test_a_message_that_was_postponed_often_enough_begins_and_gets_what_it_gets(stage: Stage) -> None:
    stage.spend(60)

    assert stage.collect(job=FetchJob(merchant_id="larkspur", night=NIGHT, postponed=MOST_POSTPONED - 1)) == (
        Collected.POSTPONED,
        None,
    )
    last = FetchJob.model_validate_json(stage.sqs.sent[-1])
    assert last.postponed == MOST_POSTPONED
    assert stage.collect(job=last) == (Collected.FETCHED, snapshot())


def test_after_the_nights_close_nobody_is_postponed_any_more(stage: Stage) -> None:
    settle(stage.cloud.tables, failed(), merchant(), ttl=TTL)
    assert stage.cloud.tables.audits.state("larkspur", NIGHT) is AuditState.FAILED
    stage.spend(60)

    assert stage.collect()[0] is Collected.FETCHED


def test_a_merchant_without_tiktok_needs_no_turn(cloud: Cloud) -> None:
    cloud.tables.merchants.save(merchant())
    stage = Stage(cloud)
    stage.spend(60)

    assert stage.collect()[0] is Collected.FETCHED


def test_a_merchant_that_is_gone_needs_no_turn(cloud: Cloud) -> None:
    stage = Stage(cloud)
    stage.spend(60)

    assert stage.collect()[0] is Collected.FETCHED


def test_a_budget_that_cannot_be_asked_is_a_failure_like_any_other(stage: Stage) -> None:
    class Broken:
        def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
            raise refused("InternalServerError", f"UpdateItem {turns} {now} {within}")

    stage.budget = Broken()

    with pytest.raises(ClientError):
        stage.collect()
    assert stage.collect(5)[0] is Collected.GIVEN_UP
