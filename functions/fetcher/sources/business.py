"""TikTok's API for Business: is it a business account, and how often was its link clicked? Both are optional.

Facts: APIS 1.8, most of them known through third parties only. A separate app with a separate token. Every answer is
``{"code", "message", "request_id", "data"}``; code 0 is success, and a failure usually comes with HTTP 200.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import AccountType
from functions.audit.periods import Period
from functions.audit.snapshot import ClicksSeen
from functions.fetcher.answer import TOO_MANY, Answer
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import Failure

PATH: Final = "/open_api/v1.3/business/get/"
FIELD: Final = "is_business_account"
CLICKS: Final = "bio_link_clicks"
SUCCESS: Final = 0
_BY_CODE: Final[Mapping[int, Reason]] = {
    40001: Reason.SCOPE_MISSING,
    40002: Reason.SOURCE_FAILED,
    40100: Reason.RATE_LIMITED,
    40105: Reason.UNAUTHORIZED,
}
_BY_STATUS: Final[Mapping[int, Reason]] = {
    401: Reason.UNAUTHORIZED,
    403: Reason.UNAUTHORIZED,
    TOO_MANY: Reason.RATE_LIMITED,
}
_TWO_HUNDREDS: Final = range(200, 300)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


async def ask_account_type(
    http: Http, base_url: str, *, business_id: str, token: str, deadline: float
) -> AccountType | Absent:
    """Return ``BUSINESS`` or ``PERSONAL``, or why the API did not tell which."""
    answer = await http.call(
        "GET",
        base_url + PATH,
        deadline=deadline,
        headers={"Access-Token": token},
        # One field alone: as everywhere at TikTok, one that is not permitted may fail the whole call.
        params={"business_id": business_id, "fields": json.dumps([FIELD])},
    )
    data = open_business(answer, what="the Business API")
    if isinstance(data, Failure):
        return data.absent
    match data.get(FIELD):
        case True:
            return AccountType.BUSINESS
        case False:
            return AccountType.PERSONAL
        case _:
            return Absent.because(Reason.NOT_MEASURED, f"the Business API did not tell {FIELD}")


async def ask_clicks(
    http: Http, base_url: str, *, business_id: str, token: str, period: Period, deadline: float
) -> ClicksSeen | Absent:
    """Return how often the link in the bio was clicked in the period, or why the API did not tell.

    Third parties know the field as one of the daily ones; a day that it leaves out, or without a number, is unknown.
    """
    answer = await http.call(
        "GET",
        base_url + PATH,
        deadline=deadline,
        headers={"Access-Token": token},
        params={
            "business_id": business_id,
            "fields": json.dumps([CLICKS]),
            "start_date": period.start.isoformat(),
            "end_date": period.end.isoformat(),
        },
    )
    data = open_business(answer, what="the Business API")
    if isinstance(data, Failure):
        return data.absent
    rows = data.get("metrics")
    told = {
        row["date"]: _count(row.get(CLICKS))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("date"), str)
    }
    days = [told.get(day.isoformat()) for day in period]
    known = [count for count in days if count is not None]
    if len(known) < len(days):
        why = f"the Business API told {CLICKS} of {len(known)} of {len(days)} days"
        return ClicksSeen(bio_link=Absent.because(Reason.NOT_MEASURED, why))
    return ClicksSeen(bio_link=sum(known))


def _count(said: object) -> int | None:
    """Return a day's count, which may come as a text; ``None`` when it is no count."""
    match said:
        case bool():
            return None
        case int() if 0 <= said < 10**12:
            return int(said)
        case str() if said.isascii() and said.isdecimal() and len(said) <= 12:  # noqa: PLR2004 - as above
            return int(said)
        case _:
            return None


def open_business(answer: Answer, *, what: str) -> Mapping[str, Any] | Failure:
    """Return the ``data`` of a successful answer, or why there is none. ``what`` names the call in words."""
    code = code_of_business(answer)
    status = f" (HTTP {answer.status})" if answer.status is not None else ""
    if answer.body is None or code is None:
        problem = answer.problem or "answered without a code"
        return Failure(Absent.because(_by_status(answer), f"{what} {problem}{status}"))
    if code == SUCCESS and answer.status in _TWO_HUNDREDS:
        data = answer.body.get("data")
        if isinstance(data, dict):
            return data
        return Failure(Absent.because(Reason.SOURCE_FAILED, f"{what} answered ok without data"), str(code))
    reason = _BY_CODE.get(code) or _by_status(answer)
    return Failure(Absent.because(reason, f"{what} answered code {code}{status}{_request_id(answer)}"), str(code))


def code_of_business(answer: Answer) -> int | None:
    """Return the code, which may well come as a text; ``None`` when it is nothing of the kind."""
    said = answer.body.get("code") if answer.body is not None else None
    match said:
        case bool():
            return None
        case int() if 0 <= said < 10**9:
            return said
        case Decimal() if said.is_finite() and 0 <= said < 10**9 and said == int(said):
            return int(said)
        case str() if said.isascii() and said.isdecimal() and len(said) < 10:  # noqa: PLR2004 - as above
            return int(said)
        case _:
            return None


def _by_status(answer: Answer) -> Reason:
    return _BY_STATUS.get(answer.status or 0, Reason.SOURCE_FAILED)


def _request_id(answer: Answer) -> str:
    """Return the request id, which TikTok's support asks for, if it looks like one."""
    said = answer.body.get("request_id") if answer.body is not None else None
    return f", request_id {said}" if isinstance(said, str) and _REQUEST_ID.fullmatch(said) else ""
