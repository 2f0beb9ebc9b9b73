"""How a stored grant may change: leased, replaced, marked. What the tokens table says in conditions, as values.

Each function takes the stored row and returns the next one, or ``None`` when the change is not allowed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from functions.audit.grant import Grant, State

_NO_LEASE: Final = {"lease_owner": None, "lease_until": None, "refresh_sent_at": None}
_STANDING: Final = ("state", "state_reason", "state_since")


def leased(row: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
    """Give the lease to ``owner`` unless somebody else holds it; a mark that was left behind stays as it is."""
    if row.lease_until is not None and row.lease_until > now and row.lease_owner != owner:
        return None
    sent = row.refresh_sent_at or now
    return row.model_copy(update={"lease_owner": owner, "lease_until": until, "refresh_sent_at": sent})


def replaced(row: Grant, old: Grant, new: Grant, *, owner: str | None) -> Grant | None:
    """Put a new pair in the place of ``old``; what came meanwhile, a lease of others or a mark, stays."""
    if row.version != old.version:
        return None
    stored = new.model_copy(update={"version": old.version + 1})
    if owner is None or (row.lease_owner == owner and row.state_since == old.state_since):
        return stored.model_copy(update=_NO_LEASE)
    return stored.model_copy(update={name: getattr(row, name) for name in (*_NO_LEASE, *_STANDING)})


def connected(row: Grant | None, grant: Grant) -> Grant:
    """Put a login in the place of whatever there was."""
    version = 1 if row is None else row.version + 1
    standing = {"state": State.CONNECTED, "state_reason": None, "state_since": grant.connected_at}
    return grant.model_copy(update={**_NO_LEASE, **standing, "version": version})


def noted(row: Grant, read: Grant, state: State, reason: str | None, *, at: datetime) -> Grant | None:
    """Note how the connection stands, unless pair or state are no longer those that were ``read``."""
    if (row.version, row.state_since) != (read.version, read.state_since):
        return None
    return row.model_copy(update={"state": state, "state_reason": reason, "state_since": at})


def removed(row: Grant, reason: str, *, at: datetime) -> Grant | None:
    """Note that the permission is gone since ``at``, unless a login or TikTok's acceptance came after it."""
    if row.state is State.REMOVED or (row.connected_at is not None and row.connected_at > at):
        return None
    if row.state is State.CONNECTED and row.state_since is not None and row.state_since > at:
        return None
    return row.model_copy(update={"state": State.REMOVED, "state_reason": reason, "state_since": at})


def released(row: Grant, *, owner: str) -> Grant | None:
    """Take the lease back from ``owner``, and with it the mark of a refresh."""
    return row.model_copy(update=_NO_LEASE) if row.lease_owner == owner else None
