"""What a merchant granted: tokens with their ends and scopes, and what is known of the connection."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from pydantic import SecretStr

from functions.audit.model import Model

TIKTOK: Final = "tiktok"
TIKTOK_BUSINESS: Final = "tiktok_business"
SHOPIFY: Final = "shopify"

INVALID_GRANT: Final = "invalid_grant"
LOST_ROTATION: Final = "lost_rotation"
REMOVED: Final = "removed"
# Why TikTok removed a connection, as its webhook tells (APIS 1.7); ``REMOVED`` itself is "it did not say why".
REMOVALS: Final = frozenset(
    {"disconnected_by_user", "account_deleted", "age_changed", "banned", "developer_revoked", REMOVED}
)
# Days before the end of a connection at which people are told, the soonest first.
MILESTONES: Final = (2, 7, 14, 30)
_LONG_OVER: Final = Decimal(-36500)
_MICROSECONDS_A_DAY: Final = 86_400_000_000


class State(StrEnum):
    """What is known of a connection. It explains a rejection; it never makes one, and never keeps a fetch from asking.

    ``connected``: nothing is known against it. ``reconnect_needed``: TikTok took the refresh token no longer.
    ``lost_rotation``: the answer to a refresh was lost, and nobody knows yet whether the token still works.
    ``removed``: TikTok told by webhook that the permission is gone; not seen by a fetch since.
    """

    CONNECTED = "connected"
    RECONNECT_NEEDED = "reconnect_needed"
    LOST_ROTATION = "lost_rotation"
    REMOVED = "removed"


class Grant(Model):
    """One merchant's tokens at one provider: ``TIKTOK``, ``TIKTOK_BUSINESS`` or ``SHOPIFY``.

    ``None`` in a field means that nobody told. ``version`` counts the pairs that were stored; 0 is "never stored".
    ``connected_at``: when somebody logged in. ``lease_owner`` may renew until ``lease_until``; ``refresh_sent_at``
    stands from before a refresh is sent until its outcome is stored. Printing a grant shows no token.
    """

    merchant_id: str
    provider: str = TIKTOK
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    open_id: str | None = None
    connected_at: datetime | None = None
    state: State = State.CONNECTED
    state_reason: str | None = None
    state_since: datetime | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    refresh_sent_at: datetime | None = None
    version: int = 0


class GrantStore(Protocol):
    """Where grants live: the tokens table, or a merchants file that was read into memory.

    ``owner`` names who renews; instants are arguments. The rules are those of ``keeping``.
    """

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        """Return the stored grant, read consistently; ``None`` when there is none."""

    def lease(self, grant: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
        """Take the right to renew, which ends by itself at ``until``, and note that a refresh is about to be sent.

        Returns the grant as it is now: a quicker fetch may have renewed it since ``grant`` was read. Its
        ``refresh_sent_at`` is ``now``, or older when a refresh was sent whose sender never came back. ``None``:
        somebody else holds the lease, or the grant is gone.
        """

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        """Store ``new`` in place of ``old`` and return it with its new version. The lease of ``owner`` ends with it.

        A pair that comes after its lease has ended, or after the connection was marked as removed, is stored all the
        same as long as nobody stored another: the one that is there was used up for it. Lease and state stay then.

        Raises:
            functions.audit.errors.Conflict: the stored version is no longer that of ``old``.
        """

    def connect(self, grant: Grant) -> Grant:
        """Store what a login brought and return it with its version: whatever was there before is over.

        ``connected_at`` is when the user agreed. A refresh that is under way finds another version, and gives up.
        """

    def note(self, grant: Grant, state: State, reason: str | None, *, at: datetime) -> bool:
        """Note how a connection stands, in place of the state that was read; return whether it still was that one."""

    def release(self, grant: Grant, *, owner: str) -> None:
        """Give a lease back, and with it the mark of a refresh. One that somebody else took meanwhile stays theirs."""


def refusal(grant: Grant) -> str:
    """Return why a connection needs a new login whose refresh token its provider called dead.

    After a lost answer it was most likely replaced by one that nobody knows; that stays the reason on later nights.
    """
    lost = grant.state is State.LOST_ROTATION or grant.state_reason == LOST_ROTATION
    return LOST_ROTATION if lost else INVALID_GRANT


def rejection(grant: Grant | None, said: str) -> str:
    """Return what a rejection is called: by what a webhook or a lost answer explains of it, else as ``said``."""
    if grant is not None and grant.state is State.REMOVED:
        return grant.state_reason if grant.state_reason in REMOVALS else REMOVED
    return refusal(grant) if grant is not None and said == INVALID_GRANT else said


def milestone(days_left: Decimal) -> int | None:
    """Return the nearest milestone that a connection with so many days left has passed; ``None`` when none is near.

    Strict, as the thresholds are: with exactly 14 days left the milestone is still 30.
    """
    return next((days for days in MILESTONES if days_left < days), None)


def ends_on(at: datetime, days_left: Decimal) -> date:
    """Return the date on which a connection ends, or ended, that had so many days left ``at`` that time."""
    # Far in the past is far enough: a date has a smallest value, a number of days has none.
    return (at + timedelta(microseconds=int(max(days_left, _LONG_OVER) * _MICROSECONDS_A_DAY))).date()
