"""Trying thresholds on nights that are stored: on which of them they would have fired, and on which nobody can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.errors import NightjarError
from functions.audit.extra_checks import asked_for
from functions.audit.judge import judge
from functions.audit.merchant import Merchant, Override, Severity
from functions.audit.outcome import Outcome, Status
from functions.audit.profile import Profile
from functions.audit.snapshot import Snapshot

# What the new thresholds are called before anybody gave them a reason.
UNSAVED = "not saved yet"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Thresholds of one check that nobody has saved yet; what is ``None`` or not named stays as it is."""

    check: Check
    warn: Decimal | None = None
    critical: Decimal | None = None
    conditions: Mapping[str, Severity] = field(default_factory=dict)

    def over(self, own: Override | None, *, reason: str = UNSAVED, expires: date | None = None) -> Override:
        """Return the override that comes of putting it over a merchant's own, if there is one.

        Raises:
            pydantic.ValidationError: the reason is none, or a number is not one.
        """
        return Override(
            warn=self.warn if self.warn is not None else own and own.warn,
            critical=self.critical if self.critical is not None else own and own.critical,
            conditions={**(own.conditions if own else {}), **self.conditions},
            reason=reason,
            expires=expires,
        )

    def under(self, own: Override) -> Override:
        """Return the override where this became everybody's default and a merchant has its own."""
        return Override(
            warn=self.warn if own.warn is None else own.warn,
            critical=self.critical if own.critical is None else own.critical,
            conditions={**self.conditions, **own.conditions},
            reason=UNSAVED,
        )


@dataclass(frozen=True, slots=True)
class Tried:
    """One night, judged by the thresholds as they are and by the new ones.

    Both are ``None`` where there is nothing to judge: no snapshot is stored or it cannot be read, or the check was not
    asked for.
    """

    night: date
    now: Outcome | None = None
    new: Outcome | None = None
    why: str = ""


def tried(
    proposal: Proposal,
    merchant: Merchant,
    snapshots: Mapping[date, tuple[int, Snapshot] | NightjarError],
    profile: Profile,
    *,
    first: date,
    last: date,
    for_all: bool,
) -> Iterator[Tried]:
    """Yield every night from ``first`` to ``last``, those included that nobody can judge.

    ``for_all``: the proposal is everybody's new default, and what this merchant set itself stays in force. Otherwise it
    goes over what the merchant has in force on the last night.
    """
    saved = proposal.over(merchant.overrides_on(last).get(proposal.check.id))
    for days in range((last - first).days + 1):
        night = first + timedelta(days=days)
        match snapshots.get(night):
            case None:
                yield Tried(night, why="no snapshot is stored")
                continue
            case NightjarError() as error:
                yield Tried(night, why=str(error))
                continue
            case _, seen:
                pass
        if proposal.check not in (*CATALOGUE, *asked_for(seen)):
            yield Tried(night, why="not asked for")
        else:
            own = merchant.overrides_on(night).get(proposal.check.id) if for_all else None
            trying = with_override(merchant, proposal.check, saved if own is None else proposal.under(own))
            now, new = (_judged(seen, one, profile, proposal.check) for one in (merchant, trying))
            yield Tried(night, now, new)


def with_override(merchant: Merchant, check: Check, override: Override) -> Merchant:
    """Return the merchant with this in place of whatever thresholds of its own the check has."""
    return merchant.model_copy(update={"thresholds": {**merchant.thresholds, check.id: override}})


def _judged(seen: Snapshot, merchant: Merchant, profile: Profile, check: Check) -> Outcome:
    (outcome,) = judge(seen, profile, profile.rules_for(merchant, seen.night), checks=(check,))
    return outcome


def counted_up(nights: Iterable[Tried]) -> Counter[str]:
    """Count nights. ``judged`` and ``blind`` are all of them; on ``warn`` and ``critical`` of them the new ones fire.

    ``warn_now`` and ``critical_now``: those on which the thresholds of today fire, of the same nights.
    """
    counts: Counter[str] = Counter()
    for one in nights:
        if one.now is None or one.new is None or one.new.status is Status.NOT_EVALUATED:
            counts["blind"] += 1
            continue
        counts["judged"] += 1
        counts[one.new.status.value] += 1
        counts[f"{one.now.status.value}_now"] += 1
    return counts


def fires(counts: Counter[str], which: str = "") -> int:
    """Return on how many nights something fired; ``which``: ``"_now"`` for the thresholds of today."""
    return counts[f"warn{which}"] + counts[f"critical{which}"]
