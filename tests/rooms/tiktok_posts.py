"""What TikTok posts to the webhook, signed as its documentation says, in the event that a function URL makes of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, Final

CLIENT_KEY: Final = "aw-sample-key"
OPEN_ID: Final = "723f24d7"


def body(**changed: Any) -> bytes:
    """Return what TikTok tells of an account that disconnected; ``None`` leaves a key out."""
    told: dict[str, Any] = {
        "client_key": CLIENT_KEY,
        "event": "authorization.removed",
        "create_time": 1795227240,  # 2026-11-21 02:14:00 UTC
        "user_openid": OPEN_ID,
        "content": '{"reason": 1 }',
    }
    return json.dumps({key: value for key, value in (told | changed).items() if value is not None}).encode()


def header(raw: bytes, secret: str, sent_at: datetime | int | str) -> str:
    """Return the signature header of these bytes."""
    written = str(int(sent_at.timestamp()) if isinstance(sent_at, datetime) else sent_at)
    digest = hmac.new(secret.encode(), f"{written}.".encode() + raw, hashlib.sha256)
    return f"t={written},s={digest.hexdigest()}"


def event(raw: bytes, signature: str | None, *, method: str = "POST", encoded: bool = False) -> dict[str, Any]:
    """Return the event of a function URL (payload version 2.0)."""
    headers = {"content-type": "application/json", "host": "abc.lambda-url.us-east-1.on.aws"}
    if signature is not None:
        headers["tiktok-signature"] = signature
    return {
        "version": "2.0",
        "rawPath": "/",
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": "/", "sourceIp": "192.0.2.7"}},
        "body": base64.b64encode(raw).decode() if encoded else raw.decode(),
        "isBase64Encoded": encoded,
    }
