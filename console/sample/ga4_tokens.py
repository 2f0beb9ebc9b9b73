"""The sample's Google token service: an access token for an assertion that the service account's key signed."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from console.sample.replies import Reply, oauth_error, oauth_reply

GOOGLE_TOKEN: Final = "/google/token"  # noqa: S105 - a path
EMAIL: Final = "nightjar@sample.iam.gserviceaccount.com"
SCOPE: Final = "https://www.googleapis.com/auth/analytics.readonly"
# Whatever address a token is asked for at, an assertion is meant for this one.
AUDIENCE: Final = "https://oauth2.googleapis.com/token"
GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE: Final = 3600
_LEEWAY: Final = 60
_KEY_ID: Final = "sample"


class GoogleTokens:
    """Hands out tokens and knows them again. Safe to use from many threads.

    The key is made when somebody asks for it first: most fleets have nobody at Google.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._key: rsa.RSAPrivateKey | None = None
        self._living: dict[str, float] = {}

    def key_file(self, base_url: str) -> dict[str, str]:
        """Return the service account's key as the Google Cloud console would hand it out, for this server."""
        pem = self._own_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "sample",
            "private_key_id": _KEY_ID,
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": base_url + GOOGLE_TOKEN,
        }

    def grant(self, form: Mapping[str, str]) -> Reply:
        """Trade an assertion for a token."""
        if form.get("grant_type") != GRANT_TYPE:
            return oauth_error(400, "unsupported_grant_type", "There is no such grant type.")
        claims = self._claims(form.get("assertion", ""))
        if claims is None:
            return oauth_error(400, "invalid_grant", "Invalid JWT Signature.")
        if claims.get("iss") != EMAIL or claims.get("aud") != AUDIENCE:
            return oauth_error(400, "invalid_grant", "Invalid grant: account not found")
        if not self._is_short_lived(claims):
            return oauth_error(400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes).")
        if SCOPE not in str(claims.get("scope", "")).split():
            return oauth_error(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return oauth_reply({"access_token": self._new_token(), "expires_in": LIFE - 1, "token_type": "Bearer"})

    def accepts(self, token: str) -> bool:
        """Say whether it is a token of this service that still lives."""
        with self._lock:
            return self._clock() < self._living.get(token, 0)

    def _own_key(self) -> rsa.RSAPrivateKey:
        with self._lock:
            if self._key is None:
                self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self._key

    def _claims(self, assertion: str) -> Mapping[str, Any] | None:
        """Return the claims of an assertion that the key signed, ``None`` for any other."""
        signed, _, signature = assertion.rpartition(".")
        try:
            self._own_key().public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        except (InvalidSignature, ValueError):
            return None
        right = isinstance(claims, dict) and isinstance(header, dict) and header.get("alg") == "RS256"
        return claims if right else None

    def _is_short_lived(self, claims: Mapping[str, Any]) -> bool:
        issued, ends, now = claims.get("iat"), claims.get("exp"), self._clock()
        if not isinstance(issued, int) or not isinstance(ends, int):
            return False
        return ends - issued <= LIFE and issued <= now + _LEEWAY and ends > now - _LEEWAY

    def _new_token(self) -> str:
        with self._lock:
            token = "ya29.sample" + secrets.token_hex(16)
            self._living[token] = self._clock() + LIFE
            return token


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
