"""Where a day and a figure lie on a drawing, and which round figures its axis names."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

WIDTH: Final = 400
HEIGHT: Final = 210
LEFT: Final = 44
TOP: Final = 14
BOTTOM: Final = 186
_STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_TICKS: Final = 4


class Scale:
    """The axes of a chart of so many days. ``low`` and ``high`` are the least and the largest figure on it."""

    def __init__(self, days: int, low: Decimal, high: Decimal) -> None:
        rough = (high - low) / _TICKS
        magnitude = Decimal(10) ** rough.adjusted()
        self._step = max(next(step * magnitude for step in _STEPS if step * magnitude >= rough), Decimal(1))
        # From a round figure below what was refunded, or from nothing.
        self._low = (low // self._step - (1 if low % self._step else 0)) * self._step
        self._high = high
        self._wide = Decimal(WIDTH - LEFT) / max(days, 1)
        self._tall = Decimal(BOTTOM - TOP) / (high - self._low)

    def x(self, place: int) -> Decimal:
        """Return where a day begins."""
        return LEFT + self._wide * place

    def middle(self, place: int) -> Decimal:
        """Return the middle of a day."""
        return self.x(place) + self._wide / 2

    def y(self, value: Decimal) -> Decimal:
        """Return the height of a figure, from the top."""
        return BOTTOM - (value - self._low) * self._tall

    @property
    def bar(self) -> Decimal:
        """How wide a bar is."""
        return self._wide * Decimal("0.78")

    def ticks(self) -> Iterable[tuple[str, str]]:
        """Yield the round figures of the axis: the height of each, and its label."""
        value = self._low
        while value <= self._high:
            yield coordinate(self.y(value)), _short(value)
            value += self._step


def coordinate(value: Decimal) -> str:
    """Return a coordinate: two digits are finer than any screen."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _short(value: Decimal) -> str:
    for size, letter in ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(1000), "k")):
        if abs(value) >= size:
            return f"{(value / size).normalize():f}{letter}"
    return f"{value.normalize():f}"
