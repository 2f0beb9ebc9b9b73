"""The tokens of a merchants file: written in it, or in the variables that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from functions.audit.errors import InvalidInput
from functions.audit.grant import TIKTOK, Grant
from functions.audit.merchant import Merchant

# The token itself and the name of its variable; at most one of the two.
Place = tuple[SecretStr | None, str | None]
NOWHERE: Place = (None, None)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Where one merchant's tokens are looked up."""

    merchant: Merchant
    environment: Mapping[str, str]

    def of(self, provider: str, *, access: Place, refresh: Place = NOWHERE) -> Grant | None:
        """Return the grant for one provider; ``None`` when the file has no token for it.

        Raises:
            InvalidInput: a variable that the file names is not set.
        """
        access_token, refresh_token = self._secret(access), self._secret(refresh)
        if access_token is None and refresh_token is None:
            return None
        recorded = self.merchant.tiktok.scopes if self.merchant.tiktok is not None and provider == TIKTOK else None
        return Grant(
            merchant_id=self.merchant.id,
            provider=provider,
            access_token=access_token,
            refresh_token=refresh_token,
            scopes=None if recorded is None else tuple(sorted(recorded)),
        )

    def _secret(self, place: Place) -> SecretStr | None:
        written, variable = place
        if variable is None:
            return written if written and written.get_secret_value() else None
        value = self.environment.get(variable, "").strip()
        if not value:
            raise InvalidInput(
                f"{self.merchant.id}: the environment variable {variable} is not set; export it and run again."
            )
        return SecretStr(value)
