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
        forbidden = self._forbidden(merchant)
        if merchant.tiktok is None or forbidden is not None:
            return self._blind(merchant, night, periods, now, forbidden or NO_TIKTOK)
        opened = await keeper.open(merchant, now=now, deadline=deadline)
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
            why = opened.outage or (
                Absent.because(Reason.UNAUTHORIZED, "there is no usable access token") if opened.revoked else NO_TOKEN
            )
            missing = NO_ANALYTICS if merchant.analytics is None else why
            return None, (missing, missing, missing)
        account = _guarded(
            ask_account(self.http, tiktok, token=token, granted=_granted(tiktok, opened), deadline=deadline),
            "user info",
        )
        if merchant.analytics is None:
            seen = await account
            return _account(seen), (NO_ANALYTICS, NO_ANALYTICS, NO_ANALYTICS)
        question = Question(self.http, merchant.analytics.base_url, token, tiktok.open_id, merchant, periods, deadline)
        seen, sessions, pages, sources = await asyncio.gather(
            account,
            _guarded(ask_sessions(question), "/analytics/sessions"),
            _guarded(ask_pages(question), "/analytics/pages"),
            _guarded(ask_sources(question), "/analytics/sources"),
        )
        return _account(seen), (sessions, pages, sources)

    def _forbidden(self, merchant: Merchant) -> Absent | None:
        """Return why a base address may not be used: stored settings may be older than the policy."""
        for part in (merchant.tiktok, merchant.analytics):
            if part is not None:
                try:
                    self.hosts.check(part.base_url)
                except ForbiddenHost as error:
                    return Absent.because(Reason.NOT_CONNECTED, str(error))
        return None

    def _blind(self, merchant: Merchant, night: date, periods: Periods, now: datetime, why: Absent) -> Snapshot:
        unseen = Snapshot.unseen(merchant_id=merchant.id, night=night, taken_at=now, periods=periods, why=why)
        analytics = NO_ANALYTICS if merchant.analytics is None else why
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


def _token(opened: Pass, account: Account | None, now: datetime) -> TokenSeen | Absent:
    """Return whether TikTok accepts the token. Only TikTok's own word makes it rejected, never an outage."""
    days_left = opened.days_left(now)
    open_id = account.basic.open_id if account and not isinstance(account.basic, Absent) else _UNTOLD
    if opened.revoked:
        return TokenSeen(rejected="invalid_grant", days_left=days_left, open_id=open_id)
    if account is None:
        return opened.outage or NO_TOKEN
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
