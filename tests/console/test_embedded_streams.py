"""A stream is read as the mapping says: what failed again, in halves where the function died, aside for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.embedded.streams import StreamReader

SOURCE = "arn:aws:dynamodb:us-east-1:000000000000:table/alerts/stream/1"
MAPPING = {
    "EventSourceArn": SOURCE,
    "FunctionName": "tell",
    "MaximumRetryAttempts": 2,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}
FUNCTION = {"config": {"FunctionName": "tell"}}
OK: dict[str, Any] = {"body": None}
DEAD: dict[str, Any] = {"body": {"errorMessage": "Worker process died"}, "error": True}


@dataclass
class FakeLambda:
    """ministack's service, as far as its stream poller goes: one stream, one function, whose answers a story gives."""

    answer: Callable[[str], dict[str, Any]]
    mapping: dict[str, Any] = field(default_factory=lambda: dict(MAPPING))
    stream: str = "abcdef"
    asked: list[str] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)
    moved_on: bool | None = None

    def _iter_all_esms(self) -> list[tuple[str, str, dict[str, Any]]]:
        other = {"EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:jobs", "FunctionName": "tell"}
        return [("000000000000", "us-east-1", mapping) for mapping in (other, self.mapping)]

    def _execute_function(self, _function: Any, event: Any) -> dict[str, Any]:
        batch = "".join(record["dynamodb"]["SequenceNumber"] for record in event["Records"])
        self.asked.append(batch)
        return self.answer(batch)

    def _poll_dynamodb_streams(self) -> bool:
        records = [{"eventSourceARN": SOURCE, "dynamodb": {"SequenceNumber": number}} for number in self.stream]
        self.moved_on = not self._execute_function(FUNCTION, {"Records": records}).get("error")
        return self.moved_on

    def _send_ddb_stream_failure_record(self, *told: Any) -> None:
        _, _, batch, source, _, condition = told
        assert source == SOURCE
        self.aside.append(("".join(record["dynamodb"]["SequenceNumber"] for record in batch), condition))


def read(answer: Callable[[str], dict[str, Any]], **changed: Any) -> FakeLambda:
    service = FakeLambda(answer, mapping=MAPPING | changed)
    reader = StreamReader(service)
    reader.install()
    assert service._poll_dynamodb_streams() is service.moved_on
    reader.remove()
    return service


def failing(*numbers: str) -> dict[str, Any]:
    return {"body": {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}}


def test_what_went_well_is_read_once() -> None:
    service = read(lambda _: failing())

    assert (service.asked, service.aside, service.moved_on) == (["abcdef"], [], True)


def test_a_function_that_dies_of_one_record_gets_the_batch_in_halves_until_that_is_alone() -> None:
    service = read(lambda batch: DEAD if "d" in batch else OK)

    assert service.asked == ["abcdef", "abc", "def", "d", "d", "d", "ef"]
    assert service.aside == [("d", "RetryAttemptsExhausted")]
    assert service.moved_on


@pytest.mark.parametrize("as_text", [False, True])
def test_what_a_function_reports_is_tried_again_from_the_first_failure_on(as_text: bool) -> None:  # noqa: FBT001 - pytest gives it
    def answer(batch: str) -> dict[str, Any]:
        told = failing(*[number for number in "ec" if number in batch])
        return {"body": json.dumps(told["body"])} if as_text else told

    service = read(answer)

    assert service.asked == ["abcdef", "cdef", "cdef"]
    assert service.aside == [("cdef", "RetryAttemptsExhausted")]


def test_what_succeeds_in_the_end_is_not_set_aside() -> None:
    answers = iter([failing("f"), DEAD, OK])

    service = read(lambda _: next(answers))

    assert (service.asked, service.aside) == (["abcdef", "f", "f"], [])


def test_an_answer_about_another_batch_is_a_failure_of_all_of_it() -> None:
    service = read(lambda _: failing("z"), MaximumRetryAttempts=0)

    assert service.aside == [("abcdef", "RetryAttemptsExhausted")]


def test_without_a_word_about_failures_the_answer_is_not_read() -> None:
    assert read(lambda _: failing("a"), FunctionResponseTypes=[]).asked == ["abcdef"]


def test_without_halving_the_whole_batch_is_tried_again() -> None:
    service = read(lambda _: DEAD, BisectBatchOnFunctionError=False)

    assert service.asked == ["abcdef"] * 3
    assert service.aside == [("abcdef", "RetryAttemptsExhausted")]


def test_where_retries_have_no_end_ministack_asks_again_itself() -> None:
    service = read(lambda _: DEAD, MaximumRetryAttempts=-1)

    assert (service.asked, service.moved_on) == (["abcdef"], False)


def test_a_function_that_somebody_calls_by_hand_is_called_once() -> None:
    service = FakeLambda(lambda _: DEAD)
    reader = StreamReader(service)
    reader.install()

    service._execute_function(FUNCTION, {"Records": [{"dynamodb": {"SequenceNumber": "a"}}]})

    assert (service.asked, service.aside) == (["a"], [])
