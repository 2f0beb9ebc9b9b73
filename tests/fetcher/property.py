"""A scripted GA4 property: healthy by default, every report and every call can be replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import respx

from functions.audit.absence import Absent
from functions.audit.periods import Periods
from functions.audit.snapshot import PagesSeen, PeriodFigures, SessionsSeen, SourcesSeen
from functions.fetcher.sources.channel import Asked, Channel
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.ga4.ask import ask_ga4
from tests.fetcher.waiting import NOW, Hands, client
from tests.fetcher.world import PERIODS, merchant, said

Report = dict[str, Any]
Rows = list[tuple[list[str], list[str]]]
BOTH = ("current", "prior")
# As the documentation's own example has them; the rest of the world's figures go with these.
TOTALS: Mapping[str, Mapping[str, str]] = {
    "sessions": {"current": "8000", "prior": "5000"},
    "engagedSessions": {"current": "2960", "prior": "2450"},
    "totalUsers": {"current": "6900", "prior": "4300"},
    "newUsers": {"current": "6200", "prior": "3550"},
    "bounceRate": {"current": "0.63", "prior": "0.51"},
    "screenPageViews": {"current": "11200", "prior": "9500"},
    "screenPageViewsPerSession": {"current": "1.4", "prior": "1.9"},
    "averageSessionDuration": {"current": "31.5", "prior": "74.0"},
    "keyEvents": {"current": "210", "prior": "240"},
    "addToCarts": {"current": "520", "prior": "330"},
    "ecommercePurchases": {"current": "58", "prior": "72"},
    "transactions": {"current": "58", "prior": "72"},
    "purchaseRevenue": {"current": "1873.4", "prior": "2412"},
    "keyEvents:sign_up": {"current": "150", "prior": "168"},
    "keyEvents:purchase": {"current": "58.5", "prior": "72"},
}
A_DAY = {"sessions": "286", "keyEvents": "7.5", "purchaseRevenue": "66.9"}
ROWS: Mapping[str, Rows] = {
    "audience": [
        (["new", "current"], ["6200"]),
        (["returning", "current"], ["700"]),
        (["new", "prior"], ["3550"]),
        (["returning", "prior"], ["750"]),
    ],
    "funnel": [
        (["add_to_cart", "current"], ["400"]),
        (["purchase", "current"], ["56"]),
        (["add_to_cart", "prior"], ["250"]),
        (["purchase", "prior"], ["70"]),
    ],
    "tracked": [(["add_to_cart"], ["9100"]), (["purchase"], ["1400"])],
    "pages": [
        (["/products/amber-candle"], ["3900", "0", "0"]),
        (["/collections/autumn"], ["1200", "31", "1012.4"]),
        (["(not set)"], ["300", "0", "0"]),
    ],
    "sources": [
        (["tiktok", "social", "bio-link"], ["6100", "49", "1590.4"]),
        (["tiktok.com", "referral", "(not set)"], ["1900", "9", "283"]),
    ],
}
METADATA = {"currencyCode": "GBP", "timeZone": "Europe/London"}
QUOTA = {
    "tokensPerDay": {"consumed": 6, "remaining": 199988},
    "tokensPerHour": {"consumed": 6, "remaining": 39988},
    "concurrentRequests": {"consumed": 0, "remaining": 10},
    "serverErrorsPerProjectPerHour": {"consumed": 0, "remaining": 10},
    "potentiallyThresholdedRequestsPerHour": {"consumed": 0, "remaining": 120},
    "tokensPerProjectPerHour": {"consumed": 6, "remaining": 13988},
}
_TYPES = {"averageSessionDuration": "TYPE_SECONDS", "purchaseRevenue": "TYPE_CURRENCY"}


def name_of(request: Mapping[str, Any]) -> str:
    """Return what a request asks for, told by its columns."""
    dimensions = [dimension["name"] for dimension in request.get("dimensions", [])]
    metrics = [metric["name"] for metric in request["metrics"]]
    chosen = any(":" in metric for metric in metrics)
    match dimensions:
        case []:
            return "goals" if chosen else "totals" if "engagedSessions" in metrics else "commerce"
        case ["date"]:
            return "goal_days" if chosen else "days"
        case ["eventName"]:
            return "tracked" if metrics == ["eventCount"] else "funnel"
        case _:
            return {"newVsReturning": "audience", "landingPage": "pages", "sessionSource": "sources"}[dimensions[0]]


def report(
    request: Mapping[str, Any], rows: Rows, *, count: int | None = None, metadata: Mapping[str, Any] = METADATA
) -> Report:
    """Return a report as GA4 writes it: the range's column last, no ``rows`` where there are none."""
    dimensions = [dimension["name"] for dimension in request.get("dimensions", [])]
    if len(request["dateRanges"]) > 1:
        dimensions.append("dateRange")
    metrics = [metric["name"] for metric in request["metrics"]]
    plain: Report = {
        "metricHeaders": [{"name": name, "type": _TYPES.get(name, "TYPE_INTEGER")} for name in metrics],
        "metadata": dict(metadata),
        "propertyQuota": QUOTA,
        "kind": "analyticsData#runReport",
    }
    if dimensions:
        plain["dimensionHeaders"] = [{"name": name} for name in dimensions]
    if rows:
        plain["rows"] = [
            {
                "dimensionValues": [{"value": key} for key in keys],
                "metricValues": [{"value": value} for value in values],
            }
            for keys, values in rows
        ]
        plain["rowCount"] = len(rows) if count is None else count
    return plain


def rows_of(request: Mapping[str, Any]) -> Rows:
    """Return the healthy rows of a report."""
    metrics = [metric["name"] for metric in request["metrics"]]
    name = name_of(request)
    if name in {"days", "goal_days"}:
        first = datetime.fromisoformat(request["dateRanges"][0]["startDate"])
        days = [(first + timedelta(days=at)).strftime("%Y%m%d") for at in range(60)]
        return [([day], [A_DAY.get(metric, "3") for metric in metrics]) for day in days]
    if name in ROWS:
        return ROWS[name]
    return [([of], [TOTALS.get(metric, TOTALS["keyEvents"])[of] for metric in metrics]) for of in BOTH]


def failure(status: int, word: str, message: str = "No.", **detail: Any) -> httpx.Response:
    """Return an error in Google's envelope."""
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    if detail:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **detail}]
    return said(status, {"error": error})


Scripted = httpx.Response | Exception


@dataclass
class GaWorld:
    """``reports`` replaces reports by name: the raw report, or what makes one of the request. ``refused`` are names
    that GA4 does not take, with its message. ``calls`` are whole answers to the calls that begin with a report, one a
    call; after the last all is well. ``always`` is the answer to all of them.
    """

    reports: dict[str, Report | Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    calls: dict[str, list[Scripted | None]] = field(default_factory=dict)
    always: Scripted | None = None
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        asked = json.loads(request.content)["requests"]
        scripted_calls = self.calls.get(name_of(asked[0]))
        scripted = scripted_calls.pop(0) if scripted_calls else self.always
        if isinstance(scripted, Exception):
            raise scripted
        if scripted is not None:
            return httpx.Response(scripted.status_code, headers=scripted.headers, content=scripted.content)
        for one in asked:
            if name_of(one) in self.refused:
                return failure(400, "INVALID_ARGUMENT", self.refused[name_of(one)])
        return said(200, {"kind": "analyticsData#batchRunReports", "reports": [self._report(one) for one in asked]})

    def _report(self, one: Mapping[str, Any]) -> Any:
        scripted = self.reports.get(name_of(one))
        if scripted is None:
            return report(one, rows_of(one))
        return scripted(one) if callable(scripted) else scripted

    def asked(self) -> list[list[dict[str, Any]]]:
        """Return the requests of each call so far."""
        return [json.loads(request.content)["requests"] for request in self.requests]

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return every request of one report."""
        return [one for call in self.asked() for one in call if name_of(one) == name]

    def says(self, name: str, rows: Rows, **more: Any) -> None:
        """Let a report have these rows."""
        self.reports[name] = lambda request: report(request, rows, **more)

    def without(self, name: str, *keys: str) -> None:
        """Let a report lack the rows that have one of these keys."""
        self.reports[name] = lambda request: report(
            request, [row for row in rows_of(request) if not set(row[0]) & set(keys)]
        )

    def measures(self, name: str, **values: str) -> None:
        """Let metrics of a report's current row, or of all its rows where it has no ranges, have other values."""

        def made(request: Mapping[str, Any]) -> Report:
            metrics = [metric["name"] for metric in request["metrics"]]
            changed = []
            for keys, row in rows_of(request):
                now = "prior" not in keys
                changed.append(
                    (keys, [values.get(m, old) if now else old for m, old in zip(metrics, row, strict=True)])
                )
            return report(request, changed)

        self.reports[name] = made

    def notes(self, name: str, **metadata: Any) -> None:
        """Let GA4 say something about a report."""
        self.reports[name] = lambda request: report(request, rows_of(request), metadata={**METADATA, **metadata})

    def notes_everywhere(self, **metadata: Any) -> None:
        """Let GA4 say something about every report."""
        for name in ("totals", "audience", "days", "pages", "sources", "commerce", "funnel", "tracked"):
            self.notes(name, **metadata)


@dataclass
class Purse:
    """An access that hands out these tokens, each renewal the next one; the last one stays."""

    tokens: list[str | Absent] = field(default_factory=lambda: ["ya29.one", "ya29.two"])
    renewals: int = 0

    async def token(self, *, renew: bool = False) -> str | Absent:
        if renew:
            self.renewals += 1
            await asyncio.sleep(0)
        return self.tokens[min(self.renewals, len(self.tokens) - 1)]


@contextmanager
def property_world() -> Iterator[GaWorld]:
    """Put the scripted property where the real one would be."""
    with respx.mock(assert_all_called=False) as router:
        world = GaWorld()
        router.route().mock(side_effect=world)
        yield world


def channel(
    *,
    access: GoogleAccess | None = None,
    now: datetime = NOW,
    hands: Hands | None = None,
    seconds: float = 45,
    periods: Periods = PERIODS,
    timezone: str = "Europe/London",
    currency: str = "GBP",
    **settings: Any,
) -> Channel:
    """Return what the property shows of the channel."""

    async def run() -> Channel:
        shop = merchant(
            timezone=timezone,
            currency=currency,
            analytics={"provider": "ga4", "property_id": "312345678", **settings},
        )
        assert shop.analytics is not None
        async with client(hands) as http:
            asked = Asked(http, shop, shop.analytics, periods, now, http.clock() + seconds)
            return await ask_ga4(asked, access or Purse())

    return asyncio.run(run())


def sessions(**how: Any) -> SessionsSeen:
    """Return the sessions, which are there."""
    seen = channel(**how).sessions
    assert isinstance(seen, SessionsSeen)
    return seen


def current(**how: Any) -> PeriodFigures:
    """Return the current period, which is there."""
    return sessions(**how).current


def prior(**how: Any) -> PeriodFigures:
    """Return the prior period, which is there."""
    before = sessions(**how).prior
    assert isinstance(before, PeriodFigures)
    return before


def pages(**how: Any) -> PagesSeen:
    """Return the pages, which are there."""
    seen = channel(**how).pages
    assert isinstance(seen, PagesSeen)
    return seen


def sources(**how: Any) -> SourcesSeen:
    """Return the sources, which are there."""
    seen = channel(**how).sources
    assert isinstance(seen, SourcesSeen)
    return seen


def why(value: object) -> tuple[str, str]:
    """Return the first cause of an absence: its reason and its detail."""
    assert isinstance(value, Absent)
    return value.causes[0].reason.value, value.causes[0].detail
