"""A fetch message: what is stored is never fetched again, and on the last receive the merchant does not vanish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.audit.absence import Absent, Reason
from functions.audit.jobs import FetchJob
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.fetcher.collect import Collected, Collector
from functions.store.verdicts import settle
from tests.builders import NIGHT, merchant, snapshot
from tests.cloud import Cloud
from tests.rooms.fakes import FakeSqs
from tests.store.stories import TTL, audit
from tests.tables import PREFIX

JOB = FetchJob(merchant_id="larkspur", night=NIGHT)
# A stored snapshot is read only until its end, counted by the real clock.
NOW = datetime.now(UTC)


@dataclass
class Stage:
    """A collector among fakes, and what it asked of them."""

    cloud: Cloud
    sqs: FakeSqs = field(default_factory=FakeSqs)
    sources: Callable[[], Snapshot] = snapshot
    fetched: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    def collect(self, receive_count: int = 1) -> tuple[Collected, Snapshot | None]:
        def fetch(shop: Merchant, job: FetchJob, _now: datetime) -> Snapshot:
            assert shop.id == job.merchant_id
            self.fetched.append(shop.id)
            return self.sources()

        collector = Collector(
            tables=self.cloud.tables,
            sqs=cast("Any", self.sqs),
            queue_url="https://queue",
            profile=default_profile(),
            snapshot_ttl=lambda now: now + timedelta(days=14),
            max_receives=5,
            fetch=fetch,
            on_given_up=lambda job, error: self.given_up.append(f"{job.merchant_id} {type(error).__name__}"),
        )
        return collector.collect(JOB, receive_count=receive_count, now=NOW)

    def stored(self) -> Snapshot | None:
        return self.cloud.tables.snapshots.get("larkspur", NIGHT)


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.tables.merchants.save(merchant())
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
