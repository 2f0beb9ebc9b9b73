"""SQS in virtual time: messages become visible after their delay, and again when nobody deleted them in time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

VISIBILITY: Final = 360.0  # seconds, as the stack sets it


@dataclass(order=True)
class Message:
    """A message, ordered by when it can be received next."""

    visible_at: float
    order: int
    body: str = field(compare=False)
    receives: int = field(default=0, compare=False)
    deleted: bool = field(default=False, compare=False)


class DelayedQueue:
    """The fetch queue. ``receives`` lists the receive count of each message when it was deleted."""

    def __init__(self, clock: Callable[[], float], random: Random) -> None:
        self._clock = clock
        self._random = random
        self._order = itertools.count()
        self._waiting: list[Message] = []
        self.receives: list[int] = []
        self.delays: list[int] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, str]:  # noqa: N803 - SQS' own names
        """Take a message for the fetcher; those for the evaluator are none of our business."""
        assert 0 <= DelaySeconds <= 900
        if QueueUrl == "fetch":
            # SQS promises the delay, not the moment.
            at = self._clock() + DelaySeconds + self._random.uniform(0, 1)
            heapq.heappush(self._waiting, Message(at, next(self._order), MessageBody))
            self.delays += [DelaySeconds] if DelaySeconds else []
        return {"MessageId": "1"}

    def receive(self) -> Message | None:
        """Return a message that is due, invisible to others until it is deleted or its time is over."""
        while self._waiting and self._waiting[0].visible_at <= self._clock():
            message = heapq.heappop(self._waiting)
            if message.deleted:
                continue
            message.receives += 1
            message.visible_at = self._clock() + VISIBILITY
            heapq.heappush(self._waiting, message)
            return message
        return None

    def delete(self, message: Message) -> None:
        """Be done with a message."""
        message.deleted = True
        self.receives.append(message.receives)

    def is_empty(self) -> bool:
        """Say whether nothing is left to receive, now or later."""
        return all(message.deleted for message in self._waiting)
