"""Time for tests: it passes only when somebody sleeps, and remembers for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from functions.audit.hosts import HostPolicy
from functions.fetcher.http import Http, Limits

# Scripted hosts, and this very machine where a story needs real bytes.
HOSTS = HostPolicy(hosts=frozenset({"open.tiktokapis.com", "shop.example"}), loopback_http=True)
NOW = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)


@dataclass
class Hands:
    """The hands of a clock, and the pauses that were made."""

    seconds: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


def client(hands: Hands | None = None, *, limits: Limits | None = None, seed: int = 1) -> Http:
    """Return a client that waits for nobody."""
    hands = hands or Hands()
    random = Random(seed)  # noqa: S311 - jitter, and the same one every time
    return Http(HOSTS, limits=limits, clock=hands.read, now=lambda: NOW, sleep=hands.sleep, random=random)
