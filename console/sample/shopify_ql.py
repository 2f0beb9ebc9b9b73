"""ShopifyQL, as strict as the strictest edition of its reference: a query's text in, its parts or its errors out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

# In the order in which a query must have them (APIS 6.1); the words are those that a clause begins with.
_CLAUSES = ("FROM", "SHOW", "WHERE", "SINCE", "UNTIL", "GROUP BY", "TIMESERIES", "ORDER BY", "LIMIT")
_CLAUSE = re.compile(
    r"\b(FROM|SHOW|WHERE|SINCE|UNTIL|DURING|GROUP BY|TIMESERIES|COMPARE TO|HAVING|ORDER BY|LIMIT|WITH)\b"
)
_QUOTED = re.compile(r"'[^']*'")
_CONDITION = re.compile(r"(\w+)\s*(=|!=)\s*'([^']*)'")
_NAME = re.compile(r"[a-z_]+")
_DEFAULT_LIMIT = 1000

SESSION_METRICS = (
    "sessions",
    "online_store_visitors",
    "pageviews",
    "pageviews_per_session",
    "average_session_duration",
    "bounce_rate",
    "conversion_rate",
    "added_to_cart_rate",
    "sessions_with_cart_additions",
    "sessions_that_reached_checkout",
    "sessions_that_completed_checkout",
)
SALES_METRICS = ("total_sales", "net_sales", "orders")
_METRICS = {"sessions": SESSION_METRICS, "sales": SALES_METRICS}
_DIMENSIONS = {
    "sessions": (
        "day",
        "referrer_source",
        "referrer_name",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "landing_page_path",
        "human_or_bot_session",
    ),
    "sales": ("day", "order_referrer_source", "order_referrer_name", "order_utm_source", "order_utm_medium"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a ``WHERE``: a dimension with a text."""

    dimension: str
    equal: bool
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """A query that was understood. ``since`` and ``until`` are whole days, both counted."""

    table: str
    show: tuple[str, ...]
    since: date
    until: date
    where: tuple[Condition, ...] = ()
    group: tuple[str, ...] = ()
    order: tuple[str, bool] | None = None
    limit: int = _DEFAULT_LIMIT


class NotUnderstoodError(Exception):
    """The query breaks a rule; ``str`` of it is what the shop says in ``parseErrors``."""


@dataclass(slots=True)
class _Clauses:
    """A query cut at its keywords."""

    found: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> _Clauses:
        # Keywords inside of quotes are text.
        masked = _QUOTED.sub(lambda quoted: "'" + "x" * (len(quoted[0]) - 2) + "'", text)
        marks = list(_CLAUSE.finditer(masked))
        if not marks or marks[0].start() != len(text) - len(text.lstrip()):
            raise NotUnderstoodError("A query must begin with FROM.")
        clauses, last = cls(), -1
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            name = mark[0]
            if name not in _CLAUSES:
                raise NotUnderstoodError(f"`{name}` is not supported here.")
            at = _CLAUSES.index(name)
            if at <= last:
                raise NotUnderstoodError(f"`{name}` must come before `{_CLAUSES[last]}`.")
            last = at
            clauses.found[name] = text[mark.end() : following.start() if following else None].strip()
        return clauses

    def needed(self, name: str) -> str:
        text = self.found.get(name, "")
        if not text:
            raise NotUnderstoodError(f"A query must have {name}.")
        return text


def understand(text: str, *, deaf: bool = False) -> Question:
    """Return the parts of a query. ``deaf``: the shop understands none at all.

    Raises:
        NotUnderstoodError: a clause is unknown, missing or out of order, or a column does not exist.
    """
    clauses = _Clauses.of(text)
    table = clauses.needed("FROM")
    if deaf or table not in _METRICS:
        raise NotUnderstoodError(f"Dataset `{table}` not found.")
    metrics, dimensions = _METRICS[table], _DIMENSIONS[table]
    show = _columns(clauses.needed("SHOW"), metrics)
    group = _columns(clauses.found["GROUP BY"], dimensions) if "GROUP BY" in clauses.found else ()
    if "TIMESERIES" in clauses.found:
        group = (*_columns(clauses.found["TIMESERIES"], ("day",)), *group)
    since, until = _day(clauses.needed("SINCE")), _day(clauses.needed("UNTIL"))
    if until < since:
        raise NotUnderstoodError("UNTIL must not be before SINCE.")
    return Question(
        table=table,
        show=show,
        since=since,
        until=until,
        where=_conditions(clauses.found["WHERE"], dimensions) if "WHERE" in clauses.found else (),
        group=group,
        order=_order(clauses.found["ORDER BY"], (*show, *group)) if "ORDER BY" in clauses.found else None,
        limit=_limit(clauses.found.get("LIMIT", str(_DEFAULT_LIMIT))),
    )


def _columns(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if not _NAME.fullmatch(name) or name not in known:
            raise NotUnderstoodError(f"Column `{name}` not found.")
    return names


def _conditions(text: str, dimensions: tuple[str, ...]) -> tuple[Condition, ...]:
    found = []
    for part in re.split(r"\s+AND\s+", text):
        match = _CONDITION.fullmatch(part.strip())
        if match is None:
            raise NotUnderstoodError("WHERE compares a dimension with a text in single quotes.")
        _columns(match[1], dimensions)
        found.append(Condition(match[1], match[2] == "=", match[3]))
    return tuple(found)


def _order(text: str, columns: tuple[str, ...]) -> tuple[str, bool]:
    name, _, direction = text.partition(" ")
    if direction.strip() not in {"", "ASC", "DESC"}:
        raise NotUnderstoodError(f"`{direction.strip()}` is no direction.")
    (column,) = _columns(name, columns)
    return column, direction.strip() == "DESC"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotUnderstoodError("Date isn't parsable.") from error


def _limit(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise NotUnderstoodError("LIMIT is a whole number of at least 1.")
    return int(text)
