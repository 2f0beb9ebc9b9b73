"""One message about one merchant's night and its entry in the ledger: what it tells, what was held back, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from functions.audit.digest import REASON, Change, Warned
from functions.audit.merchant import Merchant, Severity
from functions.audit.message import Texts, write
from functions.audit.news import News, Scene, alert_id
from functions.audit.outcome import Status
from functions.audit.rootcause import RootCause
from functions.audit.telling import Held, Why

# News first, reminders then, good news last; each in report order.
_ORDER: Final = {Why.STILL_CRITICAL: 1, Why.RESOLVED: 2}
_UNWRITTEN: Final = Texts(subject="", email="", sms="", document="")


class AlertState(StrEnum):
    """Whether the message has left. ``published`` says that SNS took it, not that anybody read it.

    ``waiting``: it tells of a broken connection, and goes out when the close has shown that not all the fleet has the
    same. ``held``: there was something to say, and all of it was held back: the row is there to answer why.
    """

    WAITING = "waiting"
    PENDING = "pending"
    PUBLISHED = "published"
    HELD = "held"


class TextState(StrEnum):
    """What became of the text message of an alert that left: it has its own time.

    ``held`` in quiet hours; ``overdue``: the closer found it waiting. ``withheld`` for good: the budget was spent, and
    who reads email knows it all.
    """

    DUE = "due"
    HELD = "held"
    OVERDUE = "overdue"
    PUBLISHED = "published"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Critical:
    """One check that the message tells of, and why it does."""

    check_id: str
    area: str
    why: Why
    summary: str


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One warning of the daily digest, and what the night did to it."""

    check_id: str
    area: str
    change: Change
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
    """The message and, in ``state``, whether it left. One a merchant and night: ``alert_id`` is made from the night.

    It tells of ``criticals``, and of ``warnings`` where the merchant wants them daily; without the former it is a
    digest, which no telephone rings for.
    ``root``: the broken connection that it had to wait for; ``told_before``: when somebody was told of that check
    before; ``instead``: the texts without it, while it waits and tells of something else too. ``text`` is there once
    the rest has left; ``left_own``: the merchant's own topics that took it already.
    """

    merchant_id: str
    night: date
    criticals: tuple[Critical, ...]
    counts: Mapping[Status, int]
    subject: str
    email: str
    sms: str
    document: str
    created_at: datetime
    state: AlertState = AlertState.PENDING
    held: tuple[HeldBack, ...] = ()
    root: RootCause | None = None
    told_before: date | None = None
    instead: Texts | None = None
    text: TextState | None = None
    left_own: tuple[str, ...] = ()
    warnings: tuple[DigestEntry, ...] = ()
    version: int = 1

    @property
    def alert_id(self) -> str:
        """The second half of the key. The same night can only ever make the same alert."""
        return alert_id(self.night, self.version)

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that it tells of, each once."""
        return tuple(dict.fromkeys([one.area for one in self.criticals] + [one.area for one in self.warnings]))

    @property
    def check_ids(self) -> tuple[str, ...]:
        """The checks that it tells of."""
        return (*[one.check_id for one in self.criticals], *[one.check_id for one in self.warnings])

    @property
    def severities(self) -> tuple[Severity, ...]:
        """How bad it is what the message tells of."""
        there = (Severity.CRITICAL if self.criticals else None, Severity.WARN if self.warnings else None)
        return tuple(severity for severity in there if severity is not None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was sent, each reason once."""
        whys = (critical.why.value for critical in self.criticals)
        return tuple(dict.fromkeys((*whys, *((REASON,) if self.warnings else ()))))


def compose(
    merchant: Merchant,
    scene: Scene,
    news: Sequence[News],
    *,
    created_at: datetime,
    held: Sequence[HeldBack] = (),
    root: RootCause | None = None,
    told_before: date | None = None,
    warnings: Sequence[Warned] = (),
) -> Alert:
    """Return the alert that tells these news and warnings. Without any, it only notes what was held back.

    With a ``root`` it waits, the warnings too: one message a night. ``root`` is one of the news; ``told_before`` is
    when somebody was told of that check before. The texts without the root cause do not say either what it kept
    from looking: nobody is to hear of it then.
    """
    told = sorted(news, key=lambda one: _ORDER.get(one.why, 0))
    texts = write(merchant, scene, told, warnings) if told or warnings else _UNWRITTEN
    rest = [one for one in told if root is not None and one.outcome.check_id != root.check_id]
    state = AlertState.PENDING if told or warnings else AlertState.HELD
    quiet = replace(scene, outcomes=())
    return Alert(
        merchant_id=merchant.id,
        night=scene.night,
        criticals=tuple(
            Critical(one.outcome.check_id, one.outcome.area.value, one.why, one.outcome.summary) for one in told
        ),
        counts=scene.counts,
        subject=texts.subject,
        email=texts.email,
        sms=texts.sms,
        document=texts.document,
        created_at=created_at,
        state=state if root is None else AlertState.WAITING,
        held=tuple(held),
        root=root,
        told_before=told_before,
        instead=write(merchant, quiet, rest, warnings) if rest or (root is not None and warnings) else None,
        warnings=tuple(
            DigestEntry(one.outcome.check_id, one.outcome.area.value, one.change, one.outcome.summary)
            for one in warnings
        ),
        version=scene.version,
    )


def released(alert: Alert) -> Alert:
    """Return a waiting alert as it goes out: the broken connection is the merchant's own."""
    return replace(alert, state=AlertState.PENDING, instead=None)


def withheld(alert: Alert, because: Held = Held.ROOT_CAUSE_SENT) -> Alert:
    """Return a waiting alert without the broken connection; held as a whole where it tells of nothing else."""
    root = alert.root.check_id if alert.root else None
    texts = alert.instead or _UNWRITTEN
    kept = tuple(critical for critical in alert.criticals if critical.check_id != root)
    back = [HeldBack(one.check_id, one.area, because, one.why, one.summary) for one in alert.criticals
            if one.check_id == root]  # fmt: skip
    return replace(
        alert,
        state=AlertState.PENDING if kept or alert.warnings else AlertState.HELD,
        criticals=kept,
        held=(*back, *alert.held),
        subject=texts.subject,
        email=texts.email,
        sms=texts.sms,
        document=texts.document,
        instead=None,
    )
