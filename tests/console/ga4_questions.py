"""Questions to the sample's Google: requests as a client writes them, assertions as a service account signs them."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FROM_TIKTOK = {"filter": {"fieldName": "sessionSource", "stringFilter": {"matchType": "CONTAINS", "value": "TikTok"}}}
PAID = {
    "filter": {
        "fieldName": "sessionMedium",
        "stringFilter": {"matchType": "FULL_REGEXP", "value": "^(.*cp.*|ppc|retargeting|paid.*)$"},
    }
}
ORGANIC = {"andGroup": {"expressions": [FROM_TIKTOK, {"notExpression": PAID}]}}
NOW = {"startDate": "2026-10-23", "endDate": "2026-11-19", "name": "current"}
BEFORE = {"startDate": "2026-09-25", "endDate": "2026-10-22", "name": "prior"}
SIXTY = {"startDate": "2026-09-21", "endDate": "2026-11-19"}


def assertion(plain: dict[str, str], *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Return what the service account of a key file signs, with these claims changed."""
    now = int(time.time())
    usual = {"iss": plain["client_email"], "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + 3600}
    signed = ".".join(map(_encoded, ({"alg": "RS256", "typ": "JWT"} | (header or {}), usual | claims)))
    key = serialization.load_pem_private_key(plain["private_key"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def token_of(client: httpx.Client, plain: dict[str, str]) -> str:
    """Return an access token."""
    answer = client.post("/google/token", data={"grant_type": GRANT_TYPE, "assertion": assertion(plain)})
    token: str = answer.json()["access_token"]
    return token


def question(*metrics: str, **changed: Any) -> dict[str, Any]:
    """Return a request for these metrics of TikTok's unpaid visits in both periods."""
    usual: dict[str, Any] = {
        "metrics": [{"name": metric} for metric in metrics],
        "dateRanges": [NOW, BEFORE],
        "dimensionFilter": ORGANIC,
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def rows(report: dict[str, Any]) -> dict[tuple[str, ...], list[str]]:
    """Return the rows of a report by their dimensions."""
    return {
        tuple(key["value"] for key in row.get("dimensionValues", [])): [value["value"] for value in row["metricValues"]]
        for row in report.get("rows", [])
    }
