"""Items as CSV: one row an item, columns that follow from the data contract, no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TextIO

from console.contract.schema import schema_of
from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.kpi import KPI_NAMES
from functions.audit.outcome import Status
from functions.store.contract.catalogue import TABLES

# What begins with one of these is a formula to some spreadsheet, full width forms to those in East Asia (OWASP, "CSV
# injection"); an apostrophe in front makes it a text in all of them.
_RUNS: Final = tuple("=+-@＝＋－＠")  # noqa: RUF001 - the full width forms are what it is about
_CONTROLS: Final = ("\t", "\n")
_STATUSES: Final = tuple(status.value for status in Status)
# Beside an item's plain attributes: what people make charts of. Everything else is in JSON Lines.
_INSIDE: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "findings": (),
    "audits": (
        *(("counts", status) for status in _STATUSES),
        *(("outcomes", check.id, "status") for check in (*CATALOGUE, *EXTRAS)),
        *(("kpis", name, "value") for name in KPI_NAMES),
    ),
    "nights": (
        *(("outcomes", status) for status in _STATUSES),
        *(("causes", reason.value) for reason in Reason),
    ),
    "alerts": (),
}
_LONG: Final = {"email", "sms", "document"}
EXPORTED: Final = tuple(_INSIDE)


def columns(table: str) -> list[tuple[str, ...]]:
    """Return the path of each column; a header joins it by dots."""
    (declared,) = (one for one in TABLES if one.name == table)
    schema = schema_of(declared)
    plain = [(name,) for name, attribute in schema["properties"].items() if _is_plain(attribute, schema)]
    return [path for path in plain if path[0] not in _LONG] + list(_INSIDE[table])


def write(table: str, items: Iterable[Mapping[str, Any]], out: TextIO) -> int:
    """Write header and rows; return how many rows there were."""
    paths = columns(table)
    written = 0
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(".".join(path) for path in paths)
    for item in items:
        writer.writerow(_cells(item, paths))
        written += 1
    return written


def write_rows(header: Sequence[str], rows: Iterable[Mapping[str, object]], out: TextIO) -> None:
    """Write what is no item: these columns, and a row for each mapping; what one does not name is absent."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(cell(row.get(name)) for name in header)


def cell(value: object) -> str:
    """Return a value as a cell: absent is empty, numbers as they are, and text that nothing runs."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case str():
            # A carriage return by itself ends the row for some readers, and Python's writer does not quote it.
            text = value.replace("\r\n", "\n").replace("\r", "\n")
            return f"'{text}" if text.lstrip()[:1] in _RUNS or text.lstrip(" \u3000").startswith(_CONTROLS) else text
        case _:
            return str(value)


def _cells(item: Mapping[str, Any], paths: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for path in paths:
        value: Any = item
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        yield cell(value)


def _is_plain(attribute: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    while "$ref" in attribute:
        attribute = schema["$defs"][attribute["$ref"].rpartition("/")[2]]
    return attribute.get("type") not in {"object", "array"}
