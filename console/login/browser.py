"""Opens the user's browser, where there is one that will not take the terminal over."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Mapping


def can_open(environment: Mapping[str, str], *, platform: str = sys.platform) -> bool:
    """Say whether a browser with a window is likely. Without one, Python would start a text browser in the terminal."""
    if platform == "darwin" or platform.startswith("win"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def open_in_background(address: str) -> None:
    """Open the address. Some browsers return only when they are closed: nobody waits for that."""
    threading.Thread(target=_open, args=(address,), name="browser", daemon=True).start()


def _open(address: str) -> None:
    try:
        webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return  # the address was printed too, for this very case
