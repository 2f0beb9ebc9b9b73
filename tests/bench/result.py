"""What a benchmark comes to: two medians, their ratio, the goal, and whether it was met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

Tell = Callable[[str], None]


class CannotMeasureError(RuntimeError):
    """The benchmark did not come to a figure. The message says why."""


class Side(NamedTuple):
    """One of the two things compared: what it is, and every sample, in the unit of the benchmark."""

    what: str
    samples: Sequence[float]

    @property
    def median(self) -> float:
        """Return the sample that half of the others are under.

        Raises:
            CannotMeasureError: there are no samples.
        """
        if not self.samples:
            raise CannotMeasureError(f"{self.what} was never measured")
        return median(self.samples)


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table. ``goal`` is in words; ``met`` is ``None`` where there is only a comparison."""

    name: str
    unit: str
    ours: Side
    other: Side
    goal: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float:
        """How many times the other's time ours takes, by the medians."""
        return self.ours.median / self.other.median

    @property
    def quickest_ratio(self) -> float:
        """The same by the least samples, which a busy machine disturbs less. Goals are judged by the medians."""
        return min(self.ours.samples) / min(self.other.samples)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        sides = {
            name: {
                "what": side.what,
                "median": side.median,
                "least": min(side.samples),
                "most": max(side.samples),
                "samples": len(side.samples),
            }
            for name, side in (("ours", self.ours), ("other", self.other))
        }
        return {
            "name": self.name,
            "unit": self.unit,
            **sides,
            "ratio": self.ratio,
            "quickest_ratio": self.quickest_ratio,
            "goal": self.goal or None,
            "met": self.met,
        }
