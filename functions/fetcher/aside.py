"""Asking the token store on a thread: while AWS is slow, the loop goes on and hears a provider's answer in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Threads of its own: storing a pair must not queue behind name lookups that hang on the loop's.
_THREADS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="token-store")


async def aside(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a call comes to that may block."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(call, *args, **kwargs))
