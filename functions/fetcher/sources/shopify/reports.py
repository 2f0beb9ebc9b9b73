"""Shopify's own reports, asked in ShopifyQL: a query over a window of days in, its rows out, whole or marked as cut."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.periods import Period
from functions.fetcher.sources.envelope import Failure
from functions.fetcher.sources.shopify.admin import Admin

DOCUMENT: Final = (
    "query($q:String!){shopifyqlQuery(query:$q){tableData{columns{name dataType displayName} rows} parseErrors}}"
)
NEEDS: Final = "the scope read_reports and the approval for protected customer data"
LIMIT: Final = 1000  # rows of one answer; without a LIMIT of its own a query loses its tail silently
MOST_MORE: Final = 40  # queries of one night beyond its own questions; more are not worth the shop's points
_HALVES: Final = 2
NOT_UNDERSTOOD: Final = "PARSE_ERRORS"


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a report, over any window. The first metric is what rows are ranked by.

    ``group`` are the dimensions that rows are told apart by; ``spare`` is one more that not every shop knows.
    """

    table: str
    show: tuple[str, ...]
    group: tuple[str, ...]
    where: str = ""
    spare: str = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All dimensions that are asked for."""
        return (*self.group, self.spare) if self.spare else self.group

    def text(self, window: Period) -> str:
        """Return the query in ShopifyQL, its clauses in the order that every edition of the reference accepts."""
        where = f" WHERE {self.where}" if self.where else ""
        return (
            f"FROM {self.table} SHOW {', '.join(self.show)}{where} SINCE {window.start} UNTIL {window.end} "
            f"GROUP BY {', '.join(self.dimensions)} ORDER BY {self.show[0]} DESC LIMIT {LIMIT}"
        )


Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """A report's rows by column name; ``cut`` when some rows were never listed.

    What was asked for in several windows is there once for each: counts add up, and so do rates weighted by counts.
    """

    rows: Sequence[Row]
    cut: bool = False


@dataclass(slots=True)
class Reports:
    """One merchant's night of reports: how many halves of windows may still be asked for."""

    admin: Admin
    left: int = MOST_MORE

    async def rows(self, query: Query, window: Period) -> Rows | Failure:
        """Return the rows of a window.

        An answer as long as its limit may lack its tail. Then both halves of the window are asked for instead, down to
        single days: totals must not silently leave out what came from a source far down the list.
        """
        listed = await self._ask(query, window)
        if isinstance(listed, Failure) or len(listed) < LIMIT:
            return listed if isinstance(listed, Failure) else Rows(listed)
        if window.days == 1 or self.left < _HALVES:
            return Rows(listed, cut=True)
        self.left -= _HALVES
        half = window.days // 2
        middle = window.start + timedelta(days=half)
        early, late = await asyncio.gather(
            self.rows(query, Period.ending(middle - timedelta(days=1), half)),
            self.rows(query, Period(start=middle, end=window.end)),
        )
        if isinstance(early, Failure):
            return early
        if isinstance(late, Failure):
            return late
        return Rows([*early.rows, *late.rows], cut=early.cut or late.cut)

    async def _ask(self, query: Query, window: Period) -> list[Row] | Failure:
        what = f"Shopify's {query.table} report"
        data = await self.admin.ask(DOCUMENT, {"q": query.text(window)}, what=what, kind="report", needs=NEEDS)
        if isinstance(data, Failure):
            return data
        answer = data.get("shopifyqlQuery")
        if isinstance(answer, dict) and answer.get("parseErrors"):
            return _wrong(f"{what}: Shopify did not understand the query", NOT_UNDERSTOOD)
        table = answer.get("tableData") if isinstance(answer, dict) else None
        if not isinstance(table, dict):
            return _wrong(f"{what} answered no table")
        rows = _rows(table, query)
        return _wrong(f"{what}: its rows do not fit their columns") if rows is None else rows


def _rows(table: Mapping[str, Any], query: Query) -> list[Row] | None:
    """Return the rows of a table by column name, ``None`` when it is not of the documented form."""
    columns, listed = _columns(table.get("columns")), table.get("rows")
    if columns is None or not isinstance(listed, list):
        return None
    rows: list[Row] = []
    for row in listed:
        named = _named(row, columns)
        if named is None or not all(_is_name(named.get(dimension)) for dimension in query.dimensions):
            return None
        rows.append(named)
    # Without the columns that rows are told apart by, every sum would be of somebody else's traffic.
    fit = not rows or all(name in columns or name in rows[0] for name in query.group)
    return rows if fit else None


def _columns(listed: object) -> list[str] | None:
    if not isinstance(listed, list):
        return None
    names = [column.get("name") if isinstance(column, dict) else None for column in listed]
    return [name for name in names if isinstance(name, str)] if all(isinstance(name, str) for name in names) else None


def _named(row: object, columns: Sequence[str]) -> Row | None:
    """Return a row by column name: rows come as objects, or as lists in the order of the columns (APIS 6.1)."""
    if isinstance(row, dict):
        return row
    if isinstance(row, list) and len(row) == len(columns):
        return dict(zip(columns, row, strict=True))
    return None


def _is_name(value: object) -> bool:
    return value is None or isinstance(value, str)


def name_of(row: Row, dimension: str) -> str | None:
    """Return what a row says of a dimension. Nothing comes as null or as an empty text (APIS 6.1)."""
    value = row.get(dimension)
    return value.strip() or None if isinstance(value, str) else None


def cut_short(what: str) -> Absent:
    """Return the absence of a total whose report could not be listed to its end."""
    return Absent.because(
        Reason.NOT_MEASURED, f"{what}: Shopify lists {LIMIT} rows at once, and a single day of this shop has more"
    )


def _wrong(why: str, code: str | None = None) -> Failure:
    return Failure(Absent.because(Reason.SOURCE_FAILED, why), code)
