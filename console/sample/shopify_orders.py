"""Orders of a sample shop, each with its buyer's journey, made from its cells; listed in pages of a search."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from console.sample.channel import Channel
from console.sample.shopify_facts import Cell, Way, spread
from console.sample.shopify_graphql import DocumentError

_TERM = re.compile(r"processed_at:(>=|>|<=|<)'?([0-9TZ:.+-]+)'?\s*")
_MOST = 250
# What was sold besides: at a till, as a test, by somebody who changed their mind. None of it counts for TikTok.
_SIDE_SALES = ("till", "test", "cancelled")


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for orders says: instants, the first one counted, the last one not."""

    since: datetime
    until: datetime


def understand_search(text: object, zone: ZoneInfo) -> Search:
    """Return the window of a search. A day without an instant is one of the shop's time zone.

    Raises:
        DocumentError: there is something in it that the sample does not know.
    """
    terms = list(_TERM.finditer(text)) if isinstance(text, str) else []
    if not isinstance(text, str) or "".join(term[0] for term in terms) != text or not terms:
        raise DocumentError("The search is not understood here.", "BAD_USER_INPUT")
    since, until = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for operator, value in ((term[1], term[2]) for term in terms):
        whole_day = "T" not in value
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at
        if operator.startswith(">"):
            since = max(since, at.astimezone(UTC))
        else:
            # "Up to this day" counts the day itself.
            end = at + timedelta(days=1) if whole_day and operator == "<=" else at
            until = min(until, end.astimezone(UTC))
    return Search(since, until)


def page(nodes: Sequence[dict[str, Any]], *, first: object, after: object) -> dict[str, Any]:
    """Return one page of a listing as a connection."""
    if not isinstance(first, int) or not 1 <= first <= _MOST:
        raise DocumentError(f"first must be between 1 and {_MOST}", "BAD_USER_INPUT")
    start = _offset(after)
    shown = list(nodes[start : start + first])
    cursor = base64.b64encode(f"orders:{start + len(shown)}".encode()).decode() if shown else None
    more = start + len(shown) < len(nodes)
    return {"nodes": shown, "pageInfo": {"hasNextPage": more, "endCursor": cursor}}


def orders_of(channel: Channel, cells: Sequence[Cell], zone: ZoneInfo, *, waiting: float) -> list[dict[str, Any]]:
    """Return every order of the shop's days, oldest first.

    ``waiting`` is the share of the current period's orders whose journey is not worked out yet.
    """
    merchant = channel.merchant
    nodes: list[tuple[datetime, dict[str, Any]]] = []
    for cell in cells:
        now = cell.day >= channel.window.start
        currency = merchant.shop.currency if now else merchant.shape.currency_before or merchant.shop.currency
        ready = spread(round(cell.orders * (1 - waiting)), [1.0] * cell.orders) if now and waiting else None
        for at, (instant, amount) in enumerate(_moments(cell, zone)):
            summary = _summary(cell.way, merchant.id) | {"ready": ready is None or bool(ready[at])}
            nodes.append((instant, _node(cell, at, instant, amount, currency, summary)))
    nodes += [side for cell in cells[:: max(len(cells) // 40, 1)] for side in _side_sales(cell, zone, channel)]
    return [node for _, node in sorted(nodes, key=lambda entry: (entry[0], entry[1]["id"]))]


def _moments(cell: Cell, zone: ZoneInfo) -> Iterator[tuple[datetime, Decimal]]:
    """Yield when the orders of a cell were made and for how much: over the whole day, in whole minutes."""
    if not cell.orders:
        return
    cents = spread(int(cell.revenue * 100), [1.0] * cell.orders)
    start = datetime.combine(cell.day, time(), zone).astimezone(UTC)
    end = datetime.combine(cell.day + timedelta(days=1), time(), zone).astimezone(UTC)
    minutes = int((end - start).total_seconds() // 60)
    for at in range(cell.orders):
        yield start + timedelta(minutes=minutes * at // cell.orders), Decimal(cents[at]) / 100


def _node(
    cell: Cell, at: int, instant: datetime, amount: Decimal, currency: str, summary: dict[str, Any] | None
) -> dict[str, Any]:  # fmt: skip
    number = f"{cell.day.toordinal()}{abs(hash_of(cell.way)):03}{at:03}"
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number[-6:]}",
        "processedAt": f"{instant:%Y-%m-%dT%H:%M:%SZ}",
        "test": False,
        "cancelledAt": None,
        "currentTotalPriceSet": {"shopMoney": {"amount": f"{amount:.2f}", "currencyCode": currency}},
        "customerJourneySummary": summary,
    }


def hash_of(way: Way) -> int:
    """Return a small number for a way, the same in every process."""
    parts = (way.referrer_name, way.utm_source, way.utm_medium, way.utm_campaign)
    return sum(ord(sign) * (at + 1) for at, sign in enumerate("|".join(part or "-" for part in parts))) % 997


def _side_sales(cell: Cell, zone: ZoneInfo, channel: Channel) -> Iterator[tuple[datetime, dict[str, Any]]]:
    instant = datetime.combine(cell.day, time(12), zone).astimezone(UTC)
    for at, kind in enumerate(_SIDE_SALES):
        summary = None if kind == "till" else _summary(cell.way, channel.merchant.id) | {"ready": True}
        node = _node(cell, 900 + at, instant, Decimal(99), channel.merchant.shop.currency, summary)
        node["test"] = kind == "test"
        node["cancelledAt"] = f"{instant:%Y-%m-%dT%H:%M:%SZ}" if kind == "cancelled" else None
        yield instant, node


def _summary(way: Way, shop: str) -> dict[str, Any]:
    """Return a journey: its last visit is the one that counts, its first one came from somewhere else."""
    if way == Way():
        return {"ready": True, "customerOrderIndex": 1, "daysToConversion": 0, "firstVisit": None, "lastVisit": None}
    tagged = f"?utm_source={way.utm_source}&utm_medium={way.utm_medium}" if way.utm_source else ""
    utm = {"source": way.utm_source, "medium": way.utm_medium, "campaign": way.utm_campaign}
    visit = {
        "source": way.referrer_name or way.utm_source or "direct",
        "sourceType": None,
        "landingPage": f"https://{shop}.example/{tagged}",
        "referrerUrl": f"https://www.{way.referrer_name.lower()}.com/" if way.referrer_name else None,
        "occurredAt": "2026-01-01T00:00:00Z",
        "utmParameters": {**utm, "term": None, "content": None} if way.utm_source else None,
    }
    return {"ready": True, "customerOrderIndex": 1, "daysToConversion": 0, "firstVisit": visit, "lastVisit": visit}


def _offset(after: object) -> int:
    if after is None:
        return 0
    try:
        listing, _, offset = base64.b64decode(str(after), validate=True).decode().partition(":")
        if listing == "orders":
            return int(offset)
    except (binascii.Error, ValueError) as error:
        raise DocumentError("after is no cursor of this listing", "BAD_USER_INPUT") from error
    raise DocumentError("after is no cursor of this listing", "BAD_USER_INPUT")
