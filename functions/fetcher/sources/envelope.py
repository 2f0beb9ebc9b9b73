"""TikTok's envelope, which the storefront shares: ``{"data": {...}, "error": {"code", "message", "log_id"}}``.

Success is ``error.code == "ok"`` with a 2xx status, nothing else (APIS 1.4, 4.2). The code decides before the status:
an HTTP 200 may carry a failure, and 401 means two different things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.fetcher.answer import Answer, worth_repeating

OK: Final = "ok"
TOKEN_REJECTED: Final = frozenset({"access_token_invalid", "access_token_expired"})
_BY_CODE: Final[Mapping[str, Reason]] = {
    **dict.fromkeys(TOKEN_REJECTED, Reason.UNAUTHORIZED),
    "scope_not_authorized": Reason.SCOPE_MISSING,
    "scope_permission_missed": Reason.SCOPE_MISSING,
    "rate_limit_exceeded": Reason.RATE_LIMITED,
    "analytics_not_connected": Reason.NOT_CONNECTED,
    "data_not_ready": Reason.SOURCE_STALE,
}
_PASSING: Final = frozenset({"rate_limit_exceeded", "internal_error", "data_not_ready", "analytics_backend_error"})
_TWO_HUNDREDS: Final = range(200, 300)
_UNAUTHORIZED: Final = frozenset({401, 403})
_CODE: Final = re.compile(r"[a-z0-9_]{1,40}")
_LOG_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Failure:
    """A call without success: the absence that it makes, and the code that the source gave, if any.

    ``lost``: the source may have acted on it all the same, and what it said of that is not known.
    """

    absent: Absent
    code: str | None = None
    lost: bool = False

    @property
    def reason(self) -> Reason:
        """The reason of the absence."""
        return self.absent.causes[0].reason


def open_envelope(answer: Answer, *, what: str) -> Mapping[str, Any] | Failure:
    """Return the ``data`` of a successful answer, or why there is none. ``what`` names the call in words."""
    code = code_of(answer)
    if answer.body is None or code is None:
        problem = answer.problem or "answered without an error code"
        status = f" (HTTP {answer.status})" if answer.status is not None else ""
        return Failure(Absent.because(_by_status(answer), f"{what} {problem}{status}"))
    # A bare text "ok" is no envelope: APIS 2.5 knows a text here only as an error.
    if code == OK and isinstance(answer.body["error"], dict) and answer.status in _TWO_HUNDREDS:
        data = answer.body.get("data")
        if isinstance(data, dict):
            return data
        return Failure(Absent.because(Reason.SOURCE_FAILED, f"{what} answered ok without data"), code)
    reason = _by_status(answer) if code == OK else _BY_CODE.get(code) or _by_status(answer)
    shown = code if _CODE.fullmatch(code) else "an unknown code"
    return Failure(Absent.because(reason, f"{what} answered {answer.status} {shown}{_log_id(answer)}"), code)


def code_of(answer: Answer) -> str | None:
    """Return the code of an answer: ``error.code``, or ``error`` itself where it is a text (APIS 2.5)."""
    error = answer.body.get("error") if answer.body is not None else None
    if isinstance(error, str):
        return error or None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code else None


def passing(answer: Answer) -> bool:
    """Say whether the failure is of a kind that passes, by code where there is one, else by status."""
    code = code_of(answer)
    if code in _PASSING:
        return True
    return worth_repeating(answer) and code not in _BY_CODE


def _by_status(answer: Answer) -> Reason:
    if answer.status in _UNAUTHORIZED:
        return Reason.UNAUTHORIZED
    return Reason.RATE_LIMITED if answer.rate_limited else Reason.SOURCE_FAILED


def _log_id(answer: Answer) -> str:
    """Return TikTok's log id, which its support asks for."""
    error = answer.body.get("error") if answer.body is not None else None
    log_id = error.get("log_id") if isinstance(error, dict) else None
    return f" (log id {log_id})" if isinstance(log_id, str) and _LOG_ID.fullmatch(log_id) else ""
