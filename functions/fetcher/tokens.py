"""Which token a fetch works with: the stored one, or a fresh one that is stored before it is used (DESIGN: tokens).

A refresh, step by step: take the lease, and with it note that one is about to be sent; ask; store the new pair; use it.
Whatever breaks off in between leaves a pair that works, or the note that says what happened to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.errors import Conflict
from functions.audit.grant import INVALID_GRANT, TIKTOK, Grant, GrantStore, State, refusal
from functions.audit.snapshot import Figure
from functions.fetcher.aside import aside
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import Failure

# What renews a grant at its provider: returns the new grant, not stored yet, or why there is none.
Refresh = Callable[[Grant], Awaitable[Grant | Failure]]

# An access token that ends sooner may end while the sources are being asked.
MARGIN: Final = timedelta(minutes=10)
# Nobody who heeds its deadline is still at work when its lease ends.
BEYOND: Final = timedelta(seconds=15)
TO_STORE: Final = 5.0  # seconds before the deadline at which an answer is waited for no longer: it must be stored too
_DAY: Final = Decimal(86400)

BUSY: Final = Absent.because(Reason.SOURCE_FAILED, "another fetch is renewing the token and has not come back yet")
NO_TIME: Final = Absent.because(Reason.SOURCE_FAILED, "there was no time left to renew the token")


@dataclass(frozen=True, slots=True)
class Pass:
    """What a fetch may show at the door.

    ``grant`` is the newest one, ``None`` when nobody ever connected. ``revoked``: TikTok answered ``invalid_grant``, or
    ended the connection when `nightjar disconnect` asked for it.
    ``outage``: why a refresh that was due did not come about, although nothing is known against the token.
    """

    grant: Grant | None
    revoked: bool = False
    outage: Absent | None = None
    refreshed: bool = False

    @property
    def token(self) -> str | None:
        """The access token, if there is one."""
        if self.grant is None or self.grant.access_token is None:
            return None
        return self.grant.access_token.get_secret_value()

    def days_left(self, now: datetime) -> Figure:
        """Return for how many days the refresh token still lives."""
        if self.grant is None or self.grant.refresh_expires_at is None:
            return Absent.because(Reason.NOT_MEASURED, "nobody told when the refresh token ends")
        left = self.grant.refresh_expires_at - now
        return (Decimal(left.days) * _DAY + left.seconds + Decimal(left.microseconds) / 1_000_000) / _DAY


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps one merchant's connection to one provider alive during one fetch.

    Without ``refresh`` it cannot be renewed; an absence in its place says why not tonight, which is an outage.
    ``owner`` is the name under which this fetch takes the lease. ``now`` was the time when the clock of ``http`` showed
    ``began``; ``deadline`` is by that clock.
    """

    grants: GrantStore
    http: Http
    refresh: Refresh | Absent | None
    merchant_id: str
    owner: str
    now: datetime
    began: float
    deadline: float
    provider: str = TIKTOK

    async def open(self) -> Pass:
        """Return the pass to begin with: renewed first when the access token may not live through the fetch.

        A connection with a mark is renewed in any case: what was noted of it shows to be so, or is over.
        """
        grant = await aside(self.grants.get, self.merchant_id, self.provider)
        if grant is None:
            return Pass(None)
        settled = grant.state is State.CONNECTED and grant.refresh_sent_at is None
        return Pass(grant) if settled and self._lasts(grant) else await self.renew(grant)

    async def renew(self, grant: Grant) -> Pass:
        """Renew the grant. What comes is stored before anybody uses it; who was quicker, their pair is used instead.

        On ``invalid_grant`` the store is read again: somebody else may have stored another refresh token meanwhile,
        which is tried once before the connection is called broken.
        """
        return await self._renew(grant, second=False)

    async def accepted(self, opened: Pass) -> None:
        """Take note that TikTok accepted the access token: whatever a webhook said, the permission is there."""
        if opened.grant is not None and opened.grant.state is State.REMOVED and not opened.revoked:
            await aside(self.grants.note, opened.grant, State.CONNECTED, None, at=self._time)

    async def _renew(self, grant: Grant, *, second: bool) -> Pass:
        if self.refresh is None or grant.refresh_token is None:
            return Pass(grant, revoked=_given_back(grant))
        if isinstance(self.refresh, Absent):
            return Pass(grant, outage=self.refresh)
        mine = await self._lease(grant)
        if isinstance(mine, Pass):
            return mine
        return await _to_its_end(self._traded(mine, self.refresh, second=second))

    async def _traded(self, mine: Grant, refresh: Refresh, *, second: bool) -> Pass:
        mine, came = await self._ask(mine, refresh)
        if isinstance(came, Grant):
            return await self._store(mine, came)
        if came.code == INVALID_GRANT:
            return await self._rejected(mine, second=second)
        await aside(self.grants.release, mine, owner=self.owner)
        return Pass(mine, outage=came.absent)

    async def _lease(self, grant: Grant) -> Grant | Pass:
        """Return the grant as it is once the lease is won, or the pass that somebody else's work makes it be."""
        tries = 0
        while self.http.clock() <= self._last_call:
            now = self._time
            until = now + timedelta(seconds=self.deadline - self.http.clock()) + BEYOND
            mine = await aside(self.grants.lease, grant, owner=self.owner, now=now, until=until)
            if mine is not None:
                return await self._won(grant, mine, now)
            newest = await aside(self.grants.get, self.merchant_id, self.provider)
            if newest is None:
                return Pass(None)
            if newest.version != grant.version:
                return Pass(newest, refreshed=True)
            tries += 1
            if not await self.http.rest(tries, deadline=self._last_call):
                break
        return Pass(grant, outage=BUSY if tries else NO_TIME)

    async def _won(self, grant: Grant, mine: Grant, now: datetime) -> Grant | Pass:
        if mine.refresh_sent_at is not None and mine.refresh_sent_at < now:
            # Whoever sent it died before its answer was stored. What there is to try now is the old token, once.
            mine = await self._lost(mine)
        if mine.version == grant.version and mine.refresh_token is not None:
            return mine
        await aside(self.grants.release, mine, owner=self.owner)
        return Pass(mine, refreshed=True)

    async def _ask(self, mine: Grant, refresh: Refresh) -> tuple[Grant, Grant | Failure]:
        """Return what came of it. After a lost answer the old token is tried once more, now or another night."""
        was_lost = mine.state is State.LOST_ROTATION
        came = await refresh(mine)
        if isinstance(came, Failure) and came.lost:
            mine = await self._lost(mine)
            if not was_lost and await self.http.rest(1, deadline=self._last_call):
                came = await refresh(mine)
        return mine, came

    async def _store(self, mine: Grant, new: Grant) -> Pass:
        """Store the pair, which exists nowhere else and without which the merchant is lost: as often as time allows."""
        # What a webhook said is over when the account answers, not when a token is given.
        settled = mine.state in {State.CONNECTED, State.REMOVED}
        standing = {name: getattr(mine, name) for name in ("state", "state_reason", "state_since")}
        over = {"state": State.CONNECTED, "state_reason": None, "state_since": self._time}
        new = new.model_copy(update=standing if settled else over)
        tries = 0
        while True:
            try:
                stored = await aside(self.grants.replace, mine, new, owner=self.owner)
                break
            except Conflict:
                # Whoever was quicker is believed, also if they disconnected the merchant: nothing unstored is used.
                await aside(self.grants.release, mine, owner=self.owner)
                return Pass(await aside(self.grants.get, self.merchant_id, self.provider), refreshed=True)
            except Exception:
                tries += 1
                if not await self.http.rest(tries, deadline=self.deadline):
                    raise
        if stored.lease_owner == self.owner:
            await aside(self.grants.release, stored, owner=self.owner)
        return Pass(stored, refreshed=True)

    async def _rejected(self, mine: Grant, *, second: bool) -> Pass:
        """Say that the connection is broken, unless another refresh token is stored by now that was not tried."""
        newest = await aside(self.grants.get, self.merchant_id, self.provider)
        if newest is not None and newest.refresh_token == mine.refresh_token:
            broken = await self._broken(newest)
            if broken is not None:
                await aside(self.grants.release, mine, owner=self.owner)
                return Pass(broken, revoked=True)
            newest = await aside(self.grants.get, self.merchant_id, self.provider)
        if newest is None:
            return Pass(None)
        await aside(self.grants.release, mine, owner=self.owner)
        if second or newest.refresh_token in {None, mine.refresh_token}:
            return Pass(newest, revoked=True)
        return Pass(newest, refreshed=True) if self._lasts(newest) else await self._renew(newest, second=True)

    async def _broken(self, grant: Grant) -> Grant | None:
        """Return the grant as it is noted to be broken; ``None`` when it changed at this very moment."""
        reason = refusal(grant)
        if grant.state is State.REMOVED or (grant.state, grant.state_reason) == (State.RECONNECT_NEEDED, reason):
            return grant
        return await self._noted(grant, State.RECONNECT_NEEDED, reason)

    async def _lost(self, grant: Grant) -> Grant:
        """Note that nobody knows whether the refresh token still works, where nothing worse is known."""
        if grant.state is not State.CONNECTED:
            return grant
        return await self._noted(grant, State.LOST_ROTATION, None) or grant

    async def _noted(self, grant: Grant, state: State, reason: str | None) -> Grant | None:
        at = self._time
        if not await aside(self.grants.note, grant, state, reason, at=at):
            return None
        return grant.model_copy(update={"state": state, "state_reason": reason, "state_since": at})

    def _lasts(self, grant: Grant) -> bool:
        ends = grant.expires_at
        return grant.access_token is not None and ends is not None and ends > self._time + MARGIN

    @property
    def _last_call(self) -> float:
        """When a refresh may be sent at the latest: a whole attempt lies before the time that storing takes."""
        return self.deadline - TO_STORE - self.http.limits.read

    @property
    def _time(self) -> datetime:
        return self.now + timedelta(seconds=self.http.clock() - self.began)


async def _to_its_end(renewing: Coroutine[object, object, Pass]) -> Pass:
    """Let a refresh that was begun end before whoever is called off goes: its pair would be lost with them."""
    task = asyncio.ensure_future(renewing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _given_back(grant: Grant) -> bool:
    """Say whether the connection was ended from our side: a webhook marks a row too, but leaves the tokens there."""
    return grant.state is State.REMOVED and grant.access_token is None and grant.refresh_token is None
