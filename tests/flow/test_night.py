"""One night of the whole fleet: every story comes out as it was declared, and replaying anything changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from console.cli import app
from console.demo.rehearsal import EMAIL, OPERATOR, PHONE, Rehearsal, rehearse
from console.demo.result import collect
from console.explaining import explanation
from console.sample.fleet import fleet
from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.merchant import Severity
from functions.audit.profile import default_profile
from functions.audit.verdict import AuditState
from functions.report.read import stored
from functions.report.stored import CHECKS
from functions.store.contract.catalogue import TABLES
from functions.store.items import from_item, key
from tests.contract import departures
from tests.flow.browser import dynamodb_admin, shown
from tests.flow.cookbook import KINDS, answer, recipes
from tests.flow.roles import denied, enforced

pytestmark = pytest.mark.slow

NIGHT = date(2026, 11, 21)
FLEET = 200
PATIENCE = 240.0


@pytest.fixture(scope="module")
def night() -> Iterator[Rehearsal]:
    """A finished night of two hundred merchants."""
    with rehearse(fleet(FLEET, seed=11)) as rehearsal:
        rehearsal.run(NIGHT, timeout=PATIENCE)
        yield rehearsal


def _everything(night: Rehearsal) -> dict[str, list[str]]:
    """Return every item of the tables that a night writes, as comparable text."""
    dynamodb = night.aws.client("dynamodb")
    seen: dict[str, list[str]] = {}
    for table in ("snapshots", "audits", "findings", "alerts", "nights"):
        pages = dynamodb.get_paginator("scan").paginate(TableName=f"{night.stage.prefix}{table}")
        seen[table] = sorted(repr(sorted(item.items())) for page in pages for item in page["Items"])
    return seen


def test_every_merchant_ends_in_exactly_fifteen_outcomes(night: Rehearsal) -> None:
    audits = collect(night, NIGHT, seed=11).audits

    assert len(audits) == FLEET
    assert sum(len(audit["outcomes"]) for audit in audits) == FLEET * 15
    for audit in audits:
        assert [outcome["check_id"] for outcome in audit["outcomes"]] == [check.id for check in CATALOGUE]


def test_every_story_comes_out_as_it_was_declared(night: Rehearsal) -> None:
    audits = {audit["merchant_id"]: audit for audit in collect(night, NIGHT, seed=11).audits}

    differs = [
        f"{merchant.id} {outcome['check_id']}: {outcome['status']} {outcome['reasons']}, declared {wanted}"
        for merchant in night.fleet
        for outcome in audits[merchant.id]["outcomes"]
        if (wanted := merchant.outcomes[outcome["check_id"]])
        and (
            outcome["status"] != wanted.status
            or (wanted.reason is not None and wanted.reason not in outcome["reasons"])
        )
    ]

    assert differs == []


def test_each_new_critical_is_told_once_by_email_and_once_by_sms(night: Rehearsal) -> None:
    critical = {finding.merchant_id for finding in night.stage.tables.findings.open(Severity.CRITICAL)}
    told = [message for message in night.aws.outbox() if message.endpoint != OPERATOR]

    assert critical
    for protocol, endpoint in (("email", EMAIL), ("sms", PHONE)):
        merchants = [message.attributes["merchant_id"] for message in told if message.protocol == protocol]
        assert sorted(merchants) == sorted(critical)
        assert {message.endpoint for message in told if message.protocol == protocol} == {endpoint}


def test_the_ledger_holds_what_was_sent(night: Rehearsal) -> None:
    sent = {message.attributes["merchant_id"]: message for message in night.aws.outbox() if message.protocol == "email"
            and message.endpoint == EMAIL}  # fmt: skip

    for merchant_id, message in sent.items():
        alert = night.stage.tables.alerts.get(merchant_id, f"{NIGHT.isoformat()}#critical")
        assert alert is not None
        assert alert.state.value == "published"
        assert (alert.subject, alert.email) == (message.subject, message.body)


def test_the_operators_hear_the_coverage_once(night: Rehearsal) -> None:
    summaries = [message for message in night.aws.outbox() if message.endpoint == OPERATOR]

    assert len(summaries) == 1
    assert f"{FLEET} of {FLEET} expected merchants were audited" in summaries[0].body


def test_nothing_ended_in_a_dead_letter_queue(night: Rehearsal) -> None:
    letters = {name: depth for name, depth in night.aws.queue_depths().items() if name.endswith("-dlq")}

    assert letters
    assert [name for name, depth in letters.items() if depth.visible or depth.in_flight] == []


@pytest.mark.parametrize("table", [table.name for table in TABLES if table.name not in {"mutes", "recipients"}])
def test_what_the_night_wrote_is_what_readers_were_promised(night: Rehearsal, table: str) -> None:
    pages = night.aws.client("dynamodb").get_paginator("scan").paginate(TableName=f"{night.stage.prefix}{table}")
    items = [from_item(item) for page in pages for item in page["Items"]]

    assert items
    # Of all that say as much and come to the same, one: three thousand findings differ in forty ways.
    alike = {(str(item.get("counts")), *sorted(item)): item for item in items}
    assert departures(table, alike.values()) == []


def test_replaying_every_message_and_record_changes_nothing(night: Rehearsal) -> None:
    before, messages = _everything(night), len(night.aws.outbox())
    sqs, lambda_ = night.aws.client("sqs"), night.aws.client("lambda")
    for queue in ("fetch", "evaluate"):
        url = sqs.get_queue_url(QueueName=f"{night.stage.prefix}{queue}")["QueueUrl"]
        for merchant in night.fleet:
            body = json.dumps({"merchant_id": merchant.id, "night": NIGHT.isoformat()})
            sqs.send_message(QueueUrl=url, MessageBody=body)
    records = [
        {"eventID": str(at), "eventName": "INSERT", "eventSource": "aws:dynamodb",
         "dynamodb": {"SequenceNumber": str(at), "NewImage": image}}
        for at, image in enumerate(_alert_images(night))
    ]  # fmt: skip
    answer = lambda_.invoke(
        FunctionName=f"{night.stage.prefix}notifier", Payload=json.dumps({"Records": records}).encode()
    )
    night.dispatch(NIGHT)
    night.settle(timeout=PATIENCE)
    night.close(NIGHT)
    night.settle(timeout=PATIENCE)

    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    after = _everything(night)
    for table in ("snapshots", "audits", "findings", "alerts"):
        assert after[table] == before[table]
    assert len(night.aws.outbox()) == messages


def _alert_images(night: Rehearsal) -> list[dict[str, object]]:
    pages = night.aws.client("dynamodb").get_paginator("scan").paginate(TableName=f"{night.stage.prefix}alerts")
    return [dict(item) for page in pages for item in page["Items"]]


def test_the_next_night_repeats_no_alert(night: Rehearsal) -> None:
    before = {message.attributes.get("merchant_id") for message in night.aws.outbox()}
    messages = len(night.aws.outbox())
    # To those of whom nobody was told nothing can be repeated: they have the night off.
    told = [one for one in night.fleet if one.id in before]
    assert len(told) > 10
    merchants = night.stage.tables.merchants
    for one in night.fleet:
        if one not in told and (quiet := merchants.get(one.id)) is not None:
            merchants.save(quiet.model_copy(update={"enabled": False}))

    tomorrow = NIGHT + timedelta(days=1)
    replace(night, fleet=told).run(tomorrow, timeout=PATIENCE)

    new = night.aws.outbox()[messages:]
    assert [
        message for message in new if message.endpoint != OPERATOR and message.attributes["merchant_id"] in before
    ] == []
    heads = night.heads(tomorrow)
    assert {head.merchant_id for head in heads} == {one.id for one in told}
    assert all(head.state is AuditState.DONE for head in heads)


def test_an_older_night_never_overwrites_a_newer_one(night: Rehearsal) -> None:
    merchant_id = night.fleet[0].id
    before = night.stage.tables.findings.of_merchant(merchant_id)
    yesterday = NIGHT - timedelta(days=1)

    night.aws.client("lambda").invoke(
        FunctionName=f"{night.stage.prefix}dispatcher",
        Payload=json.dumps({"night": yesterday.isoformat(), "merchant_id": merchant_id}).encode(),
    )
    night.settle(timeout=PATIENCE)

    assert night.stage.tables.findings.of_merchant(merchant_id) == before
    assert night.stage.tables.audits.state(merchant_id, yesterday) is AuditState.DONE


def _rows(night: Rehearsal, table: str, index: str | None = None, /, **key: str) -> dict[str, Any]:
    """Return the Query for the rows of one key."""
    ((name, value),) = key.items()
    return {
        "TableName": f"{night.stage.prefix}{table}",
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": name},
        "ExpressionAttributeValues": {":key": {"S": value}},
    } | ({"IndexName": index} if index else {})


def _select(night: Rehearsal, where: str = "", *, table: str = "findings", index: str | None = None) -> str:
    source = f'"{night.stage.prefix}{table}"' + (f'."{index}"' if index else "")
    return f"SELECT * FROM {source} {where}".strip()  # noqa: S608 - our own names


def test_a_fleets_reader_reads_by_key_or_index_and_nothing_else(night: Rehearsal) -> None:
    prefix, one = night.stage.prefix, night.fleet[0].id
    with enforced(night.aws) as door:
        reader = door.reader(f"{prefix}fleet-reader")
        criticals = reader.query(**_rows(night, "findings", "open_by_severity", open_severity="critical"))["Items"]
        where = "WHERE open_severity = 'critical'"
        statement = _select(night, where, index="open_by_severity")
        selected = reader.execute_statement(Statement=statement)["Items"]
        shop = reader.get_item(TableName=f"{prefix}merchants", Key=key(merchant_id=one))["Item"]

        assert denied(reader.scan, TableName=f"{prefix}findings")
        assert denied(reader.scan, TableName=f"{prefix}findings", IndexName="by_check")
        assert denied(reader.execute_statement, Statement=_select(night))
        assert denied(reader.execute_statement, Statement=_select(night, index="by_check"))
        assert denied(reader.put_item, TableName=f"{prefix}mutes", Item=key(merchant_id=one, check_id="all"))
        assert denied(reader.delete_item, TableName=f"{prefix}findings", Key=key(merchant_id=one, check_id="all"))
        for table in ("tokens", "snapshots"):
            assert denied(reader.query, **_rows(night, table, merchant_id=one))
        assert denied(reader.get_item, TableName=f"{prefix}budgets", Key=key(budget="tiktok"))
        assert denied(door.reader, role=f"{prefix}fleet-reader", merchant_id=one)

    assert len(criticals) == len(selected) > 1
    assert shop["merchant_id"] == {"S": one}


def test_a_tenants_reader_reads_the_merchant_of_its_session_and_no_other(night: Rehearsal) -> None:
    prefix, mine, other = night.stage.prefix, night.fleet[0].id, night.fleet[1].id
    select = _select(night, "WHERE merchant_id = ?")
    with enforced(night.aws) as door:
        reader = door.reader(f"{prefix}tenant-reader", merchant_id=mine)
        own = reader.query(**_rows(night, "findings", merchant_id=mine))["Items"]
        selected = reader.execute_statement(Statement=select, Parameters=[{"S": mine}])["Items"]

        for table in ("findings", "audits", "alerts", "mutes", "merchants"):
            assert not denied(reader.query, **_rows(night, table, merchant_id=mine))
            assert denied(reader.query, **_rows(night, table, merchant_id=other))
            assert denied(reader.scan, TableName=f"{prefix}{table}")
        both = {"Keys": [key(merchant_id=mine), key(merchant_id=other)]}
        assert denied(reader.batch_get_item, RequestItems={f"{prefix}merchants": both})
        assert denied(reader.execute_statement, Statement=select, Parameters=[{"S": other}])
        assert denied(reader.execute_statement, Statement=_select(night))
        assert denied(reader.query, **_rows(night, "findings", "by_check", check_id="bounce_rate"))
        assert denied(reader.query, **_rows(night, "audits", "by_night", night=NIGHT.isoformat()))
        assert denied(reader.get_item, TableName=f"{prefix}nights", Key=key(night=NIGHT.isoformat()))
        for table in ("tokens", "snapshots"):
            assert denied(reader.query, **_rows(night, table, merchant_id=mine))
        # Whoever takes the role names one merchant, and nothing else.
        assert denied(door.reader, role=f"{prefix}tenant-reader")
        assert denied(door.reader, role=f"{prefix}tenant-reader", merchant_id=mine, stage="prod")
        # A star is a merchant that is not there, not all of them.
        assert denied(
            door.reader(f"{prefix}tenant-reader", merchant_id="*").query, **_rows(night, "findings", merchant_id=mine)
        )

    assert len(own) == len(selected) == len(CATALOGUE)
    assert {item["merchant_id"]["S"] for item in own} == {mine}


@pytest.fixture
def earlier_nights(night: Rehearsal) -> None:
    """Three more nights of one shop: the first of ninety, one before that, and one that could not see sessions."""
    dynamodb, table = night.aws.client("dynamodb"), f"{night.stage.prefix}audits"
    item = dynamodb.get_item(TableName=table, Key=key(merchant_id="brasa", night=NIGHT.isoformat()))["Item"]
    for day in ("2026-08-23", "2026-08-24", "2026-11-20"):
        if day == "2026-11-20":
            del item["kpis"]["M"]["sessions"]["M"]["value"]
        dynamodb.put_item(TableName=table, Item=item | {"night": {"S": day}})


@pytest.mark.usefixtures("earlier_nights")
@pytest.mark.parametrize("at", range(len(recipes(""))), ids=[recipe.question for recipe in recipes("")])
def test_every_tool_gives_a_recipes_answer_and_none_needs_a_scan(
    night: Rehearsal, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, recipe = night.stage.tables, recipes(night.stage.prefix)[at]
    critical = [(one.merchant_id, one.check_id) for one in tables.findings.open(Severity.CRITICAL)]
    bouncing = [one.merchant_id for one in tables.findings.of_check("bounce_rate")]
    failing = [one.merchant_id for one in tables.audits.heads(NIGHT) if Reason.SOURCE_FAILED in one.reasons]

    with enforced(night.aws) as door:
        for name, value in door.session(f"{night.stage.prefix}fleet-reader").items():
            monkeypatch.setenv(name, value)
        answers = [answer(recipe, kind) for kind in KINDS]

    rows = answers[0]
    assert [rows] * len(KINDS) == answers
    match recipe.question:
        case "What is critical now, in the whole fleet?":
            assert sorted((row["merchant_id"], row["check_id"]) for row in rows) == sorted(critical)
        case "How does one merchant stand?":
            assert [row["check_id"] for row in rows if "check_id" in row] == sorted(check.id for check in CATALOGUE)
            assert {"currency": "MXN", "name": "Brasa Salsas", "timezone": "America/Mexico_City"} in rows
            assert {"night": NIGHT.isoformat(), "state": "done"} in rows
        case "How does one check stand, in the whole fleet?":
            assert sorted(row["merchant_id"] for row in rows) == sorted(bouncing)
            assert all(("value" in row) is (row["status"] != "not_evaluated") for row in rows)
        case "How did a figure move over the last 90 nights?":
            assert [row["night"] for row in rows] == ["2026-08-24", "2026-11-20", NIGHT.isoformat()]
            assert ["value" in row for row in rows] == [True, False, True]
        case "How much of last night is covered, and who was missed?":
            whole = {"expected": str(FLEET), "audited": str(FLEET), "failed_merchants": [], "missing_merchants": []}
            assert rows == [whole]
        case "What could not be evaluated, for which cause, and at whom?":
            assert sorted(row["merchant_id"] for row in rows if "merchant_id" in row) == sorted(failing)
            assert any("sample_too_small" in row for row in rows)
        case "What was one merchant told?":
            assert [row["alert_id"] for row in rows] == [f"{NIGHT.isoformat()}#critical"]
        case question:
            pytest.fail(f"nobody has said what is right for: {question}")


def test_a_window_on_the_tables_shows_the_findings_and_scans_nothing(night: Rehearsal, tmp_path: Path) -> None:
    table = f"{night.stage.prefix}findings"
    criticals = {one.merchant_id for one in night.stage.tables.findings.open(Severity.CRITICAL)}
    query = {
        "operationType": "query",
        "queryableSelection": "open_by_severity",
        "pageSize": "100",
        "filters": json.dumps({"open_severity": {"operator": "=", "type": "S", "value": "critical"}}),
    }
    with (
        enforced(night.aws) as door,
        dynamodb_admin(door.session(f"{night.stage.prefix}fleet-reader")) as address,
    ):
        several = shown(f"{address}/tables/{table}?{urlencode(query)}", tmp_path)
        one = shown(f"{address}/tables/{table}/items/brasa,bounce_rate", tmp_path)
        scanned = shown(f"{address}/tables/{table}", tmp_path)

    assert [merchant for merchant in criticals if f'"{merchant}"' not in several] == []
    assert "Too many visitors from TikTok leave at once" in one
    assert [merchant for merchant in criticals if f'"{merchant}"' in scanned] == []


@pytest.mark.parametrize(
    "words",
    [
        ("findings",),
        ("findings", "--check", "bounce_rate", "--sort", "value"),
        ("findings", "--reason", "source_failed"),
        ("history", "brasa", "bounce_rate", "--until", NIGHT.isoformat()),
        ("explain", "brasa", "bounce_rate", "--night", NIGHT.isoformat()),
        ("night", NIGHT.isoformat()),
        ("merchants", "show", "brasa"),
    ],
    ids=" ".join,
)
def test_the_consoles_readers_need_no_more_than_the_fleets_reader_may(
    night: Rehearsal,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NIGHTJAR_STAGE", night.stage.name)
    with enforced(night.aws) as door:
        for name, value in door.session(f"{night.stage.prefix}fleet-reader").items():
            monkeypatch.setenv(name, value)
        app([*words, "--format", "json"], standalone_mode=False)

    told = json.loads(capsys.readouterr().out)
    match words:
        case ("findings", *_):
            assert len(told["findings"]) > 1
        case ("history", *_):
            assert told["nights"][-1]["status"] == "critical"
        case ("explain", *_):
            assert told["formula"].startswith("sessions that bounced")
            assert told["inputs_unseen"].startswith("These credentials may not read what that night saw")
        case ("night", *_):
            assert (told["expected"], told["audited"]) == (FLEET, FLEET)
            assert {"merchant_id": "brasa", "check_id": "bounce_rate"} in told["new_criticals"]
        case ("merchants", *_):
            assert set(told["unseen"]) == {"connections", "recipients"}
            # Or the next night, where another test has run that before.
            assert told["last_audit"]["night"] in {NIGHT.isoformat(), (NIGHT + timedelta(days=1)).isoformat()}


def test_every_outcome_of_a_sample_night_explains_itself(night: Rehearsal) -> None:
    tables, profile = night.stage.tables, default_profile()
    seen = 0
    for one in night.fleet[:10]:
        shop = tables.merchants.get(one.id)
        assert shop is not None
        found = stored(tables, shop, NIGHT, exactly=True, today=NIGHT)
        assert found is not None
        for check_id, outcome in found.outcomes():
            told = explanation(CHECKS[check_id], found, profile)
            assert (told["status"], told["value"]) == (outcome["status"], outcome.get("value"))
            assert told["formula"]
            assert "{" not in told["formula"]
            # Each input was seen, and somebody measured it, or it says why not.
            assert all(
                bool(entry["source"]) if entry["value"] is not None else entry["causes"] for entry in told["inputs"]
            )
            assert len(told["inputs"]) == len(CHECKS[check_id].inputs)
            assert bool(told["causes"]) is (outcome["status"] == "not_evaluated")
            seen += 1
    assert seen >= 10 * len(CATALOGUE)
