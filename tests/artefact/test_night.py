"""Five functions from the zip, one after the other, work through the events of ``events/`` for a merchant in trouble.

The stage is the synthesised template on the embedded AWS, whose own functions are kept out of it: what happens here,
the packaged code does, under the real runtime client and with the variables that the template gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from console.demo.rehearsal import EMAIL, OPERATOR, Rehearsal, rehearse
from console.sample.designed import TRAFFIC
from functions.audit.alert import AlertState
from functions.audit.verdict import AuditState
from tests.artefact.runtime_api import Function, Posted
from tests.artefact.task import Task

pytestmark = pytest.mark.slow

ROOMS = ("dispatcher", "fetcher", "evaluator", "notifier", "closer")  # the order of a night
EVENTS = Path(__file__).parents[2] / "events"
NIGHT = date(2026, 11, 22)
# Everything leaks at this shop; the events call it larkspur.
LARKSPUR = next(replace(each, shop=replace(each.shop, id="larkspur")) for each in TRAFFIC if each.id == "brasa")


@dataclass(frozen=True, slots=True)
class Played:
    """What each room answered: to its start, to its event, to that event once more, and to the poison twin."""

    stage: Rehearsal
    starts: dict[str, Posted]
    answers: dict[str, Posted]
    replays: dict[str, Posted]
    poisoned: dict[str, Posted]
    logs: dict[str, str]


@pytest.fixture(scope="module")
def night(task: Task) -> Iterator[Played]:
    with rehearse([LARKSPUR]) as stage, ExitStack() as running:
        _keep_its_own_functions_out(stage)
        played = Played(stage, {}, {}, {}, {}, {})
        for room in ROOMS:
            function = running.enter_context(Function(task, room, _environment(stage, room)))
            played.starts[room] = function.initialised()
            played.answers[room] = function.invoke(_event(room))
            played.replays[room] = function.invoke(_event(room))
            played.poisoned[room] = function.invoke(_event(f"{room}.poison"))
            played.logs[room] = function.log
        yield played


def _keep_its_own_functions_out(stage: Rehearsal) -> None:
    functions = stage.aws.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])


def _environment(stage: Rehearsal, room: str) -> dict[str, str]:
    configuration = stage.aws.client("lambda").get_function_configuration(FunctionName=f"{stage.stage.prefix}{room}")
    assert configuration["Handler"] == f"functions.{room}.handler.handler"
    return configuration["Environment"]["Variables"] | {"AWS_ENDPOINT_URL": stage.aws.endpoint}


def _event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ROOMS)
def test_it_starts(night: Played, room: str) -> None:
    assert night.starts[room] == Posted("ready")


def test_the_dispatcher_sends_the_one_merchant_once(night: Played) -> None:
    sent = {"night": "2026-11-22", "sent": 1, "already_done": 0, "disabled": 0, "shards": 0}
    assert night.answers["dispatcher"] == Posted("response", sent)


@pytest.mark.parametrize("room", ["fetcher", "evaluator", "notifier"])
def test_a_real_event_is_handled_whole_and_so_is_its_replay(night: Played, room: str) -> None:
    assert night.answers[room] == Posted("response", {"batchItemFailures": []}), night.logs[room]
    assert night.replays[room] == Posted("response", {"batchItemFailures": []}), night.logs[room]


def test_the_closer_counts_the_audit(night: Played) -> None:
    counted = {"night": "2026-11-22", "expected": 1, "audited": 1, "failed": 0, "missing": 0}
    assert night.answers["closer"] == Posted("response", counted)
    assert night.replays["closer"] == Posted("response", counted)


def test_the_audit_is_there_and_it_is_larkspurs(night: Played) -> None:
    (head,) = night.stage.heads(NIGHT)
    assert (head.merchant_id, head.state) == ("larkspur", AuditState.DONE)


def test_the_alert_went_out_once_and_the_summary_too(night: Played) -> None:
    sent = night.stage.aws.outbox()
    assert [message.endpoint for message in sent if message.protocol == "email"] == [EMAIL, OPERATOR]
    alert = night.stage.stage.tables.alerts.get("larkspur", "2026-11-22#critical")
    assert alert is not None
    assert alert.state is AlertState.PUBLISHED


def test_the_preflight_saw_all_that_the_embedded_aws_can_show_and_nothing_failed(night: Played) -> None:
    (summary,) = (message for message in night.stage.aws.outbox() if message.endpoint == OPERATOR)
    found = [line for line in summary.body.partition("Preflight")[2].splitlines() if line.startswith("- ")]
    sandbox = "- Could not look at whether SNS keeps this account in its SMS sandbox"
    limit = "- Could not look at SNS's monthly limit for text messages"
    assert found == [
        f"{sandbox}: AWS answered GetSMSSandboxAccountStatus with InvalidAction.",
        f"{limit}: AWS answered GetSMSAttributes with InvalidAction.",
    ]


@pytest.mark.parametrize("room", ["dispatcher", "closer"])
def test_a_poisoned_start_is_an_error_that_lambda_shows(night: Played, room: str) -> None:
    said = night.poisoned[room]
    assert said.what == "error"
    assert said.body["errorType"] in {"InvalidInput", "InvalidMessage"}


@pytest.mark.parametrize("room", ["fetcher", "evaluator"])
def test_poisoned_messages_are_named_and_only_they_come_again(night: Played, room: str) -> None:
    said = night.poisoned[room]
    poison = [record["messageId"] for record in _event(f"{room}.poison")["Records"][:2]]
    assert said.what == "response"
    failed = [failure["itemIdentifier"] for failure in said.body["batchItemFailures"]]
    # The third message, a good one, is handled all the same: it does not come again.
    assert failed == poison


def test_a_poisoned_stream_record_is_named(night: Played) -> None:
    first = _event("notifier.poison")["Records"][0]["dynamodb"]["SequenceNumber"]
    assert night.poisoned["notifier"] == Posted("response", {"batchItemFailures": [{"itemIdentifier": first}]})


@pytest.mark.parametrize("room", ROOMS)
def test_it_leaves_its_metrics_in_the_log(night: Played, room: str) -> None:
    metrics = [line for line in night.logs[room].splitlines() if '"_aws"' in line]
    assert metrics
    assert f'"service":"{room}"' in metrics[0].replace(" ", "")
