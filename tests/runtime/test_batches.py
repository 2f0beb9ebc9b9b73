"""Records one by one: each failure is named and logged, the others count as done."""

from __future__ import annotations

from typing import Any

import pytest

from functions.audit.errors import InvalidMessage
from functions.runtime.batches import Record, each_queue_message, each_stream_record
from tests.events.wiring import event
from tests.runtime.conftest import Log


def _queue(*bodies: str) -> dict[str, Any]:
    record = event("evaluator")["Records"][0]
    return {"Records": [record | {"messageId": f"id-{at}", "body": body} for at, body in enumerate(bodies)]}


def _stream(*merchants: str) -> dict[str, Any]:
    record = event("notifier")["Records"][0]
    return {
        "Records": [
            record | {"dynamodb": record["dynamodb"] | {"Keys": {"merchant_id": {"S": id_}}, "SequenceNumber": f"{at}"}}
            for at, id_ in enumerate(merchants)
        ]
    }


def test_every_record_is_handed_over_as_it_came(log: Log) -> None:
    came: list[str] = []

    answer = each_queue_message(_queue("a", "b"), lambda record: came.append(record["body"]), log.logger)

    assert came == ["a", "b"]
    assert answer == {"batchItemFailures": []}
    assert log.lines == []


def test_a_record_that_fails_is_named_and_the_others_are_done(log: Log) -> None:
    done: list[str] = []

    def handle(record: Record) -> None:
        if record["body"] == "bad":
            raise InvalidMessage("This is not ours.")
        done.append(record["body"])

    answer = each_queue_message(_queue("good", "bad", "fine"), handle, log.logger)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-1"}]}
    assert done == ["good", "fine"]
    (line,) = log.lines
    assert (line["error_type"], line["error_says"]) == ("InvalidMessage", "This is not ours.")


def test_a_stream_record_that_fails_is_named_by_its_place_in_the_stream(log: Log) -> None:
    def handle(record: Record) -> None:
        if record["dynamodb"]["Keys"]["merchant_id"]["S"] == "bad":
            raise InvalidMessage("This is not ours.")

    answer = each_stream_record(_stream("good", "bad"), handle, log.logger)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_of_failures_only_is_an_answer_and_no_crash(log: Log, size: int) -> None:
    answer = each_queue_message(_queue(*["bad"] * size), _fail_with_words_of_others, log.logger)

    assert len(answer["batchItemFailures"]) == size
    assert len(log.lines) == size


def test_the_words_of_other_libraries_errors_are_not_logged(log: Log) -> None:
    each_queue_message(_queue("bad"), _fail_with_words_of_others, log.logger)

    assert "MARKED" not in log.text
    (line,) = log.lines
    assert line["error_type"] == "ValueError"
    assert any("_fail_with_words_of_others" in place for place in line["error_at"])


def test_a_batch_that_failed_leaves_nothing_to_the_next_one(log: Log) -> None:
    each_queue_message(_queue("bad"), _fail_with_words_of_others, log.logger)

    assert each_queue_message(_queue("good"), lambda _: None, log.logger) == {"batchItemFailures": []}


def _fail_with_words_of_others(_: Record) -> None:
    raise ValueError("the header 'Bearer MARKED' is odd")
