"""One call to a source: timeouts, bounded retries inside a deadline, a capped body, at most one JSON object back.

The answer is only fetched here, whole or not at all: ``answer.py`` says what it came to.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx

from functions.audit.hosts import HostPolicy
from functions.fetcher.answer import SPENT, UNCOUNTED, Answer, answer_of, worth_repeating
from functions.fetcher.body import TooMuch, read_body
from functions.fetcher.dial import Refused
from functions.fetcher.effort import count_request
from functions.fetcher.network import guarded_transport
from functions.fetcher.pace import Pace, door_of

# httpx logs every address with its query at INFO, httpcore every answer's headers at DEBUG: nothing for our log.
for _talker in ("httpx", "httpcore"):
    logging.getLogger(_talker).setLevel(logging.WARNING)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how often and how much; seconds and bytes. An attempt may last ``read`` seconds as a whole."""

    connect: float = 4.0
    read: float = 8.0
    attempts: int = 3
    backoff: float = 0.25
    longest_backoff: float = 2.0
    body: int = 4 * 1024 * 1024


class Http:
    """The container's one HTTP client. ``post_only`` remembers base addresses that take POST for user info.

    ``policy`` says which hosts it reaches at all, whoever asks; a ``transport`` stands in for the guarded one.
    ``clock`` counts seconds and never goes back, ``now`` tells the date that a ``Retry-After`` may name, ``sleep``
    waits. All are arguments, so that tests need no time. Every request to a host of ``paced`` waits for its turn first.
    """

    def __init__(
        self,
        policy: HostPolicy | None = None,
        *,
        pace: Pace | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.clock = clock
        self.post_only: set[str] = set()
        self.paced: set[str] = set()
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - jitter wants to differ, not to be secret
        self._client = httpx.AsyncClient(
            transport=transport or guarded_transport(policy or HostPolicy()),
            # A redirect would carry a merchant's token to a host that nobody allowed; proxies of the environment
            # likewise. One pool serves every source.
            follow_redirects=False,
            trust_env=False,
            # Nor may a cookie that came with one merchant's answer travel with the next merchant's request.
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(self.limits.read, connect=self.limits.connect),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "nightjar"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def call(
        self,
        method: str,
        url: str,
        *,
        deadline: float,
        headers: Mapping[str, str],
        again: Callable[[Answer], bool] = worth_repeating,
        whole: bool = False,
        **content: Any,  # noqa: ANN401 - params, json or data, as httpx takes them
    ) -> Answer:
        """Send a request, again while ``again`` says so, attempts are left and ``deadline`` (of ``clock``) allows it.

        ``whole``: no attempt is begun that the deadline could cut off, because it may be acted on all the same.
        Never raises for what a source does: that is what ``Answer.problem`` is for.
        """
        answer = Answer(problem="there was no time left to ask", unsent=True)
        last = deadline - self.limits.read if whole else deadline
        for attempt in range(self.limits.attempts):
            if attempt:
                pause = self._pause(attempt, answer)
                if self.clock() + pause >= last:
                    break
                await self._sleep(pause)
            if self.clock() > last or self.clock() >= deadline:
                break
            held = await self._held_back(url, deadline)
            if held is not None:
                # What a first attempt came to says more than that there is no turn for a second one.
                answer = answer if attempt else held
                break
            if self.clock() > last:
                break
            left = deadline - self.clock()
            answer = await self._once(method, url, seconds=min(self.limits.read, left), headers=headers, **content)
            if answer.refused or not again(answer):
                break
        return answer

    async def _held_back(self, url: str, deadline: float) -> Answer | None:
        """Wait for a request's turn, where its host has any; return why there is none with time for a whole attempt.

        A request that is cut off by the deadline may still be acted on: for a refresh that would cost the merchant.
        A budget that cannot be asked gives no turn: nothing is sent that nobody counts.
        """
        if self._pace is None or door_of(url) not in self.paced:
            return None
        try:
            wait = await self._pace.turn(within=max(deadline - self.clock() - self.limits.read, 0.0))
        except Exception as error:  # noqa: BLE001 - whatever the table's client raises
            log.error("The budget could not be asked; nothing is sent.", extra={"error_type": type(error).__name__})
            return UNCOUNTED
        if wait is None:
            return SPENT
        if wait:
            await self._sleep(wait)
        return None

    async def wait(self, seconds: float, *, deadline: float) -> bool:
        """Wait so long, if there is time to ask anything afterwards; say whether there was."""
        if self.clock() + seconds >= deadline:
            return False
        await self._sleep(seconds)
        return True

    async def rest(self, attempt: int, *, deadline: float) -> bool:
        """Wait as before that attempt of a call, if there is time for it; say whether there was."""
        return await self.wait(self._pause(attempt, Answer()), deadline=deadline)

    def _pause(self, attempt: int, answer: Answer) -> float:
        """Return how long to wait: what the source asked for, else full jitter, so that crowds do not march in step."""
        longest = min(self.limits.backoff * 2 ** (attempt - 1), self.limits.longest_backoff)
        return max(answer.retry_after or 0.0, self._random.uniform(0, longest))

    async def _once(self, method: str, url: str, *, seconds: float, **request: Any) -> Answer:  # noqa: ANN401 - as above
        count_request()
        try:
            async with asyncio.timeout(seconds), self._client.stream(method, url, **request) as response:
                return await self._read(response)
        except Refused as refused:
            return Answer(problem=str(refused), unsent=True, refused=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Answer(problem="could not be reached", unsent=True)
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError):
            # A token or a cursor with characters that cannot travel: nothing was sent.
            return Answer(problem="cannot be asked with what is on record", unsent=True)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(problem="did not answer in time")
        except (httpx.HTTPError, httpx.StreamError) as error:
            return Answer(problem=f"broke off its answer ({type(error).__name__})")

    async def _read(self, response: httpx.Response) -> Answer:
        try:
            raw = await read_body(response, self.limits.body)
        except TooMuch as too_much:
            return Answer(response.status_code, problem=str(too_much))
        return answer_of(response, raw, self._now())
