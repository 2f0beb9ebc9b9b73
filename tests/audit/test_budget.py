"""No minute holds more than the quota, whoever comes when and with whatever clock; and hardly any of it is wasted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.local_budget import LocalBudget
from functions.audit.budget import REACH, Rate, Spent, Turns, take

NOW = Decimal(1_795_226_400)
SECOND = Decimal(1)
MINUTE = Decimal(60)
FOR_EVER = Decimal(10_000)


def most_in_a_minute(arrivals: Sequence[Decimal]) -> int:
    """Return what a sliding window of a minute counts at its fullest; this is TikTok's sum, not ours."""
    ordered = sorted(arrivals)
    return max((at + 1 - bisect_right(ordered, came - MINUTE) for at, came in enumerate(ordered)), default=0)


def micro(low: str, high: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=6)


# Who comes: how long after the one before, with a clock how wrong, for how many turns, how patient; and how long each
# of its requests is on its way. Clocks that are 0.25 s off and half a second on the way make up the second of leeway.
COMER = st.tuples(
    st.one_of(st.just(Decimal(0)), micro("0", "0.2"), micro("0", "90")),
    micro("-0.25", "0.25"),
    st.integers(1, 5),
    st.sampled_from([Decimal(0), Decimal(5), Decimal(37), FOR_EVER]),
    st.lists(micro("0", "0.5"), min_size=5, max_size=5),
)


def test_at_600_a_minute_turns_lie_a_tenth_of_a_second_apart() -> None:
    # 61 s / 599 spaces = 0.10183639…, rounded up.
    assert Rate.per_minute(600).interval == Decimal("0.101837")


@pytest.mark.parametrize(("quota", "burst"), [(1, 0), (0, 0), (10, 9), (10, 10)])
def test_a_quota_that_leaves_no_space_is_refused(quota: int, burst: int) -> None:
    with pytest.raises(ValueError, match="leave no two of them apart"):
        Rate.per_minute(quota, burst=burst)


@given(st.lists(COMER, max_size=80), st.sampled_from([2, 3, 7, 30, 100]), st.sampled_from([0, 1, 5, 20]))
def test_no_minute_ever_holds_more_than_the_quota(comers: list[tuple[Decimal, Decimal, int, Decimal, list[Decimal]]],
                                                  quota: int, burst: int) -> None:  # fmt: skip
    rate = Rate.per_minute(quota, burst=min(burst, quota - 2), reach=FOR_EVER)
    budget, at, arrivals = LocalBudget(rate), NOW, []
    for gap, skew, turns, within, on_the_way in comers:
        at += gap
        booked = budget.take(turns, now=at + skew, within=within)
        if isinstance(booked, Turns):
            arrivals += [turn - skew + late for turn, late in zip(booked.times, on_the_way, strict=False)]

    assert most_in_a_minute(arrivals) <= quota


@given(st.lists(COMER, max_size=40))
def test_turns_are_an_interval_apart_whatever_the_clocks_say(
    comers: list[tuple[Decimal, Decimal, int, Decimal, list[Decimal]]],
) -> None:
    rate = Rate.per_minute(600)
    budget, at = LocalBudget(rate), NOW
    times: list[Decimal] = []
    for gap, skew, turns, within, _ in comers:
        at += gap
        booked = budget.take(turns, now=at + 100 * skew, within=within)
        times += booked.times if isinstance(booked, Turns) else ()

    assert all(later - earlier >= rate.interval for earlier, later in pairwise(times))


@given(st.lists(COMER, max_size=40))
def test_turns_come_all_and_in_time_or_not_at_all(
    comers: list[tuple[Decimal, Decimal, int, Decimal, list[Decimal]]],
) -> None:
    budget, at = LocalBudget(Rate.per_minute(600)), NOW
    for gap, _, turns, within, _ in comers:
        at += gap
        booked = budget.take(turns, now=at, within=within)
        if isinstance(booked, Turns):
            assert len(booked.times) == turns
            assert at <= booked.times[0] <= booked.times[-1] <= at + within
        else:
            assert booked.until >= at


def test_who_is_told_when_the_next_turn_is_free_finds_it_then() -> None:
    budget = LocalBudget(Rate.per_minute(600))
    budget.take(100, now=NOW, within=FOR_EVER)

    refused = budget.take(1, now=NOW, within=5 * SECOND)

    assert refused == Spent(until=NOW + 100 * Decimal("0.101837"))
    assert budget.take(1, now=refused.until, within=Decimal(0)) == Turns(
        (refused.until,), next_at=refused.until + Decimal("0.101837")
    )


def test_who_is_refused_several_turns_hears_when_the_first_of_them_is_free() -> None:
    assert take(NOW + 3, 4, Rate(SECOND), now=NOW, within=Decimal(5)) == Spent(until=NOW + 3)


def test_who_is_refused_books_nothing() -> None:
    budget = LocalBudget(Rate.per_minute(600))
    budget.take(100, now=NOW, within=FOR_EVER)
    for _ in range(50):
        budget.take(5, now=NOW, within=SECOND)

    assert budget.take(1, now=NOW, within=Decimal("10.1837")) == Turns(
        (NOW + Decimal("10.1837"),), next_at=NOW + Decimal("10.285537")
    )


def test_a_crowd_uses_at_least_97_percent_of_the_quota() -> None:
    budget = LocalBudget(Rate.per_minute(600))
    booked = budget.take(6000, now=NOW, within=FOR_EVER)

    assert isinstance(booked, Turns)
    minutes = (booked.times[-1] - booked.times[0]) / 60
    assert 5999 / minutes >= Decimal("0.98") * 600


def test_nobody_waits_for_a_turn_that_is_free() -> None:
    assert take(None, 1, Rate.per_minute(600), now=NOW, within=Decimal(0)) == Turns((NOW,), NOW + Decimal("0.101837"))
    assert take(NOW - 1, 1, Rate.per_minute(600), now=NOW, within=Decimal(0)) == Turns(
        (NOW,), NOW + Decimal("0.101837")
    )


def test_after_a_quiet_time_a_burst_comes_at_once_and_the_rest_in_turn() -> None:
    rate = Rate(Decimal("0.5"), burst=3)

    booked = take(None, 6, rate, now=NOW, within=FOR_EVER)

    # Three early, and the one that is due now.
    assert booked == Turns(
        (NOW, NOW, NOW, NOW, NOW + Decimal("0.5"), NOW + 1), next_at=NOW + 3
    )  # fmt: skip
    assert take(NOW + 3, 1, rate, now=NOW, within=Decimal(1)) == Spent(until=NOW + Decimal("1.5"))


def test_a_schedule_that_a_broken_clock_wrote_binds_nobody() -> None:
    rate = Rate.per_minute(600)

    assert take(NOW + REACH + SECOND, 1, rate, now=NOW, within=Decimal(0)) == take(
        None, 1, rate, now=NOW, within=Decimal(0)
    )
    assert isinstance(take(NOW + REACH, 1, rate, now=NOW, within=Decimal(0)), Spent)
