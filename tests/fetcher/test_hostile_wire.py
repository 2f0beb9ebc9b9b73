"""Whatever a server puts on the wire, a call ends in its time and in little memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from functions.fetcher.answer import Answer
from functions.fetcher.http import Limits
from tests.fetcher.loopback import Speak, response, says, serving
from tests.fetcher.waiting import Hands, client

MIB = 1024 * 1024
GZIP = b"Content-Encoding: gzip"
ONCE = Limits(read=5, attempts=1)


def over_the_wire(*speakers: Speak, limits: Limits = ONCE) -> tuple[Answer, list[str]]:
    hands = Hands()

    async def run() -> tuple[Answer, list[str]]:
        async with serving(*speakers) as line, client(hands, limits=limits) as http:
            answer = await http.call("GET", line.url + "/a", deadline=hands.read() + 45, headers={})
            return answer, line.asked

    return asyncio.run(run())


def poured(head: bytes, piece: bytes, times: int) -> tuple[Speak, list[int]]:
    """Return a speaker that says a head and then the same piece again and again, and how many bytes it got rid of."""
    sent = [0]

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(times):
            writer.write(piece)
            await writer.drain()
            sent[0] += len(piece)

    return speak, sent


def test_a_bomb_goes_off_in_little_memory() -> None:
    bomb = response(gzip.compress(b" " * (200 * MIB), 9), GZIP)  # 200 KB on the wire
    assert len(bomb) < MIB

    tracemalloc.start()
    answer, _ = over_the_wire(says(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer == Answer(200, problem="sent more than it may")
    assert peak < 16 * MIB


def test_what_unpacks_to_nothing_ends_too() -> None:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packer.flush(zlib.Z_SYNC_FLUSH)
    nothing = b"\x00\x00\x00\xff\xff" * 10_000  # an empty stored block, as often as one likes

    endless, sent = poured(head, nothing, 4000)
    answer, _ = over_the_wire(endless)

    assert answer == Answer(200, problem="sent more than it may")
    assert sent[0] < 100 * MIB


def test_what_follows_a_packed_body_is_not_read_for_ever() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b'{"a": 1}')

    endless, sent = poured(head, b"\x00" * 65536, 4000)
    answer, _ = over_the_wire(endless)

    assert answer == Answer(200, problem="sent more than it may")
    assert sent[0] < 100 * MIB


@pytest.mark.parametrize(
    ("body", "packing"),
    [
        (gzip.compress(b'{"a": 1}', mtime=0), b"GZip"),
        (gzip.compress(b'{"a": 1}', mtime=0), b"x-gzip"),
        (zlib.compress(b'{"a": 1}'), b"deflate"),
        (b'{"a": 1}', b"identity"),
        (b'{"a": 1}', b""),
    ],
    ids=["GZip", "x-gzip", "deflate", "identity", "empty"],  # not by their bytes: workers must agree on the names
)
def test_the_usual_packings_are_read(body: bytes, packing: bytes) -> None:
    answer, _ = over_the_wire(says(response(body, b"Content-Encoding: " + packing)))

    assert answer == Answer(200, {"a": 1})


@pytest.mark.parametrize("packing", [b"br", b"zstd", b"compress", b"gzip\xe9"])
def test_a_packing_that_was_not_asked_for_is_a_problem(packing: bytes) -> None:
    answer, _ = over_the_wire(says(response(b"\x1b\x03", b"Content-Encoding: " + packing)))

    assert answer == Answer(200, problem="sent a body packed in a way that nobody asked for")


def test_half_a_packed_body_is_no_answer() -> None:
    half = gzip.compress(b'{"a": 1}')[:-9]

    answer, _ = over_the_wire(says(response(half, GZIP)))

    assert answer == Answer(problem="broke off its answer (DecodingError)")


def test_an_empty_body_that_claims_to_be_packed_is_an_empty_body() -> None:
    answer, _ = over_the_wire(says(response(b"", GZIP)))

    assert answer == Answer(200, problem="answered without a body")


def test_headers_without_an_end_are_left_behind() -> None:
    endless, sent = poured(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n", 100_000)

    answer, _ = over_the_wire(endless)

    assert answer == Answer(problem="broke off its answer (RemoteProtocolError)")
    assert sent[0] < 50 * MIB


def test_one_header_without_an_end_is_left_behind() -> None:
    endless, sent = poured(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x" * 65536, 4000)

    answer, _ = over_the_wire(endless)

    assert answer == Answer(problem="broke off its answer (RemoteProtocolError)")
    assert sent[0] < 50 * MIB


@pytest.mark.parametrize("early", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])
def test_a_few_interim_answers_do_no_harm(early: bytes) -> None:
    answer, _ = over_the_wire(says(early * 3 + response(b'{"a": 1}')))

    assert answer == Answer(200, {"a": 1})


def test_interim_answers_without_an_end_are_left_behind() -> None:
    async def interim(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    answer, _ = over_the_wire(interim, limits=Limits(read=0.2, attempts=1))

    assert answer == Answer(problem="did not answer in time")


def test_a_switch_of_protocols_is_no_answer() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"

    answer, _ = over_the_wire(says(upgrade), limits=Limits(read=0.5, attempts=1))

    assert answer.body is None
    assert answer.problem != ""


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_no_redirect_is_followed_not_even_to_the_same_host(status: bytes) -> None:
    answer, asked = over_the_wire(says(response(b"{}", b"Location: /b", status=status)))

    assert answer.status == int(status[:3])
    assert asked == ["GET /a HTTP/1.1"]


def test_a_length_that_lies_does_not_keep_us() -> None:
    claims_much = response(b'{"a": 1}', length=10**15)

    answer, _ = over_the_wire(says(claims_much))

    assert answer == Answer(problem="broke off its answer (RemoteProtocolError)")


def test_pieces_of_a_body_without_an_end_are_left_behind() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless, sent = poured(head, b"10000\r\n" + b" " * 65536 + b"\r\n", 4000)

    answer, _ = over_the_wire(endless)

    assert answer == Answer(200, problem="sent more than it may")
    assert sent[0] < 100 * MIB
