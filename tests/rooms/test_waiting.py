"""The close ends every wait it can: one merchant's trouble is told and keeps no other from being served."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import pytest

from functions.closer.waiting import Waiting
from functions.store.tables import Tables
from functions.store.verdicts import settle
from functions.store.waits import Waited
from tests.builders import NIGHT, merchant
from tests.cloud import Cloud
from tests.rooms.fakes import refused
from tests.store.stories import TTL, audit, night_after, revoked
from tests.tables import PREFIX


@dataclass
class Stage:
    """Two merchants whose alerts wait, and a closer that knows what the fleet shared on which night."""

    cloud: Cloud
    shared: dict[date, set[str]] = field(default_factory=dict)
    asked: list[date] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def waits(self, merchant_id: str, night: date = NIGHT, condition: str = "rejected") -> None:
        seen = revoked(condition, merchant_id=merchant_id)
        settle(self.cloud.tables, audit(seen, night=night), merchant(id=merchant_id), ttl=TTL)

    def end(self, night: date = NIGHT, *, tables: Tables | None = None) -> dict[Waited, int]:
        def shared_on(of: date) -> Collection[str]:
            self.asked.append(of)
            return self.shared.get(of, set())

        waiting = Waiting(
            tables or self.cloud.tables,
            shared_on,
            on_failure=lambda merchant_id, error: self.troubles.append(f"{merchant_id} {type(error).__name__}"),
        )
        return dict(waiting.end(night))

    def states(self) -> dict[str, str]:
        return {f"{row['merchant_id']} {row['night']}": row["state"] for row in self.cloud.rows("alerts")}


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    return Stage(cloud)


def test_each_alert_is_judged_by_its_own_failure_and_its_own_night(stage: Stage) -> None:
    stage.waits("larkspur")
    stage.waits("foxglove", condition="banned")
    stage.waits("betony", night_after(-1), condition="banned")
    stage.shared = {NIGHT: {"access_token:banned"}}

    assert stage.end() == {Waited.RELEASED: 2, Waited.WITHHELD: 1}

    assert stage.states() == {
        "larkspur 2026-11-21": "pending",
        "foxglove 2026-11-21": "held",
        "betony 2026-11-20": "pending",
    }
    assert sorted(stage.asked) == [night_after(-1), NIGHT]


def test_where_nothing_waits_nothing_is_asked(stage: Stage) -> None:
    settle(stage.cloud.tables, audit(), merchant(), ttl=TTL)

    assert stage.end() == {}
    assert stage.asked == []


def test_one_merchants_trouble_is_told_and_the_others_go_out(stage: Stage) -> None:
    stage.waits("larkspur")
    stage.waits("stuck")

    class Refusing:
        def transact_write_items(self, **request: Any) -> Any:
            if request["TransactItems"][0]["Update"]["Key"]["merchant_id"]["S"] == "stuck":
                raise refused("TransactionInProgressException", "TransactWriteItems")
            return stage.cloud.dynamodb.transact_write_items(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.cloud.dynamodb, name)

    tables = Tables(cast("Any", Refusing()), PREFIX, clock=lambda: 0.0)
    assert stage.end(tables=tables)[Waited.RELEASED] == 1
    assert stage.troubles == ["stuck Conflict"]
    assert stage.states() == {"larkspur 2026-11-21": "pending", "stuck 2026-11-21": "waiting"}

    # The next close looks back, and ends its wait.
    assert stage.end(night_after()) == {Waited.RELEASED: 1}


def test_an_alert_that_the_index_still_shows_is_left_as_it_is(stage: Stage) -> None:
    stage.waits("larkspur")
    query = stage.cloud.dynamodb.query
    shown = query(
        TableName=f"{PREFIX}alerts",
        IndexName="unsent",
        KeyConditionExpression="unsent_night = :night",
        ExpressionAttributeValues={":night": {"S": str(NIGHT)}},
    )
    stage.end()
    before = stage.cloud.everything()

    class Lagging:
        def query(self, **request: Any) -> Any:
            late = request["ExpressionAttributeValues"][":night"]["S"] == str(NIGHT)
            return shown if late else query(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.cloud.dynamodb, name)

    tables = Tables(cast("Any", Lagging()), PREFIX, clock=lambda: 0.0)
    assert stage.end(tables=tables) == {Waited.NOT_WAITING: 1}
    assert stage.cloud.everything() == before
