"""How long a text is as an SMS outside the GSM alphabet: UTF-16 units, of which one part holds 70."""

from __future__ import annotations

import unicodedata
from typing import Final

PART: Final = 70
_BEYOND: Final = 0xFFFF  # what lies beyond takes two units, as emoji do
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return sum(2 if ord(char) > _BEYOND else 1 for char in text)


def cut(text: str, limit: int = PART) -> str:
    """Return the longest beginning that fits, never half a pair of units and never a letter without its marks."""
    used = 0
    for at, char in enumerate(text):
        used += 2 if ord(char) > _BEYOND else 1
        if used > limit:
            while at and unicodedata.category(text[at]) in _MARKS:
                at -= 1  # noqa: PLW2901 - back to the letter that the mark belongs to
            return text[:at]
    return text
