"""The TikTok app's keys, as Secrets Manager keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from functions.audit.errors import NightjarError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

REMEMBERED_SECONDS: Final = 300.0


class TikTokApp(BaseModel):
    """The keys of the TikTok app, empty until somebody stored them.

    The other two are those of an app at TikTok's API for Business, which is another one; few operators have it.
    """

    model_config = ConfigDict(frozen=True)

    client_key: str = ""
    client_secret: SecretStr = SecretStr("")
    business_app_id: str = ""
    business_app_secret: SecretStr = SecretStr("")

    @property
    def complete(self) -> bool:
        """Whether somebody has stored both."""
        return bool(self.client_key and self.client_secret.get_secret_value())


def stored_app(secrets: SecretsManagerClient, secret_id: str) -> TikTokApp:
    """Return the keys as they are stored now.

    Raises:
        NightjarError: what is stored cannot be understood. Refusals of AWS come as they are.
    """
    try:
        return TikTokApp.model_validate_json(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
    except (ValidationError, KeyError):
        # Without its cause, which would repeat the secret.
        raise NightjarError(
            'The stored keys of the TikTok app cannot be read: store {"client_key": "...", "client_secret": "..."}.'
        ) from None


@dataclass(slots=True)
class RememberedApp:
    """The keys as they were a few minutes ago at most: somebody may replace them while a container lives.

    Keys that nobody has stored yet are asked for again each time.
    """

    ask: Callable[[], TikTokApp]
    clock: Callable[[], float] = time.monotonic
    _known: tuple[float, TikTokApp] | None = None

    def __call__(self) -> TikTokApp:
        """Return the keys."""
        if self._known is not None and self.clock() - self._known[0] < REMEMBERED_SECONDS:
            return self._known[1]
        asked_at, app = self.clock(), self.ask()
        self._known = (asked_at, app) if app.complete else None
        return app
