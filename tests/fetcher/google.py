"""Google's token service for tests: a key of its own, and an answer for every request, which it remembers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "tt-audit@my-proj.iam.gserviceaccount.com"
TOKEN_URI = "https://oauth2.googleapis.com/token"
FIRST = "ya29.one"
Answer = httpx.Response | Exception


@cache
def key() -> rsa.RSAPrivateKey:
    """Return a key; making one takes a moment, and one does for all stories."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file(**changed: Any) -> dict[str, Any]:
    """Return the file that the Google Cloud console hands out."""
    pem = key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    plain = {
        "type": "service_account",
        "project_id": "my-proj",
        "private_key_id": "9f2e",
        "private_key": pem.decode(),
        "client_email": EMAIL,
        "client_id": "104",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": TOKEN_URI,
        "universe_domain": "googleapis.com",
    }
    return plain | changed


def pool_file(**changed: Any) -> dict[str, Any]:
    """Return the file of a workload identity pool that trusts an AWS role, as the documentation has it."""
    provider = "projects/123456789012/locations/global/workloadIdentityPools/aws-pool/providers/aws-prov"
    plain = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{provider}",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url": (
            f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
        ),
        "credential_source": {
            "environment_id": "aws1",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url": (
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
            ),
        },
    }
    return plain | changed


def claims_of(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of a signed assertion.

    Raises:
        cryptography.exceptions.InvalidSignature: it was not signed with the key.
    """
    signed, _, signature = assertion.rpartition(".")
    key().public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    header, claims = (json.loads(_bytes(part)) for part in signed.split("."))
    return header, claims


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def gives(token: object = FIRST, **more: Any) -> httpx.Response:
    """Return a success of the token service."""
    return httpx.Response(200, json={"access_token": token, "expires_in": 3599, "token_type": "Bearer", **more})


def denies(status: int, error: object = "invalid_grant", description: str = "Invalid JWT Signature.") -> httpx.Response:
    """Return a failure of the token service."""
    return httpx.Response(status, json={"error": error, "error_description": description})


@dataclass
class TokenService(httpx.BaseTransport):
    """Answers one call after the other; the last answer stays."""

    answers: list[Answer] = field(default_factory=lambda: [gives()])
    requests: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))

    def form(self, at: int = -1) -> dict[str, str]:
        """Return the form of a request."""
        return dict(parse_qsl(self.requests[at].content.decode(), strict_parsing=True))
