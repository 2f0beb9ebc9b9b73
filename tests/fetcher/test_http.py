"""A call ends in a whole answer or a named problem: in time, within its attempts, and never with an exception."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.fetcher.answer import Answer
from functions.fetcher.http import Http, Limits
from tests.fetcher.loopback import response, says, serving
from tests.fetcher.waiting import Hands, client
from tests.fetcher.world import BASE, World, failed, html, ok, said

URL = f"{BASE}/analytics/sessions"


def called(hands: Hands | None = None, *, seconds: float = 45, limits: Limits | None = None, **request: Any) -> Answer:
    hands = hands or Hands()
    request = {"headers": {"Authorization": "Bearer act.file"}, **request}

    async def run() -> Answer:
        async with client(hands, limits=limits) as http:
            return await http.call("GET", URL, deadline=hands.read() + seconds, **request)

    return asyncio.run(run())


def over_the_wire(*speakers: Any, limits: Limits | None = None, seconds: float = 45) -> tuple[Answer, list[str]]:
    hands = Hands()

    async def run() -> tuple[Answer, list[str]]:
        async with serving(*speakers) as line, client(hands, limits=limits) as http:
            answer = await http.call("GET", line.url + "/a", deadline=hands.read() + seconds, headers={})
            return answer, line.asked

    return asyncio.run(run())


def test_a_whole_answer_comes_with_its_status_and_exact_numbers(world: World) -> None:
    world.answers["sessions"] = httpx.Response(200, content=b'{"rate": 63.10, "big": 12345678901234567890}')

    assert called() == Answer(200, {"rate": Decimal("63.10"), "big": 12345678901234567890})


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a":' * 100_000,
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_a_problem(world: World, body: bytes) -> None:
    world.answers["sessions"] = httpx.Response(200, content=body)

    assert called() == Answer(200, problem="answered something that is not JSON")


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_no_body_is_a_problem_of_its_own(world: World, body: bytes) -> None:
    world.answers["sessions"] = httpx.Response(200, content=body)

    assert called() == Answer(200, problem="answered without a body")


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"ok"', b"true"])
def test_json_that_is_no_object_is_a_problem(world: World, body: bytes) -> None:
    world.answers["sessions"] = httpx.Response(200, content=body)

    assert called() == Answer(200, problem="answered JSON that is no object")


def test_the_content_type_does_not_matter_nor_a_byte_order_mark(world: World) -> None:
    world.answers["sessions"] = httpx.Response(200, text='\ufeff{"a": 1}', headers={"Content-Type": "text/html"})

    assert called().body == {"a": 1}


@pytest.mark.parametrize("first", [html(429), html(500), html(502), html(503), html(504)])
def test_a_status_that_passes_is_asked_again(world: World, first: httpx.Response) -> None:
    world.answers["sessions"] = [first, ok({})]

    assert called().status == 200
    assert len(world.requests) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("half"),
        httpx.DecodingError("not gzip"),
    ],
)
def test_trouble_on_the_way_is_tried_again(world: World, trouble: Exception) -> None:
    world.answers["sessions"] = [trouble, ok({})]

    assert called().status == 200


def test_after_three_attempts_it_is_enough(world: World) -> None:
    world.answers["sessions"] = html(500)
    hands = Hands()

    assert called(hands).status == 500
    assert len(world.requests) == 3
    assert len(hands.pauses) == 2


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 405, 501])
def test_any_other_status_is_final(world: World, status: int) -> None:
    world.answers["sessions"] = html(status)

    assert called().status == status
    assert len(world.requests) == 1


def test_pauses_are_random_and_grow_within_their_limits(world: World) -> None:
    world.answers["sessions"] = html(500)
    limits = Limits(attempts=7)
    firsts: list[float] = []
    for seed in range(20):
        hands = Hands()

        async def run(hands: Hands = hands, seed: int = seed) -> None:
            async with client(hands, limits=limits, seed=seed) as http:
                await http.call("GET", URL, deadline=hands.read() + 45, headers={})

        asyncio.run(run())
        firsts.append(hands.pauses[0])
        ceilings = (0.25, 0.5, 1.0, 2.0, 2.0, 2.0)
        assert all(0 <= pause <= most for pause, most in zip(hands.pauses, ceilings, strict=True))

    assert len(set(firsts)) == 20


@pytest.mark.parametrize(
    "after",
    [
        "7",
        " 7 ",
        "Sat, 21 Nov 2026 02:15:07 GMT",
        "Sat, 21 Nov 2026 03:15:07 +0100",
        "Sat, 21 Nov 2026 02:15:07 -0000",
        "Sat, 21 Nov 2026 02:15:07",
    ],
)
def test_a_retry_after_is_honoured_as_seconds_or_as_a_date(world: World, after: str) -> None:
    world.answers["sessions"] = [failed(429, "rate_limit_exceeded", **{"Retry-After": after}), ok({})]
    hands = Hands()

    assert called(hands).status == 200
    assert hands.pauses == [7]


@pytest.mark.parametrize("after", ["45", "3600", "999999999", "Sun, 22 Nov 2026 02:15:00 GMT"])
def test_a_retry_after_beyond_the_deadline_gives_up_at_once(world: World, after: str) -> None:
    world.answers["sessions"] = failed(429, "rate_limit_exceeded", **{"Retry-After": after})
    hands = Hands()

    assert called(hands, seconds=45).status == 429
    assert (len(world.requests), hands.pauses) == (1, [])


@pytest.mark.parametrize(
    "after",
    [
        "soon",
        "",
        "-5",
        "1.5.2",
        "99999999999999999999",
        "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
        "Fri, 31 Dec 2026 23:59:59 +99999999999999",
        "Fri, 30 Feb 2026 23:59:59 GMT",
    ],
)
def test_an_unreadable_retry_after_is_none(world: World, after: str) -> None:
    world.answers["sessions"] = [httpx.Response(503, headers={"Retry-After": after}), ok({})]
    hands = Hands()

    assert called(hands).status == 200
    assert hands.pauses[0] <= 0.25


def test_a_retry_after_in_the_past_means_now(world: World) -> None:
    world.answers["sessions"] = [httpx.Response(503, headers={"Retry-After": "Sat, 21 Nov 2020 02:15:07 GMT"}), ok({})]

    assert called().status == 200


def test_without_time_nothing_is_asked(world: World) -> None:
    assert called(seconds=0) == Answer(problem="there was no time left to ask", unsent=True)
    assert world.requests == []


@pytest.mark.parametrize(("seconds", "sent"), [(7.9, 0), (8, 1)])
def test_what_must_not_be_cut_off_is_sent_only_with_the_time_of_a_whole_attempt_left(
    world: World, seconds: float, sent: int
) -> None:
    answer = called(seconds=seconds, whole=True)

    assert (len(world.requests), answer.unsent) == (sent, not sent)


def test_what_must_not_be_cut_off_is_not_repeated_without_that_time(world: World) -> None:
    world.answers["sessions"] = [failed(429, "rate_limit_exceeded", **{"Retry-After": "5"}), ok({})]

    assert called(seconds=13, whole=True).status == 429
    assert len(world.requests) == 1


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("seconds", "granted"), [(45, 8), (3, 3)])
def test_an_attempt_lasts_eight_seconds_or_what_is_left(
    monkeypatch: pytest.MonkeyPatch, seconds: float, granted: float
) -> None:
    given: list[float] = []
    real = asyncio.timeout

    def timeout(delay: float) -> asyncio.Timeout:
        given.append(delay)
        return real(delay)

    monkeypatch.setattr("asyncio.timeout", timeout)
    called(seconds=seconds)

    assert given == [granted]


@pytest.mark.parametrize("token", ["act.\nX-Evil: 1", "act.é", "\ud800", "act.\x00"])
def test_a_token_that_cannot_travel_is_a_problem_and_nothing_is_sent(token: str) -> None:
    answer, asked = asyncio.run(_asked_with(token))

    assert (answer.status, answer.unsent) == (None, True)
    assert token not in answer.problem
    assert asked == []


async def _asked_with(token: str) -> tuple[Answer, list[str]]:
    hands = Hands()
    async with serving(says(response(b"{}"))) as line, client(hands) as http:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.call("GET", line.url, deadline=hands.read() + 5, headers=headers)
        return answer, line.asked


def test_a_host_where_nobody_listens_could_not_be_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        port = taken.getsockname()[1]

        async def run() -> Answer:
            hands = Hands()
            async with client(hands) as http:
                return await http.call("GET", f"http://127.0.0.1:{port}/", deadline=hands.read() + 5, headers={})

        assert asyncio.run(run()) == Answer(problem="could not be reached", unsent=True)


def test_half_a_body_is_no_answer_and_is_asked_for_again() -> None:
    whole = response(b'{"a": 1}')

    answer, asked = over_the_wire(says(response(b'{"a"', length=8)), says(whole))

    assert answer == Answer(200, {"a": 1})
    assert len(asked) == 2


def test_half_a_body_every_time_is_a_problem() -> None:
    answer, asked = over_the_wire(says(response(b'{"a": 1}', length=1000)))

    assert (answer.status, answer.body, answer.unsent) == (None, None, False)
    assert len(asked) == 3


@pytest.mark.parametrize(
    "nonsense", [b"", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n"]
)
def test_what_is_not_http_is_a_problem(nonsense: bytes) -> None:
    answer, _ = over_the_wire(says(nonsense))

    assert answer.status is None
    assert answer.problem.startswith("broke off its answer")


def test_silence_is_left_behind() -> None:
    answer, _ = over_the_wire(says(response(b"{}"), pause=30), limits=Limits(read=0.1, attempts=1))

    assert answer == Answer(problem="did not answer in time")


def test_a_body_that_drips_is_left_behind_although_every_drop_is_in_time() -> None:
    drops = [response(b"", length=100), *([b" "] * 100)]

    answer, _ = over_the_wire(says(*drops, pause=0.05), limits=Limits(read=0.3, attempts=1))

    assert answer == Answer(problem="did not answer in time")


def test_a_huge_body_is_not_read_to_its_end() -> None:
    sent = 0

    async def pours(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(10_000):
            writer.write(b" " * 65536)
            await writer.drain()
            sent += 65536

    answer, asked = over_the_wire(pours)

    assert answer == Answer(200, problem="sent more than it may")
    assert len(asked) == 1
    assert sent < 100 * 1024 * 1024


def test_a_body_of_exactly_the_limit_is_read() -> None:
    body = b'{"a": "' + b"x" * (4 * 1024 * 1024 - 9) + b'"}'
    assert len(body) == 4 * 1024 * 1024

    at_it, _ = over_the_wire(says(response(body)))
    above_it, _ = over_the_wire(says(response(body + b" ")))

    assert at_it.body is not None
    assert above_it == Answer(200, problem="sent more than it may")


def test_the_size_counts_after_unpacking() -> None:
    packed = gzip.compress(b" " * (5 * 1024 * 1024))
    assert len(packed) < 10_000

    answer, _ = over_the_wire(says(response(packed, b"Content-Encoding: gzip")))

    assert answer == Answer(200, problem="sent more than it may")


def test_a_packed_body_is_read() -> None:
    answer, _ = over_the_wire(says(response(gzip.compress(b'{"a": 1}'), b"Content-Encoding: gzip")))

    assert answer == Answer(200, {"a": 1})


def test_a_body_packed_twice_is_not_unpacked() -> None:
    packed = gzip.compress(gzip.compress(b" " * (64 * 1024 * 1024)))

    answer, _ = over_the_wire(says(response(packed, b"Content-Encoding: gzip, gzip")))

    assert answer == Answer(200, problem="sent a body packed more than once")


def test_a_body_packed_wrongly_is_a_problem() -> None:
    answer, _ = over_the_wire(says(response(b"{}", b"Content-Encoding: gzip")))

    assert answer.status is None


def test_a_redirect_is_not_followed(world: World) -> None:
    world.answers["sessions"] = httpx.Response(302, headers={"Location": "https://evil.example/"})

    assert called().status == 302
    assert [request.url.host for request in world.requests] == ["open.tiktokapis.com"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert over_the_wire(says(response(b"{}")))[0].status == 200


def test_no_cookie_is_kept_for_the_next_merchant(world: World) -> None:
    world.answers["sessions"] = said(200, {}, **{"Set-Cookie": "session=of-one-merchant; Path=/"})

    async def run() -> None:
        async with client() as http:
            for token in ("act.one", "act.two"):
                await http.call("GET", URL, deadline=2000, headers={"Authorization": f"Bearer {token}"})

    asyncio.run(run())

    assert [request.headers.get("cookie") for request in world.requests] == [None, None]


def test_nothing_of_a_request_or_an_answer_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.answers["sessions"] = [said(500, {"secret": "of-the-body"}), httpx.ReadError("act.file"), ok({})]
    with caplog.at_level(logging.INFO):
        called(params={"open_id": "of-the-query"})

    assert not any(secret in caplog.text for secret in ("of-the-body", "of-the-query", "act.file"))


def test_the_default_limits_are_the_decided_ones() -> None:
    assert Limits() == Limits(connect=4, read=8, attempts=3, backoff=0.25, longest_backoff=2, body=4 * 1024 * 1024)


def test_a_client_serves_one_loop_for_its_life() -> None:
    async def ask(http: Http, url: str) -> Answer:
        return await http.call("GET", url, deadline=http.clock() + 5, headers={})

    start: Callable[[], Any] = lambda: serving(says(response(b'{"a": 1}')))  # noqa: E731 - a name for the test's eye
    http = client()
    with asyncio.Runner() as runner:
        line_context = start()
        line = runner.run(line_context.__aenter__())
        assert [runner.run(ask(http, line.url)).body for _ in range(2)] == [{"a": 1}, {"a": 1}]
        runner.run(http.close())
        runner.run(line_context.__aexit__(None, None, None))
