"""TikTok's token endpoint (APIS 2.2 to 2.5): form in, a flat object out, and an error as a text whatever the status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from functions.audit.absence import Absent, Reason
from functions.audit.grant import INVALID_GRANT, Grant
from functions.fetcher import figures
from functions.fetcher.answer import TOO_MANY, Answer
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import OK, Failure, code_of

__all__ = ["INVALID_GRANT", "PATH", "AppKeys", "grant_fields", "refresh", "scopes_of"]

PATH: Final = "/v2/oauth/token/"
_SAID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_LIFE: Final = 10 * 365 * 86400  # seconds; a longer one is nonsense and would overflow a date
_UNAVAILABLE: Final = 503
# TikTok says so before it looks at the token: these refusals did not use it up.
_UNTOUCHED: Final = frozenset({"temporarily_unavailable", "rate_limit_exceeded"})
# The documented errors (APIS 2.5) that say no, whatever the status. "server_error" says nothing of the kind.
_REFUSALS: Final = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
    }
)
_FOUR_HUNDREDS: Final = range(400, 500)
_TIMED_OUT: Final = 408
# What can travel in a header and be stored: printable ASCII. KMS encrypts at most 4 KiB at once.
_TOKEN: Final = re.compile(r"[!-~]{1,4096}")
_SCOPE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_OPEN_ID: Final = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class AppKeys:
    """The TikTok app's own key and secret. Printing them shows no secret."""

    client_key: str
    client_secret: SecretStr


async def refresh(
    http: Http, base_url: str, keys: AppKeys, grant: Grant, *, now: datetime, deadline: float
) -> Grant | Failure:
    """Return the grant that TikTok gives for the refresh token of ``grant``, or why there is none.

    Lifetimes come from the answer alone (APIS 2.3). What an answer leaves out stays as it was.
    """
    assert grant.refresh_token is not None  # noqa: S101 - the caller asks only with one
    answer = await http.call(
        "POST",
        base_url + PATH,
        deadline=deadline,
        headers={"Cache-Control": "no-cache"},
        again=_untouched,
        whole=True,
        data={
            "client_key": keys.client_key,
            "client_secret": keys.client_secret.get_secret_value(),
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token.get_secret_value(),
        },
    )
    code = code_of(answer)
    if answer.body is not None and code in {None, OK}:
        told = grant_fields(answer.body, now)
        if "access_token" in told:
            # The end of the old access token is not that of the new one.
            return grant.model_copy(update={"expires_at": None, **told})
    return _failure(answer, code)


def grant_fields(body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the fields of a grant that a token answer tells, and only those (APIS 2.2): pair, ends, scopes, account.

    ``now`` is when the answer came or was asked for; lifetimes count from it. Without an ``access_token`` among the
    fields the answer is no success.
    """
    scope, open_id = body.get("scope"), body.get("open_id")
    told = {
        "access_token": _token(body, "access_token"),
        "refresh_token": _token(body, "refresh_token"),
        "expires_at": _end(body, "expires_in", now),
        "refresh_expires_at": _end(body, "refresh_expires_in", now),
        # A list without a single scope is no news: every token has one at least.
        "scopes": (scopes_of(scope) if isinstance(scope, str) else ()) or None,
        "open_id": open_id if isinstance(open_id, str) and _OPEN_ID.fullmatch(open_id) else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def scopes_of(text: str) -> tuple[str, ...]:
    """Return the scopes of TikTok's list, which is separated by commas or white space (APIS 1.5)."""
    return tuple(sorted({part for part in re.split(r"[,\s]+", text) if _SCOPE.fullmatch(part)}))


def _token(body: Mapping[str, Any], name: str) -> SecretStr | None:
    said = body.get(name)
    return SecretStr(said) if isinstance(said, str) and _TOKEN.fullmatch(said) else None


def _end(body: Mapping[str, Any], name: str, now: datetime) -> datetime | None:
    seconds = figures.count(body, name, within="token")
    if isinstance(seconds, Absent) or seconds > _LONGEST_LIFE:
        return None
    return now + timedelta(seconds=seconds)


def _failure(answer: Answer, code: str | None) -> Failure:
    limited = answer.rate_limited or code == "rate_limit_exceeded"
    reason = Reason.RATE_LIMITED if limited else Reason.SOURCE_FAILED
    if code not in {None, OK}:
        said = code if _SAID.fullmatch(code) else "an unknown error"
    else:
        said = answer.problem or "answered without a token"
    status = f" {answer.status}" if answer.status is not None else ""
    return Failure(Absent.because(reason, f"the token refresh:{status} {said}"), code, lost=_lost(answer, code))


def _lost(answer: Answer, code: str | None) -> bool:
    """Say whether TikTok may have traded the refresh token for a pair that nobody knows."""
    if _untouched(answer) or code in _REFUSALS or code == INVALID_GRANT:
        return False
    # A server that calls the request faulty did not do what it asked for; 408 says that it did not see the end of it.
    refused = answer.status in _FOUR_HUNDREDS and answer.status != _TIMED_OUT
    return not refused


def _untouched(answer: Answer) -> bool:
    """Say whether the refresh may be sent again: only when TikTok surely did not use the refresh token up.

    After a lost answer the old token may be dead already and the new one known to nobody; asking again with the old one
    would then look like a revoked connection.
    """
    code = code_of(answer)
    if code == INVALID_GRANT:
        return False
    refused = answer.status == _UNAVAILABLE and code == "server_error"
    return answer.unsent or answer.status == TOO_MANY or refused or code in _UNTOUCHED
