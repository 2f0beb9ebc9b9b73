"""Where `nightjar audit` finds and keeps tokens: the merchants file, and the store file when one is given.

TikTok replaces refresh tokens when they are used. The store file (JSON, readable by its owner only) keeps the newest
pair, and remembers which token of the merchants file it descends from: when that changes, somebody connected anew
and the merchants file wins.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr, ValidationError

from console.errors import Unusable
from functions.audit.errors import Conflict
from functions.audit.grant import TIKTOK, Grant
from functions.audit.model import Model


class _Kept(Model):
    """One merchant's pair in the store file."""

    descends_from: str
    access_token: SecretStr
    refresh_token: SecretStr | None
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...] | None
    version: int


class LocalGrants:
    """A grant store over the merchants file's tokens, backed by the store file if there is one.

    ``on_unkept`` is told the id of a merchant whose refresh token was replaced while there is nowhere to keep it.
    """

    def __init__(self, grants: Iterable[Grant], *, store: Path | None, on_unkept: Callable[[str], None]) -> None:
        self._written = {_name(grant.merchant_id, grant.provider): grant for grant in grants}
        self._newest: dict[str, Grant] = dict(self._written)
        self._store = store
        self._on_unkept = on_unkept
        if store is not None:
            with self._locked(store):
                for name, kept in self._read(store).items():
                    self._adopt(name, kept)

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        """Return the newest grant that is known, reading the store file anew: another run may have refreshed."""
        name = _name(merchant_id, provider)
        if self._store is not None and (kept := self._read(self._store).get(name)) is not None:
            self._adopt(name, kept)
        return self._newest.get(name)

    def replace(self, old: Grant, new: Grant) -> Grant:
        """Keep ``new``, in the store file first.

        Raises:
            Conflict: the store file holds a newer pair than ``old``.
            Unusable: the store file cannot be written.
        """
        merchant_id, name = old.merchant_id, _name(old.merchant_id, old.provider)
        stored = new.model_copy(update={"version": old.version + 1})
        if self._store is None:
            if _secret(stored.refresh_token) != _secret(old.refresh_token):
                self._on_unkept(merchant_id)
        else:
            with self._locked(self._store):
                everything = self._read(self._store)
                kept = everything.get(name)
                if kept is not None and self._descends(name, kept) and kept.version != old.version:
                    raise Conflict(f"another run refreshed {merchant_id} meanwhile")
                everything[name] = self._kept(name, stored)
                self._write(self._store, everything)
        self._newest[name] = stored
        return stored

    def _adopt(self, name: str, kept: _Kept) -> None:
        if name in self._written and self._descends(name, kept):
            written = self._written[name]
            self._newest[name] = written.model_copy(update={field: getattr(kept, field) for field in _SHARED_FIELDS})

    def _descends(self, name: str, kept: _Kept) -> bool:
        return kept.descends_from == _fingerprint(self._written[name])

    def _kept(self, name: str, grant: Grant) -> _Kept:
        assert grant.access_token is not None  # noqa: S101 - only a refresh stores, and it always brings one
        return _Kept(
            descends_from=_fingerprint(self._written[name]),
            **{field: getattr(grant, field) for field in _SHARED_FIELDS},
        )

    def _read(self, path: Path) -> dict[str, _Kept]:
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return {merchant_id: _Kept.model_validate(kept) for merchant_id, kept in plain.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, ValidationError) as error:
            raise Unusable(
                f"The token store {path} cannot be read ({type(error).__name__}); name another with --store."
            ) from None  # the cause may quote a token

    def _write(self, path: Path, everything: dict[str, _Kept]) -> None:
        """Replace the file in one step, so that a crash leaves the old or the new one, never half of one."""
        plain = {merchant_id: _plain(kept) for merchant_id, kept in sorted(everything.items())}
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(plain, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except OSError as error:
            raise Unusable(f"The token store {path} cannot be written: {error.strerror}.") from error

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


_SHARED_FIELDS = ("access_token", "refresh_token", "expires_at", "refresh_expires_at", "scopes", "version")


def _name(merchant_id: str, provider: str) -> str:
    """Return what a pair is called in the store file: TikTok's by the merchant alone, as no id holds a slash."""
    return merchant_id if provider == TIKTOK else f"{merchant_id}/{provider}"


def _secret(token: SecretStr | None) -> str | None:
    return token.get_secret_value() if token else None


def _fingerprint(written: Grant) -> str:
    token = _secret(written.refresh_token) or _secret(written.access_token) or ""
    return hashlib.sha256(token.encode()).hexdigest()


def _plain(kept: _Kept) -> dict[str, object]:
    plain = kept.model_dump(mode="json")
    return plain | {name: _secret(getattr(kept, name)) for name in ("access_token", "refresh_token")}
