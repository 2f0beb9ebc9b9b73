"""Ask a sample shop with the real provider, without a network: what it shows, and what the checks make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

import httpx
import respx

from console.sample.desk import Desk, Request
from console.sample.shopify import shop_name, shopify_token
from console.sample.shopify_story import ShopifyConduct
from console.sample.story import SampleMerchant
from functions.audit.absence import Absent
from functions.audit.judge import judge
from functions.audit.merchant import Merchant, Override
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from functions.fetcher.sources.channel import Asked, Channel, Commerce
from functions.fetcher.sources.shopify.ask import ask_commerce, ask_shopify
from tests.builders import snapshot
from tests.fetcher.waiting import Hands, client

T = TypeVar("T")


def with_shop(merchant: SampleMerchant, conduct: ShopifyConduct | None = None) -> SampleMerchant:
    """Return the merchant with a Shopify shop that behaves so."""
    return replace(merchant, conduct=replace(merchant.conduct, shopify=conduct or ShopifyConduct()))


def channel_seen(sample: SampleMerchant, night: date) -> Channel:
    return asyncio.run(_ask(ask_shopify, sample, night))


def commerce_seen(sample: SampleMerchant, night: date) -> Commerce | Absent:
    return asyncio.run(_ask(ask_commerce, sample, night))


def judged_by_shopify(sample: SampleMerchant, night: date) -> dict[str, Outcome]:
    """Return what every check comes to where Shopify is the only source."""
    seen, profile = channel_seen(sample, night), default_profile()
    whole = snapshot(
        night=night, periods=profile.periods_of(night), sessions=seen.sessions, pages=seen.pages, sources=seen.sources
    )
    outcomes = judge(whole, profile, profile.rules_for(_merchant(sample), night))
    return {outcome.check_id: outcome for outcome in outcomes}


async def _ask(ask: Callable[[Asked, str], Awaitable[T]], sample: SampleMerchant, night: date) -> T:
    desk, shop = Desk([sample]), _merchant(sample)
    now = datetime(night.year, night.month, night.day, 2, 15, tzinfo=UTC)

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = desk.answer(Request(request.method, request.url.raw_path.decode(), headers, request.content))
        return httpx.Response(reply.status, content=reply.body, headers={"Content-Type": reply.content_type})

    with respx.mock as router:
        router.route(host=shop_name(sample)).mock(side_effect=answer)
        async with client(Hands()) as http:
            settings = shop.analytics
            assert settings is not None
            periods = default_profile().periods_of(night)
            return await ask(Asked(http, shop, settings, periods, now, http.clock() + 45), shopify_token(sample))


def _merchant(sample: SampleMerchant) -> Merchant:
    return Merchant.model_validate(
        {
            "id": sample.id,
            "name": sample.name,
            "timezone": sample.shop.timezone,
            "currency": sample.shop.currency,
            "analytics": {"provider": "shopify", "shop": shop_name(sample)},
            "thresholds": {
                override.check_id: Override(
                    warn=override.warn, critical=override.critical, reason=override.reason, expires=override.expires
                )
                for override in sample.overrides
            },
        }
    )
