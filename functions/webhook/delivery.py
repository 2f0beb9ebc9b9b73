"""What a delivery says, read from the function URL's event and from TikTok's JSON.

TikTok's form is that of https://developers.tiktok.com/doc/webhooks-events , the event's is payload version 2.0 of the
Lambda developer guide.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, StrictInt, StringConstraints, ValidationError

from functions.audit.grant import REMOVED
from functions.webhook.refused import Refused

MOST_BYTES: Final = 64 * 1024  # TikTok's deliveries have a few hundred; Lambda would take six million
AUTHORIZATION_REMOVED: Final = "authorization.removed"
LAST_SECOND: Final = 253_402_300_799  # of the year 9999
# A number that TikTok adds later is still a removal.
REASONS: Final = {
    1: "disconnected_by_user",
    2: "account_deleted",
    3: "age_changed",
    4: "banned",
    5: "developer_revoked",
}
_NAME: Final = re.compile(r"[a-z0-9_.]{1,64}")


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted: the signature header as it came, and the body's bytes as they were sent."""

    signature: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Removal:
    """Somebody's permission is gone since ``at``; ``reason`` is one of ``REMOVALS``."""

    open_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """Something else that TikTok tells every app, by a name that may stand in a log."""

    name: str


class _Http(BaseModel):
    method: str


class _Context(BaseModel):
    http: _Http


class _Event(BaseModel):
    requestContext: _Context  # noqa: N815 - as AWS spells it
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    isBase64Encoded: bool = False  # noqa: N815 - as AWS spells it


class _Told(BaseModel):
    client_key: str
    event: str


class _Removed(BaseModel):
    create_time: Annotated[int, Field(ge=0, le=LAST_SECOND)]
    user_openid: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    content: Any = None


class _Content(BaseModel):
    reason: StrictInt


def post_of(event: Mapping[str, Any]) -> Post:
    """Return what was posted to the function's URL.

    Raises:
        Refused: it is no POST, it is too large, or the event is not one of a function URL.
    """
    try:
        told = _Event.model_validate(event)
    except ValidationError:
        raise Refused(HTTPStatus.BAD_REQUEST, "it is not an event of a function URL") from None
    if told.requestContext.http.method != "POST":
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "it is not a POST")
    # Function URLs write header names in lower case, and join a repeated header's values by commas.
    return Post(told.headers.get("tiktok-signature"), _bytes(told.body, encoded=told.isBase64Encoded))


def _bytes(body: str, *, encoded: bool) -> bytes:
    # Base64 has four characters for three bytes. Before decoding: what is too large costs no more than a look.
    if len(body) > (MOST_BYTES + 2) // 3 * 4:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too large")
    try:
        raw = base64.b64decode(body, validate=True) if encoded else body.encode()
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "its body is not base64") from None
    if len(raw) > MOST_BYTES:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too large")
    return raw


def told_by(body: bytes, *, client_key: str, now: datetime) -> Removal | OtherEvent:
    """Return what a body says whose signature was found right.

    Raises:
        Refused: it is not of TikTok's form, or it is for another app.
    """
    try:
        told = _Told.model_validate_json(body)
        if told.client_key != client_key:
            raise Refused(HTTPStatus.BAD_REQUEST, "it is for another app")
        if told.event != AUTHORIZATION_REMOVED:
            return OtherEvent(told.event if _NAME.fullmatch(told.event) else "(unreadable)")
        removed = _Removed.model_validate_json(body)
    except ValidationError:
        raise Refused(HTTPStatus.BAD_REQUEST, "its body is not of TikTok's form") from None
    # Nothing that was told already can happen later: a wrong clock must not break a connection that is made tomorrow.
    at = min(datetime.fromtimestamp(removed.create_time, UTC), now)
    return Removal(removed.user_openid, _reason(removed.content), at)


def _reason(content: object) -> str:
    """Return the reason in TikTok's inner JSON. Whatever stands there, the permission is gone: at worst unknown why."""
    try:
        number = (
            _Content.model_validate_json(content) if isinstance(content, str) else _Content.model_validate(content)
        ).reason
    except ValidationError:
        return REMOVED
    return REASONS.get(number, REMOVED)
