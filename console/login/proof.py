"""What a login is recognised by: a state that nobody can guess, and PKCE with TikTok's own kind of challenge."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_BYTES: Final = 48  # 64 characters of base64url: TikTok takes verifiers of 43 to 128

Random = Callable[[int], str]  # so many random bytes as text of [A-Za-z0-9_-]


@dataclass(frozen=True, slots=True)
class Proof:
    """A login's secrets. ``verifier`` is ``None`` for a website, where TikTok knows no PKCE (APIS 2.2)."""

    state: str = field(repr=False)
    verifier: str | None = field(repr=False)

    @property
    def challenge(self) -> str | None:
        """The verifier's SHA-256 as TikTok wants it: in hex, where RFC 7636 has base64url (APIS 2.6)."""
        return None if self.verifier is None else hashlib.sha256(self.verifier.encode("ascii")).hexdigest()


def new_proof(*, pkce: bool, random: Random = secrets.token_urlsafe) -> Proof:
    """Return the secrets of a new login."""
    return Proof(state=random(_BYTES), verifier=random(_BYTES) if pkce else None)
