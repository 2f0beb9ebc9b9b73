"""Where `nightjar audit` finds and keeps tokens: the merchants file, and the store file when one is given.

TikTok replaces refresh tokens when they are used. The store file (JSON, for its owner only) keeps the newest pair, what
`nightjar connect` brought, and how each connection stands. It remembers which token of the merchants file a pair
descends from: when that changes, somebody connected anew and the merchants file wins.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from console.errors import Unusable
from console.store_file import Kept, read_store, write_store
from functions.audit import keeping
from functions.audit.errors import Conflict
from functions.audit.grant import TIKTOK, Grant, State


class LocalGrants:
    """A grant store over the merchants file's tokens, backed by the store file if there is one.

    ``on_unkept`` is told the id of a merchant whose refresh token was replaced while there is nowhere to keep it.
    """

    def __init__(self, grants: Iterable[Grant], *, store: Path | None, on_unkept: Callable[[str], None]) -> None:
        self._written = {_key(grant): grant for grant in grants}
        self._newest: dict[tuple[str, str], Grant] = dict(self._written)
        self._store = store
        self._on_unkept = on_unkept
        if store is not None:
            # A file that cannot be used shall show before anything is asked.
            with self._locked(store):
                read_store(store)

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        """Return the newest grant that is known, reading the store file anew: another run may have refreshed."""
        everything = read_store(self._store) if self._store is not None else {}
        return self._row(everything, (merchant_id, provider))

    def lease(self, grant: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
        """Take the right to renew. ``None``: another run on this machine holds it, or there is no grant."""
        return self._change(grant, lambda row: row and keeping.leased(row, owner=owner, now=now, until=until))

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        """Keep ``new``, in the store file first.

        Raises:
            Conflict: the store file holds a newer pair than ``old``.
            Unusable: the store file cannot be written.
        """
        never = Grant(merchant_id=old.merchant_id, provider=old.provider)
        stored = self._change(old, lambda row: keeping.replaced(row or never, old, new, owner=owner))
        if stored is None:
            raise Conflict(f"another run refreshed {old.merchant_id} meanwhile")
        if self._store is None and _secret(new.refresh_token) != _secret(old.refresh_token):
            self._on_unkept(old.merchant_id)
        return stored

    def connect(self, grant: Grant) -> Grant:
        """Keep what a login brought, in place of whatever is there.

        Raises:
            Unusable: the store file cannot be written.
        """
        stored = self._change(grant, lambda row: keeping.connected(row, grant))
        assert stored is not None  # noqa: S101 - a login is never refused
        return stored

    def note(self, grant: Grant, state: State, reason: str | None, *, at: datetime) -> bool:
        """Note how a connection stands; return whether it still stood as it was read."""
        noted = self._change(grant, lambda row: row and keeping.noted(row, grant, state, reason, at=at))
        return noted is not None

    def release(self, grant: Grant, *, owner: str) -> None:
        """Give a lease back."""
        self._change(grant, lambda row: row and keeping.released(row, owner=owner))

    def _change(self, grant: Grant, step: Callable[[Grant | None], Grant | None]) -> Grant | None:
        """Do one step with what is kept now; return what is kept then, ``None`` when the step refused."""
        key = _key(grant)
        if self._store is None:
            changed = step(self._newest.get(key))
        else:
            with self._locked(self._store):
                everything = read_store(self._store)
                changed = step(self._row(everything, key))
                if changed is not None:
                    written = self._written.get(key)
                    everything[key] = Kept(changed, None if written is None else _fingerprint(written))
                    write_store(self._store, everything)
        if changed is not None:
            self._newest[key] = changed
        return changed

    def _row(self, everything: dict[tuple[str, str], Kept], key: tuple[str, str]) -> Grant | None:
        kept, written = everything.get(key), self._written.get(key)
        if kept is not None and (written is None or kept.descends_from in {None, _fingerprint(written)}):
            return kept.grant
        return self._newest.get(key)

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold the store file against other runs on this machine."""
        try:
            lock = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise Unusable(f"The token store {path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _key(grant: Grant) -> tuple[str, str]:
    return grant.merchant_id, grant.provider


def _secret(token: SecretStr | None) -> str | None:
    return token.get_secret_value() if token else None


def _fingerprint(written: Grant) -> str:
    token = _secret(written.refresh_token) or _secret(written.access_token) or ""
    return hashlib.sha256(token.encode()).hexdigest()
