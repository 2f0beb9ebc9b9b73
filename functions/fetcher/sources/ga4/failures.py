"""What GA4's refusals mean (APIS 5.10), in words of ours: Google's own are never repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.fetcher.answer import TOO_MANY, Answer

BAD_REQUEST: Final = 400
UNAUTHENTICATED: Final = 401
SERVER_ERRORS: Final = frozenset({500, 502, 503, 504})
SERVER_TRIES: Final = 2  # ten server errors an hour lock a project out of the property (APIS 5.8)

_OK: Final = range(200, 300)
_STATUSES: Final = frozenset(
    {
        "INVALID_ARGUMENT",
        "FAILED_PRECONDITION",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "NOT_FOUND",
        "RESOURCE_EXHAUSTED",
        "INTERNAL",
        "UNKNOWN",
        "UNAVAILABLE",
        "DEADLINE_EXCEEDED",
        "UNIMPLEMENTED",
        "ABORTED",
        "CANCELLED",
    }
)
_FIELD: Final = re.compile(r"[A-Za-z0-9_.\[\]]{1,80}")
_FORBIDDEN: Final[Mapping[str, tuple[Reason, str]]] = {
    "SERVICE_DISABLED": (
        Reason.UNAUTHORIZED,
        "the Google Analytics Data API is not enabled in the project of the credentials",
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": (Reason.SCOPE_MISSING, "the token lacks the scope analytics.readonly"),
}
_NOT_ON_PROPERTY: Final = (
    Reason.UNAUTHORIZED,
    "the service account is not on the property, or there is no such property",
)
# Of a quota that is gone, the words that tell when it is back.
_BACK: Final = (
    ("per day", "the day's tokens are spent"),
    ("per hour", "the hour's tokens are spent"),
    ("thresholded", "the hour's requests that may be thresholded are spent"),
    ("server errors", "too many server errors this hour"),
    ("concurrent", "too many requests at once"),
    ("per minute", "the minute's requests are spent"),
)
_SOON: Final = ("concurrent", "per minute")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call without reports: the absence that it makes, and the HTTP status if there was one.

    ``message`` is Google's text, to look for our own names in; it is never shown.
    """

    absent: Absent
    status: int | None = None
    message: str = field(default="", repr=False)

    @property
    def for_its_content(self) -> bool:
        """Whether GA4 refused what was asked, so that asking for less may help."""
        return self.status == BAD_REQUEST


class Patience:
    """Says whether a call is worth repeating. One for each call: it counts the server's errors."""

    def __init__(self) -> None:
        self._errors = 0

    def __call__(self, answer: Answer) -> bool:
        """Say whether to send the same request again."""
        if answer.status is None or answer.status in SERVER_ERRORS:
            self._errors += 1
            return self._errors < SERVER_TRIES
        return answer.status == TOO_MANY and any(word in _message(answer) for word in _SOON)


def refusal_of(answer: Answer, *, what: str) -> Refusal | None:
    """Return why an answer holds no reports; ``None`` when it may hold them. ``what`` names the call in words."""
    error = _error(answer)
    if answer.status in _OK and answer.body is not None and error is None:
        return None
    status = answer.status
    if status in _OK and error is not None and isinstance(error.get("code"), int):
        status = error["code"]
    said = error.get("status") if error is not None else None
    shown = f"{answer.status} {said}" if said in _STATUSES else f"{answer.status}"
    reason, why = _meaning(answer, status)
    if error is None:
        detail = f"{what} {answer.problem or 'answered without reports'}"
        detail += f" (HTTP {answer.status})" if answer.status is not None else ""
    else:
        detail = f"{what} answered {shown}: {why}"
    return Refusal(Absent.because(reason, detail), status, _message(answer))


def _meaning(answer: Answer, status: int | None) -> tuple[Reason, str]:
    """Return the reason of an absence, and the sentence about what Google said."""
    match status:
        case 400:
            return Reason.SOURCE_FAILED, f"it does not take what was asked for{_violations(answer)}"
        case 401:
            return Reason.UNAUTHORIZED, "it does not accept the token, nor a new one"
        case 403:
            known = (_FORBIDDEN[reason] for reason in _reasons(answer) if reason in _FORBIDDEN)
            return next(known, _NOT_ON_PROPERTY)
        case 429:
            message = _message(answer)
            return Reason.RATE_LIMITED, next((why for word, why in _BACK if word in message), "a quota is spent")
        case _:
            return Reason.SOURCE_FAILED, "it failed"


def _error(answer: Answer) -> Mapping[str, Any] | None:
    error = answer.body.get("error") if answer.body is not None else None
    return error if isinstance(error, dict) else None


def _message(answer: Answer) -> str:
    error = _error(answer)
    message = error.get("message") if error is not None else None
    return message.lower() if isinstance(message, str) else ""


def _details(answer: Answer) -> list[Mapping[str, Any]]:
    error = _error(answer)
    details = error.get("details") if error is not None else None
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _reasons(answer: Answer) -> list[str]:
    """Return the reasons of the ErrorInfo in the details."""
    return [reason for detail in _details(answer) if isinstance(reason := detail.get("reason"), str)]


def _violations(answer: Answer) -> str:
    """Return which fields of the request are wrong, as far as their names are names."""
    listed = [detail.get("fieldViolations") for detail in _details(answer)]
    entries = [entry for violations in listed if isinstance(violations, list) for entry in violations]
    fields = [entry.get("field") for entry in entries if isinstance(entry, dict)]
    named = dict.fromkeys(name for name in fields if isinstance(name, str) and _FIELD.fullmatch(name))
    return f" ({', '.join(list(named)[:3])})" if named else ""
