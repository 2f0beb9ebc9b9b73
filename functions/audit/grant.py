"""What a merchant granted: the token pair with its ends and scopes, and how it may be replaced."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from pydantic import SecretStr

from functions.audit.model import Model

TIKTOK: Final = "tiktok"
TIKTOK_BUSINESS: Final = "tiktok_business"
SHOPIFY: Final = "shopify"


class Grant(Model):
    """One merchant's tokens at one provider: ``TIKTOK``, ``TIKTOK_BUSINESS`` or ``SHOPIFY``.

    ``None`` in a field means that nobody told. ``version`` counts the writes of the stored row; 0 is "never stored".
    Printing a grant shows no token.
    """

    merchant_id: str
    provider: str = TIKTOK
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    version: int = 0


class GrantStore(Protocol):
    """Where grants live: the tokens table, or a merchants file that was read into memory."""

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        """Return the stored grant, read consistently; ``None`` when there is none."""

    def replace(self, old: Grant, new: Grant) -> Grant:
        """Store ``new`` in place of ``old`` and return it with its new version.

        Raises:
            functions.audit.errors.Conflict: the stored version is no longer that of ``old``.
        """
