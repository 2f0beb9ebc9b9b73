"""Ending a connection: TikTok is told first, and only what it has ended is taken out of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Final

from console.errors import Unusable
from console.login.exchange import SECONDS, Revoked, revoke
from console.places import Place
from functions.audit.errors import Conflict
from functions.audit.grant import REMOVED, Grant, State
from functions.audit.merchant import Merchant
from functions.fetcher.http import Http
from functions.fetcher.sources.oauth import AppKeys, refresh
from functions.fetcher.tokens import TO_STORE, Keeper, Pass

# What TikTok itself calls it when the app ends a connection (APIS 1.7): its webhook says the same of this one.
BY_US: Final = "developer_revoked"
_TRIES: Final = 3


class Parted(Enum):
    """How it stands with TikTok."""

    ENDED = "TikTok ended the connection"
    BEFORE = "the connection had ended already: TikTok does not know the token any more"
    UNTOLD = "TikTok could not be told"


@dataclass(frozen=True, slots=True)
class Parting:
    """Everything that ending one merchant's connection works with. ``owner`` renews the token for it, if need be."""

    place: Place
    merchant: Merchant
    keys: AppKeys
    base_url: str
    owner: str

    async def tell_tiktok(self, *, now: datetime) -> tuple[Parted, str]:
        """Have TikTok end the connection; the text says why it could not be told.

        A token that has ended cannot be revoked: it is renewed first, as for a fetch, and what comes is stored.
        """
        async with Http(self.place.hosts) as http:
            keeper = self._keeper(http, now)
            opened = await keeper.open()
            came = await self._revoked(http, opened)
            if came is Revoked.DEAD and not (opened.refreshed or opened.revoked) and opened.grant is not None:
                # By the clock it was still good. Only a dead refresh token says that the connection is over.
                renewed = await keeper.renew(opened.grant)
                if renewed != opened:
                    came = await self._revoked(http, renewed)
        match came:
            case Revoked.DONE:
                return Parted.ENDED, ""
            case Revoked.DEAD:
                return Parted.BEFORE, ""
            case _:
                return Parted.UNTOLD, came

    def _keeper(self, http: Http, now: datetime) -> Keeper:
        deadline = http.clock() + SECONDS
        return Keeper(
            self.place.tokens,
            http,
            partial(refresh, http, self.base_url, self.keys, now=now, deadline=deadline - TO_STORE),
            merchant_id=self.merchant.id,
            owner=self.owner,
            now=now,
            began=deadline - SECONDS,
            deadline=deadline,
        )

    async def _revoked(self, http: Http, opened: Pass) -> Revoked | str:
        if opened.revoked:
            return Revoked.DEAD
        if opened.outage is not None:
            return f"The token could not be renewed first: {opened.outage.causes[0].detail}."
        if opened.grant is None or opened.grant.access_token is None:
            return Revoked.DEAD  # nothing that TikTok could be shown
        return await revoke(http, self.base_url, self.keys, opened.grant.access_token)

    def forget(self, how: Parted, *, now: datetime) -> None:
        """Take the tokens out of the store. The row stays and says why they are gone.

        Raises:
            Unusable: somebody else kept changing the row.
        """
        for _ in range(_TRIES):
            grant = self.place.tokens.get(self.merchant.id)
            if grant is None:
                return
            try:
                self.place.tokens.replace(grant, _without_tokens(grant, how, now))
            except Conflict:
                continue
            return
        raise Unusable(f"The tokens of {self.merchant.id} are being changed by somebody else; run this again.")


def _without_tokens(grant: Grant, how: Parted, now: datetime) -> Grant:
    told = grant.state is State.REMOVED and grant.state_reason is not None
    reason = grant.state_reason if told else (REMOVED if how is Parted.BEFORE else BY_US)
    return Grant(
        merchant_id=grant.merchant_id,
        provider=grant.provider,
        open_id=grant.open_id,
        connected_at=grant.connected_at,
        state=State.REMOVED,
        state_reason=reason,
        state_since=grant.state_since if told else now,
    )
