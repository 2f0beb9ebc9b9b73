"""The preflight of every night: in the time that is left, and whatever becomes of it, the night is closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.audit.preflight import Checked, unseen
from functions.audit.preflight_facts import Blind, Seen
from functions.closer.preflight import SECONDS, Look

# To tell the operators and to note the close, with every retry that SNS and DynamoDB are given.
KEPT_BACK: Final = 30.0


@dataclass(frozen=True, slots=True)
class Nightly:
    """Everything that it works with. ``on_checked`` hears what came of it, ``on_failure`` of an error of ours."""

    look: Look
    on_checked: Callable[[Sequence[Checked]], None]
    on_failure: Callable[[Exception], None]

    def check(self, merchants: Seen[Collection[str]], *, now: datetime, seconds_left: float) -> tuple[Checked, ...]:
        """Return every check. ``seconds_left``: until whoever closes the night is stopped."""
        try:
            checks = self.look.check(merchants, now=now, seconds=min(SECONDS, seconds_left - KEPT_BACK))
        except Exception as error:  # noqa: BLE001 - operators must hear of the night all the same
            self.on_failure(error)
            checks = unseen(Blind(f"looking itself failed ({type(error).__name__})"))
        self.on_checked(checks)
        return checks
