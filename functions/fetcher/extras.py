"""What is asked for whatever it is worth: the account's type, the counts that everybody can see, clicks, the bio link.

All are optional and beside the audit's own sources: they never hold the night up for long, and what the first two do
not tell is no finding and no cause of one. The other two are for checks that are off unless a merchant wants them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from functions.audit.absence import Absent, Reason
from functions.audit.errors import ForbiddenHost
from functions.audit.grant import TIKTOK_BUSINESS, GrantStore
from functions.audit.hosts import HostPolicy, Party
from functions.audit.merchant import AccountType, Extra, Merchant, TikTok
from functions.audit.periods import Period
from functions.audit.snapshot import AccountStats, BioLinkSeen, ClicksSeen
from functions.fetcher.aside import aside
from functions.fetcher.guarded import guarded
from functions.fetcher.http import Http
from functions.fetcher.probe import PROBE, Probe
from functions.fetcher.sources.account import Account
from functions.fetcher.sources.business import ask_account_type, ask_clicks
from functions.fetcher.sources.business_tokens import renew
from functions.fetcher.sources.oauth import AppKeys
from functions.fetcher.sources.research import Research
from functions.fetcher.tokens import TO_STORE, Keeper

SECONDS: Final = 15.0  # that any of them may take
MERCHANT: Final = "merchant"
BUSINESS_API: Final = "business_api"
NO_BUSINESS: Final = Absent.because(
    Reason.NOT_CONNECTED, "clicks are told by TikTok's API for Business alone, and no token for it is stored"
)


class Kind(NamedTuple):
    """What the account is and who says so; ``unseen`` is why the Business API did not tell, where it was asked."""

    account_type: AccountType
    said_by: str
    unseen: Absent | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """Everything that these questions work with.

    Without ``research`` nobody asks for public counts; without ``business_keys`` a token for the Business API is used
    as it is. ``new_owner`` names the fetch, for the lease that a renewal takes.
    """

    http: Http
    grants: GrantStore
    hosts: HostPolicy
    new_owner: Callable[[], str]
    business_keys: AppKeys | None = None
    research: Research | None = None
    probe: Probe = PROBE

    async def business(
        self, merchant: Merchant, period: Period, *, now: datetime, deadline: float
    ) -> tuple[Kind, ClicksSeen | Absent | None]:
        """Return the account's type as the Business API tells it, else as the merchant does; and the clicks.

        Clicks are ``None`` where the merchant does not want to know: then nobody asks.
        """
        tiktok, wanted = merchant.tiktok, Extra.CLICK_CAPTURE in merchant.extra_checks
        if tiktok is None:
            return Kind(AccountType.UNKNOWN, MERCHANT), None
        until = self._soon(deadline)
        account = await guarded(self._open(merchant, tiktok, now, until), "the Business API")
        if account is None or isinstance(account, Absent):
            return self._kind(tiktok, account), (account or NO_BUSINESS) if wanted else None
        business_id, token = account
        asked = (self.http, tiktok.business_base_url)
        kind = ask_account_type(*asked, business_id=business_id, token=token, deadline=until)
        if not wanted:
            return self._kind(tiktok, await guarded(kind, "the Business API")), None
        clicks = ask_clicks(*asked, business_id=business_id, token=token, period=period, deadline=until)
        told, counted = await asyncio.gather(
            guarded(kind, "the Business API"), guarded(clicks, "the Business API's clicks")
        )
        return self._kind(tiktok, told), counted

    async def bio_link(self, merchant: Merchant, *, deadline: float) -> BioLinkSeen | Absent | None:
        """Return where the link in the bio leads; ``None`` where the merchant does not want to know."""
        tiktok = merchant.tiktok
        if tiktok is None or tiktok.bio_link is None or Extra.BIO_LINK not in merchant.extra_checks:
            return None
        seconds = self._soon(deadline) - self.http.clock()
        return await guarded(self.probe.look(tiktok.bio_link, seconds=seconds), "the bio link")

    def _kind(self, tiktok: TikTok, told: AccountType | Absent | None) -> Kind:
        if told is None or isinstance(told, Absent):
            return Kind(tiktok.account_type, MERCHANT, told)
        if told is AccountType.PERSONAL and tiktok.account_type is AccountType.CREATOR:
            # "No business account" is what a creator's is, too: nothing that the merchant said is contradicted.
            return Kind(tiktok.account_type, MERCHANT)
        return Kind(told, BUSINESS_API)

    async def public_stats(
        self, merchant: Merchant, account: Account | None, *, now: datetime, deadline: float
    ) -> AccountStats | Absent | None:
        """Return the public counts where the account's own could not be seen; ``None`` where nobody asks for them."""
        tiktok = merchant.tiktok
        if self.research is None or tiktok is None:
            return None
        if account is not None and isinstance(account.stats, AccountStats):
            # They are the same figures, and a day has a thousand requests only.
            return None
        if (refused := self._refused(tiktok.base_url, Party.TIKTOK)) is not None:
            return refused
        username = _username(tiktok, account)
        if username is None:
            return Absent.because(Reason.NOT_CONNECTED, "no username is known to look the account up by")
        asking = self.research.ask(
            self.http, tiktok.base_url, username=username, now=now, deadline=self._soon(deadline)
        )
        return await guarded(asking, "the Research API")

    async def _open(
        self, merchant: Merchant, tiktok: TikTok, now: datetime, deadline: float
    ) -> tuple[str, str] | Absent | None:
        """Return the account's name at the Business API and a token for it; ``None`` where there never was one."""
        base_url = tiktok.business_base_url
        if (refused := self._refused(base_url, Party.TIKTOK_BUSINESS)) is not None:
            return None if await aside(self.grants.get, merchant.id, TIKTOK_BUSINESS) is None else refused
        opened = await self._keeper(merchant.id, base_url, now, deadline).open()
        if opened.grant is None or opened.outage is not None:
            return opened.outage
        if opened.token is None or opened.revoked:
            return Absent.because(Reason.NOT_CONNECTED, "there is no living token for the Business API")
        # The Business API's app has a name of its own for the account, where its answers told one.
        return opened.grant.open_id or tiktok.open_id, opened.token

    def _keeper(self, merchant_id: str, base_url: str, now: datetime, deadline: float) -> Keeper:
        keys = self.business_keys
        renewing = None
        if keys is not None:
            renewing = partial(renew, self.http, base_url, keys, now=now, deadline=deadline - TO_STORE)
        return Keeper(
            self.grants,
            self.http,
            renewing,
            merchant_id=merchant_id,
            owner=self.new_owner(),
            now=now,
            began=self.http.clock(),
            deadline=deadline,
            provider=TIKTOK_BUSINESS,
        )

    def _soon(self, deadline: float) -> float:
        return min(deadline, self.http.clock() + SECONDS)

    def _refused(self, base_url: str, party: Party) -> Absent | None:
        try:
            self.hosts.check(base_url, party)
        except ForbiddenHost as error:
            return Absent.because(Reason.NOT_CONNECTED, str(error))
        return None


def _username(tiktok: TikTok, account: Account | None) -> str | None:
    """Return the public name: as TikTok told it tonight, else as the settings have it."""
    if account is not None and not isinstance(account.profile, Absent) and isinstance(account.profile.username, str):
        return account.profile.username
    return tiktok.username
