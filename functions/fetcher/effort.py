"""What a fetch takes: every request that is sent on its behalf is counted, wherever in it that happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """The requests of one fetch so far, repeated ones too."""

    requests: int = 0


# One client serves every merchant, and a local audit fetches many at a time: each fetch is a context of its own.
_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def tallied() -> Iterator[Tally]:
    """Count the requests that are sent from here on, by tasks that are begun here too."""
    tally = Tally()
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)


def count_request() -> None:
    """Count a request that is about to be sent; where nobody counts, nothing."""
    if (tally := _tally.get()) is not None:
        tally.requests += 1
