"""What happens beside a refresh must not cost its pair: a sibling that fails, a store that is slow."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.grant import Grant
from functions.audit.merchant import Merchant
from functions.audit.snapshot import SessionsSeen, Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http
from functions.fetcher.sources.ga4.access import GoogleAccess
from tests.builders import NIGHT
from tests.fetcher.memory import Memory
from tests.fetcher.rotating import BEGAN, Line, RotatingTikTok, granted
from tests.fetcher.steps import Steps
from tests.fetcher.world import HOSTS, KEYS, PERIODS, merchant

GOOGLE: dict[str, Any] = {"analytics": {"provider": "ga4", "property_id": "312345678"}}
SHOP: dict[str, Any] = {"commerce": {"provider": "shopify", "shop": "larkspur.myshopify.com"}}


class Tripping(Memory):
    """A store in which the row of one provider cannot be read."""

    def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
        if provider == "shopify":
            raise ConnectionError(merchant_id, provider)
        return super().get(merchant_id, provider)


class Slow(Memory):
    """A store in which the row of one provider is read no sooner than another's pair is stored, if that can be."""

    def __init__(self, *grants: Grant) -> None:
        super().__init__(*grants)
        self._stored = threading.Event()
        self.in_time: list[bool] = []

    def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
        if provider == "shopify":
            self.in_time.append(self._stored.wait(2))
        return super().get(merchant_id, provider)

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        self._stored.set()
        return super().replace(old, new, owner=owner)


class Cancelled:
    """A way to Google on which somebody is called off."""

    async def token(self, *, renew: bool = False) -> str | Absent:
        raise asyncio.CancelledError(renew)


def ended() -> Grant:
    return granted(0, at=BEGAN - timedelta(days=1))


async def fetch(
    shop: Merchant, store: Memory, line: httpx.AsyncBaseTransport, google: GoogleAccess | None = None
) -> Snapshot:
    async with Http(HOSTS, transport=line) as http:
        fetcher = Fetcher(http, store, KEYS, HOSTS, 45, google=google)
        return await fetcher.fetch(shop, NIGHT, PERIODS, now=BEGAN)


def test_a_shops_row_that_cannot_be_read_is_an_outage_of_the_shop_alone() -> None:
    tiktok, store = RotatingTikTok(), Tripping(ended())
    snapshot = asyncio.run(fetch(merchant(**GOOGLE, **SHOP), store, Line(tiktok, Steps(), 0.01)))

    assert isinstance(snapshot.sessions, SessionsSeen)
    assert isinstance(snapshot.sessions.current.revenue, Absent)
    assert snapshot.sessions.current.revenue.causes[0].reason is Reason.SOURCE_FAILED
    assert (tiktok.used, store.rows["larkspur"].version) == ([0], 1)
    assert not isinstance(snapshot.token, Absent)


def test_a_refresh_under_way_comes_back_and_is_stored_before_a_siblings_end_is_everybodys() -> None:
    tiktok, store = RotatingTikTok(), Memory(ended())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(fetch(merchant(**GOOGLE), store, Line(tiktok, Steps(), 0.02), Cancelled()))

    row = store.rows["larkspur"]
    assert row.refresh_token is not None
    assert (tiktok.used, row.refresh_token.get_secret_value()) == ([0], "rft.1")
    assert (row.lease_owner, row.refresh_sent_at) == (None, None)


def test_while_a_row_is_read_slowly_the_answer_to_a_refresh_is_heard() -> None:
    store = Slow(ended())
    asyncio.run(fetch(merchant(**GOOGLE, **SHOP), store, Line(RotatingTikTok(), Steps(), 0.01)))

    assert store.in_time == [True]


def test_a_fetch_that_is_called_off_stores_the_pair_of_a_refresh_under_way() -> None:
    tiktok, store = RotatingTikTok(), Memory(ended())

    async def story() -> None:
        under_way = asyncio.Event()
        line = Line(tiktok, Steps(ahead=lambda _: under_way.set()), 0.02)
        fetching = asyncio.ensure_future(fetch(merchant(analytics=None), store, line))
        await under_way.wait()
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    asyncio.run(story())

    row = store.rows["larkspur"]
    assert row.refresh_token is not None
    assert (tiktok.used, row.refresh_token.get_secret_value()) == ([0], "rft.1")
    assert row.refresh_sent_at is None
