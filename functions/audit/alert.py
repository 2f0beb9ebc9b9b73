"""One message about one merchant's night and its entry in the ledger: what it tells, what was held back, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from functions.audit.merchant import Merchant
from functions.audit.message import News, Texts, write
from functions.audit.outcome import Status
from functions.audit.telling import Held, Why

# News first, reminders then, good news last; each in report order.
_ORDER: Final = {Why.STILL_CRITICAL: 1, Why.RESOLVED: 2}
_UNWRITTEN: Final = Texts(subject="", email="", sms="")


class AlertState(StrEnum):
    """Whether the message has left. ``published`` says that SNS took it, not that anybody read it.

    ``held``: there was something to say, and all of it was held back: the row is there to answer why.
    """

    PENDING = "pending"
    PUBLISHED = "published"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Critical:
    """One check that the message tells of, and why it does."""

    check_id: str
    area: str
    why: Why
    summary: str


@dataclass(frozen=True, slots=True)
class HeldBack:
    """One check that nobody is told of that night. ``wanted``: what would have been said, where there was something."""

    check_id: str
    area: str
    because: Held
    wanted: Why | None
    summary: str


@dataclass(frozen=True, slots=True)
class Alert:
    """The message and, in ``state``, whether it left. One a merchant and night: ``alert_id`` is made from the night."""

    merchant_id: str
    night: date
    criticals: tuple[Critical, ...]
    counts: Mapping[Status, int]
    subject: str
    email: str
    sms: str
    created_at: datetime
    state: AlertState = AlertState.PENDING
    held: tuple[HeldBack, ...] = ()

    @property
    def alert_id(self) -> str:
        """The second half of the key. The same night can only ever make the same alert."""
        return f"{self.night.isoformat()}#critical"

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that the criticals belong to, each once."""
        return tuple(dict.fromkeys(critical.area for critical in self.criticals))


def compose(
    merchant: Merchant,
    night: date,
    news: Sequence[News],
    counts: Mapping[Status, int],
    *,
    created_at: datetime,
    held: Sequence[HeldBack] = (),
) -> Alert:
    """Return the alert that tells these news. Without any, it only notes what was held back."""
    told = sorted(news, key=lambda one: _ORDER.get(one.why, 0))
    texts = write(merchant, night, told, counts) if told else _UNWRITTEN
    return Alert(
        merchant_id=merchant.id,
        night=night,
        criticals=tuple(
            Critical(one.outcome.check_id, one.outcome.area.value, one.why, one.outcome.summary) for one in told
        ),
        counts=counts,
        subject=texts.subject,
        email=texts.email,
        sms=texts.sms,
        created_at=created_at,
        state=AlertState.PENDING if told else AlertState.HELD,
        held=tuple(held),
    )
