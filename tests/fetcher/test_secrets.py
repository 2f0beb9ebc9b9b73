"""No token, no refresh token and no key of the app is in anything that is printed, logged, raised or stored."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from functions.audit.grant import Grant
from functions.audit.hosts import HostPolicy
from functions.audit.snapshot import Snapshot
from functions.fetcher.answer import Answer
from functions.fetcher.fetch import Fetcher
from functions.fetcher.sources.oauth import AppKeys, refresh
from functions.fetcher.sources.storefront import Question
from functions.fetcher.tokens import Keeper, Pass
from tests.builders import NIGHT
from tests.fetcher.loopback import response, serving
from tests.fetcher.waiting import NOW, client
from tests.fetcher.world import BASE, HOSTS, PERIODS, SHOP, Memory, World, failed, html, merchant, said

MARK = "mArKeD"
MARKED_KEYS = AppKeys("app-key", SecretStr(f"{MARK}-app-secret"))
MARKED_GRANT = Grant.model_validate(
    {
        "merchant_id": "larkspur",
        "access_token": f"act.{MARK}",
        "refresh_token": f"rft.{MARK}",
        "expires_at": "2026-11-21T00:00:00Z",
        "version": 1,
    }
)
RENEWED = {"access_token": f"act.{MARK}2", "refresh_token": f"rft.{MARK}2", "expires_in": 7200, "scope": ""}
ECHO = {"error": {"code": f"no {MARK}", "message": f"act.{MARK}", "log_id": f"act.{MARK}"}, "data": f"act.{MARK}"}


def test_nothing_that_holds_a_secret_prints_it() -> None:
    http = client()
    holders = [
        MARKED_KEYS,
        MARKED_GRANT,
        Pass(MARKED_GRANT),
        Keeper(
            Memory(MARKED_GRANT),
            http,
            partial(refresh, http, BASE, MARKED_KEYS, now=NOW, deadline=45),
            merchant_id="larkspur",
            owner="fetch-1",
            now=NOW,
            began=0,
            deadline=45,
        ),
        Fetcher(http, Memory(MARKED_GRANT), MARKED_KEYS, HOSTS, 45),
        Question(http, SHOP, f"act.{MARK}", "723f24d7", merchant(), PERIODS, 45),
        Answer(200, RENEWED),
    ]

    for holder in holders:
        assert MARK not in f"{holder!r} {holder}"


REFRESHES: list[Any] = [
    said(200, RENEWED),
    said(400, {"error": "invalid_grant", "error_description": f"rft.{MARK}"}),
    said(401, {"error": f"{MARK} is wrong", "error_description": f"{MARK}-app-secret", "log_id": MARK * 20}),
    said(200, {"access_token": f"act.{MARK}\n"}),
    html(500),
    httpx.ReadTimeout(f"rft.{MARK}"),
    httpx.RemoteProtocolError(f"rft.{MARK}"),
]
ANSWERS: list[Any] = [
    said(401, ECHO),
    said(200, ECHO),
    httpx.Response(200, text=f"<html>act.{MARK}</html>", headers={"X-Echo": f"act.{MARK}"}),
    failed(401, "access_token_invalid"),
    said(200, {"data": {"user": f"act.{MARK}", "current": {"sessions": f"act.{MARK}"}}, "error": {"code": "ok"}}),
    httpx.ReadError(f"act.{MARK}"),
    RuntimeError(f"act.{MARK}"),  # what no client ever raises: a bug of ours
]


@pytest.mark.parametrize("refreshed", REFRESHES)
@pytest.mark.parametrize("answered", ANSWERS)
def test_whatever_is_answered_no_secret_reaches_the_log_or_the_snapshot(
    world: World, caplog: pytest.LogCaptureFixture, refreshed: Any, answered: Any
) -> None:
    world.answers |= {"token": refreshed}
    world.answers |= dict.fromkeys(("basic", "profile", "stats", "sessions", "pages", "sources"), answered)

    async def run() -> Snapshot:
        async with client() as http:
            fetcher = Fetcher(http, Memory(MARKED_GRANT), MARKED_KEYS, HOSTS, seconds=45)
            return await fetcher.fetch(merchant(), NIGHT, PERIODS, now=NOW)

    with caplog.at_level(logging.DEBUG):
        encoded = asyncio.run(run()).encoded.decode()

    assert f"Bearer act.{MARK}" in world.requests[-1].headers["authorization"]
    assert MARK not in encoded
    assert MARK not in caplog.text
    assert MARK not in str([record.__dict__ for record in caplog.records])


def test_over_a_real_connection_not_even_the_libraries_log_a_secret_that_is_echoed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    echoes = [f"Set-Cookie: a=act.{MARK}".encode(), f"X-Echo: rft.{MARK}".encode()]

    async def run() -> str:
        async with serving(_says_json(RENEWED, echoes), _says_json(ECHO, echoes)) as line, client() as http:
            shop = merchant(
                tiktok={"open_id": "o", "base_url": line.url},
                analytics={"base_url": line.url, "provider": "storefront"},
            )
            fetcher = Fetcher(http, Memory(MARKED_GRANT), MARKED_KEYS, HostPolicy(loopback_http=True), seconds=45)
            snapshot = await fetcher.fetch(shop, NIGHT, PERIODS, now=NOW)
            assert len(line.asked) > 6
            return snapshot.encoded.decode()

    with caplog.at_level(logging.DEBUG):
        encoded = asyncio.run(run())

    assert MARK not in encoded
    assert MARK not in caplog.text


def _says_json(document: object, headers: list[bytes]) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(response(json.dumps(document).encode(), *headers))
        await writer.drain()

    return speak


def test_what_a_broken_store_raises_is_raised_without_a_secret(world: World) -> None:
    class Broken(Memory):
        def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
            raise ConnectionError(f"{owner} cannot store {new!r} in place of {old}")

    world.answers["token"] = said(200, RENEWED)

    async def run() -> Snapshot:
        async with client() as http:
            fetcher = Fetcher(http, Broken(MARKED_GRANT), MARKED_KEYS, HOSTS, seconds=45)
            return await fetcher.fetch(merchant(), NIGHT, PERIODS, now=NOW)

    with pytest.raises(ConnectionError) as raised:
        asyncio.run(run())

    error: BaseException | None = raised.value
    while error is not None:
        assert MARK not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__
