"""What a preflight looks at, seen or not: SNS's limits, everybody who is told, dead letters, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, TypeVar

from functions.audit.recipient import FLEET, Protocol, Recipient, RecipientState


@dataclass(frozen=True, slots=True)
class Blind:
    """That something could not be looked at, and why: without numbers, addresses or what AWS said at length."""

    why: str


T = TypeVar("T")
Seen: TypeAlias = T | Blind


@dataclass(frozen=True, slots=True)
class Spending:
    """Dollars for text messages: SNS's limit of a month, and what this month has cost so far."""

    limit: Seen[Decimal]
    spent: Seen[Decimal]


@dataclass(frozen=True, slots=True)
class Bell:
    """One alarm: whether it tells the operators when it rings."""

    name: str
    tells_operators: bool


@dataclass(slots=True)
class Audiences:
    """What was seen of everybody who is told: added up merchant by merchant, so that nobody keeps whole lists.

    ``nobody``: merchants of whose criticals, of some area at least, nobody hears; ``unsure``: where that could not be
    told. ``unread``: merchants whose own recipients were not looked at, for the reasons in ``why``. ``strangers``: why
    nobody knows which merchants there are.
    """

    telephones: int = 0
    people: int = 0
    states: dict[RecipientState, list[str]] = field(default_factory=dict)
    nobody: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    why: set[str] = field(default_factory=set)
    strangers: Blind | None = None

    def add(self, recipients: Sequence[Recipient]) -> None:
        """Count these recipients."""
        for one in recipients:
            self.people += 1
            self.telephones += one.protocol == Protocol.SMS and one.state is not RecipientState.DELETED
            if one.state is not RecipientState.CONFIRMED:
                self.states.setdefault(one.state, []).append(named(one))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was looked at. ``operators``: who gets the operators' messages."""

    sandbox: Seen[bool]
    spending: Spending
    audiences: Seen[Audiences]
    operators: Seen[Sequence[Recipient]]
    dead: Mapping[str, Seen[int]]
    bells: Seen[Sequence[Bell]]


def named(one: Recipient) -> str:
    """Return how a recipient may be called anywhere: no address in full."""
    called = one.entry.recipient_id if one.entry else one.protocol
    return f"{called} of {'the fleet' if one.merchant_id == FLEET else one.merchant_id}, {one.hint}"
