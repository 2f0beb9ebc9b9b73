"""Queue and stream records one by one: what fails is named to AWS, the others count as done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions.runtime.telemetry import about

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

Record = Mapping[str, Any]

# At DEBUG it writes what an exception says, and that may be a request with its tokens.
logging.getLogger("aws_lambda_powertools.utilities.batch").setLevel(logging.INFO)


class _LoggingProcessor(BatchProcessor):
    """Powertools' processor, which keeps failures to itself, with a line in the log for each."""

    def __init__(self, event_type: EventType, logger: Logger) -> None:
        # A batch of one that fails is still only a failed record: the response names it, the function did its work.
        super().__init__(event_type=event_type, raise_on_entire_batch_failure=False)
        self._logger = logger

    def failure_handler(self, record: Any, exception: Any) -> Any:  # noqa: ANN401 - Powertools' own signature
        error = exception[1]
        self._logger.error("A record failed and will be tried again or set aside.", extra=about(error))
        return super().failure_handler(record, exception)


def each_queue_message(
    event: Mapping[str, Any], handle: Callable[[Record], None], logger: Logger
) -> PartialItemFailureResponse:
    """Handle every SQS record of the event; return the identifiers of those that failed."""
    return _process(event, handle, _LoggingProcessor(EventType.SQS, logger))


def each_stream_record(
    event: Mapping[str, Any], handle: Callable[[Record], None], logger: Logger
) -> PartialItemFailureResponse:
    """Handle every DynamoDB stream record of the event; return the identifiers of those that failed."""
    return _process(event, handle, _LoggingProcessor(EventType.DynamoDBStreams, logger))


def _process(
    event: Mapping[str, Any], handle: Callable[[Record], None], processor: BatchProcessor
) -> PartialItemFailureResponse:
    def handler(record: Any) -> None:  # noqa: ANN401 - a data class of Powertools; the raw mapping is what we parse
        handle(record.raw_event)

    return process_partial_response(event=dict(event), record_handler=handler, processor=processor)
