"""No call outlives its deadline whatever it meets on the way, and all calls of a container share their connections."""

from __future__ import annotations

import asyncio

import httpx
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.fetcher.answer import Answer
from tests.fetcher.waiting import Hands, client
from tests.fetcher.world import BASE, World, failed, html, name_of, ok, said

URL = f"{BASE}/analytics/sessions"
START = 1000.0
LONGEST = 8.0  # seconds that one attempt may last

failures = st.sampled_from(
    [html(429), html(500), html(503), failed(429, "rate_limit_exceeded"), httpx.ReadTimeout("slow"), ok({})]
)
waits = st.one_of(st.none(), st.integers(0, 60))
attempts = st.lists(st.tuples(failures, waits, st.floats(0, LONGEST)), min_size=3, max_size=3)


@settings(max_examples=150, deadline=None)
@given(script=attempts, seconds=st.floats(0.01, 60), seed=st.integers(0, 9))
def test_nothing_begins_at_or_after_the_deadline_and_no_wait_is_cut_short(
    script: list[tuple[httpx.Response | Exception, int | None, float]], seconds: float, seed: int
) -> None:
    hands = Hands(START)
    deadline = START + seconds
    begun: list[float] = []
    ended: list[float] = []

    def next_of_the_script(_: httpx.Request) -> httpx.Response:
        outcome, wait, lasts = script[len(begun)]
        begun.append(hands.seconds)
        hands.seconds += min(lasts, deadline - hands.seconds)
        ended.append(hands.seconds)
        if isinstance(outcome, Exception):
            raise outcome
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return httpx.Response(outcome.status_code, content=outcome.content, headers=headers)

    async def run() -> Answer:
        async with client(hands, seed=seed) as http:
            return await http.call("GET", URL, deadline=deadline, headers={})

    with respx.mock:
        respx.route().mock(side_effect=next_of_the_script)
        answer = asyncio.run(run())

    assert 1 <= len(begun) <= 3
    assert all(moment < deadline for moment in begun)
    assert hands.seconds <= deadline
    for at in range(1, len(begun)):
        outcome, wait, _lasts = script[at - 1]
        asked_for = wait if wait is not None and isinstance(outcome, httpx.Response) else 0
        assert begun[at] - ended[at - 1] >= asked_for - 1e-9
    last = script[len(begun) - 1][0]
    assert answer.status == (last.status_code if isinstance(last, httpx.Response) else None)


def test_a_wait_that_just_fits_is_made_and_one_that_just_does_not_is_not(world: World) -> None:
    def requests_with(wait: int) -> int:
        hands = Hands(START)
        world.requests.clear()
        world.answers["sessions"] = httpx.Response(429, headers={"Retry-After": str(wait)})

        async def run() -> None:
            async with client(hands) as http:
                await http.call("GET", URL, deadline=START + 10, headers={})

        asyncio.run(run())
        assert hands.seconds < START + 10
        return len(world.requests)

    assert (requests_with(9), requests_with(10)) == (2, 1)


def test_the_time_that_one_attempt_took_is_missing_to_the_next(world: World) -> None:
    hands = Hands(START)

    def slow(_: httpx.Request) -> httpx.Response:
        hands.seconds += 4
        return said(503, {}, **{"Retry-After": "7"})

    world.answers["sessions"] = slow

    async def run() -> Answer:
        async with client(hands) as http:
            return await http.call("GET", URL, deadline=START + 10, headers={})

    assert asyncio.run(run()).status == 503
    assert [name_of(request) for request in world.requests] == ["sessions"]
    assert hands.pauses == []


def test_calls_one_after_the_other_go_through_one_connection_and_calls_at_once_through_as_many() -> None:
    connections = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(0.05)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed what it no longer needs
        finally:
            writer.close()

    async def run() -> tuple[int, int]:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"
        async with client() as http:

            async def ask() -> None:
                assert (await http.call("GET", url, deadline=START + 45, headers={})).body == {}

            for _ in range(3):
                await ask()
            after_three = connections
            await asyncio.gather(*(ask() for _ in range(6)))
            await asyncio.gather(*(ask() for _ in range(6)))
        server.close()
        await server.wait_closed()
        return after_three, connections

    assert asyncio.run(run()) == (1, 6)


def test_a_wait_is_made_only_if_something_can_be_asked_afterwards() -> None:
    hands = Hands(seconds=1000)

    async def run() -> list[bool]:
        async with client(hands) as http:
            return [
                await http.wait(4.9, deadline=1005),
                await http.wait(0.2, deadline=1005),
                await http.wait(0.1, deadline=1005),
            ]

    assert asyncio.run(run()) == [True, False, False]  # at the deadline itself there is no time left to ask
    assert hands.pauses == [4.9]
