"""Whether somebody is told of a finding tonight: sent or held, each for a named reason. Decided from values alone.

What shows only when a message is about to leave (nobody is there, quiet hours, a budget that is spent) is held by the
notifier, for a reason of the same list.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from functions.audit.finding import Finding, Move
from functions.audit.mute import Mute, ended_for
from functions.audit.outcome import Status


class Why(StrEnum):
    """Why a message tells of a finding."""

    OPENED = "opened"
    REOPENED = "reopened"
    WORSENED = "worsened"
    STILL_CRITICAL = "still_critical"
    RESOLVED = "resolved"
    CORRECTED = "corrected"

    @property
    def is_new(self) -> bool:
        """Whether the reader hears of this breach for the first time."""
        return self in {Why.OPENED, Why.REOPENED, Why.WORSENED}

    @property
    def metric(self) -> str:
        """The counter of messages sent for this reason, as in ``AlertsStillCritical``."""
        return f"Alerts{_camel(self)}"


class Held(StrEnum):
    """Why nobody is told of a finding tonight."""

    NOT_CRITICAL = "not_critical"
    NOTHING_NEW = "nothing_new"
    MUTED = "muted"
    ACKNOWLEDGED = "acknowledged"
    QUIET_HOURS = "quiet_hours"
    SMS_BUDGET = "sms_budget"
    ROOT_CAUSE_SENT = "root_cause_sent"
    RECIPIENT_UNREACHABLE = "recipient_unreachable"

    @property
    def is_noted(self) -> bool:
        """Whether the ledger notes it. The other two are how most findings are on most nights."""
        return self not in {Held.NOT_CRITICAL, Held.NOTHING_NEW}

    @property
    def metric(self) -> str:
        """The counter of what was held for this reason, as in ``AlertsHeldMuted``."""
        return f"AlertsHeld{_camel(self)}"


@dataclass(frozen=True, slots=True)
class Send:
    """Somebody is told, for this reason."""

    reason: Why


@dataclass(frozen=True, slots=True)
class Hold:
    """Nobody is told, for this reason. ``wanted`` is what would have been said; ``None``: there was nothing to say."""

    reason: Held
    wanted: Why | None = None


Decision: TypeAlias = Send | Hold


def decide(
    before: Finding | None,
    finding: Finding,
    happened: Move,
    *,
    remind_nights: int,
    mutes: Collection[Mute] = (),
    root: Decision | None = None,
) -> Decision:
    """Return whether somebody is told of this finding tonight, and why or why not.

    ``root`` is what was decided about the root cause that explains tonight's state of this finding, if there is one.
    """
    # That a mute has ended is itself worth a reminder: somebody thought that it would be over by then.
    wanted = _wanted(before, finding, happened, 0 if ended_for(finding, mutes) else remind_nights)
    if wanted is not None and (hushed := _hushed(finding, wanted, mutes)):
        return Hold(hushed, wanted)
    if root is not None:
        # Where the root cause itself is held back, what it explains is held for the same reason.
        return Hold(root.reason if isinstance(root, Hold) and root.wanted else Held.ROOT_CAUSE_SENT, wanted)
    if wanted is None:
        return Hold(Held.NOTHING_NEW if finding.status is Status.CRITICAL else Held.NOT_CRITICAL)
    return Send(wanted)


def _hushed(finding: Finding, wanted: Why, mutes: Collection[Mute]) -> Held | None:
    """Return why a person does not want to hear of it. An acknowledgement is for reminders only."""
    if any(mute.hides(finding.check_id, finding.last_night) for mute in mutes):
        return Held.MUTED
    known = wanted is Why.STILL_CRITICAL and any(mute.acknowledges(finding) for mute in mutes)
    return Held.ACKNOWLEDGED if known else None


def _wanted(before: Finding | None, finding: Finding, happened: Move, remind_nights: int) -> Why | None:
    """Return what there is to say about a finding: what was held on an earlier night is still to be said."""
    if happened is Move.RESOLVED:
        return Why.RESOLVED if before is not None and before.was_told else None
    # A row that does not say since when it is critical is older than that attribute: somebody was told at the time.
    if finding.status is not Status.CRITICAL or finding.critical_since is None:
        return None
    if finding.told_night is not None:
        return Why.STILL_CRITICAL if (finding.last_night - finding.told_night).days >= remind_nights else None
    if finding.critical_since != finding.opened_on:
        return Why.WORSENED
    return Why.REOPENED if finding.resolved_on is not None else Why.OPENED


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
