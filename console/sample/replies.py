"""The replies of the sample server: status, headers and body, in the two shapes that TikTok uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.sample.story import Fault

_MESSAGES = {
    "access_token_invalid": "The access token is invalid or not found in the request.",
    "scope_not_authorized": "The user did not authorize the scope required for completing this request.",
    "invalid_params": "One or more fields in request is invalid.",
    "rate_limit_exceeded": "The API rate limit was exceeded.",
    "internal_error": "Something is wrong with the server.",
    "analytics_backend_error": "The analytics backend did not answer.",
    "analytics_not_connected": "The shop has no analytics source.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire. ``merchant_id`` is for the record only: who it was about."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    merchant_id: str | None = None


def data_reply(data: Mapping[str, Any], *, mark: str) -> Reply:
    """Return a success of the API."""
    return _json(200, {"data": data, "error": {"code": "ok", "message": "", "log_id": _log_id(mark)}})


def error_reply(status: int, code: str, *, mark: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a failure of the API: an error object, and no data at all."""
    error = {"code": code, "message": _MESSAGES[code], "log_id": _log_id(mark)}
    return _json(status, {"error": error}, headers)


def oauth_reply(body: Mapping[str, Any]) -> Reply:
    """Return a success of the token endpoints, which is flat."""
    return _json(200, body, {"Cache-Control": "no-store"})


def oauth_error(status: int, error: str, description: str) -> Reply:
    """Return a failure of the token endpoints: there ``error`` is a string."""
    body = {"error": error, "error_description": description, "log_id": _log_id(description)}
    return _json(status, body, {"Cache-Control": "no-store"})


def business_reply(code: int, message: str, data: Mapping[str, Any] | None = None) -> Reply:
    """Return an answer of the API for Business: its code says what it came to, the status is always 200."""
    return _json(200, {"code": code, "message": message, "request_id": _log_id(message), "data": dict(data or {})})


def unknown_path() -> Reply:
    """Return what TikTok's gateway says of a path or verb that it does not know; no JSON."""
    return Reply(404, b"Unsupported path(Janus)", "text/plain; charset=utf-8")


def fault_reply(fault: Fault, *, mark: str) -> Reply:
    """Return how a broken endpoint answers."""
    match fault:
        case Fault.BROKEN:
            return error_reply(500, "internal_error", mark=mark)
        case Fault.BAD_GATEWAY:
            return error_reply(502, "analytics_backend_error", mark=mark)
        case Fault.NONSENSE:
            page = b"<!doctype html><html><head><title>Back soon</title></head><body>We are improving.</body></html>"
            return Reply(200, page, "text/html; charset=utf-8")
        case Fault.RATE_LIMITED:
            # Beyond any deadline, so that nobody waits for it.
            return error_reply(429, "rate_limit_exceeded", mark=mark, headers={"Retry-After": "3600"})
        case Fault.NOT_CONNECTED:
            return error_reply(404, "analytics_not_connected", mark=mark)
        case Fault.NO_SCOPE:
            return error_reply(401, "scope_not_authorized", mark=mark)


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, encoded, headers=headers or {})


def _log_id(mark: str) -> str:
    """Return the id of a log line. The same request has the same one: the sample has no clock."""
    return "SAMPLE" + hashlib.sha256(mark.encode()).hexdigest()[:20].upper()
