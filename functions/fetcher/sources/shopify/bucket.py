"""A shop's leaky bucket of query points, as its last answer told it (APIS 6.3).

All queries of one fetch share one bucket. Points are given back at a steady rate, so how long to wait is arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

_HAIR: Final = 0.001  # seconds; less than that is what the arithmetic of floats leaves over


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's ``extensions.cost`` says: points asked for, in the bucket, at most in it, restored a second."""

    requested: float
    available: float
    maximum: float
    restore: float

    @property
    def delay(self) -> float:
        """Seconds until the bucket holds what was asked for."""
        return max(0.0, (self.requested - self.available) / self.restore)


def told_by(body: Mapping[str, Any] | None) -> Told | None:
    """Return what an answer tells of its cost; ``None`` when it does not, or not in numbers that make sense."""
    cost = _inside(_inside(body, "extensions"), "cost")
    status = _inside(cost, "throttleStatus")
    requested = _points(cost, "requestedQueryCost")
    available, maximum = _points(status, "currentlyAvailable"), _points(status, "maximumAvailable")
    restore = _points(status, "restoreRate")
    if requested is None or available is None or maximum is None or not restore:
        return None
    return Told(requested, available, maximum, restore)


@dataclass(slots=True)
class Bucket:
    """What is known of the bucket between two answers: nothing before the first one."""

    _told: Told | None = None
    _at: float = 0.0
    _spent: float = 0.0
    _costs: dict[str, float] = field(default_factory=dict)

    def delay(self, kind: str, now: float) -> float:
        """Return how many seconds the next query of this kind should wait, so that it is not refused."""
        if self._told is None:
            return 0.0
        restored = self._told.available + self._told.restore * (now - self._at)
        left = min(restored, self._told.maximum) - self._spent
        delay = (self._costs.get(kind, 0.0) - left) / self._told.restore
        return delay if delay > _HAIR else 0.0

    def spend(self, kind: str) -> None:
        """Note that a query of this kind is on its way: the bucket is that much emptier until an answer tells."""
        self._spent += self._costs.get(kind, 0.0)

    def learn(self, kind: str, told: Told | None, now: float) -> None:
        """Note what an answer told."""
        if told is not None:
            self._told, self._at, self._spent = told, now, 0.0
            self._costs[kind] = told.requested


def _inside(of: object, name: str) -> object:
    return of.get(name) if isinstance(of, dict) else None


def _points(of: object, name: str) -> float | None:
    value = _inside(of, name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    # Beyond any plan's bucket; a float of more digits would not be one.
    return float(value) if 0 <= value <= 10**9 else None
