"""The published tables and queries for Athena, tried with DuckDB on files in the layout of a DynamoDB export."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from console.contract.athena import table_name
from console.contract.publish import FOLDER
from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.night import Coverage
from functions.audit.outcome import Status
from functions.store.contract.catalogue import TABLES
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, absent, channel, merchant, snapshot
from tests.cloud import Cloud, pretended_aws
from tests.store.stories import TTL, audit, night_after

READABLE = {table.name: table for table in TABLES if table.readable}
QUERIES = dict(
    re.findall(r"## (.+?)\n.*?```sql\n(.*?)```", (FOLDER / "athena.md").read_text(encoding="utf-8"), re.DOTALL)
)
_LOCATION = re.compile(r"LOCATION 's3://YOUR-BUCKET/(.+)/YOUR-EXPORT/data/'")


def _export(cloud: Cloud, table: str, folder: Path) -> None:
    """Write a table as ``ExportTableToPointInTime`` does: lines of DynamoDB's JSON in compressed parts, a manifest."""
    location = _LOCATION.search((FOLDER / "athena" / f"{table}.sql").read_text(encoding="utf-8"))
    assert location
    export = folder / location[1] / "YOUR-EXPORT"
    (export / "data").mkdir(parents=True)
    items = cloud.raw(table)
    for part, some in enumerate((items[::2], items[1::2])):
        lines = "".join(
            json.dumps({"Item": item}, default=lambda raw: base64.b64encode(raw).decode()) + "\n" for item in some
        )
        (export / "data" / f"part{part}.json.gz").write_bytes(gzip.compress(lines.encode()))
    (export / "manifest-summary.json").write_text(
        json.dumps({"itemCount": len(items), "outputFormat": "DYNAMODB_JSON"})
    )


def _as_duckdb(hive: str) -> str:
    """Return DuckDB's name of a type of Hive's."""
    hive = hive.strip()
    if not hive.endswith(">"):
        return {"string": "VARCHAR", "boolean": "BOOLEAN"}[hive]
    kind, _, inside = hive[:-1].partition("<")
    parts = list(_split(inside))
    match kind:
        case "struct":
            fields = (part.partition(":") for part in parts)
            return "STRUCT(" + ", ".join(f'"{name.strip()}" {_as_duckdb(of)}' for name, _, of in fields) + ")"
        case "map":
            return f"MAP({', '.join(_as_duckdb(part) for part in parts)})"
        case _:
            assert kind == "array"
            return f"{_as_duckdb(inside)}[]"


def _split(inside: str) -> Iterator[str]:
    """Yield what commas part, but for those inside brackets."""
    depth, part = 0, ""
    for sign in inside:
        depth += {"<": 1, ">": -1}.get(sign, 0)
        if sign == "," and not depth:
            yield part
            part = ""
        else:
            part += sign
    yield part


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every published table over the export of a stage: three shops, two nights, one shop in the dark."""
    folder = tmp_path_factory.mktemp("s3")
    with pretended_aws() as cloud, duckdb.connect() as connection:
        _fill(cloud)
        for name, table in READABLE.items():
            _export(cloud, name, folder)
            statement = (FOLDER / "athena" / f"{name}.sql").read_text(encoding="utf-8")
            column = re.search(r"Item (struct<.*?)\n\)", statement, re.DOTALL)
            assert column
            files = folder / name / "AWSDynamoDB" / "YOUR-EXPORT" / "data" / "*.json.gz"
            connection.execute(
                f"CREATE VIEW {table_name(table)} AS SELECT * FROM read_json('{files}', "  # noqa: S608 - our own names
                f"format = 'newline_delimited', columns = {{'Item': '{_as_duckdb(column[1])}'}})"
            )
        yield connection


def _fill(cloud: Cloud) -> None:
    shops = {
        "brasa": channel(bounce_rate="81.25"),
        "larkspur": channel(bounce_rate="40.25"),
        "yarrow": snapshot(sessions=absent(Reason.SOURCE_FAILED)),
    }
    for shop, seen in shops.items():
        own = merchant(id=shop)
        cloud.tables.merchants.save(own)
        for night in (NIGHT, night_after(1)):
            settle(cloud.tables, audit(seen, own, merchant_id=shop, night=night), own, ttl=TTL)
    cloud.tables.audits.expect("betony", NIGHT, at=NOW, ttl=TTL)
    for night, causes in ((NIGHT, {Reason.SOURCE_FAILED: 9, Reason.NO_PRIOR: 2}), (night_after(1), {})):
        cloud.tables.nights.open(night, at=NOW, ttl=TTL)
        counts = dict(zip(Status, (9, 1, 2, 3, 15), strict=True))
        cloud.tables.nights.close(Coverage(night, 4, 3, (), ("betony",), counts, causes), at=NOW)


def _asked(athena: duckdb.DuckDBPyConnection, question: str) -> list[tuple[Any, ...]]:
    return athena.execute(QUERIES[question]).fetchall()


def test_there_is_no_query_that_is_not_tried() -> None:
    assert len(QUERIES) == 5


def test_what_is_critical_and_since_when(athena: duckdb.DuckDBPyConnection) -> None:
    assert _asked(athena, "What is critical, and since when?") == [("brasa", "bounce_rate", "2026-11-21")]


def test_how_each_check_stands_and_how_much_of_it_could_be_seen(athena: duckdb.DuckDBPyConnection) -> None:
    rows = _asked(athena, "How does each check stand in the fleet, and how much of it could be seen?")

    assert [row[0] for row in rows] == sorted(check.id for check in CATALOGUE)
    assert ("bounce_rate", 3, 2, 60.75) in rows


def test_how_a_figure_moved_counts_only_what_was_seen(athena: duckdb.DuckDBPyConnection) -> None:
    assert _asked(athena, "How did a figure move, month by month?") == [
        ("2026-11", "brasa", 81.25, 2),
        ("2026-11", "larkspur", 40.25, 2),
        ("2026-11", "yarrow", None, 0),
    ]


def test_how_often_each_cause_was_in_the_way(athena: duckdb.DuckDBPyConnection) -> None:
    assert _asked(athena, "How often was each cause in the way, night by night?") == [
        ("2026-11-21", "source_failed", 9),
        ("2026-11-21", "no_prior", 2),
    ]


def test_how_many_messages_left(athena: duckdb.DuckDBPyConnection) -> None:
    assert _asked(athena, "How many messages left, and how many were held?") == [("2026-11", "pending", 1)]


@pytest.mark.parametrize("table", READABLE)
def test_a_table_shows_every_item_with_its_keys(athena: duckdb.DuckDBPyConnection, table: str) -> None:
    declared = READABLE[table]
    name = table_name(declared)
    rows = athena.execute(f"SELECT item.{declared.partition}.s, item.schema_version.n FROM {name}").fetchall()  # noqa: S608 - our own names

    assert all(key and version == "1" for key, version in rows)
    assert len(rows) == {"findings": 45, "audits": 7, "nights": 2, "alerts": 1, "merchants": 3}.get(table, 0)
