"""How a connection stands after each thing that can happen to it, and what its rejection is called."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.grant import TIKTOK_BUSINESS, Grant, State
from functions.audit.snapshot import Snapshot
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.tokens import NO_TIME, Keeper
from tests.cloud import Cloud
from tests.fetcher.connection import Connection, over_aws, rejected, wall
from tests.fetcher.rotating import granted
from tests.fetcher.steps import Side, Steps
from tests.fetcher.virtual import clock, run
from tests.fetcher.world import HOSTS

BEFORE, AFTER = Side.BEFORE, Side.AFTER
SENT, STORE = 5, 8  # steps of a renewal, as test_token_crashes has them
CONNECTED = ("connected", None)
LOST = ("lost_rotation", None)
NIGHT_SECONDS = 86_400
REMOVALS = ["disconnected_by_user", "account_deleted", "age_changed", "banned", "developer_revoked", "removed"]


def cut() -> None:
    raise httpx.ReadTimeout("no answer")


def cut_always(steps_seen: list[str]) -> Steps:
    """Every refresh is lost on its way to TikTok."""

    def look(name: str) -> None:
        steps_seen.append(name)
        if name == "refresh":
            cut()

    return Steps(ahead=look)


def reason(snapshot: Snapshot) -> Reason:
    assert isinstance(snapshot.token, Absent)
    return snapshot.token.causes[0].reason


def removed(connection: Connection, why: str) -> None:
    assert connection.store.mark_removed(connection.merchant_id, why, wall())


def test_a_refresh_whose_answer_was_lost_is_noted_and_then_tried_once_more_in_the_same_fetch(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        stood: list[tuple[str, str | None]] = []

        def look(name: str) -> None:
            if name == "refresh":
                stood.append(connection.standing)

        snapshot = await connection.fetch(Steps({(SENT, BEFORE): cut}, ahead=look))

        assert stood == [CONNECTED, LOST]
        assert rejected(snapshot) is None
        assert (connection.standing, connection.number) == (CONNECTED, 1)

    run(story())


def test_a_lost_answer_that_held_the_new_pair_has_a_name_of_its_own_and_one_sentence(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        steps = Steps({(SENT, AFTER): cut})
        snapshot = await connection.fetch(steps)

        assert rejected(snapshot) == "lost_rotation"
        assert connection.standing == ("reconnect_needed", "lost_rotation")
        assert steps.names.count("refresh") == 2
        assert connection.stored.state_since is not None

    run(story())


def test_answers_that_are_lost_time_and_again_are_an_outage_and_tried_once_a_night(stage: Cloud) -> None:
    async def story() -> None:
        connection, tries = over_aws(stage), []
        for _ in range(3):
            seen: list[str] = []
            connection.tiktok.refused = 0
            snapshot = await connection.fetch(cut_always(seen))
            tries.append(seen.count("refresh"))
            # The old access token was never traded: it is shown, and TikTok knows it.
            assert rejected(snapshot) is None
            assert connection.standing == LOST
            assert connection.is_nobodys
            await asyncio.sleep(NIGHT_SECONDS)
        assert tries == [2, 1, 1]

        assert rejected(await connection.fetch()) is None
        assert (connection.standing, connection.number) == (CONNECTED, 1)

    run(story())


def test_a_lost_answer_and_an_access_token_that_has_ended_are_no_rejection(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.tiktok.login()  # somewhere else: what is stored here is dead, and nobody has said so yet
        snapshot = await connection.fetch(cut_always([]))

        assert reason(snapshot) is Reason.SOURCE_FAILED
        assert connection.standing == LOST

    run(story())


def test_a_lost_answer_without_time_for_another_try_is_tried_by_the_next_fetch(stage: Cloud) -> None:
    async def story() -> None:
        connection, steps = over_aws(stage), Steps({(SENT, BEFORE): cut})
        await connection.fetch(steps, seconds=13.4)

        assert steps.names.count("refresh") == 1
        assert connection.standing == LOST
        assert rejected(await connection.fetch()) is None
        assert connection.standing == CONNECTED

    run(story())


def test_after_a_lost_answer_the_old_token_is_tried_although_the_access_token_still_lives(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        await connection.fetch(cut_always([]))
        fresh = connection.stored
        connection.store.replace(fresh, fresh.model_copy(update={"expires_at": wall() + timedelta(hours=20)}))
        steps = Steps()
        await connection.fetch(steps)

        assert steps.names.count("refresh") == 1
        assert connection.standing == CONNECTED

    run(story())


def test_a_mark_that_a_dead_fetch_left_is_looked_into_although_the_access_token_still_lives(stage: Cloud) -> None:
    async def story() -> None:
        connection, steps = over_aws(stage), Steps()
        connection.login()
        mark = wall()
        connection.store.lease(connection.stored, owner="died", now=mark, until=mark + timedelta(minutes=1))
        await asyncio.sleep(60)
        snapshot = await connection.fetch(steps)

        assert steps.names.count("refresh") == 1
        assert rejected(snapshot) is None
        assert connection.is_nobodys

    run(story())


def test_without_the_time_that_an_answer_and_its_storing_take_nothing_is_sent(stage: Cloud) -> None:
    async def story() -> None:
        connection, steps = over_aws(stage), Steps()
        connection.tiktok.login()
        snapshot = await connection.fetch(steps, seconds=12.9)

        assert snapshot.token == NO_TIME
        assert "refresh" not in steps.names
        assert connection.standing == CONNECTED

    run(story())


def test_invalid_grant_is_a_state_that_keeps_its_name_and_its_date_and_is_over_when_a_refresh_works(
    stage: Cloud,
) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.tiktok.end()
        first = wall()
        for _ in range(3):
            steps = Steps()
            assert rejected(await connection.fetch(steps)) == "invalid_grant"
            assert steps.names.count("refresh") == 1
            assert connection.standing == ("reconnect_needed", "invalid_grant")
            assert connection.stored.state_since is not None
            assert timedelta() < connection.stored.state_since - first < timedelta(minutes=1)
            await asyncio.sleep(NIGHT_SECONDS)

        connection.tiktok.living = 0
        assert rejected(await connection.fetch()) is None
        assert connection.standing == CONNECTED

    run(story())


def test_a_lost_answer_does_not_rename_what_was_broken_before(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.tiktok.end()
        await connection.fetch()
        await connection.fetch(cut_always([]))
        assert connection.standing == ("reconnect_needed", "invalid_grant")

        assert rejected(await connection.fetch()) == "invalid_grant"

    run(story())


@pytest.mark.parametrize("why", REMOVALS)
def test_a_webhooks_word_explains_the_rejection(stage: Cloud, why: str) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.tiktok.end()
        removed(connection, why)

        for _ in ("tonight", "tomorrow"):
            assert rejected(await connection.fetch()) == why
            assert connection.standing == ("removed", why)

    run(story())


@pytest.mark.parametrize("lost_at", [None, (SENT, BEFORE), (SENT, AFTER)])
def test_a_webhooks_word_makes_no_rejection_and_is_over_when_tiktok_accepts(
    stage: Cloud, lost_at: tuple[int, Side] | None
) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        removed(connection, "banned")
        snapshot = await connection.fetch(Steps({lost_at: cut} if lost_at else {}))

        if lost_at == (SENT, AFTER):
            assert rejected(snapshot) == "banned"
        else:
            assert rejected(snapshot) is None
            assert connection.standing == CONNECTED

    run(story())


def test_a_removal_is_looked_into_also_while_the_access_token_would_last(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.login()
        connection.tiktok.end()
        await asyncio.sleep(60)
        removed(connection, "disconnected_by_user")

        assert rejected(await connection.fetch()) == "disconnected_by_user"

    run(story())


def test_without_the_apps_keys_a_rejected_access_token_is_explained_too(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.tiktok.end()
        assert rejected(await connection.fetch(keys=None)) == "rejected"
        removed(connection, "age_changed")

        assert rejected(await connection.fetch(keys=None)) == "age_changed"

    run(story())


def test_a_removal_and_a_tiktok_that_is_down_are_an_outage(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        connection.tiktok.end()
        removed(connection, "banned")

        def look(name: str) -> None:
            if name in {"refresh", "user info"}:
                raise httpx.ConnectError("down")

        snapshot = await connection.fetch(Steps(ahead=look))

        assert reason(snapshot) is Reason.SOURCE_FAILED
        assert connection.standing == ("removed", "banned")

    run(story())


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("ended", [False, True])
def test_a_removal_during_the_refresh_stands_until_the_new_access_token_was_shown(
    stage: Cloud, side: Side, *, ended: bool
) -> None:
    async def story() -> None:
        connection = over_aws(stage)

        def webhook() -> None:
            removed(connection, "disconnected_by_user")
            if ended:
                connection.tiktok.end()

        at = (STORE, BEFORE) if side is BEFORE else (SENT, AFTER)
        snapshot = await connection.fetch(Steps({at: webhook}))

        assert connection.number == 1
        assert connection.is_nobodys
        if ended:
            assert rejected(snapshot) == "disconnected_by_user"
            assert connection.standing == ("removed", "disconnected_by_user")
        else:
            assert rejected(snapshot) is None
            assert connection.standing == CONNECTED

    run(story())


def test_a_token_that_was_given_does_not_end_a_removal_only_one_that_was_accepted_does(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        removed(connection, "banned")
        snapshot = await connection.fetch(Steps({(STORE, AFTER): connection.tiktok.end}))

        assert connection.number == 1
        assert rejected(snapshot) == "banned"
        assert connection.standing == ("removed", "banned")

    run(story())


@pytest.mark.parametrize("point", [(SENT, BEFORE), (SENT, AFTER), (STORE, BEFORE)])
def test_a_login_during_the_refresh_wins(stage: Cloud, point: tuple[int, Side]) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        snapshot = await connection.fetch(Steps({point: connection.login}))

        assert rejected(snapshot) is None
        assert connection.number == connection.tiktok.living
        assert connection.standing == CONNECTED
        assert connection.stored.lease_owner is None

    run(story())


def test_a_disconnect_during_the_refresh_leaves_nothing_behind(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        snapshot = await connection.fetch(Steps({(STORE, BEFORE): lambda: stage.tokens.delete(connection.merchant_id)}))

        assert reason(snapshot) is Reason.NOT_CONNECTED
        assert stage.tokens.get(connection.merchant_id) is None

    run(story())


def test_another_provider_is_kept_by_the_same_rules_with_a_refresh_of_its_own(stage: Cloud) -> None:
    async def story() -> None:
        connection = over_aws(stage)
        business = granted(7, merchant_id=connection.merchant_id, at=wall() - timedelta(days=2))
        stage.tokens.connect(business.model_copy(update={"provider": TIKTOK_BUSINESS}))
        answers: list[Grant | Failure] = [Failure(Absent.because(Reason.SOURCE_FAILED, "no answer"), lost=True)]

        async def refresh(grant: Grant) -> Grant | Failure:
            fresh = granted(8, merchant_id=grant.merchant_id, at=wall())
            return answers.pop() if answers else fresh.model_copy(update={"provider": grant.provider})

        async with Http(HOSTS, clock=clock) as http:
            keeper = Keeper(
                stage.tokens,
                http,
                refresh,
                merchant_id=connection.merchant_id,
                owner="fetch-b",
                now=wall(),
                began=clock(),
                deadline=clock() + 45,
                provider=TIKTOK_BUSINESS,
            )
            opened = await keeper.open()

        kept = stage.tokens.get(connection.merchant_id, TIKTOK_BUSINESS)
        assert (opened.token, opened.refreshed) == ("act.8", True)
        assert kept is not None
        assert (kept.version, kept.state, kept.lease_owner) == (2, State.CONNECTED, None)
        assert connection.number == 0

    run(story())
