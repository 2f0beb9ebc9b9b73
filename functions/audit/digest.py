"""What there is to say of a merchant's warnings on one night, for those who want to read it once a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from functions.audit.finding import Finding, Move
from functions.audit.merchant import Severity
from functions.audit.mute import Mute
from functions.audit.outcome import Outcome, Status

REASON: Final = "digest"  # why a message tells of warnings; stands beside the reasons for which it tells of criticals
METRIC: Final = "AlertsDigest"


class Change(StrEnum):
    """What the night did to a warning, in the order in which they are told.

    ``improved``: it was critical. ``better``: a good night, and not enough of them yet. ``blind``: nobody could look.
    """

    OPENED = "opened"
    REOPENED = "reopened"
    IMPROVED = "improved"
    OPEN = "open"
    BETTER = "better"
    BLIND = "blind"
    RESOLVED = "resolved"

    @property
    def is_new(self) -> bool:
        """Whether it was no warning on the night before."""
        return self in {Change.OPENED, Change.REOPENED, Change.IMPROVED}


_ORDER: Final = {change: at for at, change in enumerate(Change)}


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning. ``since``: the night on which it opened; ``None`` once it is resolved."""

    outcome: Outcome
    change: Change
    since: date | None

    @property
    def is_good(self) -> bool:
        """Whether it is over."""
        return self.change is Change.RESOLVED


def warnings_of(
    before: Mapping[str, Finding],
    moved: Mapping[str, tuple[Finding, Move]],
    outcomes: Iterable[Outcome],
    *,
    mutes: Collection[Mute],
    told: Collection[str],
) -> tuple[Warned, ...]:
    """Return the night's warnings: every open one that nobody muted, and what was one until tonight.

    What is open and acknowledged is left out until something happens to it. ``told``: the checks that the night's
    message tells of already. A finding that this night did not move, because it knew it, says nothing.
    """
    found = []
    for outcome in outcomes:
        check_id = outcome.check_id
        finding, happened = moved[check_id]
        past = before.get(check_id)
        if finding is past or check_id in told or any(mute.hides(check_id, finding.last_night) for mute in mutes):
            continue
        change = _change(past, finding, happened)
        known = any(mute.acknowledges(finding) for mute in mutes)
        if change is not None and (change.is_new or change is Change.RESOLVED or not known):
            found.append(Warned(outcome, change, finding.opened_on))
    return tuple(sorted(found, key=lambda one: _ORDER[one.change]))


def _change(before: Finding | None, finding: Finding, happened: Move) -> Change | None:
    if happened is Move.RESOLVED:
        return Change.RESOLVED if before is not None and before.severity is Severity.WARN else None
    if finding.severity is not Severity.WARN:
        return None
    if happened in {Move.OPENED, Move.REOPENED}:
        return Change(happened.value)
    if finding.status is Status.NOT_EVALUATED:
        return Change.BLIND
    if before is not None and before.severity is Severity.CRITICAL:
        return Change.IMPROVED
    return Change.OPEN if finding.status is Status.WARN else Change.BETTER
