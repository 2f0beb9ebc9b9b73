"""How long a whole fetch takes, four requests at once, against one request to the same slow server."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter_ns
from typing import Final

from pydantic import SecretStr

from console.sample.grants import pair_of
from console.sample.story import ALL_SCOPES
from functions.audit.absence import Absent
from functions.audit.grant import Grant
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Analytics, Merchant, TikTok
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http
from functions.fetcher.sources.storefront import Question
from tests.bench.result import CannotMeasureError, Measured, Side, Tell
from tests.bench.slow_server import SAMPLE, slow_server
from tests.fetcher.memory import Memory

GOAL: Final = 1.1
ROUNDS: Final = 20
WARM_UPS: Final = 3
NIGHT: Final = date(2026, 11, 21)
NOW: Final = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)


def measure(tell: Tell, *, rounds: int = ROUNDS) -> list[Measured]:
    """Compare both on one client with open connections, in turn."""
    with slow_server() as url:
        one, whole = asyncio.run(_measure(url, tell, rounds))
    line = Measured(
        "fetch: four requests at once",
        "ms",
        Side("Fetcher.fetch: user info, sessions, pages, sources, each of them read", whole),
        Side("one request to /analytics/sessions on the same client, parsed only", one),
        goal=f"≤ {GOAL} ×",
    )
    return [replace(line, met=line.ratio <= GOAL)]


async def _measure(url: str, tell: Tell, rounds: int) -> tuple[list[float], list[float]]:
    merchant = Merchant(
        id=SAMPLE.id,
        name=SAMPLE.name,
        timezone=SAMPLE.shop.timezone,
        currency=SAMPLE.shop.currency,
        tiktok=TikTok(open_id=SAMPLE.open_id, base_url=url),
        analytics=Analytics(base_url=url),
    )
    periods = default_profile().periods_of(NIGHT)
    one: list[float] = []
    whole: list[float] = []
    hosts = HostPolicy(loopback_http=True)
    async with Http(hosts) as http:
        token = pair_of(SAMPLE, 0).access_token
        granted = Grant(merchant_id=SAMPLE.id, access_token=SecretStr(token), scopes=ALL_SCOPES)
        fetcher = Fetcher(http, Memory(granted), None, hosts, seconds=45)
        for turn in range(-WARM_UPS, rounds):
            tell(f"fetch: {max(turn + 1, 0)} of {rounds} rounds")
            question = Question(http, url, token, SAMPLE.open_id, merchant, periods, deadline=http.clock() + 45)
            gc.collect()
            start = perf_counter_ns()
            await question.get("sessions", {"series_days": str(periods.series.days)})
            between = perf_counter_ns()
            snapshot = await fetcher.fetch(merchant, NIGHT, periods, now=NOW)
            end = perf_counter_ns()
            _be_sure(snapshot)
            if turn >= 0:
                one.append((between - start) / 1e6)
                whole.append((end - between) / 1e6)
    return one, whole


def _be_sure(snapshot: Snapshot) -> None:
    """Refuse figures of something else than good answers to all four requests."""
    account = (snapshot.token, snapshot.basic, snapshot.profile, snapshot.stats)
    seen = (*account, snapshot.sessions, snapshot.pages, snapshot.sources)
    if absent := [part for part in seen if isinstance(part, Absent)]:
        raise CannotMeasureError(f"the slow server was not read whole: {absent[0].causes[0].detail}")
