"""Checks beside the fifteen, off unless a merchant asks for them; one file each, named by the check's id.

With them "bad traffic" can be told from a broken link and from lost tracking. One is judged on exactly the nights whose
snapshot holds what it looks at: switched off it leaves no request, no outcome and no finding.
"""

from functions.audit.check import Check
from functions.audit.extra_checks import bio_link, click_capture
from functions.audit.snapshot import Snapshot

EXTRAS: tuple[Check, ...] = (bio_link.CHECK, click_capture.CHECK)


def asked_for(snapshot: Snapshot) -> tuple[Check, ...]:
    """Return the extra checks whose parts somebody asked for on that night, in report order."""
    return tuple(check for check in EXTRAS if all(getattr(snapshot, part.name) is not None for part in check.needs))
