"""Text as somebody writes who wants a link, a line break or a reversed word to come through."""

import re
from functools import partial
from typing import Final

from hypothesis import strategies as st

# What a mail reader or a phone would make clickable: a scheme, or a dot between a word and a host's ending.
LINK: Final = re.compile(r"://|\w\.[^\W\d_]{2}|\w[\u3002\uff61][A-Za-z]{2}")

_PIECES: Final = (
    *("https", "http", ":", "//", "://", "/", "www", "evil", "com", "example", ".", "..", "@", " ", "a", "1"),
    *(
        "\uff0e",
        "\u2024",
        "\ufe52",
        "\uff1a",
        "\uff0f",
        "\u3002",
        "\u2488",
        "\u2026",
    ),  # they turn into dots and slashes
    *("\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"),
    *("\u202e", "\u202d", "\u2066", "\u2069", "\u200b", "\u200f", "\ufeff", "\u00ad"),
    *("\u0301", "é", "ê", "¡", "¿", "€", "[", "]", "日本", "🙂", "рф", "\u2121"),
)


def hostile_text(*, max_size: int = 40) -> st.SearchStrategy[str]:
    """Return texts put together from what makes links, lines and hidden characters."""
    return st.lists(st.sampled_from(_PIECES), min_size=1, max_size=max_size).map(partial(str.join, ""))
