"""How long a text is as an SMS: GSM 03.38 septets, of which one part holds 160."""

from __future__ import annotations

import unicodedata
from typing import Final

PART: Final = 160

# GSM 03.38, the basic table (one septet each) and the extension table (an escape and one more: two septets).
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_LOOKALIKES: Final = str.maketrans({
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"',
    "–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "\u00a0": " ",
})  # fmt: skip


def septets(text: str) -> int:
    """Return the length of a GSM-7 text in septets."""
    return sum(2 if char in _EXTENSION else 1 for char in text)


def is_gsm7(text: str) -> bool:
    """Say whether every character can be sent in the GSM-7 alphabet."""
    return all(char in _BASIC or char in _EXTENSION for char in text)


def to_gsm7(text: str) -> str:
    """Return ``text`` in the GSM-7 alphabet: look-alikes for typography, base letters for accents, ``?`` for the rest.

    One character outside the alphabet would make the whole message UCS-2 and cut a part to 70 characters.
    """
    return "".join(_letter(char) for char in text.translate(_LOOKALIKES))


def cut(text: str, limit: int = PART) -> str:
    """Return the longest beginning of a GSM-7 text that fits ``limit`` septets, never half a character."""
    used = 0
    for at, char in enumerate(text):
        used += 2 if char in _EXTENSION else 1
        if used > limit:
            return text[:at]
    return text


def _letter(char: str) -> str:
    if char in _BASIC or char in _EXTENSION:
        return char
    plain = unicodedata.normalize("NFKD", char)
    kept = "".join(part for part in plain if part in _BASIC)
    return kept or ("" if all(unicodedata.combining(part) for part in plain) else "?")
