"""A failure that much of the fleet shares tonight is ours or a provider's: operators hear of it, merchants do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from functions.audit.night import AuditHead, FleetFailure
from functions.audit.rootcause import TOKEN, Share
from functions.audit.wording import counted


def shared_failures(
    heads: Collection[AuditHead], share: Share, *, night: date, before: Iterable[FleetFailure]
) -> tuple[FleetFailure, ...]:
    """Return the failures of the night that are the fleet's, the widest first. ``before``: those of the last night."""
    since = {known.failure: known.since for known in before}
    found = Counter(failure for head in heads for failure in dict.fromkeys(head.failures))
    wide = [
        FleetFailure(failure, merchants, since.get(failure, night))
        for failure, merchants in found.items()
        if merchants >= share.merchants and merchants * 100 > share.percent * len(heads)
    ]
    return tuple(sorted(wide, key=lambda one: (-one.merchants, one.failure)))


def fleet_text(night: date, failures: Sequence[FleetFailure], expected: int) -> tuple[str, str]:
    """Return subject and body of the message to the operators."""
    worst = failures[0]
    lines = [
        f"Night of {night}: this failed at so many of {counted(expected, 'merchant')} that it is hardly theirs.",
        "",
        *(f"- {one.failure}: {counted(one.merchants, 'merchant')}{_since(one, night)}" for one in failures),
        "",
    ]
    if any(one.failure.startswith(f"{TOKEN}:") for one in failures):
        lines += [
            "Is the TikTok app still approved, and are its keys the ones that are stored? No merchant can mend that.",
        ]
    lines += [
        "No merchant was told of any of it. Whose connection is still broken when it is no longer everybody's is told",
        "on that night.",
    ]
    return f"Nightjar {night}: {worst.failure} at {worst.merchants} of {expected} merchants", "\n".join(lines) + "\n"


def _since(failure: FleetFailure, night: date) -> str:
    return "" if failure.since == night else f", since {failure.since}"
