"""The one door to a shop's Admin GraphQL API: a question in, its ``data`` or the reason why there is none out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.fetcher.answer import TOO_MANY, Answer, worth_repeating
from functions.fetcher.sources.channel import Asked
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.shopify.bucket import Bucket, told_by

PATH: Final = "/admin/api/2026-10/graphql.json"
AT_ONCE: Final = 3  # of one shop's queries: they share one bucket
TURNS: Final = 6  # how often one query may be refused for want of points
ACCESS_DENIED: Final = "ACCESS_DENIED"
THROTTLED: Final = "THROTTLED"
_INTERNAL: Final = "INTERNAL_SERVER_ERROR"
_UNTOLD_PAUSE: Final = 2.0  # seconds, when a refusal does not tell how empty the bucket is
_CODE: Final = re.compile(r"[A-Za-z_]{1,40}")
_TWO_HUNDREDS: Final = range(200, 300)
_BY_STATUS: Final[Mapping[int, tuple[Reason, str]]] = {
    401: (Reason.UNAUTHORIZED, "Shopify does not accept the access token: was the app removed from the shop?"),
    402: (Reason.SOURCE_FAILED, "the shop is frozen until its Shopify bill is paid"),
    403: (Reason.SCOPE_MISSING, "Shopify forbids it: a scope is missing or was not approved"),
    404: (Reason.SOURCE_FAILED, "there is no such shop, or no such version of the interface"),
    423: (Reason.SOURCE_FAILED, "Shopify has locked the shop"),
    TOO_MANY: (Reason.RATE_LIMITED, "Shopify's rate limit is spent"),
}


class Admin:
    """Asks one shop, a few queries at a time, and waits for the bucket to fill where the deadline allows it."""

    def __init__(self, asked: Asked, token: str) -> None:
        self._http = asked.http
        self._url = f"{asked.settings.base_url}{PATH}"
        self._deadline = asked.deadline
        self._headers = {"X-Shopify-Access-Token": token}
        self._bucket = Bucket()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(
        self, document: str, variables: Mapping[str, object], *, what: str, kind: str, needs: str = ""
    ) -> Mapping[str, Any] | Failure:
        """Return the ``data`` of one query. Data beside an error is partial: it counts for nothing.

        ``what`` names the query in words, ``kind`` those that cost alike, ``needs`` what an app must be granted for it.
        """
        refused: Failure | None = None
        async with self._turns:
            for _ in range(TURNS):
                delay = self._bucket.delay(kind, self._http.clock())
                if delay and not await self._http.wait(delay, deadline=self._deadline):
                    return refused or _limited(what, f"its bucket is empty for {delay:.1f} more seconds")
                answer = await self._send(document, variables, kind)
                if not _is_throttled(answer):
                    return _opened(answer, what=what, needs=needs)
                refused = _limited(what, "its rate limit is spent")
                told = told_by(answer.body)
                if told is not None and told.requested > told.maximum:
                    return _failed(Reason.SOURCE_FAILED, f"{what} costs more points than the shop's bucket holds")
                pause = told.delay if told is not None else max(answer.retry_after or 0.0, _UNTOLD_PAUSE)
                if not await self._http.wait(pause, deadline=self._deadline):
                    return refused
        return refused or _limited(what, "its rate limit is spent")

    async def _send(self, document: str, variables: Mapping[str, object], kind: str) -> Answer:
        self._bucket.spend(kind)
        answer = await self._http.call(
            "POST",
            self._url,
            deadline=self._deadline,
            headers=self._headers,
            again=_passing,
            json={"query": document, "variables": variables},
        )
        self._bucket.learn(kind, told_by(answer.body), self._http.clock())
        return answer


def _opened(answer: Answer, *, what: str, needs: str) -> Mapping[str, Any] | Failure:
    body, status = answer.body, answer.status
    if status is not None and status in _BY_STATUS:
        reason, why = _BY_STATUS[status]
        return _failed(reason, f"{what}: {why} (HTTP {status})", ACCESS_DENIED if status == 403 else None)  # noqa: PLR2004 - forbidden
    if body is None or status not in _TWO_HUNDREDS:
        said = f" (HTTP {status})" if status is not None else ""
        return _failed(Reason.SOURCE_FAILED, f"{what} {answer.problem or 'failed'}{said}")
    errors, data = body.get("errors"), body.get("data")
    if errors:
        codes = _codes(errors)
        if ACCESS_DENIED in codes:
            return _failed(Reason.SCOPE_MISSING, f"{what}: Shopify denies access; the app needs {needs}", ACCESS_DENIED)
        shown = ", ".join(code for code in codes if _CODE.fullmatch(code)) or "an error without a code"
        return _failed(Reason.SOURCE_FAILED, f"{what} answered {shown}")
    if not isinstance(data, dict):
        return _failed(Reason.SOURCE_FAILED, f"{what} answered without data")
    return data


def _codes(errors: object) -> list[str]:
    """Return the codes of a GraphQL answer's errors, each once. ``errors`` may also be a bare text (APIS 6.3)."""
    listed = errors if isinstance(errors, list) else []
    codes: dict[str, None] = {}
    for error in listed:
        extensions = error.get("extensions") if isinstance(error, dict) else None
        code = extensions.get("code") if isinstance(extensions, dict) else None
        if isinstance(code, str) and code:
            codes[code] = None
        elif isinstance(error, dict) and error.get("message") == "Throttled":
            codes[THROTTLED] = None
    return list(codes)


def _is_throttled(answer: Answer) -> bool:
    errors = answer.body.get("errors") if answer.body is not None else None
    return answer.status == TOO_MANY or THROTTLED in _codes(errors)


def _passing(answer: Answer) -> bool:
    """Say whether the failure passes by itself. A refusal for want of points does not: it says how long it lasts."""
    if _is_throttled(answer):
        return False
    errors = answer.body.get("errors") if answer.body is not None else None
    return worth_repeating(answer) or _INTERNAL in _codes(errors)


def _limited(what: str, why: str) -> Failure:
    return _failed(Reason.RATE_LIMITED, f"{what}: Shopify asks to wait, {why}", THROTTLED)


def _failed(reason: Reason, detail: str, code: str | None = None) -> Failure:
    return Failure(Absent.because(reason, detail), code)
