"""A budget in the table hands out what one in memory would, to any number of takers at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from console.local_budget import LocalBudget
from functions.audit.budget import REACH, Budget, Rate, Spent, Turns
from functions.audit.errors import Conflict
from functions.store.budgets import ATTEMPTS, StoredBudget
from tests.cloud import Cloud
from tests.rooms.fakes import refused
from tests.simulation.one_item import OneItem
from tests.tables import PREFIX

NOW = Decimal("1795226400.123456")
RATE = Rate.per_minute(600)
BURSTING = Rate.per_minute(600, burst=5)

# Who comes: how long after the one before (or, with a slow clock, before it), for how many turns, how patient.
COMERS = st.lists(
    st.tuples(
        st.decimals(Decimal("-0.3"), Decimal("1.5"), places=6) | st.just(REACH + 5),
        st.integers(1, 8),
        st.sampled_from([Decimal(0), Decimal("0.3"), Decimal(5), Decimal(400)]),
    ),
    max_size=25,
)


def in_memory(rate: Rate) -> Budget:
    return StoredBudget(cast("Any", OneItem()), "budgets", "tiktok", rate)


@pytest.fixture
def stored(cloud: Cloud) -> Callable[[Rate], Budget]:
    names = iter(range(100))
    return lambda rate: cloud.tables.budget(f"tiktok-{next(names)}", rate)


def told(budget: Budget, comers: list[tuple[Decimal, int, Decimal]]) -> list[Turns | Spent]:
    """Return what each of the comers is told."""
    at, answers = NOW, []
    for gap, turns, within in comers:
        at += gap
        answers.append(budget.take(turns, now=at, within=within))
    return answers


@pytest.mark.parametrize("rate", [RATE, BURSTING])
@given(comers=COMERS)
def test_a_table_in_memory_hands_out_what_memory_does(rate: Rate, comers: list[tuple[Decimal, int, Decimal]]) -> None:
    assert told(in_memory(rate), comers) == told(LocalBudget(rate), comers)


@pytest.mark.parametrize("rate", [RATE, BURSTING])
@pytest.mark.parametrize("seed", range(5))
def test_the_table_hands_out_what_memory_does(stored: Callable[[Rate], Budget], rate: Rate, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the same story every time
    comers = [
        (
            Decimal(random.choice([0, 0, 20_000, 150_000, 2_000_000, -250_000, 700_000_000])).scaleb(-6),
            random.randint(1, 8),
            Decimal(random.choice(["0", "0.3", "5", "400"])),
        )
        for _ in range(40)
    ]

    assert told(stored(rate), comers) == told(LocalBudget(rate), comers)


def test_the_last_turn_in_time_is_still_in_time(stored: Callable[[Rate], Budget]) -> None:
    budget = stored(Rate(Decimal(1)))
    budget.take(3, now=NOW, within=Decimal(60))

    # Due 3, 4 and 5 s from now, and none a moment earlier.
    assert budget.take(3, now=NOW, within=Decimal("4.999999")) == Spent(until=NOW + 3)
    assert budget.take(3, now=NOW, within=Decimal(5)) == Turns((NOW + 3, NOW + 4, NOW + 5), next_at=NOW + 6)


def test_the_row_says_when_the_next_turn_is_due(cloud: Cloud) -> None:
    budget = cloud.tables.budget("tiktok", RATE)
    budget.take(1, now=NOW, within=Decimal(5))
    budget.take(4, now=NOW, within=Decimal(5))

    assert cloud.rows("budgets") == [
        {"budget": "tiktok", "next_at": NOW + 5 * Decimal("0.101837"), "schema_version": 1}
    ]


def test_budgets_of_different_names_share_nothing(cloud: Cloud) -> None:
    cloud.tables.budget("tiktok", RATE).take(500, now=NOW, within=Decimal(100))

    answer = cloud.tables.budget("tiktok-line", RATE).take(1, now=NOW, within=Decimal(0))

    assert answer == Turns((NOW,), NOW + Decimal("0.101837"))


def test_a_budget_in_use_costs_one_write_a_booking() -> None:
    table = OneItem()
    containers = [StoredBudget(cast("Any", table), "budgets", "tiktok", RATE) for _ in range(2)]
    for container in containers:
        container.take(1, now=NOW, within=Decimal(5))
    before = table.writes

    for _ in range(10):
        containers[1].take(4, now=NOW, within=Decimal(60))

    assert table.writes - before == 10


def test_an_idle_budget_costs_one_write_a_booking() -> None:
    table = OneItem()
    budget = StoredBudget(cast("Any", table), "budgets", "tiktok", RATE)

    for second in range(10):
        budget.take(4, now=NOW + second, within=Decimal(5))

    assert table.writes == 10


@pytest.mark.parametrize("takers", [2, 16])
def test_takers_at_the_same_time_never_share_a_turn_nor_exceed_the_quota(cloud: Cloud, takers: int) -> None:
    quota, clock = 60, iter(range(10_000))
    rate = Rate.per_minute(quota)

    def take_some(seed: int) -> list[Decimal]:
        random = Random(seed)  # noqa: S311 - the same story every time
        budget = StoredBudget(cloud.dynamodb, f"{PREFIX}budgets", "tiktok", rate)
        times: list[Decimal] = []
        for _ in range(12):
            # Their common time goes on while they come; each clock is off by up to a quarter of a second.
            now = NOW + Decimal(next(clock)) / 4 + Decimal(random.randint(-250, 250)).scaleb(-3)
            booked = budget.take(random.randint(1, 4), now=now, within=Decimal(random.choice([5, 37, 300])))
            times += booked.times if isinstance(booked, Turns) else ()
        return times

    with ThreadPoolExecutor(takers) as pool:
        turns = sorted(turn for times in pool.map(take_some, range(takers)) for turn in times)

    assert len(turns) > takers
    assert len(set(turns)) == len(turns)
    assert all(sum(start <= turn < start + 60 for turn in turns) <= quota for start in turns)


def test_who_always_comes_too_late_gives_up_in_the_end() -> None:
    class Contended:
        calls = 0

        def update_item(self, **_: Any) -> None:
            # Idle when it was to be booked behind others, booked when it was idle: somebody is always quicker.
            self.calls += 1
            next_at = NOW + 1 if self.calls % 2 else NOW - 1
            response: Any = {
                "Error": {"Code": "ConditionalCheckFailedException", "Message": "The condition failed"},
                "Item": {"budget": {"S": "tiktok"}, "next_at": {"N": str(next_at)}},
            }
            raise ClientError(response, "UpdateItem")

    table = Contended()

    with pytest.raises(Conflict, match="tiktok was booked by somebody else 20 times"):
        StoredBudget(cast("Any", table), "budgets", "tiktok", RATE).take(1, now=NOW, within=Decimal(5))
    assert table.calls == ATTEMPTS == 20


def test_what_aws_refuses_for_another_reason_is_raised() -> None:
    class Denied:
        def update_item(self, **_: Any) -> None:
            raise refused("AccessDeniedException", "UpdateItem")

    with pytest.raises(ClientError, match="AccessDenied"):
        StoredBudget(cast("Any", Denied()), "budgets", "tiktok", RATE).take(1, now=NOW, within=Decimal(5))
