"""A scripted Shopify shop behind respx: healthy by default, every answer of every question can be replaced."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import httpx
import respx

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import Merchant
from functions.audit.periods import Periods
from functions.audit.profile import default_profile
from functions.fetcher.sources.channel import Asked, Channel, Commerce
from functions.fetcher.sources.shopify.ask import ask_commerce, ask_shopify
from tests.builders import NIGHT
from tests.fetcher.waiting import NOW, Hands, client

T = TypeVar("T")
SHOP = "https://larkspur.myshopify.com"
TOKEN = "shpat_of-the-story"
PERIODS = default_profile().periods_of(NIGHT)
CURRENT, PRIOR = PERIODS.current, PERIODS.prior
SECONDS = 45
REPORTS_DENIED = {
    "errors": [
        {
            "message": 'Access denied for shopifyqlQuery field. Required access: "read_reports" access scope.',
            "extensions": {"code": "ACCESS_DENIED"},
        }
    ]
}
ORDERS_DENIED = {"errors": [{"message": "Access denied for orders field.", "extensions": {"code": "ACCESS_DENIED"}}]}
REPORTS = ("visits now", "visits before", "visits daily", "pages", "sources", "carts now", "carts before")
SALES = ("sales now", "sales before", "sales daily")
Row = dict[str, Any]
Scripted = httpx.Response | Mapping[str, Any] | Exception | Callable[[Mapping[str, Any]], Any]

TIKTOK = {"referrer_name": "tiktok", "utm_source": "tiktok", "utm_medium": "social"}
SOLD_BY_TIKTOK = {
    "order_utm_source": "tiktok",
    "order_referrer_source": "social",
    "order_utm_medium": "social",
    "order_referrer_name": "TikTok",
}


def visits(sessions: int = 6100, **changed: Any) -> Row:
    """Return a row of the sessions report as APIS 6.1 shows it: values are texts, rates fractions."""
    usual = {
        "sessions": str(sessions),
        "online_store_visitors": "5300",
        "pageviews": str(2 * sessions),
        "pageviews_per_session": "2",
        "average_session_duration": "33.1",
        "bounce_rate": "0.612",
        "sessions_with_cart_additions": "305",
        "sessions_that_completed_checkout": "49",
    }
    return {**TIKTOK, **usual, **changed}


def sales(total: str = "1873.40", orders: int = 58, **changed: Any) -> Row:
    """Return a row of the sales report."""
    return {**SOLD_BY_TIKTOK, "total_sales": total, "orders": str(orders), **changed}


def elsewhere(row: Row) -> Row:
    """Return the row as one of visitors whom nobody sent: all dimensions null."""
    dimensions = {*TIKTOK, *SOLD_BY_TIKTOK}
    return {name: None if name in dimensions else value for name, value in row.items()}


def order(number: int = 5501, at: str = "2026-11-03T18:22:10Z", **changed: Any) -> Row:
    """Return an order as APIS 6.2 shows it."""
    visit = {
        "source": "TikTok",
        "sourceType": None,
        "landingPage": "https://larkspur.example/products/amber-candle?utm_source=tiktok&utm_medium=social",
        "referrerUrl": "https://www.tiktok.com/",
        "occurredAt": "2026-11-02T20:01:00Z",
        "utmParameters": {
            "source": "tiktok",
            "medium": "social",
            "campaign": "bio-link",
            "term": None,
            "content": None,
        },
    }
    usual: Row = {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "processedAt": at,
        "test": False,
        "cancelledAt": None,
        "currentTotalPriceSet": {"shopMoney": {"amount": "42.50", "currencyCode": "GBP"}},
        "customerJourneySummary": {
            "ready": True,
            "customerOrderIndex": 1,
            "daysToConversion": 1,
            "firstVisit": visit,
            "lastVisit": None,
        },
    }
    return usual | changed


def journey(*, ready: object = True, **visits_of: Any) -> Row:
    """Return an order's journey summary, without visits but for those that are given."""
    return {"ready": ready, "firstVisit": None, "lastVisit": None, **visits_of}


def money(amount: str, currency: str = "GBP") -> Row:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def table(rows: list[Any], *columns: str) -> Row:
    """Return a report's answer; without columns, those of the first row."""
    names = columns or tuple(rows[0] if rows else ())
    listed = [{"name": name, "dataType": "STRING", "displayName": name} for name in names]
    return reply({"shopifyqlQuery": {"tableData": {"columns": listed, "rows": rows}, "parseErrors": []}})


def parse_errors(*errors: object) -> Row:
    said = list(errors) or ["Line 1 Column 13: Column `nonsense` not found."]
    return reply({"shopifyqlQuery": {"tableData": None, "parseErrors": said}})


def listing(*orders: Row, after: str | None = None) -> Row:
    info = {"hasNextPage": after is not None, "endCursor": after or "eyJsYXN0X2lkIjo1NTAxfQ=="}
    return reply({"orders": {"nodes": list(orders), "pageInfo": info}}, requested=62, actual=8)


def reply(data: object, *, requested: int = 10, actual: int = 10, available: float = 1990) -> Row:
    return {"data": data, "extensions": cost(requested, actual=actual, available=available)}


def cost(requested: int, *, actual: int | None = None, available: float, restore: float = 100.0) -> Row:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": restore}
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}


def throttled(requested: int = 502, available: float = 12, restore: float = 100.0) -> Row:
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return {"errors": errors, "extensions": cost(requested, available=available, restore=restore)}


def shop_settings(zone: object = "Europe/London", currency: object = "GBP", *scopes: str) -> Row:
    handles = [{"handle": scope} for scope in scopes or ("read_orders", "read_reports")]
    return reply(
        {
            "shop": {"ianaTimezone": zone, "currencyCode": currency},
            "currentAppInstallation": {"accessScopes": handles},
        }
    )


def daily(row: Row, **by_day: Any) -> list[Row]:
    """Return the row for every day of the series."""
    return [{"day": day.isoformat(), **row} | by_day for day in PERIODS.series]


@dataclass
class ShopifyWorld:
    """Answers by the name of the question: ``shop``, one of ``REPORTS``, one of ``SALES``, ``orders now``, ``orders
    before``. A list is taken one a question; its last one stays.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = name_of(body_of(request))
        answer = self.answers.get(name)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return response(HEALTHY[name]() if answer is None else answer, body_of(request))

    def names(self) -> list[str]:
        return [name_of(body_of(request)) for request in self.requests]

    def queries(self, name: str) -> list[str]:
        """Return what was asked under a name: ShopifyQL, or the search for orders."""
        return [body["variables"]["q"] for body in self.bodies(name)]

    def bodies(self, name: str) -> list[Any]:
        return [body for body in map(body_of, self.requests) if name_of(body) == name]

    def deny_reports(self) -> None:
        """Let every report be denied, as to an app without read_reports."""
        for name in (*REPORTS, *SALES):
            self.answers[name] = REPORTS_DENIED


def response(answer: Scripted, body: Mapping[str, Any]) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, httpx.Response):
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    if isinstance(answer, Mapping):
        return httpx.Response(200, content=json.dumps(answer).encode())
    return response(answer(body), body)


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def name_of(body: Mapping[str, Any]) -> str:
    """Return which of the night's questions this is."""
    if "shopifyqlQuery" in body["query"]:
        return _report(body["variables"]["q"])
    if "orders(" in body["query"]:
        until = re.search(r"processed_at:<'([^']+)'", body["variables"]["q"])
        assert until is not None
        # Far from where the two periods meet, in any time zone.
        return "orders now" if until[1] > "2026-11-15" else "orders before"
    assert "currentAppInstallation" in body["query"]
    return "shop"


def _report(query: str) -> str:
    found = re.search(r"FROM (\w+) SHOW (.*?) (?:WHERE .*?)?SINCE (\S+) UNTIL \S+ GROUP BY (.*?) ORDER BY", query)
    assert found is not None
    of, show, since, group = found.groups()
    when = "now" if since >= CURRENT.start.isoformat() else "before"
    if group.startswith("day,"):
        return "visits daily" if of == "sessions" else "sales daily"
    if of == "sales":
        return f"sales {when}"
    if group.startswith("landing_page_path"):
        return "pages"
    if "utm_campaign" in group:
        return "sources"
    return f"visits {when}" if "bounce_rate" in show else f"carts {when}"


HEALTHY: dict[str, Callable[[], Row]] = {
    "shop": shop_settings,
    "visits now": lambda: table([visits()]),
    "visits before": lambda: table([visits(5000, sessions_that_completed_checkout="50")]),
    "visits daily": lambda: table(daily({**TIKTOK, "sessions": "200", "sessions_that_completed_checkout": "3"})),
    "pages": lambda: table(
        [{"landing_page_path": "/", **TIKTOK, "sessions": "6100", "sessions_that_completed_checkout": "49"}]
    ),
    "sources": lambda: table(
        [{**TIKTOK, "utm_campaign": "bio-link", "sessions": "6100", "sessions_that_completed_checkout": "49"}]
    ),
    "carts now": lambda: table(
        [
            {
                **TIKTOK,
                "sessions": "6100",
                "sessions_with_cart_additions": "305",
                "sessions_that_completed_checkout": "49",
            }
        ]
    ),
    "carts before": lambda: table(
        [
            {
                **TIKTOK,
                "sessions": "5000",
                "sessions_with_cart_additions": "250",
                "sessions_that_completed_checkout": "50",
            }
        ]
    ),
    "sales now": lambda: table([sales()]),
    "sales before": lambda: table([sales("2412.00", 72)]),
    "sales daily": lambda: table(daily(sales("60.00", 2))),
    "orders now": lambda: listing(order()),
    "orders before": lambda: listing(order(5400, "2026-10-02T09:00:00Z")),
}


def merchant(timezone: str = "Europe/London", currency: str = "GBP") -> Merchant:
    """Return a merchant whose only source is Shopify."""
    shopify = {"provider": "shopify", "shop": "larkspur.myshopify.com"}
    return Merchant.model_validate(
        {"id": "larkspur", "name": "Larkspur", "timezone": timezone, "currency": currency, "analytics": shopify}
    )


@dataclass
class Night:
    """How one merchant is asked: change what the story is about."""

    shop: Merchant = field(default_factory=merchant)
    periods: Periods = PERIODS
    now: datetime = NOW
    hands: Hands = field(default_factory=Hands)
    seconds: float = SECONDS

    def channel(self) -> Channel:
        """Return the channel as Shopify shows it."""
        return asyncio.run(self._ask(ask_shopify))

    def commerce(self) -> Commerce | Absent:
        """Return what Shopify tells beside another provider."""
        return asyncio.run(self._ask(ask_commerce))

    async def _ask(self, ask: Callable[[Asked, str], Awaitable[T]]) -> T:
        async with client(self.hands) as http:
            settings = self.shop.analytics
            assert settings is not None
            asked = Asked(http, self.shop, settings, self.periods, self.now, self.hands.seconds + self.seconds)
            return await ask(asked, TOKEN)


@contextmanager
def shopify(**answers: Any) -> Iterator[ShopifyWorld]:
    """Serve a scripted shop; keywords are names of questions with ``_`` for a space."""
    with respx.mock(assert_all_called=False) as router:
        scripted = ShopifyWorld({name.replace("_", " "): answer for name, answer in answers.items()})
        router.route(host="larkspur.myshopify.com").mock(side_effect=scripted)
        yield scripted


def reasons(value: object) -> set[Reason]:
    """Return why something is absent; an assertion that it is."""
    assert isinstance(value, Absent), value
    return {cause.reason for cause in value.causes}


def detail(value: object) -> str:
    assert isinstance(value, Absent), value
    return "; ".join(cause.detail for cause in value.causes)


def day(text: str) -> date:
    return date.fromisoformat(text)
