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

    def run_in_executor(self, _: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override] # nobody names the first
        """Do at once what others do on a thread: time would pass while nobody sees it at work."""
        return done_at_once(self, func, *args)


def done_at_once(loop: asyncio.AbstractEventLoop, call: Callable[..., T], *args: Any) -> asyncio.Future[T]:
    """Return a future that holds already what a call came to."""
    done: asyncio.Future[T] = loop.create_future()
    try:
        done.set_result(call(*args))
    except BaseException as error:  # noqa: BLE001 - whoever waits shall have it
        done.set_exception(error)
    return done


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
