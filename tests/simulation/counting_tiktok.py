"""A TikTok that counts: a quota of requests in any minute, and 429 for whoever comes then."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

import httpx

from tests.console.healthy import HEALTHY_GRANT, HEALTHY_USER, healthy_pages, healthy_sessions, healthy_sources

MINUTE: Final = 60.0
# How long a request is on its way, in seconds: over a connection that was kept open, and over one that must be opened.
KEPT, NEW = (0.01, 0.05), (0.1, 0.4)
SHARE_KEPT: Final = 0.8
OK: Final = {"code": "ok", "message": "", "log_id": "20261121EXAMPLE"}


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _enveloped(data: Mapping[str, Any]) -> bytes:
    return _json({"data": data, "error": OK})


ANSWERS: Final[Mapping[str, bytes]] = {
    "/v2/oauth/token/": _json(dict(HEALTHY_GRANT)),
    "/v2/user/info/": _enveloped({"user": dict(HEALTHY_USER)}),
    "/analytics/sessions": _enveloped(healthy_sessions()),
    "/analytics/pages": _enveloped(healthy_pages()),
    "/analytics/sources": _enveloped(healthy_sources()),
}


class CountingTikTok(httpx.AsyncBaseTransport):
    """TikTok behind a slow and fickle line. ``arrivals`` are the times at which requests came, in order."""

    def __init__(self, clock: Callable[[], float], random: Random, *, quota: int, failing: float) -> None:
        self._clock = clock
        self._random = random
        self._quota = quota
        self._failing = failing
        self._window: deque[float] = deque()
        self.arrivals: list[float] = []
        self.said: Counter[int] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request as the wire would: there, counted, thought about, and back."""
        await asyncio.sleep(self._random.uniform(*(KEPT if self._random.random() < SHARE_KEPT else NEW)))
        status = self._count(self._clock())
        await asyncio.sleep(self._random.lognormvariate(-1.6, 0.6))
        if status == 200 and self._random.random() < self._failing:
            status = 500
        self.said[status] += 1
        if status != 200:
            code = "rate_limit_exceeded" if status == 429 else "internal_error"
            body = _json({"error": {"code": code, "message": "No.", "log_id": "1"}})
        else:
            body = ANSWERS[request.url.path]
        return httpx.Response(status, stream=httpx.ByteStream(body))

    def _count(self, now: float) -> int:
        self.arrivals.append(now)
        while self._window and self._window[0] <= now - MINUTE:
            self._window.popleft()
        if len(self._window) >= self._quota:
            return 429
        self._window.append(now)
        return 200
