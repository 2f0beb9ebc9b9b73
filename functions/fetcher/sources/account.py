"""The TikTok account: one call to `/v2/user/info/` for all that was granted; group by group where that one is refused.

One field without its scope fails a whole request, and scopes may be taken back at any time. Facts: APIS 1. GET is what
TikTok documents; another specification says POST. A 404 or 405 to GET is answered with one POST, and a host that took
it is remembered for the container.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import BASIC, PROFILE, STATS, TikTok
from functions.audit.snapshot import AccountBasic, AccountProfile, AccountStats, Text
from functions.audit.text import one_line
from functions.fetcher import figures
from functions.fetcher.answer import Answer
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import OK, TOKEN_REJECTED, Failure, open_envelope, passing

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    BASIC: ("open_id", "union_id", "display_name", "avatar_url"),
    PROFILE: ("bio_description", "profile_deep_link", "is_verified", "username"),
    STATS: ("follower_count", "following_count", "likes_count", "video_count"),
}
PATH: Final = "/v2/user/info/"
_WRONG_VERB: Final = frozenset({404, 405})
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Account:
    """What the account call showed. ``accepted``: TikTok knew the token; ``rejected``: it called it dead."""

    accepted: bool
    rejected: bool
    blind: Absent | None
    basic: AccountBasic | Absent
    profile: AccountProfile | Absent
    stats: AccountStats | Absent


async def ask_account(
    http: Http, tiktok: TikTok, *, token: str, granted: frozenset[str] | None, deadline: float
) -> Account:
    """Ask for the fields of every granted scope; of basic alone when there is none, because that answer decides.

    ``granted`` is ``None`` when nobody recorded the scopes: then all are asked, and the answers tell.
    """
    asked = [scope for scope in FIELDS if granted is None or scope in granted] or [BASIC]
    users = await _users(_Asking(http, tiktok.base_url, token, deadline), asked)
    # A scope error, too, proves that TikTok knew the token: it looked at what the token may see.
    accepted = any(not isinstance(u, Failure) or u.reason is Reason.SCOPE_MISSING for u in users.values())
    rejected = not accepted and any(isinstance(u, Failure) and u.code in TOKEN_REJECTED for u in users.values())
    first = users[asked[0]]
    return Account(
        accepted=accepted,
        rejected=rejected,
        blind=first.absent if isinstance(first, Failure) and not accepted and not rejected else None,
        basic=_basic(_granted_user(users, BASIC, granted)),
        profile=_profile(_granted_user(users, PROFILE, granted)),
        stats=_stats(_granted_user(users, STATS, granted)),
    )


async def _users(asking: _Asking, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Any] | Failure]:
    """Return the user as each scope shows it: from one answer, or from one each where that one hides too much."""
    answer = await asking.ask(scopes)
    user = _user(answer, scopes)
    if not isinstance(user, Failure) or len(scopes) == 1 or not _may_hide(answer, user):
        return dict.fromkeys(scopes, user)
    # What passes was waited for already: each group gets one chance.
    again = _never if passing(answer) else passing
    answers = await asyncio.gather(*(asking.ask([scope], again=again) for scope in scopes))
    return {scope: _user(answer, [scope]) for scope, answer in zip(scopes, answers, strict=True)}


def _may_hide(answer: Answer, failure: Failure) -> bool:
    """Say whether the failure may be that of one group only; TikTok's silence, limits and a wrong path are of all."""
    return answer.status not in {None, *_WRONG_VERB} and failure.reason is not Reason.RATE_LIMITED


def _never(_: Answer) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whom to ask, with what, until when. Printing it shows no token."""

    http: Http
    base_url: str
    token: str = field(repr=False)
    deadline: float

    async def ask(self, scopes: Sequence[str], again: Callable[[Answer], bool] = passing) -> Answer:
        """Ask with the verb that this host is known to take, else with GET, and with POST where GET is not known."""
        remembered = self.http.post_only
        if self.base_url in remembered:
            posted = await self._call("POST", scopes, again)
            if posted.status not in _WRONG_VERB:
                return posted
            # What was remembered is no longer so: a passing outage must not cost the container its memory for good.
            remembered.discard(self.base_url)
            return await self._call("GET", scopes, again)
        answer = await self._call("GET", scopes, again)
        if answer.status not in _WRONG_VERB:
            return answer
        posted = await self._call("POST", scopes, again)
        if posted.status is None or posted.status in _WRONG_VERB:
            return answer
        remembered.add(self.base_url)
        return posted

    async def _call(self, verb: str, scopes: Sequence[str], again: Callable[[Answer], bool]) -> Answer:
        fields = [name for scope in scopes for name in FIELDS[scope]]
        body: dict[str, Any] = {"json": {"fields": fields}} if verb == "POST" else {}
        return await self.http.call(
            verb,
            self.base_url + PATH,
            deadline=self.deadline,
            headers={"Authorization": f"Bearer {self.token}"},
            again=again,
            params={"fields": ",".join(fields)},
            **body,
        )


def _user(answer: Answer, scopes: Sequence[str]) -> Mapping[str, Any] | Failure:
    what = f"user info ({', '.join(scope.rpartition('.')[2] for scope in scopes)})"
    data = open_envelope(answer, what=what)
    if isinstance(data, Failure):
        return data
    user = data.get("user")
    if isinstance(user, dict):
        return user
    return Failure(Absent.because(Reason.SOURCE_FAILED, f"{what} answered ok without a user"), OK)


def _granted_user(
    users: Mapping[str, Mapping[str, Any] | Failure], scope: str, granted: frozenset[str] | None
) -> Mapping[str, Any] | Absent:
    """Return the user fields of a scope. A scope that is missing on record is missing, whatever was answered."""
    if granted is not None and scope not in granted:
        return Absent.because(Reason.SCOPE_MISSING, f"{scope} was not granted")
    user = users[scope]
    return user.absent if isinstance(user, Failure) else user


def _basic(user: Mapping[str, Any] | Absent) -> AccountBasic | Absent:
    if isinstance(user, Absent):
        return user
    return AccountBasic(open_id=_text(user, "open_id"), display_name=_text(user, "display_name"))


def _profile(user: Mapping[str, Any] | Absent) -> AccountProfile | Absent:
    if isinstance(user, Absent):
        return user
    verified = user.get("is_verified")
    return AccountProfile(
        username=_text(user, "username"),
        is_verified=verified if isinstance(verified, bool) else _unmeasured("is_verified"),
    )


def _stats(user: Mapping[str, Any] | Absent) -> AccountStats | Absent:
    if isinstance(user, Absent):
        return user
    return AccountStats(
        followers=figures.count(user, "follower_count", within="user"),
        following=figures.count(user, "following_count", within="user"),
        likes=figures.count(user, "likes_count", within="user"),
        videos=figures.count(user, "video_count", within="user"),
    )


def _text(user: Mapping[str, Any], name: str) -> Text:
    value = user.get(name)
    return one_line(value, limit=_LONGEST_NAME) if isinstance(value, str) and value else _unmeasured(name)


def _unmeasured(name: str) -> Absent:
    return Absent.because(Reason.NOT_MEASURED, f"user.{name} was not told")
