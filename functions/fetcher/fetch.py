"""One merchant's night as the sources show it: the token first, then every source at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import uuid4

from functions.audit.absence import Absent
from functions.audit.grant import Grant, GrantStore
from functions.audit.hosts import HostPolicy, Party
from functions.audit.merchant import Analytics, Merchant, Provider, TikTok
from functions.audit.periods import Periods
from functions.audit.snapshot import AccountStats, Effort, Snapshot
from functions.fetcher.aside import aside
from functions.fetcher.channels import NO_ANALYTICS, Channels
from functions.fetcher.connection import (
    NO_TIKTOK,
    account_blindness,
    account_of,
    granted_scopes,
    token_seen,
    tokenless,
)
from functions.fetcher.effort import tallied
from functions.fetcher.extras import Extras, Kind
from functions.fetcher.guarded import guarded
from functions.fetcher.http import Http
from functions.fetcher.pace import door_of
from functions.fetcher.probe import PROBE, Probe
from functions.fetcher.sources.account import Account, ask_account
from functions.fetcher.sources.channel import Asked, Channel, Commerce
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.oauth import AppKeys, refresh
from functions.fetcher.sources.research import Research
from functions.fetcher.tokens import TO_STORE, Keeper, Pass, Refresh


def _new_owner() -> str:
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Everything that a fetch works with. ``seconds`` is how long one merchant may take as a whole.

    ``keys`` are the TikTok app's, or why they cannot be read tonight; ``None`` where there are none.
    ``business_keys`` are those of an app at TikTok's API for Business. ``new_owner`` names a fetch, for the lease that
    it may take.
    """

    http: Http
    grants: GrantStore
    keys: AppKeys | Absent | None
    hosts: HostPolicy
    seconds: float
    google: GoogleAccess | None = None
    research: Research | None = None
    business_keys: AppKeys | None = None
    new_owner: Callable[[], str] = _new_owner
    probe: Probe = PROBE

    async def fetch(self, merchant: Merchant, night: date, periods: Periods, *, now: datetime) -> Snapshot:
        """Return what could be seen. Whatever a source answers becomes a value or an absence, never an error.

        Raises:
            Exception: only for what is ours or AWS's: a token store that cannot be read or written.
        """
        began = self.http.clock()
        with tallied() as tally:
            seen = await self._seen(_Asking(self, merchant, periods, now, deadline=began + self.seconds), night)
        return seen.model_copy(update={"effort": Effort.of(self.http.clock() - began, tally.requests)})

    async def _seen(self, asking: _Asking, night: date) -> Snapshot:
        merchant, periods, now, channels = asking.merchant, asking.periods, asking.now, asking.channels
        extras = Extras(
            self.http, self.grants, self.hosts, self.new_owner, self.business_keys, self.research, self.probe
        )
        parts = (
            asyncio.ensure_future(asking.tiktok()),
            asyncio.ensure_future(asking.elsewhere()),
            asyncio.ensure_future(asking.commerce()),
            asyncio.ensure_future(extras.business(merchant, periods.current, now=now, deadline=asking.deadline)),
            asyncio.ensure_future(extras.bio_link(merchant, deadline=asking.deadline)),
        )
        try:
            (opened, account, storefront), elsewhere, commerce, (kind, clicks), link = await asyncio.gather(*parts)
        finally:
            # Whatever failed: a refresh that is on its way must come back and be stored, or its pair is lost.
            await asyncio.wait(parts)
        public = await extras.public_stats(merchant, account, now=now, deadline=asking.deadline)
        channel = channels.whole(merchant, elsewhere if storefront is None else storefront, commerce)
        seen = _snapshot(asking, night, opened, account, channel, kind, public)
        return seen.model_copy(update={"clicks": clicks, "bio_link": link})


@dataclass(frozen=True, slots=True)
class _Asking:
    """One merchant's turn: what is asked with TikTok's token, what with tokens of others, all at the same time."""

    fetcher: Fetcher
    merchant: Merchant
    periods: Periods
    now: datetime
    deadline: float

    @property
    def channels(self) -> Channels:
        """Whom to ask about the channel."""
        return Channels(self.fetcher.grants, self.fetcher.hosts, self.fetcher.google)

    async def elsewhere(self) -> Channel:
        """Return the channel where TikTok's token has no part in it."""
        settings = self.merchant.analytics
        if settings is None:
            return Channel.unseen(NO_ANALYTICS)
        if settings.provider is Provider.STOREFRONT:
            return Channel.unseen(NO_TIKTOK)
        return await self.channels.ask(self._asked(settings))

    async def commerce(self) -> Commerce | Absent | None:
        """Return what the shop system beside the analytics says; ``None`` when there is none."""
        settings = self.merchant.commerce
        return None if settings is None else await self.channels.ask_commerce(self._asked(settings))

    async def tiktok(self) -> tuple[Pass, Account | None, Channel | None]:
        """Return the token that was used, the account, and the channel where it is the storefront's."""
        tiktok, merchant = self.merchant.tiktok, self.merchant
        if tiktok is None:
            return Pass(None), None, None
        # Whatever is asked of this host counts: the refresh, user info, a storefront that lives there too.
        self.fetcher.http.paced.add(door_of(tiktok.base_url))
        keeper = self._keeper(tiktok)
        refused = self.channels.refusal(tiktok.base_url, Party.TIKTOK)
        if refused is None:
            opened = await keeper.open()
        else:
            opened = Pass(await aside(self.fetcher.grants.get, merchant.id), outage=refused)
        account, channel = await self._ask(tiktok, opened, refused)
        if account is not None and account.rejected and not (opened.refreshed or opened.revoked or opened.outage):
            # By the clock it was still good; TikTok says otherwise. Renewed once, asked once more.
            renewed = await keeper.renew(opened.grant or Grant(merchant_id=merchant.id))
            if renewed.refreshed:
                account, channel = await self._ask(tiktok, renewed, refused)
            opened = renewed
        if account is not None and account.accepted:
            await keeper.accepted(opened)
        return opened, account, channel

    def _keeper(self, tiktok: TikTok) -> Keeper:
        fetcher, keys = self.fetcher, self.fetcher.keys
        renewing: Refresh | Absent | None = keys if isinstance(keys, Absent) else None
        if isinstance(keys, AppKeys):
            renewing = partial(
                refresh, fetcher.http, tiktok.base_url, keys, now=self.now, deadline=self.deadline - TO_STORE
            )
        return Keeper(
            fetcher.grants,
            fetcher.http,
            renewing,
            merchant_id=self.merchant.id,
            owner=fetcher.new_owner(),
            now=self.now,
            began=self.deadline - fetcher.seconds,
            deadline=self.deadline,
        )

    async def _ask(self, tiktok: TikTok, opened: Pass, refused: Absent | None) -> tuple[Account | None, Channel | None]:
        token = opened.token
        if token is None:
            settings = self.merchant.analytics
            storefront = settings is not None and settings.provider is Provider.STOREFRONT
            return None, Channel.unseen(tokenless(opened)) if storefront else None
        return await asyncio.gather(self._account(tiktok, token, opened, refused), self._storefront(tiktok, token))

    async def _account(self, tiktok: TikTok, token: str, opened: Pass, refused: Absent | None) -> Account:
        if refused is not None:
            return account_of(refused)
        granted = granted_scopes(tiktok, opened)
        asking = ask_account(self.fetcher.http, tiktok, token=token, granted=granted, deadline=self.deadline)
        return account_of(await guarded(asking, "user info"))

    async def _storefront(self, tiktok: TikTok, token: str) -> Channel | None:
        settings = self.merchant.analytics
        if settings is None or settings.provider is not Provider.STOREFRONT:
            return None
        return await self.channels.ask_storefront(self._asked(settings), token=token, open_id=tiktok.open_id)

    def _asked(self, settings: Analytics) -> Asked:
        return Asked(self.fetcher.http, self.merchant, settings, self.periods, self.now, self.deadline)


def _snapshot(
    asking: _Asking,
    night: date,
    opened: Pass,
    account: Account | None,
    channel: Channel,
    kind: Kind,
    public: AccountStats | Absent | None,
) -> Snapshot:
    merchant, now = asking.merchant, asking.now
    token = NO_TIKTOK if merchant.tiktok is None else token_seen(opened, account, now)
    blind = account_blindness(opened, token)
    scopes = granted_scopes(merchant.tiktok, opened)
    return Snapshot(
        merchant_id=merchant.id,
        night=night,
        taken_at=now,
        periods=asking.periods,
        token=token,
        scopes=None if scopes is None else tuple(sorted(scopes)),
        account_type=kind.account_type,
        account_type_from=kind.said_by,
        account_type_unseen=kind.unseen,
        basic=blind if account is None else account.basic,
        profile=blind if account is None else account.profile,
        stats=blind if account is None else account.stats,
        public_stats=public,
        sessions=channel.sessions,
        pages=channel.pages,
        sources=channel.sources,
    )
