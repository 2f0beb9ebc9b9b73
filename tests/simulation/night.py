"""One night: many merchants, a few fetchers, each of them a container with a clock of its own, and one budget."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final, cast

from pydantic import SecretStr

from functions.audit.budget import MICROSECOND, Rate
from functions.audit.grant import Grant
from functions.audit.hosts import HostPolicy
from functions.audit.jobs import FetchJob
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState
from functions.fetcher.collect import Collected, Collector
from functions.fetcher.fetch import Fetcher
from functions.fetcher.gate import LINE_REACH, Gate
from functions.fetcher.http import Http
from functions.fetcher.pace import Pacer
from functions.fetcher.sources.oauth import AppKeys
from functions.store.budgets import StoredBudget
from tests.builders import NIGHT
from tests.fetcher.memory import Memory
from tests.simulation import virtual
from tests.simulation.counting_tiktok import MINUTE, CountingTikTok
from tests.simulation.delayed_queue import DelayedQueue
from tests.simulation.one_item import OneItem

BEGAN: Final = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
EPOCH: Final = Decimal(int(BEGAN.timestamp()))
HOSTS: Final = HostPolicy(hosts=frozenset({"open.tiktokapis.com", "shop.example"}))
SKEW: Final = 0.1  # seconds that a container's clock is early or late, at most


@dataclass(frozen=True)
class Plan:
    """What kind of night it is.

    ``own_storefront``: the share of merchants whose storefront is TikTok's host too; ``failing``: of answers that are a
    500; ``crashing``: of messages after which a container dies before it can delete them.
    """

    merchants: int = 5_000
    fetchers: int = 20
    own_storefront: float = 0.0
    failing: float = 0.005
    crashing: float = 0.0
    quota: int = 600
    seed: int = 1


@dataclass
class Night:
    """What happened."""

    plan: Plan
    arrivals: list[float] = field(default_factory=list)
    said: Counter[int] = field(default_factory=Counter)
    fetched: Counter[str] = field(default_factory=Counter)
    stored: dict[str, Snapshot] = field(default_factory=dict)
    came_of: Counter[Collected] = field(default_factory=Counter)
    receives: list[int] = field(default_factory=list)
    postponed: Counter[str] = field(default_factory=Counter)
    delays: list[int] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    crashes: int = 0
    writes: int = 0

    @property
    def busy_until(self) -> float:
        """When fewer merchants were left than there are fetchers."""
        return sorted(self.begun)[-self.plan.fetchers]

    @property
    def used(self) -> float:
        """The share of the quota that was used, from the first request until there was too little left to do."""
        requests = sum(at <= self.busy_until for at in self.arrivals)
        return requests / (self.plan.quota * (self.busy_until - self.arrivals[0]) / MINUTE)

    @property
    def each_minute(self) -> list[int]:
        """The requests of every whole minute until there was too little left to do."""
        first = self.arrivals[0]
        counts = Counter(int((at - first) // MINUTE) for at in self.arrivals)
        return [counts[minute] for minute in range(int((self.busy_until - first) // MINUTE))]

    @property
    def most_in_a_minute(self) -> int:
        """The most requests that arrived in any minute."""
        ended = 0
        most = 0
        for count, at in enumerate(self.arrivals, start=1):
            while self.arrivals[ended] <= at - MINUTE:
                ended += 1
            most = max(most, count - ended)
        return most


def rush(plan: Plan) -> Night:
    """Let a night pass."""
    return virtual.run(_rush(plan))


async def _rush(plan: Plan) -> Night:
    random = Random(plan.seed)  # noqa: S311 - a story that is the same every time
    clock = asyncio.get_running_loop().time
    night = Night(plan)
    queue = DelayedQueue(clock, random)
    tiktok = CountingTikTok(clock, random, quota=plan.quota, failing=plan.failing)
    shared = _Shared(plan, night, queue, tiktok, random)
    for merchant_id in shared.merchants_by_id:
        queue.send_message(QueueUrl="fetch", MessageBody=FetchJob(merchant_id=merchant_id, night=NIGHT).body)
    await asyncio.gather(*(_work(shared) for _ in range(plan.fetchers)))
    night.arrivals, night.said = tiktok.arrivals, tiktok.said
    night.receives, night.delays, night.writes = queue.receives, queue.delays, shared.budgets.writes
    return night


class _Shared:
    """What all containers work on: tables, queue, TikTok. The tables are as much of ours as a fetch needs."""

    def __init__(self, plan: Plan, night: Night, queue: DelayedQueue, tiktok: CountingTikTok, random: Random) -> None:
        self.night, self.queue, self.tiktok, self.random = night, queue, tiktok, random
        self.budgets = OneItem()
        self.merchants_by_id = {merchant.id: merchant for merchant in _merchants(plan, random)}
        token = SecretStr("rft.old")
        self.grants = Memory(*(Grant(merchant_id=at, refresh_token=token, version=1) for at in self.merchants_by_id))
        self.audits = self.snapshots = self.merchants = self

    def erased_at(self, merchant_id: str) -> None:
        """Nobody is erased."""
        assert merchant_id in self.merchants_by_id

    def state(self, merchant_id: str, night: object) -> AuditState:
        assert (merchant_id in self.merchants_by_id, night) == (True, NIGHT)
        return AuditState.PENDING

    def get(self, merchant_id: str, night: object = None) -> Any:
        return self.merchants_by_id[merchant_id] if night is None else self.night.stored.get(merchant_id)

    def put_once(self, snapshot: Snapshot, *, ttl: datetime) -> bool:
        assert ttl
        return self.night.stored.setdefault(snapshot.merchant_id, snapshot) is snapshot


def _merchants(plan: Plan, random: Random) -> list[Merchant]:
    settings = {"name": "Larkspur", "timezone": "Europe/London", "currency": "GBP", "tiktok": {"open_id": "723f24d7"}}
    on_tiktok = [random.random() < plan.own_storefront for _ in range(plan.merchants)]
    return [
        Merchant.model_validate({**settings, "id": f"shop-{at:05}", "analytics": {} if shares else None})
        for at, shares in enumerate(on_tiktok)
    ]


async def _work(shared: _Shared) -> None:
    """Be one container: take messages until there are none."""
    loop, random, night = asyncio.get_running_loop(), shared.random, shared.night
    early = Decimal(random.uniform(-SKEW, SKEW)).quantize(MICROSECOND)

    def now() -> Decimal:
        return EPOCH + early + Decimal(loop.time()).quantize(MICROSECOND)

    def budget(name: str, rate: Rate) -> StoredBudget:
        return StoredBudget(cast("Any", shared.budgets), "budgets", name, rate)

    pacer = Pacer(budget("tiktok", Rate.per_minute(night.plan.quota)), now)
    http = Http(
        HOSTS,
        pace=pacer,
        transport=shared.tiktok,
        clock=loop.time,
        now=lambda: BEGAN + timedelta(seconds=loop.time()),
        random=Random(random.random()),  # noqa: S311 - as above
    )
    line = budget("tiktok-line", Rate.per_minute(night.plan.quota, reach=LINE_REACH))
    fetcher = Fetcher(http, shared.grants, AppKeys("key", SecretStr("secret")), HOSTS, seconds=45)
    periods = default_profile().periods_of(NIGHT)

    async def fetch(merchant: Merchant, job: FetchJob, at: datetime) -> Snapshot:
        night.fetched[merchant.id] += 1
        night.begun.append(loop.time())
        return await fetcher.fetch(merchant, job.night, periods, now=at)

    collector = Collector(
        tables=cast("Any", shared),
        sqs=cast("Any", shared.queue),
        queue_url="evaluate",
        own_queue_url="fetch",
        gate=Gate(pacer, line, random),
        profile=default_profile(),
        snapshot_ttl=lambda at: at,
        max_receives=5,
        fetch=fetch,
        on_given_up=lambda job, error: night.given_up.append(f"{job.merchant_id}: {error!r}"),
    )
    async with http:
        while not shared.queue.is_empty():
            message = shared.queue.receive()
            if message is None:
                await asyncio.sleep(random.uniform(0.1, 1.0))
                continue
            # What a container needs for anything at all: the call, reading tables, storing the snapshot.
            await asyncio.sleep(random.uniform(0.03, 0.15))
            job = FetchJob.model_validate_json(message.body)
            at = BEGAN + timedelta(seconds=loop.time())
            came_of_it, _ = await collector.collect(job, receive_count=message.receives, now=at)
            night.came_of[came_of_it] += 1
            night.postponed[job.merchant_id] = max(night.postponed[job.merchant_id], job.postponed)
            if random.random() < night.plan.crashing:
                night.crashes += 1
            else:
                shared.queue.delete(message)
