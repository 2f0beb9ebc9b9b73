"""What a call to a source came to: a status and one JSON object, or why there is none.

What the object means is settled in ``sources/envelope.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import httpx

TOO_MANY = 429
RETRIED = frozenset({TOO_MANY, 500, 502, 503, 504})
NO_BODY = "answered without a body"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to.

    ``status`` is the HTTP status, ``None`` when no whole answer came. ``body`` is the JSON object, ``None`` when there
    was none; then ``problem`` says why. ``unsent`` says that the request cannot have been acted on, ``refused`` that we
    would not send it there, however often, ``held_back`` that there was no turn for it in a budget that is shared.
    Printing an answer shows no body: a refresh's holds tokens.
    """

    status: int | None = None
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    problem: str = ""
    retry_after: float | None = None
    unsent: bool = False
    refused: bool = False
    held_back: bool = False

    @property
    def rate_limited(self) -> bool:
        """Whether it came too often: the source says so, or our own budget did not let it go."""
        return self.held_back or self.status == TOO_MANY


SPENT = Answer(
    problem="was not asked: the budget of requests that all merchants share is spent", unsent=True, held_back=True
)
UNCOUNTED = Answer(
    problem="was not asked: the budget of requests that all merchants share could not be read", unsent=True
)


def worth_repeating(answer: Answer) -> bool:
    """Say whether the same request may well succeed a moment later, going by the status alone."""
    return answer.status is None or answer.status in RETRIED


def answer_of(response: httpx.Response, raw: bytes, now: datetime) -> Answer:
    """Return what a whole answer came to: its one JSON object, or why there is none."""
    answer = Answer(response.status_code, retry_after=_retry_after(response.headers.get("retry-after"), now))
    if not raw.strip():
        return replace(answer, problem=NO_BODY)
    try:
        body = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError, ArithmeticError):
        return replace(answer, problem="answered something that is not JSON")
    if not isinstance(body, dict):
        return replace(answer, problem="answered JSON that is no object")
    return replace(answer, body=body)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, given as seconds or as a date; ``None`` when unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isdecimal() and len(text) < 10:  # noqa: PLR2004 - thirty years of seconds
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max((then - now).total_seconds(), 0.0)
