"""What a person does not want to hear of: a mute, until its end, or an acknowledgement, until the finding resolves.

Both hide messages. Neither is asked for when an outcome is judged or a finding moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, AwareDatetime, StringConstraints, model_validator

from functions.audit.errors import InvalidInput
from functions.audit.finding import Finding
from functions.audit.language import ENGLISH, Language
from functions.audit.model import Model
from functions.audit.text import one_line, untrusted

ALL: Final = "all"
# Whoever set it may have left: nothing is silent for longer without somebody saying so again.
LONGEST: Final = timedelta(days=366)

_EMAIL = re.compile(r"\S@\S")
_PHONE = re.compile(r"\+\s?\d[\d\s().-]{5,}\d")


class Kind(StrEnum):
    """``mute``: nothing is told. ``ack``: no reminders of what is known; all that is new is told."""

    MUTE = "mute"
    ACK = "ack"


def _nobodys_address(text: str) -> str:
    if _EMAIL.search(text) or _PHONE.search(text):
        raise ValueError("no email address and no telephone number belongs here; name the person or the team")
    if text != one_line(text, limit=len(text)):
        raise ValueError("write one line without invisible characters")
    return text


Author = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(_nobodys_address)
]
ReasonText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200), AfterValidator(_nobodys_address)
]


class Mute(Model):
    """One row: who does not want to hear of what, for which reason, up to and with the night ``until``.

    ``check_id``: one check, or ``all``. ``episode``: the night on which the acknowledged finding opened: another
    episode is none of its business.
    """

    merchant_id: str
    check_id: str
    kind: Kind
    until: date
    author: Author
    reason: ReasonText
    created_at: AwareDatetime
    episode: date | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.kind is Kind.ACK) != (self.episode is not None):
            raise ValueError("an acknowledgement is of one episode, a mute of none")
        return self

    def is_about(self, check_id: str) -> bool:
        """Say whether it is about that check."""
        return self.check_id in {ALL, check_id}

    def hides(self, check_id: str, night: date) -> bool:
        """Say whether every message about that check is muted on that night."""
        return self.kind is Kind.MUTE and night <= self.until and self.is_about(check_id)

    def acknowledges(self, finding: Finding) -> bool:
        """Say whether somebody knows of this very episode and wants no reminders of it."""
        known = self.kind is Kind.ACK and self.is_about(finding.check_id) and finding.is_open
        return known and finding.opened_on == self.episode and finding.last_night <= self.until

    def ended_for(self, finding: Finding) -> bool:
        """Say whether it hid this critical finding, has ended, and nobody was told of the finding since."""
        if self.kind is not Kind.MUTE or not self.is_about(finding.check_id) or finding.last_night <= self.until:
            return False
        if finding.critical_since is None or finding.critical_since > self.until:
            return False
        return finding.told_night is None or finding.told_night < self.until


def mute(merchant_id: str, check_id: str, *, until: date, author: str, reason: str, now: datetime) -> Mute:
    """Return a new mute.

    Raises:
        InvalidInput: it would end in the past, or more than a year ahead.
        pydantic.ValidationError: author or reason cannot be used.
    """
    today = now.date()
    if until < today:
        raise InvalidInput(f"A mute that ends on {until} is over already; give its last night, {today} or later.")
    if until > today + LONGEST:
        raise InvalidInput(f"A mute lasts for a year at most: until {today + LONGEST}. Set it again when it has ended.")
    return Mute(
        merchant_id=merchant_id,
        check_id=check_id,
        kind=Kind.MUTE,
        until=until,
        author=author,
        reason=reason,
        created_at=now,
    )


def acknowledge(finding: Finding, *, author: str, reason: str, now: datetime) -> Mute:
    """Return the acknowledgement of a finding's present episode; it, too, is forgotten after a year.

    Raises:
        InvalidInput: the finding is not open: there is nothing to know of.
        pydantic.ValidationError: author or reason cannot be used.
    """
    if finding.opened_on is None or not finding.is_open:
        raise InvalidInput(f"{finding.check_id} of {finding.merchant_id} is not open: there is nothing to acknowledge.")
    return Mute(
        merchant_id=finding.merchant_id,
        check_id=finding.check_id,
        kind=Kind.ACK,
        until=now.date() + LONGEST,
        author=author,
        reason=reason,
        created_at=now,
        episode=finding.opened_on,
    )


def ended_for(finding: Finding, mutes: Iterable[Mute]) -> tuple[Mute, ...]:
    """Return the mutes whose end the next message about this finding is to announce, the earliest first."""
    return tuple(sorted((one for one in mutes if one.ended_for(finding)), key=lambda one: (one.until, one.check_id)))


def ended_text(mute: Mute, language: Language = ENGLISH) -> str:
    """Return the announcement of a mute's end, without a full stop. What people wrote in it is made safe to send."""
    return language.say(
        "The mute of {about} by {author} ({reason}) has ended; its last night was {night}",
        about=language.say("all checks") if mute.check_id == ALL else mute.check_id,
        author=untrusted(mute.author, limit=60),
        reason=untrusted(mute.reason, limit=200),
        night=language.day(mute.until),
    )
