"""One order as Shopify lists it, read as far as the audit needs it: when, for how much, and whose visitor bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from functions.audit.merchant import CURRENCY
from functions.fetcher import figures
from functions.fetcher.sources.shopify.tiktok import UnreadableVisitError, is_organic_visit


class Origin(Enum):
    """Where the buyer came from."""

    TIKTOK = auto()
    ELSEWHERE = auto()
    NOT_READY = auto()  # Shopify is still working the journey out
    NO_SALE = auto()  # a test, or cancelled


@dataclass(frozen=True, slots=True)
class Order:
    """One order. ``amount`` and ``currency`` are read of those from TikTok alone; others are not our business."""

    id: str
    at: datetime
    origin: Origin
    amount: Decimal = Decimal()
    currency: str = ""


class UnreadableOrderError(Exception):
    """An order is not of the documented form. Left out, it would make the sums too small."""


def read_order(node: object) -> Order:
    """Return an order of a listing (APIS 6.2).

    Raises:
        UnreadableOrderError: a part that decides about the order is missing or of a wrong type; names the part.
    """
    if not isinstance(node, dict):
        raise UnreadableOrderError("it is no object")
    identifier, at = node.get("id"), _instant(node.get("processedAt"))
    if not isinstance(identifier, str) or not identifier:
        raise UnreadableOrderError("id")
    origin = _origin(node)
    if origin is not Origin.TIKTOK:
        return Order(identifier, at, origin)
    prices = node.get("currentTotalPriceSet")
    money = prices.get("shopMoney") if isinstance(prices, dict) else None
    amount = figures.money(money, "amount", within="shopMoney") if isinstance(money, dict) else None
    currency = money.get("currencyCode") if isinstance(money, dict) else None
    if not isinstance(amount, Decimal) or not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
        raise UnreadableOrderError("currentTotalPriceSet")
    return Order(identifier, at, origin, amount, currency)


def _origin(node: Mapping[str, Any]) -> Origin:
    test, cancelled = node.get("test"), node.get("cancelledAt")
    if not isinstance(test, bool) or not isinstance(cancelled, str | None):
        raise UnreadableOrderError("test or cancelledAt")
    if test or cancelled is not None:
        return Origin.NO_SALE
    summary = node.get("customerJourneySummary")
    if summary is None:
        # Sold at a till or written by hand: there was no journey through the shop.
        return Origin.ELSEWHERE
    ready = summary.get("ready") if isinstance(summary, dict) else None
    if not isinstance(ready, bool):
        raise UnreadableOrderError("customerJourneySummary")
    return _visitors_origin(summary) if ready else Origin.NOT_READY


def _visitors_origin(summary: Mapping[str, Any]) -> Origin:
    last = summary.get("lastVisit")
    visit = summary.get("firstVisit") if last is None else last
    if visit is None:
        return Origin.ELSEWHERE
    if not isinstance(visit, dict):
        raise UnreadableOrderError("a visit")
    try:
        return Origin.TIKTOK if is_organic_visit(visit) else Origin.ELSEWHERE
    except UnreadableVisitError as error:
        raise UnreadableOrderError(f"a visit's {error}") from error


def _instant(said: object) -> datetime:
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UnreadableOrderError("processedAt")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise UnreadableOrderError("processedAt") from error
