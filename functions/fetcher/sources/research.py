"""The counts that everybody can see of an account: TikTok's Research API, off unless the operator may use it.

Facts: APIS 2.2 and 3. It takes a client token, not the merchant's, and looks an account up by its public username. The
figures lie flat in ``data``. TikTok allows 1,000 requests a day, until 00:00 UTC.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final

from pydantic import SecretStr

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import AccountStats
from functions.fetcher import figures
from functions.fetcher.answer import TOO_MANY
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import OK, TOKEN_REJECTED, Failure, code_of, open_envelope, passing
from functions.fetcher.sources.oauth import PATH as TOKEN_PATH
from functions.fetcher.sources.oauth import AppKeys, grant_fields

PATH: Final = "/v2/research/user/info/"
FIELDS: Final = ("follower_count", "following_count", "likes_count", "video_count")
# A client token that ends sooner is not begun with. Without a told end it is used for a single merchant.
MARGIN: Final = timedelta(minutes=5)
USERNAME: Final = re.compile(r"[A-Za-z0-9._]{1,64}")
_WHAT: Final = "the Research API"
# Answers for the rest of the day, whoever is asked about: the quota is spent, or the app has no part in this API.
_ALL_DAY: Final = frozenset({"scope_not_authorized", "scope_permission_missed", "rate_limit_exceeded"})
_CODE: Final = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True, slots=True)
class _ClientToken:
    """The app's own token, and until when it may be used."""

    token: SecretStr
    until: datetime


@dataclass(slots=True)
class Research:
    """The Research API as one container uses it: one client token until it ends, and no asking once the day is over.

    Requests are not counted: the containers of a night know nothing of each other, and TikTok itself says when the
    quota is spent. From then on this container asks nothing until 00:00 UTC.
    """

    keys: AppKeys
    _tokens: dict[str, _ClientToken] = field(default_factory=dict, repr=False)
    _closed: dict[str, tuple[datetime, Absent]] = field(default_factory=dict, repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def ask(
        self, http: Http, base_url: str, *, username: str, now: datetime, deadline: float
    ) -> AccountStats | Absent:
        """Return the public counts of an account, or why there are none."""
        name = username.removeprefix("@")
        if not USERNAME.fullmatch(name):
            return Absent.because(Reason.NOT_CONNECTED, f"{_WHAT}: the username on record is none")
        seen = await self._attempt(http, base_url, name, now=now, deadline=deadline)
        if isinstance(seen, Failure) and seen.code in TOKEN_REJECTED:
            # Ended before its time: forgotten, and asked once more with a new one.
            self._tokens.pop(base_url, None)
            seen = await self._attempt(http, base_url, name, now=now, deadline=deadline)
        return seen.absent if isinstance(seen, Failure) else seen

    async def _attempt(
        self, http: Http, base_url: str, username: str, *, now: datetime, deadline: float
    ) -> AccountStats | Failure:
        token = await self._token(http, base_url, now=now, deadline=deadline)
        if isinstance(token, Absent):
            return Failure(token)
        return await self._look_up(http, base_url, token, username, now=now, deadline=deadline)

    async def _look_up(
        self, http: Http, base_url: str, token: SecretStr, username: str, *, now: datetime, deadline: float
    ) -> AccountStats | Failure:
        answer = await http.call(
            "POST",
            base_url + PATH,
            deadline=deadline,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"},
            again=lambda came: passing(came) and not _spent(came.status, code_of(came)),
            params={"fields": ",".join(FIELDS)},
            json={"username": username},
        )
        data = open_envelope(answer, what=_WHAT)
        if isinstance(data, Failure):
            if _spent(answer.status, data.code):
                self._close(base_url, now, data.absent)
            return data
        return AccountStats(
            followers=figures.count(data, "follower_count", within="research"),
            following=figures.count(data, "following_count", within="research"),
            likes=figures.count(data, "likes_count", within="research"),
            videos=figures.count(data, "video_count", within="research"),
        )

    async def _token(self, http: Http, base_url: str, *, now: datetime, deadline: float) -> SecretStr | Absent:
        # One at a time: the second of two merchants finds the token that the first was given.
        async with self._turn:
            if (closed := self._closed_at(base_url, now)) is not None:
                return closed
            known = self._tokens.get(base_url)
            if known is not None and known.until > now:
                return known.token
            answer = await http.call(
                "POST",
                base_url + TOKEN_PATH,
                deadline=deadline,
                headers={"Cache-Control": "no-cache"},
                data={
                    "client_key": self.keys.client_key,
                    "client_secret": self.keys.client_secret.get_secret_value(),
                    "grant_type": "client_credentials",
                },
            )
            code = code_of(answer)
            if answer.body is not None and code in {None, OK}:
                told = grant_fields(answer.body, now)
                if "access_token" in told:
                    given = _ClientToken(told["access_token"], told.get("expires_at", now) - MARGIN)
                    self._tokens[base_url] = given
                    return given.token
            status = f" (HTTP {answer.status})" if answer.status is not None else ""
            said = code if code is not None and _CODE.fullmatch(code) else answer.problem or "an answer without a token"
            absent = Absent.because(Reason.SOURCE_FAILED, f"{_WHAT} gave no client token: {said}{status}")
            if code in {"invalid_client", "unauthorized_client", "unsupported_grant_type"}:
                self._close(base_url, now, absent)
            return absent

    def _close(self, base_url: str, now: datetime, why: Absent) -> None:
        tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        self._closed[base_url] = (tomorrow, why)

    def _closed_at(self, base_url: str, now: datetime) -> Absent | None:
        until, why = self._closed.get(base_url, (now, None))
        return why if until > now else None


def _spent(status: int | None, code: str | None) -> bool:
    return status == TOO_MANY or code in _ALL_DAY
