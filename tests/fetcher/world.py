"""A scripted TikTok and storefront: healthy by default, every answer of every call can be replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from functions.audit.absence import Absent
from functions.audit.grant import Grant
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http
from functions.fetcher.sources.oauth import AppKeys
from tests.builders import NIGHT
from tests.console.healthy import HEALTHY_GRANT, HEALTHY_USER, healthy_pages, healthy_sessions, healthy_sources
from tests.fetcher.memory import Memory as Memory  # noqa: PLC0414 - the stories take it from here
from tests.fetcher.waiting import NOW, client

BASE = "https://open.tiktokapis.com"
SHOP = "https://shop.example"
HOSTS = HostPolicy(hosts=frozenset({"open.tiktokapis.com", "shop.example"}))
ALL = ("user.info.basic", "user.info.profile", "user.info.stats")
PERIODS = default_profile().periods_of(NIGHT)
KEYS = AppKeys("app-key", SecretStr("app-secret"))
_GROUPS = {"basic": "display_name", "profile": "username", "stats": "follower_count"}
_PARTS = {
    "/v2/oauth/token/": "token",
    "/analytics/sessions": "sessions",
    "/analytics/pages": "pages",
    "/analytics/sources": "sources",
    "/v2/research/user/info/": "research",
    "/open_api/v1.3/business/get/": "business",
    "/open_api/v1.3/tt_user/oauth2/refresh_token/": "business_token",
}


def ok(data: object) -> httpx.Response:
    """Return a success in TikTok's envelope."""
    return said(200, {"data": data, "error": {"code": "ok", "message": "", "log_id": "20261121EXAMPLE"}})


def failed(status: int, code: str, **headers: str) -> httpx.Response:
    """Return a failure in TikTok's envelope: an error object and no data."""
    return said(status, {"error": {"code": code, "message": "No.", "log_id": "20261121EXAMPLE"}}, **headers)


def said(status: int, content: object, **headers: str) -> httpx.Response:
    """Return JSON; lone surrogates travel as escapes, as they would."""
    return httpx.Response(status, content=json.dumps(content).encode(), headers=headers)


def html(status: int) -> httpx.Response:
    """Return what a gateway says."""
    return httpx.Response(status, text="<html>Unsupported path(Janus)</html>")


Scripted = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class World:
    """Answers by the name of the call, or by verb and name (``POST basic``).

    A call for several scope groups is named by all of them, as in ``basic+profile``. Unless it is scripted under that
    name, it comes to what one of its groups comes to, and to trouble where that is scripted for any: as TikTok has it.
    Names: ``basic``, ``profile``, ``stats``, ``token``, ``sessions``, ``pages``, ``sources``, ``client_token``,
    ``research``, ``business``, ``business_token``. A list is taken one a call; its last one stays.
    """

    answers: dict[str, Scripted | list[Any]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = name_of(request)
        found = [
            self.answers[key]
            for part in dict.fromkeys((name, *name.split("+")))
            for key in (f"{request.method} {part}", part)
            if key in self.answers
        ]
        troubled = [answer for answer in found if not _is_ok(answer)]
        return self._scripted(request, (troubled or found)[0]) if found else healthy(name)

    def _scripted(self, request: httpx.Request, answer: Scripted | list[Any]) -> httpx.Response:
        now: Any = answer
        if isinstance(answer, list):
            now = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(now, Exception):
            raise now
        if isinstance(now, httpx.Response):
            # A response can be read once; whoever asks again gets a new one.
            return httpx.Response(now.status_code, headers=now.headers, content=now.content)
        response: httpx.Response = now(request)
        return response

    def names(self) -> list[str]:
        """Return the calls so far as verb and name."""
        return [f"{request.method} {name_of(request)}" for request in self.requests]

    def to(self, name: str) -> list[httpx.Request]:
        """Return the requests of one name."""
        return [request for request in self.requests if name_of(request) == name]


def _is_ok(answer: Scripted | list[Any]) -> bool:
    now = answer[0] if isinstance(answer, list) else answer
    return isinstance(now, httpx.Response) and now.status_code == 200 and b'"code": "ok"' in now.content


def name_of(request: httpx.Request) -> str:
    if request.url.path == "/v2/user/info/":
        fields = request.url.params.get("fields", "")
        return "+".join(group for group, field_ in _GROUPS.items() if field_ in fields)
    if b"grant_type=client_credentials" in request.content:
        return "client_token"
    return _PARTS[request.url.path]


def healthy(name: str) -> httpx.Response:
    match name:
        case "token":
            return said(200, HEALTHY_GRANT)
        case "sessions":
            return ok(healthy_sessions())
        case "pages":
            return ok(healthy_pages())
        case "sources":
            return ok(healthy_sources())
        case _:
            return ok({"user": dict(HEALTHY_USER)})


def grant(**changed: Any) -> Grant:
    """Return an access token of unknown end, all scopes recorded, nothing to renew it with."""
    return Grant.model_validate(
        {"merchant_id": "larkspur", "access_token": "act.file", "scopes": ALL, "version": 1} | changed
    )


def merchant(**changed: Any) -> Merchant:
    """Return a merchant whose storefront answers on a host of its own."""
    settings: dict[str, Any] = {
        "id": "larkspur",
        "name": "Larkspur",
        "timezone": "Europe/London",
        "currency": "GBP",
        "tiktok": {"open_id": "723f24d7", "account_type": "business"},
        "analytics": {"base_url": SHOP},
    }
    return Merchant.model_validate(settings | changed)


def fetched(
    *,
    shop: Merchant | None = None,
    grants: Memory | None = None,
    keys: AppKeys | Absent | None = None,
    hosts: HostPolicy = HOSTS,
    http: Http | None = None,
    seconds: float = 45,
) -> Snapshot:
    """Return what one fetch of a night sees."""

    async def run() -> Snapshot:
        async with http or client() as open_http:
            fetcher = Fetcher(open_http, Memory(grant()) if grants is None else grants, keys, hosts, seconds)
            return await fetcher.fetch(shop or merchant(), NIGHT, PERIODS, now=NOW)

    return asyncio.run(run())


def without(of: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy that lacks these keys."""
    return {name: value for name, value in of.items() if name not in names}
