"""Erasing a merchant: the mark first, then everything that any table holds of it, then a look whether anything is left.

The order is the proof. Under the mark no night writes anything new (``fence``); what was written before it is found by
consistent reads. Whatever stops it half way, the next call goes on: what is gone is not found again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.merchant import Severity
from functions.store.contract.catalogue import TABLES
from functions.store.items import Item, key, pages

if TYPE_CHECKING:
    from functions.store.contract.declare import Index, Table
    from functions.store.tables import Tables

OWN: Final = "merchant_id"
MARKED: Final = "merchants"  # where the mark stays
NAMES: Final = "nights"  # whose rows name merchants
# What a schedule that waits for the end of quiet hours was made from; everything else are keys.
_OF_SCHEDULES: Final = ("sms_state", "sms_held_until")


@dataclass(frozen=True, slots=True)
class Erasure:
    """Everything about one merchant in all tables. ``before_alert`` sees each alert's plain row before it goes."""

    tables: Tables
    merchant_id: str
    before_alert: Callable[[Item], None] = lambda _: None
    _keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def mark(self, *, at: datetime, until: datetime) -> int:
        """Put the mark in place of the settings; return how many settings there were: one or none."""
        row = self.tables.merchants.erase(self.merchant_id, at=at, until=until)
        if row is None:
            return 0
        self._note(_indexes(MARKED), row)
        return 1

    def empty(self) -> Iterator[tuple[str, int]]:
        """Delete everything, and tell of each table how many items of it there were. Tokens go first."""
        for table in sorted(_OF_MERCHANTS, key=lambda table: table.name != "tokens"):
            yield table.name, sum(1 for _ in self._deleted(table))
        yield NAMES, sum(self.tables.nights.forget(self.merchant_id, night) for night in self._named())

    def left(self) -> Iterator[tuple[str, int]]:
        """Read every table and index again, and tell of each how many items of the merchant it holds.

        An index is asked under every key that a deleted item was under, and under those that are the same for all
        merchants.
        """
        for table in _OF_MERCHANTS:
            yield table.name, self._count(table)
            for index in table.indexes:
                yield f"{table.name}/{index.name}", self._count_in(table, index)
        for index in _indexes(MARKED):
            yield f"{MARKED}/{index.name}", self._count_in(_MERCHANTS, index)
        yield NAMES, len(self._named())

    def _named(self) -> list[Any]:
        return list(self.tables.nights.naming(self.merchant_id))

    def _deleted(self, table: Table) -> Iterator[None]:
        keys = (table.partition, *((table.sort,) if table.sort else ()))
        wanted = {*keys, *(index.partition for index in table.indexes), "open_id"}
        wanted |= set(_OF_SCHEDULES) if table.name == "alerts" else set()
        for row in pages(self.tables.client, **self._query(table), **_projected(wanted)):
            self._note(table.indexes, row)
            if table.name == "alerts":
                self.before_alert(row)
            if "open_id" in row:
                # The account's own index, when somebody stopped after the settings were gone.
                self._keys["open_id"].add(row["open_id"])
            where = {name: row[name] for name in keys}
            self.tables.client.delete_item(TableName=self.tables.prefix + table.name, Key=key(**where))
            yield

    def _note(self, indexes: tuple[Index, ...], row: Mapping[str, Any]) -> None:
        for index in indexes:
            if index.partition in row:
                self._keys[index.partition].add(row[index.partition])

    def _query(self, table: Table) -> dict[str, Any]:
        return {
            "TableName": self.tables.prefix + table.name,
            "ConsistentRead": True,
            "KeyConditionExpression": f"{OWN} = :merchant",
            "ExpressionAttributeValues": {":merchant": {"S": self.merchant_id}},
        }

    def _count(self, table: Table) -> int:
        return sum(1 for _ in pages(self.tables.client, **self._query(table), **_projected({OWN})))

    def _count_in(self, table: Table, index: Index) -> int:
        found = 0
        for under in sorted(self._keys[index.partition] | _OF_ALL.get(index.partition, set())):
            answer = self.tables.client.query(
                TableName=self.tables.prefix + table.name,
                IndexName=index.name,
                KeyConditionExpression=f"#partition = :under AND {index.sort} = :merchant",
                ExpressionAttributeNames={"#partition": index.partition},
                ExpressionAttributeValues={":under": {"S": under}, ":merchant": {"S": self.merchant_id}},
                Select="COUNT",
            )
            found += answer["Count"]
        return found


def _projected(names: set[str]) -> dict[str, Any]:
    """Return what a query names for these attributes; some of them are reserved words."""
    named = {f"#{name}": name for name in sorted(names)}
    return {"ProjectionExpression": ", ".join(named), "ExpressionAttributeNames": named}


def _indexes(name: str) -> tuple[Index, ...]:
    return next(table.indexes for table in TABLES if table.name == name)


_MERCHANTS: Final = next(table for table in TABLES if table.name == MARKED)
_OF_MERCHANTS: Final = tuple(table for table in TABLES if table.partition == OWN and table.name != MARKED)
_OF_ALL: Final[Mapping[str, set[str]]] = {
    "open_severity": {severity.value for severity in Severity},
    "check_id": {check.id for check in (*CATALOGUE, *EXTRAS)},
}
