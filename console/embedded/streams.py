"""How Lambda reads a table's stream: again what failed, in ever smaller batches, and aside with what fails for good."""
# ruff: noqa: SLF001  # the emulator has no public hook for this; its version is pinned

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
Result = Mapping[str, Any]


class StreamReader:
    """Stands between ministack's stream poller and the functions that it calls.

    ministack calls a function with each batch; it passes over what the function reports as failed, and asks again for
    ever when the function dies. AWS does as the mapping says (developer guide, "Using Lambda with DynamoDB", error
    handling): a function that died gets its batch in halves, which costs no retry; one that reported failures gets
    what comes from the first of them on; what has used up its retries is told to the on-failure destination. Here
    nobody waits between two tries.
    """

    def __init__(self, lambda_service: Any) -> None:  # noqa: ANN401  # ministack carries no types
        self._lambda = lambda_service
        self._poll: Callable[[], bool] = lambda_service._poll_dynamodb_streams
        self._execute: Callable[..., Result] = lambda_service._execute_function
        # Other threads call functions in other ways meanwhile.
        self._polling = threading.local()

    def install(self) -> None:
        """Read every stream by AWS's rules from now on."""
        self._lambda._poll_dynamodb_streams = self._poll_streams
        self._lambda._execute_function = self._execute_function

    def remove(self) -> None:
        """Put ministack's own poller back."""
        self._lambda._poll_dynamodb_streams = self._poll
        self._lambda._execute_function = self._execute

    def _poll_streams(self) -> bool:
        self._polling.now = True
        try:
            return self._poll()
        finally:
            self._polling.now = False

    def _execute_function(self, function: Mapping[str, Any], event: Any) -> Result:  # noqa: ANN401  # any payload
        if not getattr(self._polling, "now", False):
            return self._execute(function, event)
        records = event["Records"]
        mapping = self._mapping(function, records[0]["eventSourceARN"])
        retries = mapping.get("MaximumRetryAttempts", -1)
        if retries < 0:
            return self._execute(function, event)
        self._deliver(function, mapping, records, retries)
        return {"body": None, "log": ""}

    def _deliver(
        self, function: Mapping[str, Any], mapping: Mapping[str, Any], batch: Sequence[Record], retries: int
    ) -> None:
        result = self._execute(function, {"Records": list(batch)})
        died = bool(result.get("error"))
        rest = batch if died else _from_first_failure(batch, result, mapping)
        if not rest:
            return
        if died and len(rest) > 1 and mapping.get("BisectBatchOnFunctionError"):
            middle = len(rest) // 2
            self._deliver(function, mapping, rest[:middle], retries)
            self._deliver(function, mapping, rest[middle:], retries)
        elif retries:
            self._deliver(function, mapping, rest, retries - 1)
        else:
            source = mapping["EventSourceArn"]
            self._lambda._send_ddb_stream_failure_record(
                mapping, function, rest, source, result, "RetryAttemptsExhausted"
            )

    def _mapping(self, function: Mapping[str, Any], source: str) -> Mapping[str, Any]:
        name = function["config"]["FunctionName"]
        found: Mapping[str, Any] = next(
            mapping
            for _, _, mapping in self._lambda._iter_all_esms()
            if mapping["EventSourceArn"] == source and mapping["FunctionName"] == name
        )
        return found


def _from_first_failure(batch: Sequence[Record], result: Result, mapping: Mapping[str, Any]) -> Sequence[Record]:
    """Return the records that a function which ended well has to get once more."""
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return ()
    body = result.get("body")
    told = json.loads(body) if isinstance(body, str) and body else body
    failures = told.get("batchItemFailures") if isinstance(told, dict) else None
    if not failures:
        return ()
    failed = {failure.get("itemIdentifier") for failure in failures}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
    # A number that is not of this batch is an answer that cannot be understood: all of it has failed.
    first = min((at for at, number in enumerate(numbers) if number in failed), default=0)
    return batch[first:]
