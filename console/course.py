"""One check over the nights: what each came to. A night that saw nothing is a gap with its reason, never a 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from rich.text import Text

from functions.audit.outcome import Status
from functions.audit.verdict import AuditState

MISSING: Final = "no audit"
BLOCKS: Final = "▁▂▃▄▅▆▇█"
# For terminals that know no blocks: 1 is the least, 8 the most.
DIGITS: Final = "12345678"
BLIND, NO_AUDIT, FINE, BAD = "?", ".", "o", "x"
LEGEND: Final = {
    BLIND: "could not look",
    NO_AUDIT: MISSING,
    FINE: "good, and no figure",
    BAD: "bad, and no figure",
}
_STYLES: Final = {
    Status.PASS: "green",
    Status.INFO: "cyan",
    Status.WARN: "yellow",
    Status.CRITICAL: "bold red",
    Status.NOT_EVALUATED: "magenta",
    None: "dim",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One night. ``status`` is ``None`` where the check has no outcome; ``why`` says why there is no figure.

    ``version``: of the audit, above 1 where late figures changed it.
    """

    night: date
    status: Status | None
    value: Decimal | None = None
    unit: str = ""
    warn: Decimal | None = None
    critical: Decimal | None = None
    reasons: tuple[str, ...] = ()
    why: str = ""
    own_threshold: str | None = None
    version: int = 1


def course(rows: Iterable[Mapping[str, Any]], check_id: str, last: date) -> Iterator[Point]:
    """Yield a point for each night from the first of these audits, which come in order, to ``last``."""
    expected: date | None = None
    for row in rows:
        night = date.fromisoformat(row["night"])
        while expected is not None and expected < night:
            yield Point(expected, None, why=MISSING)
            expected += timedelta(days=1)
        yield _point(row, night, check_id)
        expected = night + timedelta(days=1)
    while expected is not None and expected <= last:
        yield Point(expected, None, why=MISSING)
        expected += timedelta(days=1)


def sparks(points: Sequence[Point], blocks: str = BLOCKS) -> Text:
    """Return the figures as one line, each night one sign in the colour of its status."""
    values = [point.value for point in points if point.value is not None]
    line = Text()
    for point in points:
        line.append(_sign(point, values, blocks), style=_STYLES[point.status])
    return line


def _sign(point: Point, values: Sequence[Decimal], blocks: str) -> str:
    match point:
        case Point(status=None):
            return NO_AUDIT
        case Point(status=Status.NOT_EVALUATED):
            return BLIND
        case Point(value=Decimal() as value):
            least, most = min(values), max(values)
            if least == most:
                return blocks[len(blocks) // 2]
            return blocks[min(int((value - least) * len(blocks) / (most - least)), len(blocks) - 1)]
    return FINE if point.status is Status.PASS else BAD


def _point(row: Mapping[str, Any], night: date, check_id: str) -> Point:
    if "outcomes" not in row:
        state = AuditState(row["state"])
        return Point(night, None, why="not audited" if state is AuditState.PENDING else f"the audit {state.value}")
    outcome = row["outcomes"].get(check_id)
    if outcome is None:
        return Point(night, None, why="not asked for", version=row.get("version", 1))
    threshold = outcome["threshold"]
    status = Status(outcome["status"])
    return Point(
        night=night,
        status=status,
        value=_number(outcome.get("value")),
        unit=outcome["unit"],
        warn=_number(outcome.get("warn")),
        critical=_number(outcome.get("critical")),
        reasons=tuple(outcome["reasons"]),
        why=outcome["summary"] if status is Status.NOT_EVALUATED or outcome["conditions"] else "",
        own_threshold=threshold.get("reason") if threshold["set_by"] != "default" else None,
        version=row.get("version", 1),
    )


def _number(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)
