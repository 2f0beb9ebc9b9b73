"""Who hears of each merchant's criticals: the fleet's recipients, and merchants' own as far as there is time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias

from functions.audit.errors import NightjarError
from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.preflight_facts import Audiences, Blind, Seen
from functions.audit.reach import Reach, reachable
from functions.audit.recipient import Recipient
from functions.closer.looking import NO_TIME, Looking

if TYPE_CHECKING:
    from functions.store.audience import Audience

Reaches: TypeAlias = Mapping[Area, Reach]
NOBODY: Reaches = dict.fromkeys(Area, Reach.NOBODY)
UNKNOWN: Reaches = dict.fromkeys(Area, Reach.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Hearers:
    """Everything that this works with. ``night`` says in which order merchants of the same need are looked at."""

    audience: Audience
    looking: Looking
    night: date

    def of(self, merchants: Seen[Collection[str]], fleet: Sequence[Recipient], owners: Sequence[str]) -> Audiences:
        """Return what was seen of everybody. ``owners`` are the merchants that have recipients of their own."""
        blind = merchants if isinstance(merchants, Blind) else None
        seen = Audiences(strangers=blind)
        seen.add(fleet)
        of_fleet = _by_merchant(fleet)
        heard = {} if isinstance(merchants, Blind) else {one: of_fleet(one) for one in merchants}
        own: dict[str, Reaches] = {}
        for merchant_id, found in self._of_each(self._needy_first(owners, heard)):
            if isinstance(found, Blind):
                seen.unread.append(merchant_id)
                seen.why.add(found.why)
                own[merchant_id] = UNKNOWN
            else:
                seen.add(found)
                own[merchant_id] = _reaches(found, merchant_id)
        for merchant_id, reaches in heard.items():
            mine = own.get(merchant_id, NOBODY)
            best = {_better(mine[area], reaches[area]) for area in Area}
            if Reach.NOBODY in best:
                seen.nobody.append(merchant_id)
            elif Reach.UNKNOWN in best:
                seen.unsure.append(merchant_id)
        return seen

    def _of_each(self, owners: Iterable[str]) -> Iterator[tuple[str, Seen[Sequence[Recipient]]]]:
        def look(merchant_id: str) -> Sequence[Recipient]:
            if not self.looking.has_time:
                raise NightjarError(NO_TIME.why)
            return self.audience.of_merchant(merchant_id)

        begun = [(merchant_id, self.looking.begin(partial(look, merchant_id))) for merchant_id in owners]
        for merchant_id, one in begun:
            yield merchant_id, self.looking.end(one)

    def _needy_first(self, owners: Sequence[str], heard: Mapping[str, Reaches]) -> Sequence[str]:
        """Return those first of whom the fleet's recipients do not hear, then others that are audited.

        Among them the order is another one each night: where time is short, the same ones are not always left out.
        """

        def order(owner: str) -> tuple[int, bytes]:
            reaches = heard.get(owner)
            need = 2 if reaches is None else int(set(reaches.values()) == {Reach.SOMEBODY})
            return need, hashlib.sha256(f"{self.night} {owner}".encode()).digest()

        return sorted(owners, key=order)


def _by_merchant(fleet: Sequence[Recipient]) -> Callable[[str], Reaches]:
    """Return what tells which of the fleet's recipients hear of a merchant.

    To their filters all merchants are alike that none of them names: ten thousand are worked out once.
    """
    policies = [one.subscription.policy or {} for one in fleet if one.subscription is not None]
    rules = [policy.get("merchant_id") for policy in policies]
    named = {rule for some in rules if isinstance(some, list) for rule in some if isinstance(rule, str)}
    worked_out = cache(partial(_reaches, fleet))
    return lambda merchant_id: worked_out(merchant_id if merchant_id in named else "")


def _reaches(recipients: Sequence[Recipient], merchant_id: str) -> Reaches:
    about = {"merchant_id": merchant_id, "severity": [Severity.CRITICAL.value]}
    return {area: reachable(recipients, {**about, "areas": [area.value]}) for area in Area}


def _better(one: Reach, other: Reach) -> Reach:
    return next((reach for reach in (Reach.SOMEBODY, Reach.UNKNOWN) if reach in {one, other}), Reach.NOBODY)
