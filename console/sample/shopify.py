"""The sample's Admin GraphQL endpoint: whose token, what the shop lets it do, what that costs, what comes back."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.sample.channel import Channel, channel_of
from console.sample.days import Window
from console.sample.replies import Reply
from console.sample.shopify_bucket import Bucket
from console.sample.shopify_facts import Cell, Landing, cells_of, landings_of
from console.sample.shopify_graphql import DocumentError, Field, cut, parse
from console.sample.shopify_orders import orders_of, page, understand_search
from console.sample.shopify_ql import NotUnderstoodError, understand
from console.sample.shopify_reports import table
from console.sample.shopify_story import READ_ALL_ORDERS, ShopifyConduct, ShopifyFault
from console.sample.story import SampleMerchant

ADMIN: Final = "/admin/api/2026-10/graphql.json"
_SERIES_DAYS: Final = 92
_VISIBLE: Final = timedelta(days=60)
_LAG_DAYS: Final = 2
_PERIOD_DAYS: Final = 28  # of an audit whose first question is for orders, which tells no period
_STATUS: Final = {
    ShopifyFault.REJECTED: (401, "[API] Invalid API key or access token (unrecognized login or wrong password)"),
    ShopifyFault.FROZEN: (402, "Unavailable Shop"),
    ShopifyFault.GONE: (404, "Not Found"),
    ShopifyFault.LOCKED: (423, "Unavailable Shop"),
    ShopifyFault.BROKEN: (500, "Internal Server Error"),
}
_WEB_PAGE: Final = b"<!doctype html><html><head><title>Something went wrong</title></head><body></body></html>"


def shopify_token(merchant: SampleMerchant) -> str:
    """Return the access token of the audit's app in this merchant's shop."""
    return "shpat_" + hashlib.sha256(f"{merchant.seed}:{merchant.id}:shopify".encode()).hexdigest()[:32]


def shop_name(merchant: SampleMerchant) -> str:
    """Return the shop's permanent name."""
    return f"{merchant.id}.myshopify.com"


def shopify_toml(merchant: SampleMerchant, base_url: str, *, table: str) -> Iterator[str]:
    """Yield this shop's lines of a merchants file; ``table`` is ``analytics`` (alone) or ``commerce`` (beside)."""
    yield f"  [merchant.{table}]"
    yield '  provider = "shopify"'
    yield f'  shop = "{shop_name(merchant)}"'
    yield f'  access_token = "{shopify_token(merchant)}"'
    yield f'  base_url = "{base_url}"'


class DeniedError(Exception):
    """The app may not read that; the text names the field and the scope."""


@dataclass(slots=True)
class _Told:
    """A shop as it is told to one audit: the story ends with the newest day that was asked about."""

    end: date
    days: int
    channel: Channel
    cells: tuple[Cell, ...]
    landings: tuple[Landing, ...]
    orders: list[dict[str, Any]]


@dataclass(slots=True)
class _Shop:
    """One merchant's shop."""

    merchant: SampleMerchant
    conduct: ShopifyConduct
    bucket: Bucket
    told: _Told | None = field(default=None)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.conduct.timezone or self.merchant.shop.timezone)


class Shopify:
    """Answers the Admin API of every shop of a fleet. Safe to use from many threads."""

    def __init__(self, fleet: Iterable[SampleMerchant], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._shops: dict[str, _Shop] = {}
        for merchant in fleet:
            conduct = merchant.conduct.shopify
            if conduct is not None:
                size, restore = conduct.points
                bucket = Bucket(size, restore, size * conduct.full, clock())
                self._shops[shopify_token(merchant)] = _Shop(merchant, conduct, bucket)

    def answer(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one POST."""
        with self._lock:
            shop = self._shops.get(headers.get("x-shopify-access-token", ""))
            if shop is None:
                return _refused(*_STATUS[ShopifyFault.REJECTED])
            return replace(self._for(shop, body), merchant_id=shop.merchant.id)

    def _for(self, shop: _Shop, body: bytes) -> Reply:
        fault = shop.conduct.fault
        if fault is ShopifyFault.NONSENSE:
            return Reply(200, _WEB_PAGE, "text/html; charset=utf-8")
        if fault is not None and fault in _STATUS:
            return _refused(*_STATUS[fault])
        try:
            sent = json.loads(body)
            document, variables = str(sent["query"]), dict(sent.get("variables") or {})
        except (ValueError, KeyError, TypeError):
            return _refused(400, "Bad Request")
        try:
            return self._answered(shop, parse(document, variables))
        except DocumentError as error:
            return _json({"errors": [_error(str(error), error.code)]})

    def _answered(self, shop: _Shop, fields: Sequence[Field]) -> Reply:
        requested = sum(_requested(asked) for asked in fields)
        if not shop.bucket.take(requested, self._clock()):
            return _json({"errors": [_error("Throttled", "THROTTLED")], **_cost(shop, requested, None)})
        try:
            data = {asked.alias: cut(self._root(shop, asked), asked.fields) for asked in fields}
        except DeniedError as error:
            return _json({"errors": [_error(str(error), "ACCESS_DENIED")], **_cost(shop, requested, requested)})
        actual = sum(_actual(asked, data[asked.alias]) for asked in fields)
        shop.bucket.give_back(requested - actual)
        return _json({"data": data, **_cost(shop, requested, actual)})

    def _root(self, shop: _Shop, asked: Field) -> Any:  # noqa: ANN401 - any JSON
        match asked.name:
            case "shop":
                # Whoever looks the shop up begins a new audit: the story starts over with the next day asked about.
                shop.told = None
                settings = shop.merchant.shop
                return {"name": settings.name, "ianaTimezone": str(shop.zone), "currencyCode": settings.currency}
            case "currentAppInstallation":
                return {"accessScopes": [{"handle": scope} for scope in shop.conduct.scopes]}
            case "shopifyqlQuery":
                return self._report(shop, str(asked.arguments.get("query")))
            case "orders":
                return self._orders(shop, asked.arguments)
            case _:
                raise DocumentError(f"Field '{asked.name}' doesn't exist on type 'QueryRoot'", "undefinedField")

    def _report(self, shop: _Shop, text: str) -> dict[str, Any]:
        try:
            question = understand(text, deaf=shop.conduct.fault is ShopifyFault.NOT_UNDERSTOOD)
            told = _tell(shop, question.since, question.until)
            nulls, as_lists = shop.merchant.shape.nulls, shop.conduct.rows_as_lists
            shown = table(question, told.cells, told.landings, nulls=nulls, as_lists=as_lists)
            answer: dict[str, Any] = {"tableData": shown, "parseErrors": []}
        except NotUnderstoodError as error:
            answer = {"tableData": None, "parseErrors": [str(error)]}
        if not shop.conduct.reads_reports:
            raise DeniedError(
                'Access denied for shopifyqlQuery field. Required access: "read_reports" access scope. '
                "Also: access to protected customer data."
            )
        return answer

    def _orders(self, shop: _Shop, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if not shop.conduct.reads_orders:
            raise DeniedError('Access denied for orders field. Required access: "read_orders" access scope.')
        search = understand_search(arguments.get("query"), shop.zone)
        last = (search.until - timedelta(seconds=1)).astimezone(shop.zone).date()
        told = _tell(shop, last - timedelta(days=(shop.told.days if shop.told else _PERIOD_DAYS) - 1), last)
        since = search.since
        if READ_ALL_ORDERS not in shop.conduct.scopes:
            tonight = datetime.combine(told.end + timedelta(days=_LAG_DAYS), datetime.min.time(), UTC)
            since = max(since, tonight - _VISIBLE)
        inside = [node for node in told.orders if since <= datetime.fromisoformat(node["processedAt"]) < search.until]
        return page(inside, first=arguments.get("first"), after=arguments.get("after"))


def _tell(shop: _Shop, since: date, until: date) -> _Told:
    """Return the shop as it was on the newest day asked about in this audit, which begins with the current period."""
    told = shop.told
    if told is None or until > told.end:
        days = (until - since).days + 1
        before = since - timedelta(days=1)
        window = Window(since, until, since - timedelta(days=days), before, _SERIES_DAYS)
        # The storefront's lag is not the shop's.
        fresh = replace(shop.merchant, conduct=replace(shop.merchant.conduct, stale_days=0))
        channel = channel_of(fresh, window)
        cells = cells_of(channel)
        orders = orders_of(channel, cells, shop.zone, waiting=shop.conduct.waiting)
        told = shop.told = _Told(until, days, channel, cells, landings_of(channel, cells), orders)
    return told


def _requested(asked: Field) -> int:
    """Return what a field may cost at most: an object 1, a listing by its size (APIS 6.2, 6.3)."""
    if asked.name == "orders":
        first = asked.arguments.get("first")
        return 2 + (6 * first) // 10 if isinstance(first, int) else 2
    return 10 if asked.name == "shopifyqlQuery" else 1


def _actual(asked: Field, data: object) -> int:
    if asked.name == "orders" and isinstance(data, dict):
        return min(2 + len(data.get("nodes", ())), _requested(asked))
    return _requested(asked)


def _cost(shop: _Shop, requested: int, actual: int | None) -> dict[str, Any]:
    cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": shop.bucket.status()}
    return {"extensions": {"cost": cost}}


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _refused(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"errors": message}).encode())


def _json(body: Mapping[str, Any]) -> Reply:
    return Reply(200, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
