"""Logins that were begun and are finished by a later run: kept for ten minutes, for their owner's eyes only."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import SecretStr, ValidationError

from console.errors import Unusable
from functions.audit.model import Model

LIFETIME: Final = timedelta(minutes=10)


class Pending(Model):
    """What must be known to finish a login."""

    state: SecretStr
    verifier: SecretStr | None
    redirect_uri: str
    scopes: tuple[str, ...]
    begun_at: datetime


def state_folder(environment: Mapping[str, str], *, platform: str = sys.platform, home: Path | None = None) -> Path:
    """Return where this user's programs keep what outlives a run: XDG's folder, or the Mac's own."""
    named = environment.get("XDG_STATE_HOME", "")
    if named and Path(named).is_absolute():  # XDG: a relative one is to be ignored
        return Path(named) / "nightjar"
    home = home or Path.home()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "nightjar"
    return home / ".local" / "state" / "nightjar"


@dataclass(frozen=True, slots=True)
class PendingLogins:
    """The folder of logins that wait. A login has the name of its merchant and of the place that it is meant for."""

    folder: Path

    def keep(self, name: str, login: Pending) -> None:
        """Keep a login in place of an older one of the same name.

        Raises:
            Unusable: the file cannot be written.
        """
        plain = login.model_dump(mode="json") | {
            "state": login.state.get_secret_value(),
            "verifier": login.verifier.get_secret_value() if login.verifier else None,
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".login-")  # made with mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(plain, file)
            Path(temporary).replace(self._path(name))
        except OSError as error:
            raise Unusable(f"The login cannot be kept in {self.folder}: {error.strerror}.") from error

    def find(self, name: str, now: datetime) -> Pending | None:
        """Return the login of this name, if it waits and its time is not over."""
        login = self._read(self._path(name))
        return login if login is not None and _is_fresh(login, now) else None

    def drop(self, name: str) -> None:
        """Forget a login; one that is not there is no error."""
        self._path(name).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> None:
        """Forget every login whose time is over, and what cannot be read as one."""
        for path in self.folder.glob("login-*.json"):
            login = self._read(path)
            if login is None or not _is_fresh(login, now):
                with suppress(OSError):  # somebody else's file in our folder: not ours to remove
                    path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"login-{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"

    @staticmethod
    def _read(path: Path) -> Pending | None:
        try:
            return Pending.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            return None


def _is_fresh(login: Pending, now: datetime) -> bool:
    # One that began in the future was written under another clock: nobody knows how old it is.
    return login.begun_at.tzinfo is not None and timedelta() <= now - login.begun_at < LIFETIME
