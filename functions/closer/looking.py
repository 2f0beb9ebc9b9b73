"""Looking at many things at once: each is seen, refused, or not answered in the time that there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from functions.audit.errors import NightjarError
from functions.audit.preflight_facts import Blind, Seen

LOOKERS: Final = 8
NO_TIME: Final = Blind("there was no time left")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Looking:
    """Some people who look, until ``ends`` on the ``clock``."""

    pool: ThreadPoolExecutor
    clock: Callable[[], float]
    ends: float

    @property
    def has_time(self) -> bool:
        """Whether it is worth beginning anything."""
        return self.clock() < self.ends

    def begin(self, look: Callable[[], T]) -> Future[Seen[T]]:
        """Have somebody look, as soon as one of them is free."""
        return self.pool.submit(tried, look)

    def end(self, begun: Future[Seen[T]]) -> Seen[T]:
        """Return what was seen; what is not there in time is not waited for."""
        done, _ = wait([begun], timeout=max(0.0, self.ends - self.clock()))
        return begun.result() if done else NO_TIME


@contextmanager
def looking(clock: Callable[[], float], seconds: float) -> Iterator[Looking]:
    """Give people who look for so long. What hangs afterwards ends by its own timeouts, and nobody waits for it."""
    pool = ThreadPoolExecutor(LOOKERS)
    try:
        yield Looking(pool, clock, clock() + seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def tried(look: Callable[[], T]) -> Seen[T]:
    """Return what is seen, or why nothing is: of an error of AWS its code, and nothing else that it says."""
    try:
        return look()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        return Blind(f"AWS answered {error.operation_name} with {code}")
    except NightjarError as error:
        return Blind(str(error).rstrip("."))
    except Exception as error:  # noqa: BLE001 - a look that fails, whatever for, keeps nothing else from going on
        return Blind(f"AWS gave no usable answer ({type(error).__name__})")
