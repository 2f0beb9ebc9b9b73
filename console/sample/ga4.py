"""The sample's Data API: whose property, what is wrong with it, and the reports of a batch (APIS 5)."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from console.sample.days import Window
from console.sample.ga4_facts import Group, groups_of
from console.sample.ga4_query import InvalidArgumentError, Query, understand_batch
from console.sample.ga4_report import report_of
from console.sample.ga4_story import Ga4Conduct, Ga4Fault
from console.sample.ga4_tokens import GoogleTokens
from console.sample.replies import Reply
from console.sample.story import SampleMerchant

DATA_API: Final = "/v1beta/"
_PATH: Final = re.compile(r"/v1beta/properties/(\d{1,15}):batchRunReports")
_PERIOD_DAYS: Final = 28  # of an audit whose first question tells no prior period
_SERIES_DAYS: Final = 92
_COST: Final = 6  # tokens of a report
_CROWD: Final = 2  # calls that are too many at once
_NOT_ON_PROPERTY: Final = (
    "User does not have sufficient permissions for this property. To learn more about Property ID, see "
    "https://developers.google.com/analytics/devguides/reporting/data/v1/property-id."
)
_WEB_PAGE: Final = b"<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title></html>"
_HOUR: Final = "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."
_ANSWERS: Final[Mapping[Ga4Fault, tuple[int, str, str, str | None]]] = {
    Ga4Fault.NOT_ON_PROPERTY: (403, "PERMISSION_DENIED", _NOT_ON_PROPERTY, None),
    Ga4Fault.API_DISABLED: (
        403,
        "PERMISSION_DENIED",
        "Google Analytics Data API has not been used in project 104 before or it is disabled.",
        "SERVICE_DISABLED",
    ),
    Ga4Fault.NO_SCOPE: (
        403,
        "PERMISSION_DENIED",
        "Request had insufficient authentication scopes.",
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    ),
    Ga4Fault.UNAUTHENTICATED: (
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials.",
        "ACCESS_TOKEN_EXPIRED",
    ),
    Ga4Fault.DAY_SPENT: (
        429,
        "RESOURCE_EXHAUSTED",
        "Exhausted property tokens per day. These quota tokens will return in under 24 hours.",
        None,
    ),
    Ga4Fault.HOUR_SPENT: (429, "RESOURCE_EXHAUSTED", _HOUR, None),
    Ga4Fault.BROKEN: (500, "INTERNAL", "An internal error has occurred.", None),
}
# Faults that pass: how many calls they last, and what they answer.
_PASSING: Final[Mapping[Ga4Fault, tuple[int, tuple[int, str, str, str | None]]]] = {
    Ga4Fault.CROWDED: (_CROWD, (429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota.", None)),
    Ga4Fault.FLAKY: (1, (503, "UNAVAILABLE", "The service is currently unavailable.", None)),
}
_SAID: Final[Mapping[Ga4Fault, Mapping[str, Any]]] = {
    Ga4Fault.THRESHOLDED: {"subjectToThresholding": True},
    Ga4Fault.SAMPLED: {"samplingMetadatas": [{"samplesReadCount": "500000", "samplingSpaceSize": "2100000"}]},
    Ga4Fault.CROWDED_OUT: {"dataLossFromOtherRow": True},
}
_HIDDEN: Final = {
    "activeMetricRestrictions": [{"metricName": "purchaseRevenue", "restrictedMetricTypes": ["REVENUE_DATA"]}]
}


def property_id(merchant: SampleMerchant) -> str:
    """Return the number of the merchant's property."""
    digest = hashlib.sha256(f"{merchant.seed}:{merchant.id}:ga4".encode()).hexdigest()
    return str(100_000_000 + int(digest[:12], 16) % 900_000_000)


def ga4_toml(merchant: SampleMerchant, base_url: str) -> Iterator[str]:
    """Yield this property's lines of a merchants file."""
    conduct = merchant.conduct.ga4 or Ga4Conduct()
    yield "  [merchant.analytics]"
    yield '  provider = "ga4"'
    yield f'  property_id = "{property_id(merchant)}"'
    if conduct.key_events:
        yield f"  key_events = [{', '.join(map(json.dumps, conduct.key_events))}]"
    yield f'  base_url = "{base_url}"'


@dataclass(slots=True)
class _Property:
    """One merchant's property. ``window`` is what the last audit asked about, ``calls`` how many there were."""

    merchant: SampleMerchant
    conduct: Ga4Conduct
    left: int
    calls: int = 0
    window: Window | None = None
    groups: tuple[Group, ...] = field(default=())


class GoogleAnalytics:
    """Answers ``batchRunReports`` of every property of a fleet. Safe to use from many threads."""

    def __init__(self, fleet: Iterable[SampleMerchant], tokens: GoogleTokens) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._properties = {
            property_id(merchant): _Property(merchant, merchant.conduct.ga4, merchant.conduct.ga4.tokens)
            for merchant in fleet
            if merchant.conduct.ga4 is not None
        }

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one POST to a path of the Data API."""
        found = _PATH.fullmatch(path)
        if found is None:
            return _web_page()
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not self._tokens.accepts(token):
            return _error(*_ANSWERS[Ga4Fault.UNAUTHENTICATED])
        with self._lock:
            asked = self._properties.get(found[1])
            if asked is None:
                return _error(*_ANSWERS[Ga4Fault.NOT_ON_PROPERTY])
            return replace(self._for(asked, body), merchant_id=asked.merchant.id)

    def _for(self, asked: _Property, body: bytes) -> Reply:
        asked.calls += 1
        fault = asked.conduct.fault
        if fault is Ga4Fault.NONSENSE:
            return _web_page()
        if fault is not None and fault in _ANSWERS:
            return _error(*_ANSWERS[fault])
        if fault is not None and fault in _PASSING and asked.calls <= _PASSING[fault][0]:
            return _error(*_PASSING[fault][1])
        try:
            queries = understand_batch(_parsed(body))
            return self._reports(asked, queries)
        except InvalidArgumentError as error:
            return _error(400, "INVALID_ARGUMENT", str(error), None, field=error.field)

    def _reports(self, asked: _Property, queries: Sequence[Query]) -> Reply:
        if asked.left < _COST * len(queries):
            return _error(*_ANSWERS[Ga4Fault.HOUR_SPENT])
        self._tell(asked, queries)
        reports = [self._report(asked, query) for query in queries]
        return _json(200, {"reports": reports, "kind": "analyticsData#batchRunReports"})

    def _report(self, asked: _Property, query: Query) -> dict[str, Any]:
        mark = f"{asked.merchant.id}:{query.dimensions}:{query.metrics}"
        report = report_of(query, asked.groups, asked.conduct, mark=mark)
        asked.left -= _COST
        shop, conduct = asked.merchant.shop, asked.conduct
        report["metadata"] = {
            **(_SAID.get(conduct.fault, {}) if conduct.fault is not None else {}),
            "currencyCode": conduct.currency or shop.currency,
            "timeZone": conduct.timezone or shop.timezone,
        }
        if conduct.fault is Ga4Fault.REVENUE_HIDDEN and "purchaseRevenue" in query.metrics:
            report["metadata"]["schemaRestrictionResponse"] = _HIDDEN
        if query.quota:
            report["propertyQuota"] = _quota(asked.left)
        return report

    def _tell(self, asked: _Property, queries: Sequence[Query]) -> None:
        """Work out the figures of the window that is asked about: the story ends with its newest day."""
        end = max(of.end for query in queries for of in query.ranges)
        window = _window(queries, end)
        if window is None:
            known = asked.window is not None and asked.window.end == end
            window = asked.window if known else _ending(end, _PERIOD_DAYS)
        if window is not None and window != asked.window:
            asked.window, asked.groups = window, groups_of(asked.merchant, asked.conduct, window)


def _window(queries: Sequence[Query], end: date) -> Window | None:
    """Return the two periods of a report that compares them, ``None`` when none of these does."""
    for query in queries:
        if len(query.ranges) == 2:  # noqa: PLR2004 - now and before
            now, before = sorted(query.ranges, key=lambda of: of.start, reverse=True)
            if now.end == end and before.end == now.start - timedelta(days=1):
                return Window(now.start, now.end, before.start, before.end, _SERIES_DAYS)
    return None


def _ending(end: date, days: int) -> Window:
    start = end - timedelta(days=days - 1)
    return Window(start, end, start - timedelta(days=days), start - timedelta(days=1), _SERIES_DAYS)


def _parsed(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except ValueError as error:
        raise InvalidArgumentError("Invalid JSON payload received.") from error
    return parsed


def _quota(left: int) -> dict[str, Any]:
    """Return the property's quota; a number that is 0 is left out, as Google does."""
    hour = {"consumed": _COST, **({"remaining": left} if left else {})}
    return {
        "tokensPerDay": {"consumed": _COST, "remaining": 160_000 + left},
        "tokensPerHour": hour,
        "concurrentRequests": {"remaining": 10},
        "serverErrorsPerProjectPerHour": {"remaining": 10},
        "potentiallyThresholdedRequestsPerHour": {"remaining": 120},
        "tokensPerProjectPerHour": {"consumed": _COST, "remaining": 13_988},
    }


def _error(code: int, status: str, message: str, reason: str | None, *, field: str | None = None) -> Reply:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if reason is not None:
        error["details"] = [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        ]
    if field is not None:
        violations = [{"field": field, "description": message}]
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]
    return _json(code, {"error": error})


def _web_page() -> Reply:
    return Reply(404, _WEB_PAGE, "text/html; charset=UTF-8")


def _json(status: int, body: Mapping[str, Any]) -> Reply:
    return Reply(status, json.dumps(body, ensure_ascii=False, indent=2).encode(), "application/json; charset=UTF-8")
