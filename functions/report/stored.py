"""What a stage has of a merchant's night: what a report is made of, without a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.finding import Finding
from functions.audit.merchant import Merchant
from functions.audit.mute import Mute
from functions.audit.outcome import Status
from functions.audit.snapshot import Snapshot

CHECKS: Final[Mapping[str, Check]] = {check.id: check for check in (*CATALOGUE, *EXTRAS)}
# Listed in a table of their own; whose account it is says nothing to a reader of figures.
TOLD_ELSEWHERE: Final = frozenset({"pages", "candidates", "open_id"})
_NO_SUCH_CHECK: Final = {
    "status": Status.NOT_EVALUATED.value,
    "unit": "",
    "causes": (),
    "summary": "This night's audit has no such check.",
    "samples": {},
    "evidence": {},
    "threshold": {},
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished audit (``row``) and what belongs to it. ``nights``: earlier audits, the oldest first.

    ``snapshot`` is what was seen, or the sentence that says why that cannot be shown. ``today`` is when the report is
    made, as a night.
    """

    merchant: Merchant
    night: date
    row: Mapping[str, Any]
    findings: Mapping[str, Finding]
    snapshot: Snapshot | str
    nights: Sequence[Mapping[str, Any]]
    today: date
    mutes: Sequence[Mute] = ()

    def outcomes(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the night's outcomes in report order: the fifteen in any case, the extra ones where there are any."""
        stored = self.row["outcomes"]
        for check_id, check in CHECKS.items():
            if check_id in stored:
                yield check_id, stored[check_id]
            elif check in CATALOGUE:
                yield check_id, {**_NO_SUCH_CHECK, "area": check.area.value}
