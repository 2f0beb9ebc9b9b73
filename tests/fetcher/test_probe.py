"""Where a bio link leads: hop by hop, never to a private address; a shop that keeps programs out is no broken one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import BioLinkSeen
from functions.fetcher.network import public_transport
from functions.fetcher.probe import MOST_REDIRECTS, Probe

TAGS = "?utm_source=tiktok&utm_medium=social"
LINK = f"https://shop.example/{TAGS}"
Answers = dict[str, Any]


class Web:
    """Answers by address, a list one a call; whatever is not named has no robots.txt and is not there."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked.append(f"{request.method} {request.url}")
        answer = self.answers.get(f"{request.method} {request.url}", self.answers.get(str(request.url), 404))
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, int):
            return httpx.Response(answer)
        if isinstance(answer, str):
            return httpx.Response(302, headers={"location": answer})
        assert isinstance(answer, httpx.Response)
        return answer


def streamed(content: bytes) -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        yield content

    return httpx.Response(200, content=body())


def look(answers: Answers, link: str = LINK) -> tuple[BioLinkSeen | Absent, Web]:
    web = Web(answers)
    return asyncio.run(Probe(lambda: httpx.MockTransport(web)).look(link, seconds=5)), web


def seen(answers: Answers, link: str = LINK) -> BioLinkSeen:
    found, _ = look(answers, link)
    assert isinstance(found, BioLinkSeen)
    return found


def why(answers: Answers) -> tuple[Reason, str]:
    found, _ = look(answers)
    assert isinstance(found, Absent)
    return found.causes[0].reason, found.causes[0].detail


def test_a_page_that_is_there_is_asked_for_by_its_head_alone() -> None:
    found, web = look({LINK: 200})

    assert found == BioLinkSeen(status=200, host="shop.example", redirects=0, tagged=True, landed_tagged=True)
    assert web.asked == ["GET https://shop.example/robots.txt", f"HEAD {LINK}"]


def test_redirects_are_followed_one_at_a_time_and_each_host_is_asked_for_its_rules_once() -> None:
    end = f"https://www.shop.example/de/{TAGS}"

    found, web = look({LINK: f"/de/{TAGS}", f"https://shop.example/de/{TAGS}": end, end: 200})

    assert found == BioLinkSeen(status=200, host="www.shop.example", redirects=2, tagged=True, landed_tagged=True)
    assert [asked for asked in web.asked if "robots" in asked] == [
        "GET https://shop.example/robots.txt",
        "GET https://www.shop.example/robots.txt",
    ]


def test_no_secret_and_nothing_of_the_last_host_travels_along() -> None:
    end = f"https://other.example/{TAGS}"
    cookie = httpx.Response(302, headers={"location": end, "set-cookie": "a=1"})

    _, web = look({LINK: cookie, end: 200})

    assert all(
        set(one.headers) <= {"host", "user-agent", "accept", "accept-encoding", "connection"} for one in web.requests
    )


def test_a_redirect_that_drops_the_tags_shows_at_its_end() -> None:
    found = seen({LINK: "https://shop.example/en/", "https://shop.example/en/": 200})

    assert (found.tagged, found.landed_tagged) == (True, False)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_broken_only_when_a_browsers_question_says_so_too(status: int) -> None:
    assert seen({LINK: status}).problem == "broken"
    assert seen({f"HEAD {LINK}": status, f"GET {LINK}": 200}).problem is None


def test_a_redirect_to_nowhere_is_broken() -> None:
    assert seen({LINK: 302}).problem == "broken"


def test_a_circle_is_found_and_an_endless_road_ends() -> None:
    circle = seen({LINK: "https://shop.example/a", "https://shop.example/a": LINK})
    road = {f"https://shop.example/{at}": f"/{at + 1}" for at in range(50)}

    assert (circle.problem, circle.redirects) == ("loop", 2)
    assert (seen(road, "https://shop.example/0").problem, MOST_REDIRECTS) == ("loop", 10)


def test_a_shop_that_sends_back_whoever_has_no_cookie_yet_is_no_circle() -> None:
    def wall(request: httpx.Request) -> httpx.Response:
        if request.headers.get("cookie") == "seen=1":
            return httpx.Response(200)
        return httpx.Response(302, headers={"location": LINK, "set-cookie": "seen=1; Path=/"})

    assert seen({LINK: wall}).problem is None


@pytest.mark.parametrize("status", [401, 403, 406, 451, 500, 503, 999])
def test_whoever_keeps_programs_out_or_is_ill_was_not_looked_at(status: int) -> None:
    reason, detail = why({LINK: status})

    assert (reason, f"HTTP {status}" in detail) == (Reason.SOURCE_FAILED, True)


def test_who_is_asked_too_often_says_so() -> None:
    assert why({LINK: 429})[0] is Reason.RATE_LIMITED


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: nightjar\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: nightjar\nAllow: /", True),
        ("User-agent: *\nDisallow: /cart", True),
        ("<html>no rules at all</html>", True),
    ],
)
def test_a_host_is_looked_at_only_as_its_rules_allow(robots: str, *, allowed: bool) -> None:
    found, web = look({"https://shop.example/robots.txt": lambda _: streamed(robots.encode()), LINK: 200})

    assert isinstance(found, BioLinkSeen) is allowed
    assert (f"HEAD {LINK}" in web.asked) is allowed


@pytest.mark.parametrize("answer", [500, 429, lambda _: streamed(b"x" * 600_000), "https://shop.example/robots.txt"])
def test_a_host_that_cannot_say_its_rules_is_not_looked_at(answer: Any) -> None:
    found, web = look({"https://shop.example/robots.txt": answer, LINK: 200})

    assert isinstance(found, Absent)
    assert not [asked for asked in web.asked if asked.startswith("HEAD")]


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("odd")]
)
def test_a_host_that_does_not_answer_was_not_looked_at(failure: Exception) -> None:
    def fails(_: httpx.Request) -> httpx.Response:
        raise failure

    assert why({LINK: fails})[0] is Reason.SOURCE_FAILED


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://[::1]/",
        "https://shop.example:22/",
        "http://localhost/",
        "file:///etc/passwd",
        "//2130706433/",
    ],
)
@pytest.mark.parametrize("hop", [False, True])
def test_an_address_that_no_shop_has_is_never_asked(target: str, *, hop: bool) -> None:
    """Over the real transport, which is told where names are: a redirect is checked like the link itself."""
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["169.254.169.254"]

    link = "https://shop.example/" if hop else target
    found = asyncio.run(Probe(lambda: public_transport(resolver=resolver)).look(link, seconds=5))

    assert isinstance(found, Absent)
    assert asked == (["shop.example"] if hop else [])


def test_what_goes_wrong_names_the_host_and_never_the_rest_of_the_address() -> None:
    link = "https://shop.example/anna?token=MARKED"
    found = asyncio.run(Probe(lambda: httpx.MockTransport(Web({link: 503}))).look(link, seconds=5))

    assert isinstance(found, Absent)
    assert "MARKED" not in repr(found)
    assert "shop.example" in found.causes[0].detail
