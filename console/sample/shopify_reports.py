"""Reports of a sample shop: a question in ShopifyQL over its cells in, a table with texts in every field out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from console.sample.shopify_facts import Cell, Landing, Way
from console.sample.shopify_ql import Condition, NotUnderstoodError, Question

_TYPES = {
    "day": "DAY_TIMESTAMP",
    "bounce_rate": "PERCENT",
    "conversion_rate": "PERCENT",
    "added_to_cart_rate": "PERCENT",
    "average_session_duration": "FLOAT",
    "pageviews_per_session": "FLOAT",
    "total_sales": "MONEY",
    "net_sales": "MONEY",
}
_INTEGERS = ("sessions", "orders", "pageviews", "online_store_visitors")
# The storefront's figures that a story says nobody measures, as the columns that then are null.
_NULLS = {
    "bounce_rate": ("bounce_rate",),
    "sessions_with_cart": ("sessions_with_cart_additions", "added_to_cart_rate"),
    "revenue": ("total_sales", "net_sales"),
}
_CHECKOUT_SHARE = 1.6  # of those who complete it, how many reach the checkout
Key = tuple[str | None, ...]


def table(
    question: Question, cells: Sequence[Cell], landings: Sequence[Landing], *, nulls: Iterable[str], as_lists: bool
) -> dict[str, Any]:
    """Return the ``tableData`` of a question.

    Raises:
        NotUnderstoodError: the sample does not know days and landing pages together.
    """
    inside = [cell for cell in cells if question.since <= cell.day <= question.until]
    by_page = "landing_page_path" in question.group
    groups = _landing_groups(question, inside, landings) if by_page else _cell_groups(question, inside)
    measure: Callable[[str, Sequence[Any]], str | None] = _landing_metric if by_page else _cell_metric
    unmeasured = {column for name in nulls for column in _NULLS.get(name, ())}
    rows = [
        {
            **dict(zip(question.group, key, strict=True)),
            **{name: None if name in unmeasured else measure(name, members) for name in question.show},
        }
        for key, members in groups.items()
    ]
    if question.order is not None:
        column, descending = question.order
        rows.sort(key=lambda row: _rank(row[column]), reverse=descending)
    kept = rows[: question.limit]
    names = (*question.group, *question.show)
    columns = [{"name": name, "dataType": _type(name), "displayName": name.replace("_", " ")} for name in names]
    shown: list[Any] = [[row[name] for name in names] for row in kept] if as_lists else list(kept)
    return {"columns": columns, "rows": shown}


def _cell_groups(question: Question, cells: Iterable[Cell]) -> dict[Key, list[Any]]:
    groups: dict[Key, list[Any]] = defaultdict(list)
    for cell in cells:
        if not cell.sessions and not cell.orders:
            continue
        if question.table == "sales" and not cell.orders:
            continue
        if _passes(question.where, cell.way):
            key = tuple(
                cell.day.isoformat() if name == "day" else _dimension(cell.way, name) for name in question.group
            )
            groups[key].append(cell)
    return groups


def _landing_groups(question: Question, inside: Sequence[Cell], landings: Sequence[Landing]) -> dict[Key, list[Any]]:
    """Return the landing pages, scaled to the window where that is not the whole period."""
    if "day" in question.group or set(question.show) - {"sessions", "sessions_that_completed_checkout"}:
        raise NotUnderstoodError("Landing pages are shown with sessions and completed checkouts only.")
    whole = sum(landing.sessions for landing in landings)
    part = sum(cell.sessions for cell in inside if cell.way.is_tiktok)
    groups: dict[Key, list[Any]] = defaultdict(list)
    for landing in landings:
        seen = landing if part == whole else _scaled(landing, part / whole if whole else 0)
        if seen.sessions and _passes(question.where, seen.way):
            names = question.group
            key = tuple(seen.path if name == "landing_page_path" else _dimension(seen.way, name) for name in names)
            groups[key].append(seen)
    return groups


def _scaled(landing: Landing, share: float) -> Landing:
    return Landing(landing.path, landing.way, round(landing.sessions * share), round(landing.completed * share))


def _passes(where: Iterable[Condition], way: Way) -> bool:
    return all((_dimension(way, condition.dimension) == condition.value) is condition.equal for condition in where)


def _dimension(way: Way, name: str) -> str | None:
    if name == "human_or_bot_session":
        return "bot" if way.bot else "human"
    value: str | None = getattr(way, name.removeprefix("order_"))
    return value


def _landing_metric(name: str, members: Sequence[Landing]) -> str | None:
    field = "completed" if name == "sessions_that_completed_checkout" else "sessions"
    return str(sum(getattr(landing, field) for landing in members))


def _cell_metric(name: str, cells: Sequence[Cell]) -> str | None:
    sessions = sum(cell.sessions for cell in cells)
    sums: dict[str, Callable[[], str | None]] = {
        "sessions": lambda: str(sessions),
        "online_store_visitors": lambda: str(sum(cell.visitors for cell in cells)),
        "pageviews": lambda: str(round(sum(cell.views for cell in cells))),
        "sessions_with_cart_additions": lambda: str(sum(cell.carts for cell in cells)),
        "sessions_that_reached_checkout": lambda: str(round(sum(cell.completed for cell in cells) * _CHECKOUT_SHARE)),
        "sessions_that_completed_checkout": lambda: str(sum(cell.completed for cell in cells)),
        "orders": lambda: str(sum(cell.orders for cell in cells)),
        "total_sales": lambda: f"{sum((cell.revenue for cell in cells), Decimal()):f}",
        "net_sales": lambda: f"{sum((cell.revenue for cell in cells), Decimal()):f}",
        "pageviews_per_session": lambda: _per(sum(cell.views for cell in cells), sessions, 2),
        "average_session_duration": lambda: _per(sum(cell.seconds for cell in cells), sessions, 1),
        "bounce_rate": lambda: _per(sum(cell.bounced for cell in cells), sessions, 4),
        "conversion_rate": lambda: _per(sum(cell.completed for cell in cells), sessions, 4),
        "added_to_cart_rate": lambda: _per(sum(cell.carts for cell in cells), sessions, 4),
    }
    return sums[name]()


def _per(part: float, whole: int, digits: int) -> str | None:
    return f"{part / whole:.{digits}f}" if whole else None


def _rank(value: str | None) -> tuple[bool, Decimal | str]:
    """Rank texts that are numbers as numbers; nothing comes before something."""
    if value is None:
        return False, ""
    try:
        return True, Decimal(value)
    except ArithmeticError:
        return True, value


def _type(name: str) -> str:
    return _TYPES.get(name, "INTEGER" if name.startswith("sessions") or name in _INTEGERS else "STRING")
