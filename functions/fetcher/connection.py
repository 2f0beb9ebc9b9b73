"""What a night knows of the TikTok connection: whether the token was taken, its scopes, and why nobody could ask."""

from __future__ import annotations

from datetime import datetime

from functions.audit.absence import Absent, Reason
from functions.audit.grant import INVALID_GRANT, rejection
from functions.audit.merchant import TikTok
from functions.audit.snapshot import TokenSeen
from functions.fetcher.sources.account import Account
from functions.fetcher.tokens import Pass

NO_TIKTOK = Absent.because(Reason.NOT_CONNECTED, "no TikTok account is configured")
NO_TOKEN = Absent.because(Reason.NOT_CONNECTED, "the TikTok account was never connected: there is no token")
_UNTOLD = Absent.because(Reason.NOT_MEASURED, "TikTok did not say")


def granted_scopes(tiktok: TikTok | None, opened: Pass) -> frozenset[str] | None:
    """Return the scopes on record: those of the newest grant, else those of the settings, else unknown."""
    if opened.grant is not None and opened.grant.scopes is not None:
        return frozenset(opened.grant.scopes)
    return tiktok.scopes if tiktok is not None else None


def tokenless(opened: Pass) -> Absent:
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


def token_seen(opened: Pass, account: Account | None, now: datetime) -> TokenSeen | Absent:
    """Return whether TikTok accepts the token. Only TikTok's own word makes it rejected, never an outage."""
    days_left = opened.days_left(now)
    open_id = account.basic.open_id if account and not isinstance(account.basic, Absent) else _UNTOLD
    if opened.revoked:
        return TokenSeen(rejected=rejection(opened.grant, INVALID_GRANT), days_left=days_left, open_id=open_id)
    if account is None:
        return tokenless(opened)
    if account.rejected:
        # The access token has ended and could not be renewed: nothing is known against the connection.
        said = rejection(opened.grant, "rejected")
        return opened.outage or TokenSeen(rejected=said, days_left=days_left, open_id=open_id)
    if account.accepted:
        return TokenSeen(days_left=days_left, open_id=open_id)
    return account.blind or _UNTOLD


def account_blindness(opened: Pass, token: TokenSeen | Absent) -> Absent:
    """Return why no scope group could be seen, where the account was not even asked."""
    if isinstance(token, Absent):
        return token
    return Absent.because(Reason.UNAUTHORIZED, "TikTok ended the connection") if opened.revoked else _UNTOLD


def account_of(seen: Account | Absent) -> Account:
    """Return the account; our own failure while asking is an absence of all that it could have shown."""
    if isinstance(seen, Absent):
        return Account(accepted=False, rejected=False, blind=seen, basic=seen, profile=seen, stats=seen)
    return seen
