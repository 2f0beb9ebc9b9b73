"""Was anyone told? One row of the ledger: what there was to say, which ways it left, and what was held, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from functions.audit.alert import Alert


class Channel(StrEnum):
    """Which way a message goes. ``read`` is the topic of everything but telephones: email, queues, functions, hooks."""

    READ = "read"
    SMS = "sms"
    OPERATORS = "operators"


CALLED: Final = {
    Channel.READ: "email and others",
    Channel.SMS: "text message",
    Channel.OPERATORS: "email and others",
}


class Audience(StrEnum):
    """Whose topic it went to. Who subscribes to it, SNS alone knows."""

    FLEET = "fleet"
    MERCHANT = "merchant"
    OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a message: ``state`` is ``published`` once SNS took it, at ``at`` and as ``message_id``.

    ``because``: why it was held, and ``until`` when, where that is known.
    """

    channel: Channel
    audience: Audience
    state: str
    at: datetime | None = None
    message_id: str | None = None
    because: str | None = None
    until: datetime | None = None

    @property
    def says(self) -> str:
        """What became of it, in words."""
        match self.state:
            case "published":
                return "left"
            case "waiting":
                return "waits for the night's close"
            case "pending" | "due":
                return "has not left yet"
            case "overdue":
                return "should have left, and is tried again"
        why = f" for {self.because.replace('_', ' ')}" if self.because else ""
        return f"{self.state}{why}" + (f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else "")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What the ledger holds of one merchant and night. ``ways``: all that its message went, or is to go."""

    alert: Alert
    ways: tuple[Way, ...]
