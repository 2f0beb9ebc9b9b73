"""Which token a fetch works with: the stored one, or a fresh one that is stored before it is used (DESIGN: tokens).

This is the place where a token's life will grow: leases, lost answers and early warnings belong here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from functions.audit.absence import Absent, Reason
from functions.audit.errors import Conflict
from functions.audit.grant import Grant, GrantStore
from functions.audit.merchant import Merchant
from functions.audit.snapshot import Figure
from functions.fetcher.http import Http
from functions.fetcher.sources.oauth import INVALID_GRANT, AppKeys, refresh

# An access token that ends sooner may end while the sources are being asked.
MARGIN = timedelta(minutes=10)
_DAY = Decimal(86400)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a fetch may show at the door.

    ``grant`` is the newest one, ``None`` when nobody ever connected. ``revoked``: TikTok answered ``invalid_grant``.
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
    """Everything that renewing works with. Without ``keys`` nothing can be renewed."""

    grants: GrantStore
    http: Http
    keys: AppKeys | None

    async def open(self, merchant: Merchant, *, now: datetime, deadline: float) -> Pass:
        """Return the pass to begin with: renewed first when the access token may not live through the fetch."""
        grant = self.grants.get(merchant.id)
        if grant is None:
            return Pass(None)
        still_good = grant.access_token is not None and grant.expires_at is not None and grant.expires_at > now + MARGIN
        if still_good or grant.refresh_token is None or self.keys is None:
            return Pass(grant)
        return await self.renew(merchant, grant, now=now, deadline=deadline)

    async def renew(self, merchant: Merchant, grant: Grant, *, now: datetime, deadline: float) -> Pass:
        """Renew the grant. What TikTok gives is stored before anybody uses it; a quicker writer's pair is used instead.

        On ``invalid_grant`` the store is read again: another fetch may have renewed meanwhile, and its token is tried
        once before the connection is called broken.
        """
        if self.keys is None or merchant.tiktok is None or grant.refresh_token is None:
            return Pass(grant)
        base_url = merchant.tiktok.base_url
        tried = grant
        for _ in range(2):
            came = await refresh(self.http, base_url, self.keys, tried, now=now, deadline=deadline)
            if isinstance(came, Grant):
                return self._stored(tried, came)
            if came.code != INVALID_GRANT:
                return Pass(tried, outage=came.absent)
            newest = self.grants.get(merchant.id)
            if newest is None or newest.refresh_token is None or newest.refresh_token == tried.refresh_token:
                return Pass(tried, revoked=True)
            tried = newest
        return Pass(tried, revoked=True)

    def _stored(self, old: Grant, new: Grant) -> Pass:
        try:
            return Pass(self.grants.replace(old, new), refreshed=True)
        except Conflict:
            # Whoever was quicker is believed, also if they disconnected the merchant: nothing unstored is used.
            return Pass(self.grants.get(old.merchant_id), refreshed=True)
