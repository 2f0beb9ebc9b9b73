"""One source's surprise must not take the others with it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TypeVar

from functions.audit.absence import Absent, Reason

T = TypeVar("T")
log = logging.getLogger(__name__)


async def guarded(asking: Awaitable[T], what: str) -> T | Absent:
    """Return what a source showed; a failure of our own while reading it is an absence of that source alone."""
    try:
        return await asking
    except Exception as error:  # noqa: BLE001 - the boundary between one source and the others
        log.error("A source's answer could not be read.", extra={"error_type": type(error).__name__})
        return Absent.because(Reason.SOURCE_FAILED, f"{what}: reading it failed with {type(error).__name__}")
