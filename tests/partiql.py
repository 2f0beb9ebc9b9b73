"""What DynamoDB would make of a SELECT: which table or index, and whether it names a key or reads everything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.store.contract.catalogue import TABLES

_SELECT = re.compile(
    r'SELECT\s+.*?\s+FROM\s+"(?P<table>[\w-]+)"(\."(?P<index>\w+)")?(\s+WHERE\s+(?P<where>.*))?', re.DOTALL
)
_EQUAL = re.compile(r"\"?(?P<name>\w+)\"?\s*=\s*('(?P<text>[^']*)'|(?P<open>\?))")


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT. ``leading``: the values of the partition key that it is held to; none: it reads everything."""

    table: str
    index: str | None
    leading: tuple[str, ...]


def partition_of(table: str, index: str | None) -> str:
    """Return the partition key of a deployed table, or of one of its indexes."""
    (declared,) = (one for one in TABLES if one.name == table.rpartition("-")[2])
    if index is None:
        return declared.partition
    return next(one.partition for one in declared.indexes if one.name == index)


def select(statement: str, parameters: Sequence[Mapping[str, Any]] = ()) -> Select:
    """Return what a statement selects. One with OR or NOT counts as one that reads everything."""
    found = _SELECT.fullmatch(statement.strip())
    assert found, statement
    where, given, leading = found["where"] or "", iter(parameters), []
    key = partition_of(found["table"], found["index"])
    for condition in re.split(r"\s+AND\s+", where):
        equal = _EQUAL.fullmatch(condition.strip())
        values = [next(given) for _ in range(condition.count("?"))]
        if equal and equal["name"] == key:
            leading.append(str(values[0]["S"]) if equal["open"] else equal["text"])
    if re.search(r"\b(OR|NOT)\b", where):
        leading = []
    return Select(found["table"], found["index"], tuple(leading))
