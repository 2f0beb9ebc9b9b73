"""What is asked for whatever it is worth: the account's type, and the counts that everybody can see.

Both are optional and beside the audit's own sources: they never hold the night up for long, and what they do not tell
is no finding and no cause of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from functions.audit.absence import Absent, Reason
from functions.audit.errors import ForbiddenHost
from functions.audit.grant import TIKTOK_BUSINESS, GrantStore
from functions.audit.hosts import HostPolicy, Party
from functions.audit.merchant import AccountType, Merchant, TikTok
from functions.audit.snapshot import AccountStats
from functions.fetcher.aside import aside
from functions.fetcher.guarded import guarded
from functions.fetcher.http import Http
from functions.fetcher.sources.account import Account
from functions.fetcher.sources.business import ask_account_type
from functions.fetcher.sources.business_tokens import renew
from functions.fetcher.sources.oauth import AppKeys
from functions.fetcher.sources.research import Research
from functions.fetcher.tokens import TO_STORE, Keeper

SECONDS: Final = 15.0  # that either of the two may take
MERCHANT: Final = "merchant"
BUSINESS_API: Final = "business_api"


class Kind(NamedTuple):
    """What the account is and who says so; ``unseen`` is why the Business API did not tell, where it was asked."""

    account_type: AccountType
    said_by: str
    unseen: Absent | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """Everything that the two questions work with.

    Without ``research`` nobody asks for public counts; without ``business_keys`` a token for the Business API is used
    as it is. ``new_owner`` names the fetch, for the lease that a renewal takes.
    """

    http: Http
    grants: GrantStore
    hosts: HostPolicy
    new_owner: Callable[[], str]
    business_keys: AppKeys | None = None
    research: Research | None = None

    async def kind(self, merchant: Merchant, *, now: datetime, deadline: float) -> Kind:
        """Return the account's type as the Business API tells it, else as the merchant does."""
        tiktok = merchant.tiktok
        if tiktok is None:
            return Kind(AccountType.UNKNOWN, MERCHANT)
        told = await guarded(self._ask_kind(merchant, tiktok, now, self._soon(deadline)), "the Business API")
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

    async def _ask_kind(
        self, merchant: Merchant, tiktok: TikTok, now: datetime, deadline: float
    ) -> AccountType | Absent | None:
        base_url = tiktok.business_base_url
        if (refused := self._refused(base_url, Party.TIKTOK_BUSINESS)) is not None:
            return None if await aside(self.grants.get, merchant.id, TIKTOK_BUSINESS) is None else refused
        opened = await self._keeper(merchant.id, base_url, now, deadline).open()
        if opened.grant is None or opened.outage is not None:
            return opened.outage
        if opened.token is None or opened.revoked:
            return Absent.because(Reason.NOT_CONNECTED, "there is no living token for the Business API")
        return await ask_account_type(
            self.http,
            base_url,
            # The Business API's app has a name of its own for the account, where its answers told one.
            business_id=opened.grant.open_id or tiktok.open_id,
            token=opened.token,
            deadline=deadline,
        )

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
