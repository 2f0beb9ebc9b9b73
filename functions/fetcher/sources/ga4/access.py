"""The operator's Google credentials: a bearer token for the Data API, from a service-account key or without a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from functions.audit.absence import Absent


class GoogleAccess(Protocol):
    """Where a bearer token for Google Analytics comes from."""

    async def token(self, *, renew: bool = False) -> str | Absent:
        """Return a token that lives long enough for a fetch; with ``renew`` a new one, because the last was refused."""


@dataclass(frozen=True, slots=True)
class NoAccess:
    """Credentials that give no token, and why."""

    why: Absent

    async def token(self, *, renew: bool = False) -> Absent:  # noqa: ARG002 - as ``GoogleAccess`` has it
        """Return why there is none."""
        return self.why
