"""Thousands of merchants in one night: the quota is used and never exceeded, and each of them is fetched once."""

from __future__ import annotations

from functions.audit.absence import Reason, causes_of
from functions.fetcher.collect import Collected
from tests.simulation.night import Night, Plan, rush


def _everybody_was_fetched_once(night: Night) -> None:
    assert len(night.stored) == night.plan.merchants
    assert set(night.fetched.values()) == {1}
    assert night.given_up == []
    parts = [part for seen in night.stored.values() for part in (seen.token, seen.stats, seen.sessions, seen.pages)]
    # A source that fails too often is absent; nobody is for lack of a turn.
    assert Reason.RATE_LIMITED not in {cause.reason for cause in causes_of(*parts)}


def _tiktok_never_said_too_many(night: Night) -> None:
    assert night.said[429] == 0
    assert night.most_in_a_minute <= night.plan.quota


def test_five_thousand_merchants_and_twenty_fetchers() -> None:
    night = rush(Plan(merchants=5_000, fetchers=20))

    _everybody_was_fetched_once(night)
    _tiktok_never_said_too_many(night)
    assert night.used >= 0.97
    assert len(night.arrivals) >= 2 * 5_000
    assert set(night.receives) == {1}


def test_a_crowd_of_fetchers_postpones_and_burns_no_receive() -> None:
    night = rush(Plan(merchants=800, fetchers=100, own_storefront=0.5))

    _everybody_was_fetched_once(night)
    _tiktok_never_said_too_many(night)
    assert night.used >= 0.97
    assert night.came_of[Collected.POSTPONED] > 400
    assert set(night.receives) == {1}
    assert set(night.came_of) == {Collected.FETCHED, Collected.POSTPONED}
    # Nobody goes round in circles: the average message is postponed twice at most, none of them forever.
    assert night.came_of[Collected.POSTPONED] <= 2 * 800
    assert max(night.postponed.values()) <= 20


def test_a_line_longer_than_the_longest_delay_leaves_no_gap() -> None:
    # At 120 a minute these take more than half an hour, twice what a message can be delayed.
    night = rush(Plan(merchants=850, fetchers=20, own_storefront=1.0, quota=120))

    _everybody_was_fetched_once(night)
    _tiktok_never_said_too_many(night)
    assert night.arrivals[-1] > 2 * 900
    # All that can be had of 120 is 60/61 of 119: the turns at both ends of the window count for more than of 600.
    assert night.used >= 0.97
    assert set(night.receives) == {1}


def test_containers_that_die_before_they_can_delete_a_message_do_no_harm() -> None:
    night = rush(Plan(merchants=300, fetchers=50, own_storefront=0.5, crashing=0.05))

    assert night.crashes > 10
    assert len(night.stored) == 300
    _tiktok_never_said_too_many(night)
    # A message and its copy may be under way at the same time; the first snapshot stays.
    assert sum(night.fetched.values()) <= 300 + night.crashes
    assert max(night.receives) <= 5
