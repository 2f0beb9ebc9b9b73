"""A code is traded for a token pair, and a connection is ended: TikTok's two calls, and what their answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final

from pydantic import SecretStr

from console.errors import Unusable
from console.login.sentences import exchange_refused, revoke_refused
from functions.audit.grant import INVALID_GRANT, Grant
from functions.fetcher.answer import NO_BODY, TOO_MANY, Answer, worth_repeating
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import OK, TOKEN_REJECTED, code_of
from functions.fetcher.sources.oauth import PATH, AppKeys, grant_fields

REVOKE_PATH: Final = "/v2/oauth/revoke/"
SECONDS: Final = 30.0
_TWO_HUNDREDS: Final = range(200, 300)
# TikTok says so before it looks at the code: these refusals did not use it up.
_UNTOUCHED: Final = frozenset({"temporarily_unavailable", "rate_limit_exceeded"})


class Revoked(Enum):
    """What became of a revoke."""

    DONE = "TikTok ended the connection"
    DEAD = "TikTok does not know the token any more"


async def exchange(
    http: Http,
    base_url: str,
    keys: AppKeys,
    *,
    merchant_id: str,
    code: SecretStr,
    redirect_uri: str,
    verifier: str | None,
    now: datetime,
) -> Grant:
    """Trade the code for a grant that names its account; once, as after a lost answer nobody knows if it was used up.

    Raises:
        Unusable: TikTok gave nothing that can be stored; says why and what to do.
    """
    form = {
        "client_key": keys.client_key,
        "client_secret": keys.client_secret.get_secret_value(),
        "code": code.get_secret_value(),
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
    }
    if verifier is not None:
        form["code_verifier"] = verifier
    answer = await _post(http, base_url + PATH, form, again=_code_untouched)
    error = code_of(answer)
    if error not in {None, OK}:
        raise Unusable(exchange_refused(error))
    if answer.body is None or answer.status not in _TWO_HUNDREDS:
        raise Unusable(_nothing_came(answer))
    return _granted(answer.body, merchant_id, now)


async def revoke(http: Http, base_url: str, keys: AppKeys, token: SecretStr) -> Revoked | str:
    """End the connection that an access token stands for; return a text when TikTok did not say that it is ended."""
    form = {
        "client_key": keys.client_key,
        "client_secret": keys.client_secret.get_secret_value(),
        "token": token.get_secret_value(),
    }
    # Asked again after a lost answer: a connection that has ended stays ended.
    answer = await _post(http, base_url + REVOKE_PATH, form, again=worth_repeating)
    error = code_of(answer)
    if error == INVALID_GRANT or error in TOKEN_REJECTED:
        return Revoked.DEAD
    if error not in {None, OK}:
        return revoke_refused(error)
    # Nothing or {} is TikTok's yes (APIS 2.4); a maintenance page with status 200 is not.
    if answer.status in _TWO_HUNDREDS and (answer.body is not None or answer.problem == NO_BODY):
        return Revoked.DONE
    return f"TikTok {_said(answer)}."


async def _post(http: Http, url: str, form: Mapping[str, str], *, again: Callable[[Answer], bool]) -> Answer:
    return await http.call(
        "POST",
        url,
        deadline=http.clock() + SECONDS,
        headers={"Cache-Control": "no-cache"},
        again=again,
        data=form,
    )


def _granted(body: Mapping[str, Any], merchant_id: str, now: datetime) -> Grant:
    grant = Grant(merchant_id=merchant_id, connected_at=now, **grant_fields(body, now))
    if grant.access_token is None:
        raise Unusable("TikTok answered without a token. Nothing was stored; run this again.")
    if grant.open_id is None:
        raise Unusable("TikTok's answer does not say whose account it is. Nothing was stored; run this again.")
    return grant


def _nothing_came(answer: Answer) -> str:
    if answer.refused:
        return f"TikTok was not asked: it {answer.problem}."
    if answer.unsent:
        return f"TikTok {_said(answer)}: see whether this machine reaches the internet, then run this again."
    if answer.status is None:
        return (
            f"TikTok {_said(answer)}, so nobody knows whether it used the code up. Nothing was stored, and nothing is "
            "broken: run this again from the start."
        )
    return f"TikTok {_said(answer)}. Nothing was stored; run this again."


def _said(answer: Answer) -> str:
    status = "" if answer.status is None else f" (HTTP {answer.status})"
    return f"{answer.problem or 'answered without a token'}{status}"


def _code_untouched(answer: Answer) -> bool:
    """Say whether the code may be sent again: only when TikTok surely did not take it."""
    return answer.unsent or answer.status == TOO_MANY or code_of(answer) in _UNTOUCHED
