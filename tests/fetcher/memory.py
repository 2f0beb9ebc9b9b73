"""A grant store in memory that goes by the same rules as the table, and tells what was stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.audit import keeping
from functions.audit.errors import Conflict
from functions.audit.grant import Grant, State


class Memory:
    """A grant store in memory. ``before`` is what another writer does just before the next ``replace``."""

    def __init__(self, *grants: Grant, before: Callable[[Memory], None] | None = None) -> None:
        self.rows = {grant.merchant_id: grant for grant in grants}
        self.stored: list[Grant] = []
        self._before = before

    def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
        return self.rows.get(merchant_id) if provider == "tiktok" else None

    def lease(self, grant: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
        row = self.rows.get(grant.merchant_id)
        return row and self._kept(keeping.leased(row, owner=owner, now=now, until=until))

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        before, self._before = self._before, None
        if before is not None:
            before(self)
        row = self.rows.get(old.merchant_id)
        stored = row and self._kept(keeping.replaced(row, old, new, owner=owner))
        if stored is None:
            raise Conflict("somebody else wrote first")
        self.stored.append(stored)
        return stored

    def connect(self, grant: Grant) -> Grant:
        row = keeping.connected(self.rows.get(grant.merchant_id), grant)
        self.rows[grant.merchant_id] = row
        return row

    def note(self, grant: Grant, state: State, reason: str | None, *, at: datetime) -> bool:
        row = self.rows.get(grant.merchant_id)
        return row is not None and self._kept(keeping.noted(row, grant, state, reason, at=at)) is not None

    def release(self, grant: Grant, *, owner: str) -> None:
        row = self.rows.get(grant.merchant_id)
        if row is not None:
            self._kept(keeping.released(row, owner=owner))

    def mark_removed(self, merchant_id: str, reason: str, at: datetime) -> bool:
        return self._kept(keeping.removed(self.rows[merchant_id], reason, at=at)) is not None

    def _kept(self, row: Grant | None) -> Grant | None:
        if row is not None:
            self.rows[row.merchant_id] = row
        return row
