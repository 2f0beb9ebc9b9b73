"""The operator's Google credentials as stored: a service-account key, or how the function's AWS role stands for one.

They are Google's own two file formats (APIS 5.11), and only what is needed is taken from them: an address in such a
file decides where a proof of who we are is sent, so each must be Google's.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from functions.audit.errors import InvalidInput
from functions.audit.hosts import HostPolicy, Party

TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
STS_URL: Final = "https://sts.googleapis.com/v1/token"
_AWS: Final = re.compile(r"\Aaws1\Z")
_IMPERSONATION: Final = re.compile(r"/[^/]+:generateAccessToken\Z")


class ServiceAccountKey(BaseModel):
    """The key file that the Google Cloud console hands out."""

    model_config = ConfigDict(frozen=True)

    type: Literal["service_account"]
    client_email: Annotated[str, Field(min_length=3)]
    private_key: SecretStr
    private_key_id: str | None = None
    token_uri: str = TOKEN_URI

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where a proof of who we are goes."""
        return (self.token_uri,)


class _Impersonation(BaseModel):
    token_lifetime_seconds: Annotated[int, Field(ge=600, le=43_200)] | None = None


class _AwsSource(BaseModel):
    environment_id: Annotated[str, Field(pattern=_AWS)]


class Keyless(BaseModel):
    """The configuration file of a workload identity pool that trusts an AWS role."""

    model_config = ConfigDict(frozen=True)

    type: Literal["external_account"]
    audience: Annotated[str, Field(min_length=3)]
    subject_token_type: str
    token_url: str = STS_URL
    service_account_impersonation_url: Annotated[str, Field(pattern=_IMPERSONATION)] | None = None
    service_account_impersonation: _Impersonation = _Impersonation()
    credential_source: _AwsSource

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where a proof of who we are goes."""
        impersonation = self.service_account_impersonation_url
        return (self.token_url,) if impersonation is None else (self.token_url, impersonation)


Config = ServiceAccountKey | Keyless
_KINDS: Final[dict[str, type[ServiceAccountKey | Keyless]]] = {
    "service_account": ServiceAccountKey,
    "external_account": Keyless,
}


def read_config(text: str, hosts: HostPolicy) -> Config | None:
    """Return the credentials; ``None`` when nobody has stored any yet.

    Raises:
        InvalidInput: they cannot be used; the text says why and repeats nothing of them.
    """
    plain = _object(text)
    if not plain:
        return None
    kind = _KINDS.get(str(plain.get("type")))
    if kind is None:
        raise InvalidInput(
            "The Google credentials are of no known type: give a service account's key, or the file of a"
            " workload identity pool that trusts AWS."
        )
    try:
        config = kind.model_validate(plain)
    except ValidationError as error:
        # Without its cause: that holds what was written, and what was written is a key.
        wrong = sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)})
        raise InvalidInput(f"The Google credentials cannot be used: {', '.join(wrong)} is missing or wrong.") from None
    for address in config.addresses:
        if not _is_google(address, hosts):
            raise InvalidInput("The Google credentials name an address for tokens that is none of Google's.")
    return config


def _object(text: str) -> dict[str, Any]:
    try:
        plain = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise InvalidInput("The Google credentials are no JSON.") from None
    if not isinstance(plain, dict):
        raise InvalidInput("The Google credentials are no JSON object.")
    return plain


def _is_google(address: str, hosts: HostPolicy) -> bool:
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    return "@" not in parts.netloc and hosts.permits(parts.scheme, host, port, (Party.GOOGLE_TOKENS,))
