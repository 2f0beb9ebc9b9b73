"""What is left of a property's quota, as its answers tell, and whether that is enough for one call more (APIS 5.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Most reports cost ten tokens or less.
USUAL_COST: Final = 10
_TOKENS: Final[Mapping[str, str]] = {
    "tokensPerDay": "the day's tokens",
    "tokensPerHour": "the hour's tokens",
    "tokensPerProjectPerHour": "the project's tokens of the hour",
}
_REQUESTS: Final[Mapping[str, str]] = {
    "serverErrorsPerProjectPerHour": "the hour's server errors",
    "potentiallyThresholdedRequestsPerHour": "the hour's requests that may be thresholded",
}


class Quota:
    """The least that is left of each kind. What nobody told is not held against anybody.

    Kept for one merchant's night only: the next one is another property's, and a night later all of it is back.
    """

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._cost = USUAL_COST

    def note(self, told: object) -> None:
        """Remember a report's ``propertyQuota``, as far as it can be read."""
        if not isinstance(told, dict):
            return
        for kind in (*_TOKENS, *_REQUESTS):
            state = told.get(kind)
            if not isinstance(state, dict):
                continue
            # A number that is 0 is left out of what Google sends.
            left, consumed = _number(state.get("remaining", 0)), _number(state.get("consumed", 0))
            if left is not None:
                self._left[kind] = min(left, self._left.get(kind, left))
            if consumed is not None and kind in _TOKENS:
                self._cost = max(self._cost, consumed)

    def short_of(self, reports: int) -> str | None:
        """Return in words what is too little for so many reports more; ``None`` when nothing is."""
        for kind, left in self._left.items():
            needed = reports * self._cost if kind in _TOKENS else 1
            if left < needed:
                return {**_TOKENS, **_REQUESTS}[kind]
        return None


def _number(said: object) -> int | None:
    if isinstance(said, str) and said.isascii() and said.isdecimal() and len(said) < 16:  # noqa: PLR2004 - any quota
        return int(said)
    return said if isinstance(said, int) and not isinstance(said, bool) else None
