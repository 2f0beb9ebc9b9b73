"""Errors of the console, and the exit codes that scripts rely on."""

from __future__ import annotations

from enum import IntEnum

from functions.audit.errors import NightjarError


class Exit(IntEnum):
    """What the command's exit code says (DESIGN: the `nightjar` command)."""

    ALL_GOOD = 0
    CRITICAL = 1
    UNUSABLE = 2
    NOT_EVALUATED = 3
    OUR_BUG = 70  # EX_SOFTWARE: never to be mistaken for "something critical"
    INTERRUPTED = 130
    TERMINATED = 143


class Unusable(NightjarError):
    """The call, a file or the stage cannot be used as it is. The text says what to do."""
