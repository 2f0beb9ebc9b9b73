"""Something looked at again and again, shown in place until Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from console.errors import Unusable

EVERY: Final = 30
# A fleet changes once a night: whoever looks more often than this only pays for reads.
QUICKEST: Final = 5


def watch(look: Callable[[], RenderableType], out: Console, *, every: int, pause: Callable[[float], None]) -> None:
    """Show what ``look`` returns, and again every so many seconds; Ctrl-C is how it ends.

    A later look that fails leaves what was seen before, and says so: it is old, and nothing is not what was seen.

    Raises:
        Unusable: the first look failed.
    """
    seen = look()
    with Live(seen, console=out, auto_refresh=False, vertical_overflow="ellipsis") as live:
        try:
            while True:
                pause(every)
                try:
                    seen = shown = look()
                except Unusable as error:
                    shown = Group(Text(f"Could not look again: {error}", style="magenta"), seen)
                live.update(shown, refresh=True)
        except KeyboardInterrupt:
            return
