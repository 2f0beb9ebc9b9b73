"""A request to TikTok waits for its turn; without one in time it is not sent, and says that it was limited."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import pytest

from console.local_budget import LocalBudget
from functions.audit.absence import Absent, Reason
from functions.audit.budget import Budget, Rate, Spent, Turns
from functions.audit.grant import State
from functions.audit.snapshot import Snapshot
from functions.fetcher.answer import SPENT, UNCOUNTED, Answer
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http, Limits
from functions.fetcher.pace import LATE, Pacer, door_of
from tests.builders import NIGHT
from tests.fetcher.waiting import HOSTS, NOW, Hands
from tests.fetcher.world import BASE, KEYS, PERIODS, SHOP, Memory, World, failed, grant, html, merchant, ok, said

EPOCH = Decimal(1_795_226_400)
SECONDS = 45


@dataclass
class Recorded:
    """A budget with one turn a second, that takes down how many turns each booking was for."""

    budget: Budget = field(default_factory=lambda: LocalBudget(Rate(Decimal(1))))
    bookings: list[int] = field(default_factory=list)

    def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
        self.bookings.append(turns)
        return self.budget.take(turns, now=now, within=within)


@dataclass
class Stage:
    """A client whose clock, pace and pauses are the story's."""

    hands: Hands = field(default_factory=Hands)
    budget: Recorded = field(default_factory=Recorded)

    def __post_init__(self) -> None:
        self.pacer = Pacer(self.budget, lambda: EPOCH + Decimal(self.hands.seconds))

    def http(self, **limits: Any) -> Http:
        random = Random(1)  # noqa: S311 - jitter, and the same one every time
        http = Http(
            HOSTS,
            pace=self.pacer,
            limits=Limits(**limits),
            clock=self.hands.read,
            now=lambda: NOW,
            sleep=self.hands.sleep,
            random=random,
        )
        http.paced.add(door_of(BASE))
        return http

    def spend(self, turns: int) -> None:
        """Have others book so many turns, a second each."""
        self.budget.budget.take(turns, now=EPOCH + Decimal(self.hands.seconds), within=Decimal(1000))

    def ask(self, *urls: str, seconds: float = SECONDS, whole: bool = False, **limits: Any) -> list[Answer]:
        async def run() -> list[Answer]:
            async with self.http(**limits) as http:
                deadline = self.hands.read() + seconds
                calls = (http.call("GET", url, deadline=deadline, headers={}, whole=whole) for url in urls)
                return await asyncio.gather(*calls)

        return asyncio.run(run())


URL = f"{BASE}/analytics/sessions"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_request_waits_for_its_turn(stage: Stage, world: World) -> None:
    stage.spend(3)

    (answer,) = stage.ask(URL)

    assert answer.status == 200
    assert stage.hands.pauses == [3.0]
    assert len(world.requests) == 1


def test_a_turn_that_is_free_costs_no_time(stage: Stage, world: World) -> None:
    stage.ask(URL)

    assert stage.hands.pauses == []
    assert len(world.requests) == 1


def test_every_attempt_takes_a_turn(stage: Stage, world: World) -> None:
    world.answers["sessions"] = html(500)

    stage.ask(URL)

    assert stage.budget.bookings == [1, 1, 1]
    assert len(world.requests) == 3


def test_without_a_turn_in_time_nothing_is_sent(stage: Stage, world: World) -> None:
    # The deadline, less the 8 s that an attempt may take: turns up to 37 s from now.
    stage.spend(38)

    (answer,) = stage.ask(URL)

    assert answer == SPENT
    assert (answer.status, answer.unsent, answer.rate_limited) == (None, True, True)
    assert world.requests == []
    assert stage.hands.pauses == []


@pytest.mark.usefixtures("world")
def test_the_last_turn_in_time_leaves_time_for_a_whole_attempt(stage: Stage) -> None:
    stage.spend(37)

    (answer,) = stage.ask(URL)

    assert answer.status == 200
    assert stage.hands.pauses == [37.0]


def test_a_second_attempt_without_a_turn_leaves_what_the_first_came_to(stage: Stage, world: World) -> None:
    world.answers["sessions"] = html(503)
    stage.spend(37)

    (answer,) = stage.ask(URL)

    assert (answer.status, answer.held_back, answer.unsent) == (503, False, False)
    assert len(world.requests) == 1


def test_a_call_whose_time_is_over_takes_no_turn(stage: Stage, world: World) -> None:
    assert stage.ask(URL, seconds=0) == [Answer(problem="there was no time left to ask", unsent=True)]
    assert stage.budget.bookings == []
    assert world.requests == []


@pytest.mark.usefixtures("world")
def test_other_hosts_take_no_turns(stage: Stage) -> None:
    stage.spend(500)

    (answer,) = stage.ask(f"{SHOP}/analytics/sessions")

    assert answer.status == 200
    assert stage.budget.bookings == []


@pytest.mark.usefixtures("world")
def test_requests_of_the_same_moment_are_booked_at_once_and_wait_one_after_the_other(stage: Stage) -> None:
    answers = stage.ask(*[URL] * 4)

    assert stage.budget.bookings == [4]
    assert [answer.status for answer in answers] == [200] * 4
    # There is one clock here, and who sleeps moves it on for all: each wakes a second after the one before.
    assert stage.hands.pauses == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://open.tiktokapis.com", "https://OPEN.tiktokapis.com:443/v2/user/info/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/a?b=https://open.tiktokapis.com"),
        ("http://127.0.0.1", "http://127.0.0.1:80/"),
    ],
)
def test_a_host_is_the_same_however_it_is_spelt(one: str, other: str) -> None:
    assert door_of(one) == door_of(other)


@pytest.mark.parametrize(
    "other",
    [
        "https://shop.example",
        "https://open.tiktokapis.com:8443",
        "https://open.tiktokapis.com.shop.example",
        "https://[",
    ],
)
def test_another_host_is_another_one(other: str) -> None:
    assert door_of(other) != door_of(BASE)


def renewable() -> Memory:
    return Memory(grant(refresh_token="rft.file", expires_at=NOW))


def seen(stage: Stage, memory: Memory | None = None, **shop: Any) -> Snapshot:
    hosts = replace(HOSTS, tiktok_hosts=HOSTS.hosts)

    async def run() -> Snapshot:
        async with stage.http() as http:
            http.paced.clear()
            fetcher = Fetcher(http, memory or renewable(), KEYS, hosts, SECONDS)
            return await fetcher.fetch(merchant(**shop), NIGHT, PERIODS, now=NOW)

    return asyncio.run(run())


def test_a_fetch_takes_turns_for_the_refresh_and_user_info_alone(stage: Stage, world: World) -> None:
    snapshot = seen(stage)

    assert stage.budget.bookings == [1, 1]
    assert len(world.requests) == 5
    assert not isinstance(snapshot.stats, Absent)


def test_a_storefront_on_tiktoks_own_host_takes_turns_too(stage: Stage, world: World) -> None:
    seen(stage, analytics={"base_url": BASE})

    assert stage.budget.bookings == [1, 4]
    assert {request.url.host for request in world.requests} == {"open.tiktokapis.com"}


def test_a_merchant_whose_tiktok_is_elsewhere_shares_the_same_budget(stage: Stage, world: World) -> None:
    seen(stage, tiktok={"open_id": "o", "base_url": SHOP}, analytics=None)

    assert stage.budget.bookings == [1, 1]
    assert {request.url.host for request in world.requests} == {"shop.example"}


def test_a_spent_budget_makes_tiktoks_parts_rate_limited_and_leaves_the_others(stage: Stage, world: World) -> None:
    stage.spend(500)

    snapshot = seen(stage)

    parts = (snapshot.token, snapshot.basic, snapshot.profile, snapshot.stats)
    assert [part.causes[0].reason for part in parts if isinstance(part, Absent)] == [Reason.RATE_LIMITED] * 4
    assert {request.url.host for request in world.requests} <= {"shop.example"}
    assert isinstance(snapshot.token, Absent)
    assert "the budget of requests that all merchants share is spent" in snapshot.token.causes[0].detail


def test_a_spent_budget_after_the_refresh_is_no_word_against_the_token(stage: Stage, world: World) -> None:
    def while_others_book(_: httpx.Request) -> httpx.Response:
        stage.spend(500)
        return said(200, {"access_token": "act.new", "expires_in": 86400, "refresh_token": "rft.new"})

    world.answers["token"] = while_others_book

    snapshot = seen(stage)

    assert isinstance(snapshot.token, Absent)
    assert snapshot.token.causes[0].reason is Reason.RATE_LIMITED
    assert isinstance(snapshot.stats, Absent)
    assert snapshot.stats.causes[0].reason is Reason.RATE_LIMITED


@pytest.mark.usefixtures("world")
def test_a_turn_in_hand_is_the_next_requests(stage: Stage) -> None:
    stage.spend(2)
    assert stage.pacer.hold(within=Decimal(5)) is None
    stage.spend(500)

    (answer,) = stage.ask(URL)

    assert answer.status == 200
    assert stage.hands.pauses == [2.0]
    assert stage.budget.bookings == [1]


def test_a_turn_in_hand_that_nobody_used_serves_the_next_fetch(stage: Stage) -> None:
    stage.spend(2)
    stage.pacer.hold(within=Decimal(5))

    assert stage.pacer.hold(within=Decimal(5)) is None

    assert stage.budget.bookings == [1]


@pytest.mark.parametrize(("later", "bookings"), [(LATE, 1), (LATE + Decimal("0.000001"), 2)])
def test_a_turn_in_hand_lapses_a_moment_after_it_was_due(stage: Stage, later: Decimal, bookings: int) -> None:
    stage.pacer.hold(within=Decimal(5))
    stage.hands.seconds = float(Decimal(1000) + later)

    stage.pacer.hold(within=Decimal(5))

    assert len(stage.budget.bookings) == bookings


@pytest.mark.usefixtures("world")
def test_a_turn_in_hand_that_lapsed_is_not_used(stage: Stage) -> None:
    stage.pacer.hold(within=Decimal(5))
    stage.hands.seconds += 0.3

    stage.ask(URL)

    assert stage.budget.bookings == [1, 1]


def test_a_turn_in_hand_that_is_too_far_off_is_not_used(stage: Stage) -> None:
    stage.spend(4)
    stage.pacer.hold(within=Decimal(5))

    assert asyncio.run(stage.pacer.turn(within=3.9)) is None
    assert stage.budget.bookings == [1, 1]


def test_a_booking_for_several_heeds_the_least_patient(stage: Stage) -> None:
    stage.spend(4)

    async def run() -> list[float | None]:
        return list(await asyncio.gather(stage.pacer.turn(within=30.0), stage.pacer.turn(within=4.5)))

    assert asyncio.run(run()) == [None, None]


def test_a_budget_that_cannot_be_asked_fails_all_who_ask(stage: Stage) -> None:
    stage.budget.budget = Broken()

    async def run() -> list[Any]:
        return await asyncio.gather(*(stage.pacer.turn(within=5.0) for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in asyncio.run(run())] == [ConnectionError] * 3
    assert stage.budget.bookings == [3]


class Broken:
    """A budget whose table refuses."""

    def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
        raise ConnectionError(f"{turns} {now} {within}")


def test_a_budget_that_cannot_be_asked_gives_no_turn_and_says_so(stage: Stage, world: World) -> None:
    stage.budget.budget = Broken()

    assert stage.ask(URL) == [UNCOUNTED]
    assert (UNCOUNTED.unsent, UNCOUNTED.rate_limited) == (True, False)
    assert world.requests == []


def test_a_refresh_that_got_no_turn_leaves_no_mark_and_other_hosts_are_asked(stage: Stage, world: World) -> None:
    stage.budget.budget = Broken()
    memory = renewable()

    snapshot = seen(stage, memory)

    assert isinstance(snapshot.token, Absent)
    assert snapshot.token.causes[0].reason is Reason.SOURCE_FAILED
    assert {request.url.host for request in world.requests} == {"shop.example"}
    row = memory.rows["larkspur"]
    assert (row.state, row.lease_owner, row.refresh_sent_at) == (State.CONNECTED, None, None)


def test_a_turn_that_takes_long_to_book_leaves_too_little_time_for_what_must_not_be_cut_off(
    stage: Stage, world: World
) -> None:
    class Slow(Recorded):
        def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
            stage.hands.seconds += 3
            return super().take(turns, now=now, within=within)

    stage.budget = Slow()
    stage.__post_init__()

    (answer,) = stage.ask(URL, seconds=10, whole=True)

    assert answer.unsent
    assert world.requests == []


def test_who_no_longer_wants_a_turn_is_given_none(stage: Stage) -> None:
    async def run() -> None:
        gone, stays = (asyncio.ensure_future(stage.pacer.turn(within=5.0)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == 0

    asyncio.run(run())

    assert stage.budget.bookings == [1]


def test_a_429_of_tiktok_is_asked_again_in_its_turn(stage: Stage, world: World) -> None:
    world.answers["sessions"] = [failed(429, "rate_limit_exceeded"), ok({})]

    (answer,) = stage.ask(URL)

    assert answer.status == 200
    assert stage.budget.bookings == [1, 1]
