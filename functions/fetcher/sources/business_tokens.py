"""Renewing a token of TikTok's API for Business, which lives one day.

Its shape is known through third parties only (APIS 1.8): JSON in, the code/data envelope out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.grant import INVALID_GRANT, Grant
from functions.fetcher.answer import TOO_MANY, Answer
from functions.fetcher.http import Http
from functions.fetcher.sources.business import code_of_business, open_business
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.oauth import AppKeys, grant_fields

PATH: Final = "/open_api/v1.3/tt_user/oauth2/refresh_token/"
_WHAT: Final = "the Business API's token refresh"
_TOO_OFTEN: Final = 40100
_DEAD: Final = "40105"


async def renew(
    http: Http, base_url: str, keys: AppKeys, grant: Grant, *, now: datetime, deadline: float
) -> Grant | Failure:
    """Return the grant that the API gives for the refresh token of ``grant``, or why there is none.

    A dead refresh token fails with the code ``invalid_grant``, as everywhere. What is left out stays as it was.
    """
    assert grant.refresh_token is not None  # noqa: S101 - the caller asks only with one
    answer = await http.call(
        "POST",
        base_url + PATH,
        deadline=deadline,
        headers={"Cache-Control": "no-cache"},
        again=_untouched,
        whole=True,
        json={
            "client_id": keys.client_key,
            "client_secret": keys.client_secret.get_secret_value(),
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token.get_secret_value(),
        },
    )
    data = open_business(answer, what=_WHAT)
    if isinstance(data, Failure):
        failure = replace(data, lost=_lost(answer))
        return replace(failure, code=INVALID_GRANT) if failure.code == _DEAD else failure
    told = grant_fields({"refresh_expires_in": data.get("refresh_token_expires_in"), **data}, now)
    if "access_token" not in told:
        return Failure(Absent.because(Reason.SOURCE_FAILED, f"{_WHAT} answered without a token"), lost=True)
    return grant.model_copy(update={"expires_at": None, **told})


def _untouched(answer: Answer) -> bool:
    """Say whether the refresh may be sent again: only when the refresh token surely was not used up."""
    return answer.unsent or answer.status == TOO_MANY or code_of_business(answer) == _TOO_OFTEN


def _lost(answer: Answer) -> bool:
    """Say whether the token may have been traded for a pair that nobody knows: a code that is not 0 says no."""
    return not (_untouched(answer) or code_of_business(answer))
