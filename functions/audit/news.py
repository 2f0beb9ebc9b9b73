"""What a message tells and of which night: the values that every form of it is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from functions.audit.absence import Absent
from functions.audit.kpi import Kpi
from functions.audit.mute import Mute
from functions.audit.outcome import Outcome, Status
from functions.audit.periods import Periods
from functions.audit.telling import Why

# What a check's figure is among the KPIs, for the period before.
_KPI_OF = {"session_duration": "avg_session_duration", "sessions_trend": "sessions", "attributed_revenue": "revenue"}


def alert_id(night: date, version: int = 1) -> str:
    """Return the second half of the key in the ledger. The same night can only ever make the same alert.

    ``version``: of the night's audit; what came of judging it anew corrects what was told before.
    """
    return f"{night.isoformat()}#critical" if version == 1 else f"{night.isoformat()}#corrected-{version}"


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a message tells.

    ``since``: the night on which it turned critical, for what still is. ``blinds``: how many checks could not run
    because of it. ``ended``: the mutes that hid it and are over.
    """

    outcome: Outcome
    why: Why
    since: date | None
    blinds: int = 0
    ended: tuple[Mute, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it is over, or never was."""
        return self.why is Why.RESOLVED or (self.why is Why.CORRECTED and self.outcome.status is not Status.CRITICAL)


@dataclass(frozen=True, slots=True)
class Scene:
    """The merchant's own night, as far as a message tells of it beside the news. ``version``: of its audit.

    ``stage``: on which its commands are to be run; empty: on whichever is theirs as it comes.
    """

    night: date
    counts: Mapping[Status, int]
    outcomes: tuple[Outcome, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    periods: Periods | None = None
    version: int = 1
    stage: str = ""

    @property
    def alert_id(self) -> str:
        """The second half of the key of the night's alert."""
        return alert_id(self.night, self.version)

    @property
    def checks(self) -> int:
        """How many checks there are."""
        return sum(self.counts.values())

    @property
    def looked(self) -> int:
        """How many checks could look."""
        return self.checks - self.counts[Status.NOT_EVALUATED]

    @property
    def unseen(self) -> tuple[Outcome, ...]:
        """The checks that could not look, in report order."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is Status.NOT_EVALUATED)

    @property
    def sources(self) -> tuple[str, ...]:
        """Who measured the night's figures, each once."""
        known = (kpi.source for kpi in self.kpis if not isinstance(kpi.value, Absent))
        return tuple(dict.fromkeys(source for source in known if source is not None))

    def figure_of(self, outcome: Outcome) -> Kpi | None:
        """Return the figure that a check judges, with the prior period's; ``None`` where the check has none."""
        name = _KPI_OF.get(outcome.check_id, outcome.check_id)
        return next((kpi for kpi in self.kpis if kpi.name == name), None)
