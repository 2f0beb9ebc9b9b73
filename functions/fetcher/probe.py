"""Where the link in the bio leads: redirects are followed by hand, one at a time, and nothing is read but heads.

The link is the merchant's own, and public: it gets no secret, and what it leads to gets none. Cookies that a shop sets
on the way go back to that shop within this one look, because many redirect whoever has none in a circle. A shop that
keeps programs out, by its robots.txt or by an answer such as 403, could not be looked at: that is no broken link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import httpx

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import BioLinkSeen
from functions.fetcher.body import TooMuch, read_body
from functions.fetcher.dial import Refused
from functions.fetcher.effort import count_request
from functions.fetcher.network import public_transport

NAME: Final = "nightjar"
MOST_REDIRECTS: Final = 10  # a browser gives up after twenty, a visitor long before
MOST_FOR_ROBOTS: Final = 5  # redirects of a robots.txt (RFC 9309, section 2.3.1.2)
LARGEST_ROBOTS: Final = 512 * 1024  # bytes (RFC 9309, section 2.5)
SECONDS: Final = 5.0  # that one request may take
GONE: Final = frozenset({404, 410})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
TOO_MANY: Final = 429
_FINE: Final = range(200, 300)
_NOT_THERE: Final = range(400, 500)
Transport = Callable[[], httpx.AsyncBaseTransport]


@dataclass(frozen=True, slots=True)
class Probe:
    """Looks at links. ``transport`` is made anew for every look: nothing of one merchant stays for the next."""

    transport: Transport = public_transport

    async def look(self, link: str, *, seconds: float) -> BioLinkSeen | Absent:
        """Return where a link leads, or why nobody could look."""
        client = httpx.AsyncClient(
            transport=self.transport(),
            follow_redirects=False,
            trust_env=False,
            timeout=SECONDS,
            headers={"User-Agent": NAME, "Accept": "text/html,*/*", "Accept-Encoding": "identity"},
        )
        try:
            async with asyncio.timeout(seconds), client:
                return await _Look(client, {}).follow(link)
        except Refused:
            return _unseen("leads to an address that is not public")
        except (TimeoutError, httpx.TimeoutException):
            return _unseen("did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
            return _unseen(f"could not be asked ({type(error).__name__})")


PROBE: Final = Probe()


@dataclass(frozen=True, slots=True)
class _Look:
    """One look. ``robots``: what each host asks of programs, once asked."""

    client: httpx.AsyncClient
    robots: dict[str, RobotFileParser | Absent]

    async def follow(self, link: str) -> BioLinkSeen | Absent:
        url, status, been = link, 0, set[tuple[str, frozenset[str]]]()
        for redirects in range(MOST_REDIRECTS + 1):
            # The same address with another cookie is another question: many shops send back who has none yet.
            if (here := (url, self._cookies())) in been:
                return _seen(link, url, status, redirects, problem="loop")
            been.add(here)
            if isinstance(kept_out := await self._kept_out(url), Absent):
                return kept_out
            status, location = await self._ask(url)
            if status in REDIRECTS and location is not None:
                url = urljoin(url, location).partition("#")[0]
                continue
            if status in _FINE:
                return _seen(link, url, status, redirects)
            if status in GONE or status in REDIRECTS:
                return _seen(link, url, status, redirects, problem="broken")
            reason = Reason.RATE_LIMITED if status == TOO_MANY else Reason.SOURCE_FAILED
            return Absent.because(reason, f"the bio link: {_host(url)} answered a program with HTTP {status}")
        return _seen(link, url, status, MOST_REDIRECTS, problem="loop")

    async def _ask(self, url: str) -> tuple[int, str | None]:
        """Return status and new address. What HEAD does not show as fine is asked once more as a browser asks."""
        for method in ("HEAD", "GET"):
            count_request()
            async with self.client.stream(method, url) as response:
                status, location = response.status_code, response.headers.get("location")
            if status in _FINE or (status in REDIRECTS and location):
                break
        return status, location

    async def _kept_out(self, url: str) -> Absent | None:
        origin = urljoin(url, "/")
        if origin not in self.robots:
            self.robots[origin] = await self._robots(origin)
        said = self.robots[origin]
        if isinstance(said, Absent):
            return said
        return None if said.can_fetch(NAME, url) else _unseen(f"{_host(url)} asks programs not to look (robots.txt)")

    async def _robots(self, origin: str) -> RobotFileParser | Absent:
        """Return what a host asks of programs. One that cannot tell is not looked at (RFC 9309, section 2.3.1)."""
        url, rules = urljoin(origin, "/robots.txt"), RobotFileParser()
        for _ in range(MOST_FOR_ROBOTS + 1):
            count_request()
            async with self.client.stream("GET", url) as response:
                status, location = response.status_code, response.headers.get("location")
                if status in REDIRECTS and location:
                    url = urljoin(url, location)
                    continue
                if status in _FINE:
                    try:
                        text = (await read_body(response, LARGEST_ROBOTS)).decode("utf-8", errors="replace")
                    except TooMuch:
                        return _unseen(f"the robots.txt of {_host(origin)} is too large")
                    rules.parse(text.splitlines())
                    return rules
            if status in _NOT_THERE and status != TOO_MANY:
                rules.parse([])
                return rules
            return _unseen(f"{_host(origin)} did not show its robots.txt (HTTP {status})")
        return _unseen(f"{_host(origin)} redirects its robots.txt without an end")

    def _cookies(self) -> frozenset[str]:
        return frozenset(
            f"{cookie.domain} {cookie.path} {cookie.name}={cookie.value}" for cookie in self.client.cookies.jar
        )


def _seen(link: str, url: str, status: int, redirects: int, *, problem: str | None = None) -> BioLinkSeen:
    return BioLinkSeen(
        problem=problem,
        status=status,
        host=_host(url),
        redirects=redirects,
        tagged=_is_tagged(link),
        landed_tagged=_is_tagged(url),
    )


def _is_tagged(url: str) -> bool:
    return any(parse_qs(urlsplit(url).query).get("utm_source", ()))


def _host(url: str) -> str:
    """Return the host alone: what stands behind it may name a person, and is untrusted."""
    return (urlsplit(url).hostname or "")[:253]


def _unseen(why: str) -> Absent:
    return Absent.because(Reason.SOURCE_FAILED, f"the bio link: {why}")
