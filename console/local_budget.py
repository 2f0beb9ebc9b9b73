"""The budget of one process: what the merchants of a file share while they are audited side by side."""

from __future__ import annotations

from decimal import Decimal

from functions.audit.budget import Rate, Spent, Turns, take


class LocalBudget:
    """Turns of one ``Rate``, remembered in memory."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._next_at: Decimal | None = None

    def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
        """Book so many turns, the last one no later than ``within`` seconds from ``now``; all of them or none."""
        booked = take(self._next_at, turns, self._rate, now=now, within=within)
        if isinstance(booked, Turns):
            self._next_at = booked.next_at
        return booked
