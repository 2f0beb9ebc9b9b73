"""Logger and metrics of the deployed functions.

The log is an allow-list: a key that is not named here is dropped, so that no token, address or answer of a source can
slip into a line by being passed along. Messages are fixed sentences; everything that varies goes into a named key.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from functions.audit.errors import NightjarError

ALLOWED: Final = frozenset(
    # what Powertools adds of itself
    {"level", "location", "message", "timestamp", "service", "sampling_rate", "cold_start", "function_name"}
    | {"function_request_id", "function_arn", "function_memory_size", "correlation_id", "xray_trace_id"}
    # what we say
    | {"merchant_id", "night", "check_id", "alert_id", "message_id", "reason", "reasons", "status", "state", "count"}
    | {"segment", "segments", "receive_count", "expected", "audited", "failed", "missing", "elapsed_ms", "skipped"}
    | {"event_name", "error_type", "error_at", "error_says"}
)


class AllowListFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines with every key that is not allowed left out."""

    def serialize(self, log: Any) -> str:  # noqa: ANN401 - Powertools' own signature: a mapping of anything
        """Return the line with the allowed keys only."""
        return super().serialize({key: value for key, value in log.items() if key in ALLOWED})


def new_logger() -> Logger:
    """Return the container's logger; service and level come from the POWERTOOLS_ variables."""
    return Logger(logger_formatter=AllowListFormatter(), log_uncaught_exceptions=False)


def new_metrics() -> Metrics:
    """Return the container's metrics; namespace and service come from the POWERTOOLS_ variables."""
    return Metrics()


def about(error: BaseException) -> dict[str, object]:
    """Return what may be logged of an error: its type, where it was raised, and its text only when we wrote it.

    Texts of other libraries' errors may quote what they were given, a token or an address among it.
    """
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    facts: dict[str, object] = {
        "error_type": type(error).__name__,
        "error_at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, NightjarError):
        facts["error_says"] = str(error)
    return facts
