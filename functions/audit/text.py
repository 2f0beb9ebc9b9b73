"""Text that others wrote (names, page titles, utm values) made safe to show and to send."""

from __future__ import annotations

import re
import unicodedata

# Cc control, Cf format (all bidi controls and zero-width characters), Cs surrogate, Co private, Cn unassigned,
# Zl/Zp line and paragraph separators. None of them has a place in a one-line text.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SCHEME = re.compile(r":(?=//)")
# The dots that a browser reads as a host's dot too: the plain, the fullwidth, the small and the one-dot leader.
# After it a letter and one more letter or vowel sign (.भारत), which ``\w`` knows nothing of.
# The ideographic full stops are dots of a host too, and end sentences: they are one where Latin letters follow.
_DOT = re.compile(
    r"(?<=[^\s.])(?:[.\uff0e\ufe52\u2024](?=[^\W\d_][^\s\d!-@\[-`{-~])|[\u3002\uff61](?=[A-Za-z][^\s\d!-@\[-`{-~]))"
)


def one_line(text: str, *, limit: int) -> str:
    """Return ``text`` as one line of at most ``limit`` characters, without control, bidi or invisible characters.

    White space of any kind becomes one space. A cut text ends in three dots (ASCII, so that it fits any channel).
    """
    kept = "".join(" " if char.isspace() else char for char in text[: limit * 8] if _wanted(char))
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: max(limit - 3, 0)].rstrip() + "..."[:limit]


def defanged(text: str) -> str:
    """Return ``text`` with addresses made unclickable: ``https://evil.example`` reads ``https[:]//evil[.]example``.

    Page paths keep their slashes; only a dot that a mail reader could take for a host name is broken. Defanging twice
    changes nothing, so whoever drops or replaces characters afterwards defangs again.
    """
    return _DOT.sub("[.]", _SCHEME.sub("[:]", text))


def untrusted(text: str, *, limit: int) -> str:
    """Return merchant-controlled text as it may stand in a message: one line, capped, links defanged."""
    return one_line(defanged(one_line(text, limit=limit)), limit=limit + 20)


def _wanted(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in _UNWANTED
