"""Where a report lies, and the link to it: a path that only the holder of the stage's key can have signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from functions.audit.errors import InvalidInput
from functions.audit.merchant import MERCHANT_ID
from functions.audit.periods import parse_night

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FOLDER: Final = "reports/"
REMEMBERED_SECONDS: Final = 300.0
_PATH: Final = re.compile(r"/r/([^/]{1,63})/(\d{4}-\d{2}-\d{2})/([A-Za-z0-9_-]{43})", re.ASCII)


def folder_of(merchant_id: str) -> str:
    """Return what the keys of a merchant's reports begin with. The merchant first: it is erased as a whole."""
    return f"{FOLDER}{merchant_id}/"


def key_of(merchant_id: str, night: date) -> str:
    """Return the key of a report in the bucket."""
    return f"{folder_of(merchant_id)}{night.isoformat()}.html"


def path_to(merchant_id: str, night: date, key: SecretStr) -> str:
    """Return the signed path of a link."""
    return f"/r/{merchant_id}/{night.isoformat()}/{_signature(merchant_id, night, key)}"


def opened(path: str, key: SecretStr) -> tuple[str, date] | None:
    """Return the merchant and night that a path was signed for; ``None``: it was not."""
    found = _PATH.fullmatch(path)
    if found is None or not MERCHANT_ID.fullmatch(found[1]):
        return None
    try:
        night = parse_night(found[2])
    except InvalidInput:
        return None
    return (found[1], night) if hmac.compare_digest(_signature(found[1], night, key), found[3]) else None


def _signature(merchant_id: str, night: date, key: SecretStr) -> str:
    # No id holds a slash: no other merchant and night make the same text.
    text = f"report/{merchant_id}/{night.isoformat()}".encode()
    digest = hmac.new(key.get_secret_value().encode(), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(slots=True)
class RememberedKey:
    """The key as it was a few minutes ago at most: somebody may replace it, and with it end every link there is."""

    secrets: SecretsManagerClient
    secret_id: str
    clock: Callable[[], float] = time.monotonic
    _known: tuple[float, SecretStr] | None = None

    def __call__(self) -> SecretStr:
        """Return the key."""
        if self._known is not None and self.clock() - self._known[0] < REMEMBERED_SECONDS:
            return self._known[1]
        key = SecretStr(self.secrets.get_secret_value(SecretId=self.secret_id)["SecretString"])
        self._known = (self.clock(), key)
        return key
