"""An event loop whose time passes at once: whoever sleeps wakes in the right order, and nobody waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.SelectSelector):
    """Goes to the next appointment instead of waiting for it."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for somebody else")
        self.skipped += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock begins at a second of its own."""

    def __init__(self, begin: float) -> None:
        self._skipping = _Skipping()
        self._skipping.skipped = begin
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped


def run(story: Coroutine[Any, Any, T], *, begin: float = 0.0) -> T:
    """Return what the story comes to."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(begin)) as runner:
        return runner.run(story)


def meanwhile(story: Callable[[], Coroutine[Any, Any, T]], *, begin: float) -> T:
    """Return what another story comes to that happens as a whole while this one stands still."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(lambda: run(story(), begin=begin)).result()


def clock() -> float:
    """Return the seconds since the loop began."""
    return asyncio.get_running_loop().time()
