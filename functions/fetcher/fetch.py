"""One merchant's night as the sources show it: the token first, then every source at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from functions.audit.absence import Absent, Reason
from functions.audit.errors import ForbiddenHost
from functions.audit.grant import Grant, GrantStore
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import AccountType, Merchant, TikTok
from functions.audit.periods import Periods
from functions.audit.snapshot import PagesSeen, SessionsSeen, Snapshot, SourcesSeen, TokenSeen
from functions.fetcher.http import Http
from functions.fetcher.sources.account import Account, ask_account
from functions.fetcher.sources.oauth import AppKeys
from functions.fetcher.sources.storefront import Question, ask_pages, ask_sessions, ask_sources
from functions.fetcher.tokens import Keeper, Pass

T = TypeVar("T")
Storefront = tuple[SessionsSeen | Absent, PagesSeen | Absent, SourcesSeen | Absent]
log = logging.getLogger(__name__)

NO_TIKTOK = Absent.because(Reason.NOT_CONNECTED, "no TikTok account is configured")
NO_TOKEN = Absent.because(Reason.NOT_CONNECTED, "the TikTok account was never connected: there is no token")
NO_ANALYTICS = Absent.because(Reason.NOT_CONNECTED, "no analytics source is configured")


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Everything that a fetch works with. ``seconds`` is how long one merchant may take as a whole."""

    http: Http
    grants: GrantStore
    keys: AppKeys | None
    hosts: HostPolicy
    seconds: float

    async def fetch(self, merchant: Merchant, night: date, periods: Periods, *, now: datetime) -> Snapshot:
        """Return what could be seen. Whatever a source answers becomes a value or an absence, never an error.

        Raises:
            Exception: only for what is ours or AWS's: a token store that cannot be read or written.
        """
        deadline = self.http.clock() + self.seconds
        keeper = Keeper(self.grants, self.http, self.keys)
        if merchant.tiktok is None:
            return self._blind(merchant, night, periods, now)
        refused = self._refusal(merchant.tiktok.base_url)
        if refused is None:
            opened = await keeper.open(merchant, now=now, deadline=deadline)
        else:
            opened = Pass(self.grants.get(merchant.id), outage=refused)
        account, storefront = await self._ask(merchant, merchant.tiktok, opened, periods, deadline)
        if account is not None and account.rejected and not (opened.refreshed or opened.revoked or opened.outage):
            # By the clock it was still good; TikTok says otherwise. Renewed once, asked once more.
            renewed = await keeper.renew(
                merchant, opened.grant or Grant(merchant_id=merchant.id), now=now, deadline=deadline
            )
            if renewed.refreshed:
                account, storefront = await self._ask(merchant, merchant.tiktok, renewed, periods, deadline)
            opened = renewed
        return self._snapshot(merchant, night, periods, now, opened, account, storefront)

    async def _ask(
        self, merchant: Merchant, tiktok: TikTok, opened: Pass, periods: Periods, deadline: float
    ) -> tuple[Account | None, Storefront]:
        token = opened.token
        if token is None:
            missing = NO_ANALYTICS if merchant.analytics is None else _tokenless(opened)
            return None, (missing, missing, missing)
        return await asyncio.gather(
            self._ask_account(tiktok, token, opened, deadline),
            self._ask_storefront(merchant, tiktok, token, periods, deadline),
        )

    async def _ask_account(self, tiktok: TikTok, token: str, opened: Pass, deadline: float) -> Account:
        seen: Account | Absent | None = self._refusal(tiktok.base_url)
        if seen is None:
            granted = _granted(tiktok, opened)
            seen = await _guarded(
                ask_account(self.http, tiktok, token=token, granted=granted, deadline=deadline), "user info"
            )
        return _account(seen)

    async def _ask_storefront(
        self, merchant: Merchant, tiktok: TikTok, token: str, periods: Periods, deadline: float
    ) -> Storefront:
        if merchant.analytics is None:
            return NO_ANALYTICS, NO_ANALYTICS, NO_ANALYTICS
        base_url = merchant.analytics.base_url
        if (refused := self._refusal(base_url)) is not None:
            return refused, refused, refused
        question = Question(self.http, base_url, token, tiktok.open_id, merchant, periods, deadline)
        return await asyncio.gather(
            _guarded(ask_sessions(question), "/analytics/sessions"),
            _guarded(ask_pages(question), "/analytics/pages"),
            _guarded(ask_sources(question), "/analytics/sources"),
        )

    def _refusal(self, base_url: str) -> Absent | None:
        """Return why a base address may not be used, if so: stored settings may be older than the policy."""
        try:
            self.hosts.check(base_url)
        except ForbiddenHost as error:
            return Absent.because(Reason.NOT_CONNECTED, str(error))
        return None

    def _blind(self, merchant: Merchant, night: date, periods: Periods, now: datetime) -> Snapshot:
        unseen = Snapshot.unseen(merchant_id=merchant.id, night=night, taken_at=now, periods=periods, why=NO_TIKTOK)
        analytics = NO_ANALYTICS if merchant.analytics is None else NO_TIKTOK
        return unseen.model_copy(
            update={"fetched": True, "sessions": analytics, "pages": analytics, "sources": analytics}
        )

    def _snapshot(
        self,
        merchant: Merchant,
        night: date,
        periods: Periods,
        now: datetime,
        opened: Pass,
        account: Account | None,
        storefront: Storefront,
    ) -> Snapshot:
        sessions, pages, sources = storefront
        token = _token(opened, account, now)
        blind = _account_blindness(opened, token)
        scopes = _granted(merchant.tiktok, opened)
        return Snapshot(
            merchant_id=merchant.id,
            night=night,
            taken_at=now,
            periods=periods,
            token=token,
            scopes=None if scopes is None else tuple(sorted(scopes)),
            account_type=merchant.tiktok.account_type if merchant.tiktok else AccountType.UNKNOWN,
            basic=blind if account is None else account.basic,
            profile=blind if account is None else account.profile,
            stats=blind if account is None else account.stats,
            sessions=sessions,
            pages=pages,
            sources=sources,
        )


def _granted(tiktok: TikTok | None, opened: Pass) -> frozenset[str] | None:
    """Return the scopes on record: those of the newest grant, else those of the settings, else unknown."""
    if opened.grant is not None and opened.grant.scopes is not None:
        return frozenset(opened.grant.scopes)
    return tiktok.scopes if tiktok is not None else None


def _tokenless(opened: Pass) -> Absent:
    """Return why there is no access token to ask with."""
    if opened.outage is not None:
        return opened.outage
    if opened.revoked:
        return Absent.because(Reason.UNAUTHORIZED, "there is no usable access token")
    if opened.grant is not None and opened.grant.refresh_token is not None:
        return Absent.because(
            Reason.UNAUTHORIZED, "there is no usable access token, and no app keys to renew it with are configured"
        )
    return NO_TOKEN


def _token(opened: Pass, account: Account | None, now: datetime) -> TokenSeen | Absent:
    """Return whether TikTok accepts the token. Only TikTok's own word makes it rejected, never an outage."""
    days_left = opened.days_left(now)
    open_id = account.basic.open_id if account and not isinstance(account.basic, Absent) else _UNTOLD
    if opened.revoked:
        return TokenSeen(rejected="invalid_grant", days_left=days_left, open_id=open_id)
    if account is None:
        return _tokenless(opened)
    if account.rejected:
        # The access token has ended and could not be renewed: nothing is known against the connection.
        return opened.outage or TokenSeen(rejected="rejected", days_left=days_left, open_id=open_id)
    if account.accepted:
        return TokenSeen(days_left=days_left, open_id=open_id)
    return account.blind or _UNTOLD


def _account_blindness(opened: Pass, token: TokenSeen | Absent) -> Absent:
    """Return why no scope group could be seen, where the account was not even asked."""
    if isinstance(token, Absent):
        return token
    return Absent.because(Reason.UNAUTHORIZED, "TikTok ended the connection") if opened.revoked else _UNTOLD


_UNTOLD = Absent.because(Reason.NOT_MEASURED, "TikTok did not say")


def _account(seen: Account | Absent) -> Account:
    """Return the account; our own failure while asking is an absence of all that it could have shown."""
    if isinstance(seen, Absent):
        return Account(accepted=False, rejected=False, blind=seen, basic=seen, profile=seen, stats=seen)
    return seen


async def _guarded(asking: Awaitable[T], what: str) -> T | Absent:
    """Return what a source showed; a failure of our own while reading it is an absence of that source alone."""
    try:
        return await asking
    except Exception as error:  # noqa: BLE001 - one source's surprise must not take the others with it
        log.error("A source's answer could not be read.", extra={"error_type": type(error).__name__})
        return Absent.because(Reason.SOURCE_FAILED, f"{what}: reading it failed with {type(error).__name__}")
