"""Who finds no turn is told when to come back: one after the other, when there will be turns, never all at once."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.local_budget import LocalBudget
from functions.audit.budget import Budget, Rate
from functions.audit.merchant import Merchant
from functions.fetcher.gate import LINE_REACH, Gate, turns_of
from functions.fetcher.pace import Pacer

NOW = Decimal(1_795_226_400)
SHARED_HOST = {"tiktok": {"open_id": "o"}, "analytics": {}}
ACCOUNT_ONLY = {"tiktok": {"open_id": "o"}}
RATE = Rate(Decimal("0.5"))


def shop(**settings: Any) -> Merchant:
    plain = {"id": "larkspur", "name": "Larkspur", "timezone": "Europe/London", "currency": "GBP"}
    return Merchant.model_validate(plain | settings)


class Stage:
    """A gate of one container among many: two turns a second."""

    def __init__(self, *, spent: int = 0, random: Random | None = None) -> None:
        self.now = NOW
        self.lag = Decimal(0)
        self.random = random or Random(1)  # noqa: S311 - the same every time
        self.budget: Budget = LocalBudget(RATE)
        self.line: Budget = LocalBudget(Rate(RATE.interval, reach=LINE_REACH))
        self.budget.take(2 * spent + 1, now=NOW, within=Decimal(10_000))

    def told(self, merchant: Merchant) -> int | None:
        # Each message is another container's, as on a night of many.
        return Gate(Pacer(self.budget, self._read), self.line, self.random).seconds_to_wait(merchant)

    def _read(self) -> Decimal:
        now, self.now = self.now, self.now + self.lag
        return now


class Extreme(Random):
    """A random that always comes to one end."""

    def __init__(self, end: int) -> None:
        super().__init__(end)
        self._end = end

    def randint(self, a: int, b: int) -> int:
        return (a, b)[self._end]


@pytest.mark.parametrize(
    ("settings", "turns"),
    [
        ({}, 0),
        ({"analytics": {}}, 0),
        (ACCOUNT_ONLY, 1),
        (SHARED_HOST, 4),
        ({**ACCOUNT_ONLY, "analytics": {"base_url": "https://shop.example"}}, 1),
        ({**ACCOUNT_ONLY, "analytics": {"base_url": "https://open.tiktokapis.com:443/v1"}}, 4),
        ({**ACCOUNT_ONLY, "analytics": {"provider": "ga4", "property_id": "123456789"}}, 1),
        ({"tiktok": {"open_id": "o", "base_url": "http://127.0.0.1:8000"}, "analytics": {}}, 1),
        (
            {
                "tiktok": {"open_id": "o", "base_url": "http://127.0.0.1:8000"},
                "analytics": {"provider": "ga4", "property_id": "123456789", "base_url": "http://127.0.0.1:8000"},
            },
            1,
        ),
        (
            {
                "tiktok": {"open_id": "o", "base_url": "http://127.0.0.1:8000"},
                "analytics": {"base_url": "http://127.0.0.1:8000"},
            },
            4,
        ),
    ],
)
def test_what_a_fetch_takes_at_the_least_follows_from_the_settings(settings: dict[str, Any], turns: int) -> None:
    assert turns_of(shop(**settings)) == turns


def test_a_fetch_begins_when_its_first_turn_is_near() -> None:
    stage = Stage(spent=4)

    assert stage.told(shop(**ACCOUNT_ONLY)) is None


def test_a_fetch_that_begins_has_its_first_turn() -> None:
    stage = Stage(spent=4)

    told = [stage.told(shop(**ACCOUNT_ONLY)) for _ in range(4)]

    # Booked until 4.5 s from now; the next one at 5 s is the last that a fetcher waits for.
    assert told[:2] == [None, None]
    assert None not in told[2:]


def test_a_merchant_without_tiktok_begins_whatever_the_budget() -> None:
    assert Stage(spent=500).told(shop()) is None


def test_the_first_in_line_comes_back_a_little_before_the_budget_is_free() -> None:
    # Free 60.5 s from now, less half of the 5 s that a fetcher waits: 58 s.
    assert Stage(spent=60).told(shop(**ACCOUNT_ONLY)) == 58


def test_those_behind_come_back_as_their_turns_do() -> None:
    stage = Stage(spent=60)

    assert [stage.told(shop(**ACCOUNT_ONLY)) for _ in range(5)] == [58, 59, 59, 60, 60]
    # Four turns each, two seconds; the place is where the one before them ends.
    assert [stage.told(shop(**SHARED_HOST)) for _ in range(4)] == [61, 63, 65, 67]


def test_a_line_that_is_behind_the_times_begins_anew() -> None:
    stage = Stage(spent=60)
    stage.told(shop(**ACCOUNT_ONLY))
    stage.now += 100
    stage.budget.take(100, now=stage.now, within=Decimal(10_000))

    # Fifty seconds are booked from now.
    assert stage.told(shop(**ACCOUNT_ONLY)) == 48


def test_places_end_where_the_longest_delay_ends() -> None:
    stage = Stage(spent=60)
    told = [stage.told(shop(**SHARED_HOST)) for _ in range(430)]

    in_line = [seconds for seconds in told if seconds is not None][:421]
    assert in_line == sorted(in_line)
    # 58 s and two seconds for each: of the 422nd place only a part would lie within 900 s.
    assert in_line[-1] == 898
    assert all(450 <= seconds <= 900 for seconds in told[421:] if seconds is not None)


@pytest.mark.parametrize(("end", "seconds"), [(0, 450), (1, 900)])
def test_who_finds_no_place_comes_back_while_there_are_people_in_line(end: int, seconds: int) -> None:
    stage = Stage(spent=60, random=Extreme(end))

    assert [stage.told(shop(**SHARED_HOST)) for _ in range(430)][421:] == [seconds] * 9


def test_who_hears_late_that_the_budget_is_spent_still_comes_back_later() -> None:
    stage = Stage(spent=60)
    # The table took its time to say so: by now the budget is free again.
    stage.lag = Decimal(100)

    assert stage.told(shop(**ACCOUNT_ONLY)) == 1


def test_who_finds_no_place_takes_none() -> None:
    stage = Stage(spent=60)
    for _ in range(1000):
        stage.told(shop(**SHARED_HOST))

    # Two seconds later there is one place more, at the end.
    stage.now += 2
    assert stage.told(shop(**SHARED_HOST)) == 898


@given(
    st.integers(0, 1200),
    st.lists(st.tuples(st.decimals(0, 300, places=3), st.sampled_from([SHARED_HOST, ACCOUNT_ONLY])), max_size=60),
)
def test_a_delay_is_one_that_sqs_takes(spent: int, comers: list[tuple[Decimal, dict[str, Any]]]) -> None:
    stage = Stage(spent=min(spent, 590))
    for gap, settings in comers:
        stage.now += gap
        told = stage.told(shop(**settings))
        assert told is None or (isinstance(told, int) and 1 <= told <= 900)
