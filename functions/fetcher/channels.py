"""Whom to ask about a merchant's channel: the storefront with TikTok's token, GA4 or Shopify with their own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from functions.audit.absence import Absent, Reason
from functions.audit.errors import ForbiddenHost
from functions.audit.grant import SHOPIFY, GrantStore
from functions.audit.hosts import HostPolicy, Party
from functions.audit.merchant import Analytics, Merchant, Provider
from functions.fetcher.aside import aside
from functions.fetcher.guarded import guarded
from functions.fetcher.sources.blend import blend
from functions.fetcher.sources.channel import Asked, Channel, Commerce
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.ga4.ask import ask_ga4
from functions.fetcher.sources.shopify.ask import ask_commerce, ask_shopify
from functions.fetcher.sources.storefront import Question, ask_pages, ask_sessions, ask_sources

NO_ANALYTICS = Absent.because(Reason.NOT_CONNECTED, "no analytics source is configured")
NO_GOOGLE = Absent.because(Reason.NOT_CONNECTED, "no Google credentials are configured (docs/guides/ga4.md)")
NO_SHOPIFY = Absent.because(Reason.NOT_CONNECTED, "no Shopify access token is stored for this shop")


@dataclass(frozen=True, slots=True)
class Channels:
    """Everything that asking about a channel works with. ``google`` is ``None`` where there are no credentials."""

    grants: GrantStore
    hosts: HostPolicy
    google: GoogleAccess | None

    async def ask(self, asked: Asked) -> Channel:
        """Return the channel of a provider that is asked without TikTok's token."""
        provider = asked.settings.provider
        asking = self._ask_ga4(asked) if provider is Provider.GA4 else self._ask_shopify(asked)
        seen = await guarded(asking, provider.value)
        return Channel.unseen(seen) if isinstance(seen, Absent) else seen

    async def ask_storefront(self, asked: Asked, *, token: str, open_id: str) -> Channel:
        """Return the channel as the storefront saw it; its three sources are asked at the same time."""
        if (refused := self.refusal(asked.settings.base_url, Party.STOREFRONT)) is not None:
            return Channel.unseen(refused)
        question = Question(
            asked.http, asked.settings.base_url, token, open_id, asked.merchant, asked.periods, asked.deadline
        )
        return Channel(
            *await asyncio.gather(
                guarded(ask_sessions(question), "/analytics/sessions"),
                guarded(ask_pages(question), "/analytics/pages"),
                guarded(ask_sources(question), "/analytics/sources"),
            )
        )

    async def ask_commerce(self, asked: Asked) -> Commerce | Absent:
        """Return what the shop system beside the analytics says."""
        return await guarded(self._ask_commerce(asked), asked.settings.provider.value)

    def whole(self, merchant: Merchant, channel: Channel, commerce: Commerce | Absent | None) -> Channel:
        """Return the channel with the shop system's figures in it, where there is such a system."""
        return channel if commerce is None else blend(channel, commerce, merchant)

    def refusal(self, base_url: str, party: Party) -> Absent | None:
        """Return why a base address may not be used, if so: stored settings may be older than the policy."""
        try:
            self.hosts.check(base_url, party)
        except ForbiddenHost as error:
            return Absent.because(Reason.NOT_CONNECTED, str(error))
        return None

    async def _ask_ga4(self, asked: Asked) -> Channel:
        if (refused := self.refusal(asked.settings.base_url, Party.GA4)) is not None:
            return Channel.unseen(refused)
        return Channel.unseen(NO_GOOGLE) if self.google is None else await ask_ga4(asked, self.google)

    async def _ask_shopify(self, asked: Asked) -> Channel:
        token = await self._shopify_token(asked.merchant, asked.settings)
        return Channel.unseen(token) if isinstance(token, Absent) else await ask_shopify(asked, token)

    async def _ask_commerce(self, asked: Asked) -> Commerce | Absent:
        token = await self._shopify_token(asked.merchant, asked.settings)
        return token if isinstance(token, Absent) else await ask_commerce(asked, token)

    async def _shopify_token(self, merchant: Merchant, settings: Analytics) -> str | Absent:
        if (refused := self.refusal(settings.base_url, Party.SHOPIFY)) is not None:
            return refused
        grant = await aside(self.grants.get, merchant.id, SHOPIFY)
        if grant is None or grant.access_token is None:
            return NO_SHOPIFY
        return grant.access_token.get_secret_value()
