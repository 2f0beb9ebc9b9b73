"""Whether a message would reach anybody: recipients' states and filters against what the message says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias

from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.recipient import Recipient, RecipientState

Attributes: TypeAlias = Mapping[str, str | Sequence[str]]
_MAY: Final = frozenset({RecipientState.CONFIRMED, RecipientState.UNKNOWN})


class Reach(StrEnum):
    """Whether anybody is there who gets a message. ``unknown``: somebody might be, and it could not be told."""

    SOMEBODY = "somebody"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


def reachable(recipients: Iterable[Recipient], attributes: Attributes) -> Reach:
    """Return whether any of these gets a message with these attributes."""
    unknown = False
    for recipient in recipients:
        match gets(recipient, attributes):
            case Reach.SOMEBODY:
                return Reach.SOMEBODY
            case Reach.UNKNOWN:
                unknown = True
    return Reach.UNKNOWN if unknown else Reach.NOBODY


def gets(recipient: Recipient, attributes: Attributes) -> Reach:
    """Return whether this one gets it: it is confirmed, and its filter lets the message through."""
    if recipient.state not in _MAY:
        return Reach.NOBODY
    if recipient.state is RecipientState.UNKNOWN or recipient.subscription is None:
        return Reach.UNKNOWN
    if recipient.subscription.policy is None:
        return Reach.SOMEBODY
    # What looks into the body is somebody else's own filter.
    passes = None if recipient.subscription.by_body else lets_through(recipient.subscription.policy, attributes)
    return Reach.UNKNOWN if passes is None else Reach.SOMEBODY if passes else Reach.NOBODY


def deaf_areas(
    recipients: Sequence[Recipient], merchant_id: str, severity: Severity = Severity.CRITICAL
) -> tuple[Area, ...]:
    """Return the areas in which nobody would hear of a merchant's finding: all four when there is nobody to tell."""
    about = {"merchant_id": merchant_id, "severity": severity.value}
    return tuple(area for area in Area if reachable(recipients, {**about, "areas": [area.value]}) is Reach.NOBODY)


def lets_through(policy: Mapping[str, Any], attributes: Attributes) -> bool | None:
    """Return whether a filter policy lets a message through; ``None`` where it asks what we cannot answer.

    Every key must hold, and one rule of each is enough. Plain texts and ``exists`` are understood: what we write
    ourselves, and most of what others do.
    """
    answers = [_holds(rules, attributes.get(key)) for key, rules in policy.items()]
    if False in answers:
        return False
    return None if None in answers else True


def _holds(rules: object, value: str | Sequence[str] | None) -> bool | None:
    if not isinstance(rules, list):
        return None
    values = [] if value is None else [value] if isinstance(value, str) else list(value)
    answers = [_rule(rule, values) for rule in rules]
    if True in answers:
        return True
    return None if None in answers else False


def _rule(rule: object, values: Sequence[str]) -> bool | None:
    match rule:
        case str():
            return rule in values
        case {"exists": bool(there), **rest} if not rest:
            return bool(values) is there
        case _:
            return None
