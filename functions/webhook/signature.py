"""Whether TikTok signed these bytes, and did so just now.

The header ``TikTok-Signature: t=<seconds since 1970>,s=<hex>`` carries the HMAC-SHA256 of ``<t>.<raw body>`` under the
app's client_secret (https://developers.tiktok.com/doc/webhooks-verification).
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from functions.webhook.refused import Refused

PAST: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(minutes=1)  # clocks differ; a signature from the future is not simply kept for later
# The two elements once each, in either order, and not a character more.
_TIME, _DIGEST = "[0-9]{1,12}", "[0-9a-f]{64}"
_FORM: Final = re.compile(f"t=({_TIME}),s=({_DIGEST})|s=({_DIGEST}),t=({_TIME})")


def sign(body: bytes, secret: str, *, sent_at: str) -> str:
    """Return the hex signature of the raw bytes; ``sent_at`` as it is written in the header."""
    return hmac.new(secret.encode(), sent_at.encode() + b"." + body, sha256).hexdigest()


def parse(header: str | None) -> tuple[str, str]:
    """Return the time as it is written, and the signature in hex.

    Raises:
        Refused: there is no signature, or it is not of TikTok's form.
    """
    if header is None:
        raise Refused(HTTPStatus.UNAUTHORIZED, "it is not signed")
    if not (found := _FORM.fullmatch(header)):
        raise Refused(HTTPStatus.UNAUTHORIZED, "its signature is not of TikTok's form")
    first_time, second_digest, first_digest, second_time = found.groups()
    return first_time or second_time, second_digest or first_digest


def check_time(sent_at: str, *, now: datetime) -> None:
    """Let a signature pass that is about as old as a delivery takes.

    Raises:
        Refused: it is too old or from the future; TikTok comes again, with another signature if it makes one.
    """
    age = now.timestamp() - int(sent_at)
    if age > PAST.total_seconds():
        raise Refused(HTTPStatus.UNAUTHORIZED, "its signature is too old")
    if -age > AHEAD.total_seconds():
        raise Refused(HTTPStatus.UNAUTHORIZED, "its signature is from the future")


def check_digest(digest: str, sent_at: str, body: bytes, secret: str) -> None:
    """Let a signature pass that only the holder of the secret can have made. Takes as long whatever is wrong.

    Raises:
        Refused: it is of other bytes, another time or another secret.
    """
    if not hmac.compare_digest(sign(body, secret, sent_at=sent_at), digest):
        raise Refused(HTTPStatus.UNAUTHORIZED, "its signature is wrong")
