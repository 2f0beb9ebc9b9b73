"""The sample server, answering a tenth of a second after it was asked, in a process of its own.

In ours it would compete with the fetch for the interpreter, which no real source does. Run as a script it prints its
address, and ends when its standard input does.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from console.sample.desk import Request
from console.sample.replies import Reply
from console.sample.server import SampleServer
from console.sample.story import Conduct, Renewal, SampleMerchant, Shop
from tests.bench.result import CannotMeasureError

DELAY_SECONDS: Final = 0.1
SAMPLE: Final = SampleMerchant(
    Shop("larkspur", "Larkspur Candles", "Europe/London", "GBP", "candles", "31.00"),
    "Healthy, and its access token lives, so that no refresh comes before the four requests.",
    conduct=Conduct(access_alive=True, renewal=Renewal.NONE),
)


class SlowServer(SampleServer):
    """Answers when the time has come, however long the answer took to make."""

    def answer(self, request: Request) -> Reply:
        """Make the answer, and wait for what is left of the delay."""
        due = time.monotonic() + DELAY_SECONDS
        reply = super().answer(request)
        time.sleep(max(due - time.monotonic(), 0))
        return reply


@contextmanager
def slow_server() -> Iterator[str]:
    """Run the server beside us while the context lasts; yields its address.

    Raises:
        CannotMeasureError: it did not start.
    """
    with subprocess.Popen(  # noqa: S603  # this very module
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise CannotMeasureError("the slow server did not start")
            yield url
        finally:
            if process.stdin:
                process.stdin.close()


def main() -> None:
    """Serve until standard input ends: also when the benchmark is killed, nothing stays behind."""
    with SlowServer([SAMPLE]) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
