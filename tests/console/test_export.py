"""What `nightjar export` writes: items as the contract has them, and cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.spreadsheet import EXPORTED, cell, columns, write
from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.night import Coverage
from functions.audit.outcome import Status
from functions.store.reading import Reading
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant
from tests.cloud import Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.contract import departures
from tests.store.stories import TTL, audit, night_after
from tests.tables import PREFIX

__all__ = ["cloud", "say"]  # fixtures

ON = ("--since", NIGHT.isoformat(), "--until", night_after(1).isoformat())


@pytest.fixture
def fleet(cloud: Cloud) -> Cloud:
    """Give a stage with two merchants and two nights; one of the two is called what a spreadsheet would run."""
    for shop, name in (("larkspur", "=HYPERLINK(1)"), ("brasa", "Brasa")):
        settled = merchant(id=shop, name=name)
        cloud.tables.merchants.save(settled)
        for night in (NIGHT, night_after(1)):
            seen = channel(bounce_rate="81.25")
            settle(cloud.tables, audit(seen, settled, merchant_id=shop, night=night), settled, ttl=TTL)
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    outcomes = dict(zip(Status, (9, 1, 2, 3, 15), strict=True))
    cloud.tables.nights.close(Coverage(NIGHT, 2, 2, (), (), outcomes, {Reason.SOURCE_FAILED: 15}), at=NOW)
    return cloud


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_fleets_findings_as_a_table(fleet: Cloud, say: Say) -> None:
    said = say("export", "findings")

    rows = _table(said.out)
    assert (said.code, said.err) == (0, f"{2 * len(CATALOGUE)} items of findings on stage test.\n")
    bouncing = [row for row in rows if row["check_id"] == "bounce_rate"]
    assert [(row["merchant_id"], row["status"], row["value"]) for row in bouncing] == [
        ("brasa", "critical", "81.25"),
        ("larkspur", "critical", "81.25"),
    ]
    assert len(fleet.rows("findings")) == len(rows)


@pytest.mark.usefixtures("fleet")
def test_a_merchants_nights_as_a_table(say: Say) -> None:
    rows = _table(say("export", "audits", "--merchant", "brasa", *ON).out)

    assert [row["night"] for row in rows] == [NIGHT.isoformat(), night_after(1).isoformat()]
    assert {row["outcomes.bounce_rate.status"] for row in rows} == {"critical"}
    assert {row["kpis.bounce_rate.value"] for row in rows} == {"81.25"}
    assert {row["counts.critical"] for row in rows} == {"1"}


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "table", "count"),
    [
        (("findings", "--merchant", "brasa"), "findings", len(CATALOGUE)),
        (("audits", *ON), "audits", 4),
        (("audits", "--merchant", "brasa", "--until", NIGHT.isoformat()), "audits", 1),
        (("nights", *ON), "nights", 1),
        (("alerts", "--merchant", "brasa", *ON), "alerts", 1),
        (("alerts", "--merchant", "brasa", "--until", "2026-11-20"), "alerts", 0),
    ],
)
def test_json_lines_are_items_as_they_are_published(say: Say, words: tuple[str, ...], table: str, count: int) -> None:
    said = say("export", *words, "--format", "jsonl")

    items = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, len(items)) == (0, count)
    assert departures(table, items) == []


@pytest.mark.usefixtures("fleet")
def test_a_file_is_written_instead(say: Say, tmp_path: Path) -> None:
    target = tmp_path / "nights.csv"

    said = say("export", "nights", *ON, "--out", str(target))

    assert (said.code, said.out) == (0, "")
    (row,) = _table(target.read_text(encoding="utf-8"))
    assert (row["expected"], row["coverage_percent"], row["causes.source_failed"]) == ("2", "100", "15")
    assert row["causes.rate_limited"] == ""


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("alerts",), "Messages are stored by merchant: name one with --merchant."),
        (("nights", "--merchant", "brasa"), "A night is of all merchants"),
        (("findings", "--merchant", "nobody"), "There is no merchant 'nobody'"),
        (
            ("audits", "--since", "2026-11-22", "--until", "2026-11-21"),
            "--since 2026-11-22 is after --until 2026-11-21",
        ),
        (("audits", "--since", "soon"), "'soon' is not a night"),
        (("findings", "--out", "/nowhere/at.csv"), "/nowhere/at.csv cannot be written: No such file or directory."),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_sentence(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("export", *words)

    assert said.code == 2
    assert says in said.err


def test_reading_pages_and_never_scans(fleet: Cloud) -> None:
    asked: list[str] = []
    query = fleet.dynamodb.query

    def page(**request: Any) -> Any:
        asked.append(request["TableName"].removeprefix(PREFIX))
        return query(**request, Limit=1)

    fleet.instead("query", page)
    fleet.instead("scan", lambda **_: pytest.fail("a scan"))
    reading = Reading(fleet.dynamodb, PREFIX)

    assert [row["merchant_id"] for row in reading.findings_on("bounce_rate")] == ["brasa", "larkspur"]
    assert [row["merchant_id"] for row in reading.audits_on(NIGHT)] == ["brasa", "larkspur"]
    assert asked == ["findings", "findings", "audits", "audits"]


def test_what_is_over_is_not_read(fleet: Cloud) -> None:
    reading = Reading(fleet.dynamodb, PREFIX, clock=TTL.timestamp)

    assert list(reading.audits_on(NIGHT)) == []
    assert list(reading.audits_of("brasa", NIGHT, night_after(1))) == []
    assert list(reading.alerts_of("brasa", NIGHT, night_after(1))) == []
    assert reading.night(NIGHT) is None


RUNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


@given(st.text(max_size=8) | st.tuples(st.sampled_from([*RUNS, " ", "\u3000="]), st.text(max_size=5)).map("".join))
@settings(max_examples=100)
@example(" =1+1")
@example("-5")
def test_no_text_is_run_and_none_is_lost(text: str) -> None:
    shown = cell(text)

    assert not shown.lstrip(" \u3000").startswith(RUNS)
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    assert shown in {whole, f"'{whole}"}
    out = io.StringIO()
    write("findings", [{"summary": text}], out)
    assert [row["summary"] for row in csv.DictReader(io.StringIO(out.getvalue(), newline=""))] == [shown]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (Decimal("-5.20"), "-5.20"), (0, "0"), (True, "true"), ("", ""), ("plain - text", "plain - text")],
)
def test_figures_stay_figures_and_absent_is_empty(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_the_extra_checks_have_their_place(fleet: Cloud, say: Say) -> None:
    finding = fleet.raw("findings")[0] | {"check_id": {"S": "bio_link"}}
    fleet.dynamodb.put_item(TableName=f"{PREFIX}findings", Item=finding)

    assert "bio_link" in {row["check_id"] for row in _table(say("export", "findings").out)}
    assert ("outcomes", "bio_link", "status") in columns("audits")


@pytest.mark.parametrize("table", EXPORTED)
def test_a_tables_columns_begin_with_its_keys(table: str) -> None:
    names = [".".join(path) for path in columns(table)]

    assert len(set(names)) == len(names)
    assert names[0] in {"merchant_id", "night"}
