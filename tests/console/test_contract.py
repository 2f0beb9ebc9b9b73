"""The published data contract is what the code declares, and a change that breaks a reader is found before it lands."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from console.contract.compatible import breaks
from console.contract.publish import FOLDER, broken, examples, files, publish
from console.contract.schema import schema_file, schema_of
from console.errors import Unusable
from functions.store.contract.catalogue import TABLES
from functions.store.items import SCHEMA_VERSION
from tests.contract import departures

LACKED = "is new and always there, but items that were written before lack it"
WERE = "status: the values were ['pass', 'warn'] and are"
BEFORE: dict[str, Any] = {
    "x-table": {
        "name": "findings",
        "partition": "merchant_id",
        "sort": "check_id",
        "indexes": {"by_check": {"partition": "check_id", "sort": "merchant_id", "keys_only": False}},
    },
    "properties": {
        "status": {"$ref": "#/$defs/Status"},
        "value": {"type": "number"},
        "age": {"type": "integer", "minimum": 0, "x-unit": "nights"},
        "reason": {"type": "string", "x-values": ["unauthorized", "no_prior"]},
        "seen": {"type": "array", "items": {"$ref": "#/$defs/Seen"}},
    },
    "required": ["status", "age"],
    "$defs": {
        "Status": {"type": "string", "enum": ["pass", "warn"]},
        "Seen": {"properties": {"on": {"type": "string", "format": "date"}}, "required": ["on"], "type": "object"},
    },
    "type": "object",
}


def _changed(path: str, value: Any = None) -> list[str]:
    """Return what breaks when the part at ``path`` becomes ``value``, or goes away."""
    after = copy.deepcopy(BEFORE)
    *way, last = path.split("/")
    part = after
    for step in way:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return breaks(BEFORE, after)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/severity", {"type": "string"}),
        ("properties/reason/x-values", ["unauthorized", "no_prior", "rate_limited"]),
        ("x-table/indexes/by_night", {"partition": "last_night", "sort": "merchant_id", "keys_only": False}),
        ("properties/value/description", "other words"),
        ("$defs/Seen/properties/by", {"type": "string"}),
    ],
)
def test_what_adds_beside_breaks_nobody(path: str, value: Any) -> None:
    assert _changed(path, value) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("properties/value", None, "value is gone"),
        ("properties/value/type", "string", "value: type was number and is string"),
        ("properties/age/type", "number", "age: type was integer and is number"),
        ("properties/age/x-unit", "days", "age: x-unit was nights and is days"),
        ("properties/age/minimum", None, "age: the least was 0 and is None"),
        ("required", ["age"], "status was always there and may now be absent"),
        ("required", ["status", "age", "mood"], f"mood {LACKED}"),
        ("$defs/Status/enum", ["pass", "warn", "mood"], f"{WERE} ['pass', 'warn', 'mood']"),
        ("$defs/Status/enum", ["pass"], f"{WERE} ['pass']"),
        ("properties/reason/x-values", ["no_prior"], "reason: the value unauthorized is gone"),
        ("properties/reason/x-values", None, "reason: its values are no longer listed"),
        ("$defs/Seen/properties/on/format", "date-time", "seen[].on: format was date and is date-time"),
        ("$defs/Seen/required", ["on", "by"], f"seen[].by {LACKED}"),
        ("properties/seen/items", None, "seen: items is no longer said"),
        ("x-table/indexes/by_check", None, "the index by_check is gone"),
        ("x-table/indexes/by_check/keys_only", True, "the index by_check has other keys or shows other attributes"),
        ("x-table/sort", "night", "the table's sort was check_id and is night"),
    ],
)  # fmt: skip
def test_what_a_reader_relies_on_cannot_change_unnoticed(path: str, value: Any, sentence: str) -> None:
    assert _changed(path, value) == [sentence]


def test_nothing_that_is_published_is_broken() -> None:
    assert list(broken()) == []


def test_what_is_published_is_what_is_declared() -> None:
    differs = [str(path) for path, text in files().items() if (FOLDER / path).read_text(encoding="utf-8") != text]

    assert differs == [], "run: python -m console.contract"


def test_every_version_that_was_published_stays_published() -> None:
    for version in range(1, SCHEMA_VERSION + 1):
        assert [table.name for table in TABLES if not (FOLDER / schema_file(table.name, version)).exists()] == []


def test_a_change_that_breaks_a_reader_is_not_published(tmp_path: Path) -> None:
    publish(tmp_path)
    path = tmp_path / schema_file("findings")
    promised = json.loads(path.read_text(encoding="utf-8"))
    promised["properties"]["mood"] = {"type": "string"}
    path.write_text(json.dumps(promised), encoding="utf-8")

    with pytest.raises(Unusable, match=r"findings: mood is gone"):
        publish(tmp_path)

    assert json.loads(path.read_text(encoding="utf-8")) == promised


def test_publishing_twice_changes_nothing(tmp_path: Path) -> None:
    assert publish(tmp_path)
    assert publish(tmp_path) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_schema_is_a_schema_and_says_something_of_every_attribute(table: Any) -> None:
    schema = schema_of(table)
    Draft202012Validator.check_schema(schema)

    parts = [schema, *(part for part in schema.get("$defs", {}).values() if "properties" in part)]
    silent = [
        name
        for part in parts
        for name, attribute in part["properties"].items()
        if not (attribute.get("description") or "$ref" in attribute)
    ]
    assert silent == []


@pytest.mark.parametrize("table", [table.name for table in TABLES if table.readable])
def test_each_page_that_readers_need_shows_an_item_that_could_be_there(table: str) -> None:
    shown = examples()[table]

    assert shown
    assert departures(table, shown) == []


def test_what_is_not_declared_departs() -> None:
    (finding,) = examples()["findings"]

    assert departures("findings", [finding | {"mood": "good"}]) != []
    assert departures("findings", [finding | {"last_night": "yesterday"}]) != []
    assert departures("findings", [finding | {"status": "fine"}]) != []
    assert departures("mutes", [examples()["mutes"][0] | {"kind": "whim"}]) != []


def test_the_workbenchs_model_has_every_table_with_keys_of_its_own() -> None:
    model = json.loads((FOLDER / "nightjar.workbench.json").read_text(encoding="utf-8"))["DataModel"]

    assert [table["TableName"] for table in model] == [f"nightjar-{table.name}" for table in TABLES]
    for table in model:
        keys = [part["AttributeName"] for part in table["KeyAttributes"].values()]
        others = [attribute["AttributeName"] for attribute in table["NonKeyAttributes"]]
        assert not set(keys) & set(others)
        for index in table["GlobalSecondaryIndexes"]:
            parts = {part["AttributeName"] for part in index["KeyAttributes"].values()}
            assert parts <= {*keys, *others}
        for item in table["TableData"]:
            assert set(keys) <= set(item)
            assert {kind for value in item.values() for kind in value} <= {"S", "N", "BOOL", "M", "L"}
