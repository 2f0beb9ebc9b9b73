"""TikTok by its stricter documents: every refresh gives a new pair, and the old pair is dead that very moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
from pydantic import SecretStr

from functions.audit.grant import Grant
from tests.console.healthy import HEALTHY_USER
from tests.fetcher.steps import Steps
from tests.fetcher.world import failed, ok, said

BEGAN = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
ACCESS_SECONDS, REFRESH_SECONDS = 7200, 180 * 86400
SCOPE = "user.info.basic,user.info.profile,user.info.stats"


@dataclass
class RotatingTikTok:
    """One user's connection. Pairs are numbered in the order in which they were given; only ``living`` is alive.

    ``used``: the refresh tokens that were taken; ``refused``: how often a token was called dead. ``on_shown`` is told
    of every access token that comes with a request.
    """

    living: int | None = 0
    given: int = 0
    used: list[int] = field(default_factory=list)
    refused: int = 0
    on_shown: Callable[[int], None] = lambda _: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        if is_refresh(request):
            (token,) = parse_qs(request.content.decode())["refresh_token"]
            return self._traded(number_of(token))
        shown = number_of(request.headers["authorization"])
        self.on_shown(shown)
        if shown != self.living:
            self.refused += 1
            return failed(401, "access_token_invalid")
        return ok({"user": dict(HEALTHY_USER)})

    def login(self) -> int:
        """Let the user agree anew: older pairs die. Return the number of the pair."""
        self.given += 1
        self.living = self.given
        return self.given

    def end(self) -> None:
        """Take the permission away."""
        self.living = None

    def _traded(self, number: int) -> httpx.Response:
        if number != self.living:
            self.refused += 1
            return said(400, {"error": "invalid_grant", "error_description": "dead", "log_id": "L1"})
        self.used.append(number)
        return said(200, pair(self.login()))


@dataclass
class Line(httpx.AsyncBaseTransport):
    """One fetch's line to TikTok: so many ``seconds`` there, as many back. Each request is one of its ``steps``."""

    tiktok: RotatingTikTok
    steps: Steps
    seconds: float = 0.5

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        await asyncio.sleep(self.seconds)
        name = "refresh" if is_refresh(request) else "user info"
        answer = self.steps.take(name, lambda: self.tiktok.answer(request))
        await asyncio.sleep(self.seconds)
        # As it comes off a line: not read yet.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


def is_refresh(request: httpx.Request) -> bool:
    return request.url.path.startswith("/v2/oauth")


def number_of(token: str) -> int:
    """Return which pair a token is of."""
    return int(token.rpartition(".")[2])


def pair(number: int) -> dict[str, Any]:
    """Return a pair in TikTok's form."""
    return {
        "access_token": f"act.{number}",
        "expires_in": ACCESS_SECONDS,
        "open_id": "723f24d7",
        "refresh_expires_in": REFRESH_SECONDS,
        "refresh_token": f"rft.{number}",
        "scope": SCOPE,
        "token_type": "Bearer",
    }


def granted(number: int, *, merchant_id: str = "larkspur", at: datetime = BEGAN) -> Grant:
    """Return a pair as a login stores it."""
    return Grant(
        merchant_id=merchant_id,
        access_token=SecretStr(f"act.{number}"),
        refresh_token=SecretStr(f"rft.{number}"),
        expires_at=at + timedelta(seconds=ACCESS_SECONDS),
        refresh_expires_at=at + timedelta(seconds=REFRESH_SECONDS),
        scopes=tuple(SCOPE.split(",")),
        open_id="723f24d7",
        connected_at=at,
    )
