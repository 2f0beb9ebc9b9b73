"""TikTok's answer as somebody copied it: a whole callback address, or only the code, from the terminal or an option."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import Final

from console.errors import Unusable
from console.login.callback import Callback, Foreign, Granted, decode_once, read_callback, read_code

_LONGEST: Final = 16 * 1024
_WRAPPINGS: Final = "\"'<> \t\r\n"


def read_pasted(text: str, state: str) -> Callback:
    """Read what was pasted. A bare code stands as it does in the address: encoded, so it is decoded once too.

    A bare code carries no state; who takes one must check the account that it leads to.
    """
    kept = text.strip(_WRAPPINGS)
    if "?" in kept or "=" in kept:
        address = kept.partition("#")[0]
        return read_callback(address.partition("?")[2] if "?" in address else address, state)
    decoded = decode_once(kept)
    code = None if decoded is None or "://" in kept else read_code(decoded)
    return Foreign("it is neither a callback address nor a code") if code is None else Granted(code)


def is_bare_code(text: str) -> bool:
    """Say whether somebody pasted only the code."""
    return "?" not in text and "=" not in text


class Terminal:
    """Lines of a terminal or a pipe, each within a time. Not ``sys.stdin``: that cannot be waited for with an end."""

    def __init__(self, handle: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._handle = handle
        self._clock = clock
        self._read = bytearray()

    def line(self, deadline: float) -> str | None:
        """Return the next line; ``None`` at the end.

        Raises:
            Unusable: ``deadline`` (of the clock) passed, or the line has no end.
        """
        while b"\n" not in self._read:
            left = deadline - self._clock()
            if left <= 0 or not select.select([self._handle], [], [], left)[0]:
                raise Unusable("Nothing was pasted in time. Run this again; --timeout gives more time.")
            piece = os.read(self._handle, _LONGEST)
            if not piece:
                rest = bytes(self._read)
                self._read.clear()
                return rest.decode("utf-8", "replace") if rest.strip() else None
            self._read += piece
            if len(self._read) > _LONGEST:
                raise Unusable("What was pasted is too long to be a callback address.")
        line, _, rest = bytes(self._read).partition(b"\n")
        self._read = bytearray(rest)
        return line.decode("utf-8", "replace")
