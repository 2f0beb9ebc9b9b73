"""How statuses, figures and JSON look on a terminal and in a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from console.errors import Unusable
from functions.audit.text import one_line

PIPE_WIDTH = 120
TEXT_LIMIT = 200

_STYLES = {
    "pass": "green",
    "info": "cyan",
    "warn": "yellow",
    "critical": "bold red",
    "not_evaluated": "magenta",
    "fail": "bold red",
    "could_not_look": "magenta",
    "done": "green",
    "failed": "bold red",
    "pending": "magenta",
}


def console_for_people() -> Console:
    """Return a console for stdout: as wide as the terminal, and wide enough for tables in a pipe or a file."""
    out = _PlainConsole()
    return out if out.is_terminal else _PlainConsole(width=PIPE_WIDTH)


class _PlainConsole(Console):
    """A console that leaves a closed pipe to ``output``: rich itself would exit with 1, which says "critical"."""

    def on_broken_pipe(self) -> None:
        """Let the error through."""
        raise  # noqa: PLE0704 - rich calls this while it handles the error


@contextmanager
def output() -> Iterator[None]:
    """Print inside this: a reader that went away (``| head``) is no failure, and changes no exit code.

    Raises:
        Unusable: stdout cannot be written to for another reason, such as a full disk.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise Unusable(f"The output cannot be written: {error.strerror}.") from error


def said(text: str, *, limit: int = TEXT_LIMIT) -> Text:
    """Return text that others wrote: one line without control or bidi characters, and no markup of ours in it."""
    return Text(one_line(text, limit=limit), overflow="fold")


def moment(at: datetime) -> str:
    """Return a moment as people read it, to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def styled(status: str) -> Text:
    """Return a status in its colour. The word stays: nobody needs to see the colour."""
    return Text(status.replace("_", " "), style=_STYLES.get(status, ""))


def print_json(document: object) -> None:
    """Print one JSON document and nothing else on stdout, escaped where the pipe's encoding knows no better."""
    text = json.dumps(document, ensure_ascii=False, indent=2, default=_number)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=2, default=_number)
    sys.stdout.write(text + "\n")


def _number(value: Any) -> Any:  # noqa: ANN401 - json's own signature
    """Return a Decimal as the JSON number that it is: whole ones without a point."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is not plain data")
