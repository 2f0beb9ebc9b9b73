"""Feeds a table's stream to a function, without letting one bad record hold up the others for a day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Duration, aws_dynamodb, aws_lambda, aws_sqs

from infra.constructs.function import Function

BATCH: Final = 10
RETRIES: Final = 5
MAX_AGE: Final = Duration.hours(6)  # before the next night; the closer's sweep has seen the alert by then


def feed_stream(
    table: aws_dynamodb.Table, function: Function, *, only: Sequence[Mapping[str, object]], dead: aws_sqs.IQueue
) -> None:
    """Call ``function`` for each record of the stream that matches one of ``only``; what fails goes to ``dead``.

    Lambda's defaults would retry a failing batch until it expires after 24 hours, whole, and then drop it silently.
    """
    source = aws_lambda.CfnEventSourceMapping
    source(
        function,
        "Source",
        function_name=function.function.function_name,
        event_source_arn=table.table_stream_arn,
        # The oldest record first: one that was written while this mapping was being made is not skipped.
        starting_position="TRIM_HORIZON",
        batch_size=BATCH,
        # One batch a shard at a time: alerts are few, and two of one merchant are not to cross.
        parallelization_factor=1,
        maximum_retry_attempts=RETRIES,
        maximum_record_age_in_seconds=int(MAX_AGE.to_seconds()),
        bisect_batch_on_function_error=True,
        destination_config=source.DestinationConfigProperty(
            on_failure=source.OnFailureProperty(destination=dead.queue_arn)
        ),
        function_response_types=["ReportBatchItemFailures"],
        filter_criteria=source.FilterCriteriaProperty(
            filters=[source.FilterProperty(pattern=json.dumps(one)) for one in only]
        ),
    )
