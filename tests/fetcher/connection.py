"""One merchant's connection as two sides have it, TikTok and the store, and the fetches in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Protocol, cast

import pytest

from functions.audit.grant import Grant, GrantStore
from functions.audit.snapshot import Snapshot, TokenSeen
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http
from functions.fetcher.sources.oauth import AppKeys
from functions.store.tokens import Tokens
from tests.builders import NIGHT
from tests.cloud import Cloud
from tests.fetcher.memory import Memory
from tests.fetcher.rotating import BEGAN, Line, RotatingTikTok, granted, number_of
from tests.fetcher.steps import Steps, Watched
from tests.fetcher.virtual import clock
from tests.fetcher.world import HOSTS, KEYS, PERIODS, merchant
from tests.tables import PREFIX

SECONDS = 45.0
_FETCHES, _SHOPS = count(1), count(1)


class Store(GrantStore, Protocol):
    """A grant store that a webhook can write to."""

    def mark_removed(self, merchant_id: str, reason: str, at: datetime) -> bool: ...


@dataclass
class Connection:
    """``store`` is looked at without leaving a trace; ``watched`` is the same one, of which every call is a step."""

    store: Store
    watched: Callable[[Steps], GrantStore]
    merchant_id: str = "larkspur"
    tiktok: RotatingTikTok = field(default_factory=RotatingTikTok)

    def __post_init__(self) -> None:
        self.tiktok.on_shown = self._nothing_is_used_before_it_is_stored
        self.store.connect(granted(0, merchant_id=self.merchant_id, at=BEGAN - timedelta(days=1)))

    async def fetch(
        self,
        steps: Steps | None = None,
        *,
        seconds: float = SECONDS,
        keys: AppKeys | None = KEYS,
        line_seconds: float = 0.5,
    ) -> Snapshot:
        """Return what one fetch sees that may take so many seconds."""
        steps = steps or Steps()
        shop = merchant(id=self.merchant_id, analytics=None)
        random = Random(1)  # noqa: S311 - jitter, and the same one every time
        line = Line(self.tiktok, steps, line_seconds)
        owner = f"fetch-{next(_FETCHES)}"
        async with Http(HOSTS, transport=line, clock=clock, random=random) as http:
            fetcher = Fetcher(http, self.watched(steps), keys, HOSTS, seconds, new_owner=lambda: owner)
            return await fetcher.fetch(shop, NIGHT, PERIODS, now=wall())

    def login(self) -> None:
        """Connect anew, as `nightjar connect` does."""
        self.store.connect(granted(self.tiktok.login(), merchant_id=self.merchant_id, at=wall()))

    @property
    def stored(self) -> Grant:
        found = self.store.get(self.merchant_id)
        assert found is not None
        return found

    @property
    def standing(self) -> tuple[str, str | None]:
        """How the connection stands by the store, and why."""
        return self.stored.state.value, self.stored.state_reason

    @property
    def is_nobodys(self) -> bool:
        """Whether nobody holds the lease or has left a mark."""
        stored = self.stored
        return (stored.lease_owner, stored.lease_until, stored.refresh_sent_at) == (None, None, None)

    @property
    def number(self) -> int:
        """Which pair is stored."""
        token = self.stored.refresh_token
        assert token is not None
        return number_of(token.get_secret_value())

    def _nothing_is_used_before_it_is_stored(self, shown: int) -> None:
        if shown > self.number:
            # Not an assertion: a fetch would take that for a source's surprise.
            pytest.fail(f"the access token of pair {shown} was used while {self.number} was stored")


def in_memory() -> Connection:
    """Return a connection whose store goes by the table's rules in memory."""
    memory = Memory()
    return Connection(memory, lambda steps: cast("GrantStore", Watched(memory, steps)))


def rejected(snapshot: Snapshot) -> str | None:
    """Return what the token's rejection is called, of a fetch that could look."""
    assert isinstance(snapshot.token, TokenSeen), snapshot.token
    return snapshot.token.rejected


def wall() -> datetime:
    """Return the time on the wall."""
    return BEGAN + timedelta(seconds=clock())


def over_aws(cloud: Cloud) -> Connection:
    """Return the connection of another merchant, whose store is the real one, over an AWS that pretends."""

    def watched(steps: Steps) -> Tokens:
        dynamodb, kms = cast("Any", Watched(cloud.dynamodb, steps)), cast("Any", Watched(cloud.kms, steps))
        return Tokens(dynamodb, f"{PREFIX}tokens", kms=kms, key_id=cloud.key_arn)

    return Connection(cloud.tokens, watched, f"shop-{next(_SHOPS)}")
