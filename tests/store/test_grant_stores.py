"""One contract for everything that keeps grants: the table by its conditions, the store file, the rules themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from console.local_grants import LocalGrants
from functions.audit.errors import Conflict
from functions.audit.grant import Grant, GrantStore, State
from tests.cloud import pretended_aws
from tests.fetcher.memory import Memory
from tests.fetcher.rotating import BEGAN, granted

MINUTE = timedelta(minutes=1)


@contextmanager
def _table() -> Iterator[GrantStore]:
    with pretended_aws() as cloud:
        yield cloud.tokens


@contextmanager
def _file() -> Iterator[GrantStore]:
    with tempfile.TemporaryDirectory() as folder:
        yield LocalGrants([], store=Path(folder) / "tokens.json", on_unkept=lambda _: None)


@contextmanager
def _file_alone() -> Iterator[GrantStore]:
    yield LocalGrants([], store=None, on_unkept=lambda _: None)


@contextmanager
def _rules() -> Iterator[GrantStore]:
    yield Memory()


STORES = [_table, _file, _file_alone, _rules]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[GrantStore]:
    with request.param() as opened:
        opened.connect(granted(0))
        yield opened


def read(store: GrantStore) -> Grant:
    found = store.get("larkspur")
    assert found is not None
    return found


def leased(store: GrantStore, owner: str, *, at: datetime = BEGAN, grant: Grant | None = None) -> Grant | None:
    return store.lease(grant or read(store), owner=owner, now=at, until=at + MINUTE)


def renewed(store: GrantStore, owner: str | None, *, number: int = 1, old: Grant | None = None) -> Grant:
    before = old or read(store)
    fresh = granted(number).model_copy(
        update={name: getattr(before, name) for name in ("state", "state_reason", "state_since")}
    )
    return store.replace(before, fresh, owner=owner)


def test_a_login_is_kept_as_it_is_with_version_one(store: GrantStore) -> None:
    assert read(store) == granted(0).model_copy(update={"version": 1, "state_since": BEGAN})


def test_one_lease_at_a_time_until_it_is_over_to_the_second(store: GrantStore) -> None:
    assert leased(store, "a") is not None
    assert leased(store, "b", at=BEGAN + MINUTE - timedelta(microseconds=1)) is None
    mine = leased(store, "b", at=BEGAN + MINUTE)

    assert mine is not None
    assert (mine.lease_owner, mine.lease_until) == ("b", BEGAN + 2 * MINUTE)


def test_who_has_the_lease_may_take_it_again(store: GrantStore) -> None:
    leased(store, "a")
    mine = leased(store, "a")

    assert mine is not None
    assert mine.refresh_sent_at == BEGAN


def test_there_is_no_lease_on_what_is_not_there(store: GrantStore) -> None:
    nobody = Grant(merchant_id="foxglove")

    assert store.lease(nobody, owner="a", now=BEGAN, until=BEGAN + MINUTE) is None
    assert store.get("foxglove") is None


def test_who_wins_the_lease_is_shown_the_pair_as_it_is_by_then(store: GrantStore) -> None:
    early = read(store)
    renewed(store, None)
    mine = leased(store, "a", grant=early)

    assert mine is not None
    assert (mine.refresh_token, mine.version) == (SecretStr("rft.1"), 2)


def test_a_mark_that_was_left_behind_is_older_than_the_lease(store: GrantStore) -> None:
    leased(store, "died")
    mine = leased(store, "a", at=BEGAN + MINUTE)

    assert mine is not None
    assert mine.refresh_sent_at == BEGAN


def test_storing_a_pair_ends_ones_lease_and_takes_the_mark_away(store: GrantStore) -> None:
    mine = leased(store, "a")
    stored = renewed(store, "a", old=mine)

    assert stored == read(store)
    assert (stored.version, stored.refresh_token) == (2, SecretStr("rft.1"))
    assert (stored.lease_owner, stored.lease_until, stored.refresh_sent_at) == (None, None, None)


def test_a_pair_that_comes_late_is_stored_and_the_others_lease_stays(store: GrantStore) -> None:
    late = leased(store, "late")
    leased(store, "b", at=BEGAN + MINUTE)
    stored = renewed(store, "late", old=late)

    assert stored == read(store)
    assert (stored.version, stored.refresh_token, stored.lease_owner) == (2, SecretStr("rft.1"), "b")


def test_a_pair_that_comes_after_the_state_was_noted_anew_leaves_that_as_it_is(store: GrantStore) -> None:
    mine = leased(store, "a")
    store.note(read(store), State.REMOVED, "banned", at=BEGAN + MINUTE)
    stored = renewed(store, "a", old=mine)

    assert stored == read(store)
    assert (stored.version, stored.state, stored.state_reason) == (2, State.REMOVED, "banned")


@pytest.mark.parametrize("owner", ["a", None])
def test_a_pair_in_place_of_one_that_is_no_longer_there_is_refused(store: GrantStore, owner: str | None) -> None:
    mine = leased(store, "a")
    store.connect(granted(7))
    with pytest.raises(Conflict) as lost:
        renewed(store, owner, old=mine)

    assert read(store).refresh_token == SecretStr("rft.7")
    assert "rft" not in str(lost.value)


def test_a_pair_of_who_is_gone_is_refused(store: GrantStore) -> None:
    gone = granted(3, merchant_id="foxglove").model_copy(update={"version": 4})
    with pytest.raises(Conflict):
        store.replace(gone, gone, owner="a")

    assert store.get("foxglove") is None


def test_a_login_is_the_end_of_whatever_was_there(store: GrantStore) -> None:
    leased(store, "a")
    store.note(read(store), State.RECONNECT_NEEDED, "invalid_grant", at=BEGAN)
    stored = store.connect(granted(1, at=BEGAN + MINUTE))

    assert stored == read(store)
    assert stored == granted(1, at=BEGAN + MINUTE).model_copy(update={"version": 2, "state_since": BEGAN + MINUTE})


def test_a_state_is_noted_once_and_only_over_the_one_that_was_read(store: GrantStore) -> None:
    early = read(store)

    assert store.note(early, State.LOST_ROTATION, None, at=BEGAN + MINUTE)
    assert not store.note(early, State.RECONNECT_NEEDED, "invalid_grant", at=BEGAN + 2 * MINUTE)
    assert (read(store).state, read(store).state_since) == (State.LOST_ROTATION, BEGAN + MINUTE)


def test_a_state_is_not_noted_over_another_pair(store: GrantStore) -> None:
    early = read(store)
    renewed(store, None)

    assert not store.note(early, State.RECONNECT_NEEDED, "invalid_grant", at=BEGAN)
    assert read(store).state is State.CONNECTED


def test_noting_a_state_leaves_another_ones_mark_alone(store: GrantStore) -> None:
    leased(store, "a")
    store.note(read(store), State.CONNECTED, None, at=BEGAN + MINUTE)

    assert (read(store).lease_owner, read(store).refresh_sent_at) == ("a", BEGAN)


def test_a_lease_is_given_back_by_its_owner_alone(store: GrantStore) -> None:
    leased(store, "a")
    store.release(read(store), owner="b")
    assert read(store).lease_owner == "a"

    store.release(read(store), owner="a")
    stored = read(store)
    assert (stored.lease_owner, stored.lease_until, stored.refresh_sent_at) == (None, None, None)


owners = st.sampled_from(["a", "b"])
instants = st.integers(0, 5).map(lambda minutes: BEGAN + minutes * MINUTE)
reasons = st.sampled_from(["banned", "removed"])
states = st.sampled_from(State)
which = st.integers(0, 20)
changes = st.one_of(
    st.tuples(st.just("lease"), which, owners, instants),
    st.tuples(st.just("replace"), which, st.none() | owners, states),
    st.tuples(st.just("connect"), instants),
    st.tuples(st.just("note"), which, states, st.none() | reasons, instants),
    st.tuples(st.just("release"), owners),
    st.tuples(st.just("mark_removed"), reasons, instants),
)


def done(store: Any, seen: list[Grant], change: tuple[Any, ...], number: int) -> object:
    """Do one change to a store, with one of the grants that were read from it, and return what came of it."""
    name, *how = change
    match name:
        case "lease":
            at, owner, now = how
            return store.lease(seen[at % len(seen)], owner=owner, now=now, until=now + MINUTE)
        case "replace":
            at, owner, state = how
            return replaced(store, seen[at % len(seen)], granted(number).model_copy(update={"state": state}), owner)
        case "connect":
            return store.connect(granted(number, at=how[0]))
        case "note":
            at, state, reason, when = how
            return store.note(seen[at % len(seen)], state, reason, at=when)
        case "release":
            return store.release(seen[-1], owner=how[0])
        case _:
            return store.mark_removed("larkspur", how[0], how[1])


def replaced(store: GrantStore, old: Grant, new: Grant, owner: str | None) -> Grant | None:
    try:
        return store.replace(old, new, owner=owner)
    except Conflict:
        return None


@given(st.lists(changes, max_size=10))
@settings(max_examples=30, deadline=None)
def test_the_tables_conditions_say_what_the_rules_say(story: list[tuple[Any, ...]]) -> None:
    with _table() as table, _rules() as rules:
        for store in (table, rules):
            store.connect(granted(0))
        seen = [read(rules)]
        for number, change in enumerate(story, start=1):
            assert done(table, seen, change, number) == done(rules, seen, change, number), change
            assert read(table) == read(rules), change
            seen.append(read(rules))
