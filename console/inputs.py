"""What a check's figure was made of: each input from its place in the snapshot, with who measured it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any, Final

from functions.audit.absence import Absent
from functions.audit.check import Check
from functions.audit.model import Model
from functions.audit.outcome import EvidenceValue
from functions.audit.snapshot import SessionsSeen, Snapshot
from functions.audit.wording import plain

_UNITS: Final = {"avg_session_duration": "s", "days_left": "days"}
_WHEN: Final = {"current": "this period", "prior": "the period before", "series": "day by day"}
_TIKTOK: Final = frozenset({"token", "basic", "profile", "stats"})


@dataclass(frozen=True, slots=True)
class Input:
    """One input. ``path`` is its place in the snapshot; ``source`` is ``None`` where nobody could be asked.

    A series and a list are told in short: how long they are, and what is least and most in them.
    """

    path: str
    value: EvidenceValue | Absent
    unit: str
    source: str | None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        parts = self.path.split(".")
        when = next((_WHEN[part] for part in parts if part in _WHEN), None)
        name = " ".join(parts[-1:] if len(parts) > 1 and parts[0] in {"sessions", "pages", "sources"} else parts)
        return name.replace("_", " ") + (f", {when}" if when else "")


def formula_of(check: Check, parameters: Mapping[str, Decimal]) -> str:
    """Return how a check's figure comes about, with the profile's numbers in it."""
    return check.formula.format(**{name: f"{plain(number):f}" for name, number in parameters.items()})


def inputs_of(check: Check, seen: Snapshot) -> tuple[Input, ...]:
    """Return what a check's figure was made of on that night."""
    return tuple(_input(path, seen) for path in check.inputs)


def _input(path: str, seen: Snapshot) -> Input:
    value: Any = seen
    for part in path.split("."):
        if isinstance(value, Absent):
            break
        value = getattr(value, part)
    unit = _unit(path, seen)
    return Input(path, value if isinstance(value, Absent) else _in_short(value, path, seen), unit, _source(path, seen))


def _in_short(value: Any, path: str, seen: Snapshot) -> EvidenceValue:  # noqa: ANN401 - whatever a snapshot holds
    match value:
        case Model():
            return "seen"
        case tuple() if path.startswith("sessions.series."):
            return _series(value)
        case tuple():
            part: Any = getattr(seen, path.partition(".")[0])
            return {"listed": len(value), "cut_short": part.truncated}
        case None:
            return False
        case str():
            return str(value)
        case _:
            plain_value: EvidenceValue = value
            return plain_value


def _series(days: Sequence[Decimal | int | None]) -> EvidenceValue:
    known = [Decimal(day) for day in days if day is not None]
    if not known:
        return {"days": len(days), "unknown": len(days)}
    figures = {"least": min(known), "median": Decimal(median(known)), "most": max(known)}
    return {"days": len(days), "unknown": len(days) - len(known), **figures}


def _unit(path: str, seen: Snapshot) -> str:
    name = path.rpartition(".")[2]
    if name == "revenue":
        return seen.sessions.currency if isinstance(seen.sessions, SessionsSeen) else ""
    return "%" if name.endswith("_rate") else _UNITS.get(name, "")


def _source(path: str, seen: Snapshot) -> str | None:
    part, _, rest = path.partition(".")
    if part in _TIKTOK:
        return "tiktok"
    if part == "account_type":
        return seen.account_type_from
    if part == "clicks":
        return "business_api"
    if part == "bio_link":
        return "the link itself"
    if isinstance(seen.sessions, Absent):
        return None
    # A part of the channel that has no figures of its own is the backend's.
    return seen.sessions.measured_by(rest.rpartition(".")[2]) if "series" not in path else seen.sessions.backend
