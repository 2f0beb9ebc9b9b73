"""What a merchant granted: the token pair with its ends and scopes, and how it may be replaced."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from functions.audit.model import Model


class Grant(Model):
    """One merchant's tokens at one provider. ``None`` means that nobody told.

    ``version`` counts the writes of the stored row; 0 is "never stored". Printing a grant shows no token.
    """

    merchant_id: str
    provider: str = "tiktok"
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    version: int = 0


class GrantStore(Protocol):
    """Where grants live: the tokens table, or a merchants file that was read into memory."""

    def get(self, merchant_id: str) -> Grant | None:
        """Return the stored grant, read consistently; ``None`` when there is none."""

    def replace(self, old: Grant, new: Grant) -> Grant:
        """Store ``new`` in place of ``old`` and return it with its new version.

        Raises:
            functions.audit.errors.Conflict: the stored version is no longer that of ``old``.
        """
