"""The points that one app has in one shop: a leaky bucket, as Shopify keeps it (APIS 6.3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """A leaky bucket: points spent come back at a steady rate, up to the bucket's size."""

    size: float
    restore: float
    available: float
    at: float

    def take(self, points: float, now: float) -> bool:
        """Take so many points if they are there; say whether they were."""
        self.available = min(self.size, self.available + self.restore * (now - self.at))
        self.at = now
        if points > self.available:
            return False
        self.available -= points
        return True

    def give_back(self, points: float) -> None:
        """Give back what a query turned out not to cost."""
        self.available = min(self.size, self.available + points)

    def status(self) -> dict[str, float]:
        """Return what an answer tells of the bucket."""
        available = round(self.available, 1)
        return {"maximumAvailable": self.size, "currentlyAvailable": available, "restoreRate": self.restore}
