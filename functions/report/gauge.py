"""Small drawings beside a figure: where it stands between its thresholds, and how it went over the stored nights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from functions.audit.check import Breach

GAUGE_WIDTH: Final = 160
SPARK_WIDTH: Final = 120
SPARK_HEIGHT: Final = 28
_LEAST_NIGHTS: Final = 3
_ROOM: Final = Decimal("1.15")


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure on a scale. ``zones``: from where to where it is bad, and how bad."""

    value: str
    zones: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Spark:
    """A figure over the nights, as lines with gaps where nobody could look; ``dot`` is the last night's."""

    lines: tuple[str, ...]
    dot: tuple[str, str] | None
    nights: int


def gauge(plain: Mapping[str, Any], breach: Breach) -> Gauge | None:
    """Return where a stored outcome's figure stands; ``None`` where there is no scale to speak of."""
    value, warn, critical = (
        None if plain.get(key) is None else Decimal(plain[key]) for key in ("value", "warn", "critical")
    )
    if value is None or not warn or breach is Breach.AT_MOST:
        return None
    limits = [limit for limit in (warn, critical) if limit is not None]
    low, high = min(Decimal(), value), max(value, *limits, Decimal()) * _ROOM
    if high <= low:
        return None

    def at(figure: Decimal) -> str:
        return f"{(figure - low) / (high - low) * GAUGE_WIDTH:.1f}"

    above = breach is Breach.ABOVE
    edge = high if above else low
    worst = [("critical", critical, edge)] if critical is not None else []
    spans = [("warn", warn, edge if critical is None else critical), *worst]
    zones = ((kind, *((at(start), at(end)) if above else (at(end), at(start)))) for kind, start, end in spans)
    return Gauge(at(value), tuple((kind, start, f"{Decimal(end) - Decimal(start):.1f}") for kind, start, end in zones))


def spark(values: Sequence[Decimal | None]) -> Spark | None:
    """Return the line of a figure; ``None`` where too few nights know it to speak of a line."""
    known = [value for value in values if value is not None]
    if len(known) < _LEAST_NIGHTS:
        return None
    low, span = min(known), (max(known) - min(known)) or Decimal(1)
    wide, tall = Decimal(SPARK_WIDTH - 6) / (len(values) - 1), SPARK_HEIGHT - 6

    def point(at: int, value: Decimal) -> tuple[str, str]:
        return f"{3 + wide * at:.1f}", f"{3 + tall - (value - low) / span * tall:.1f}"

    last = values[-1]
    lines = (" ".join(",".join(point(at, value)) for at, value in run) for run in _runs(values) if len(run) > 1)
    return Spark(tuple(lines), None if last is None else point(len(values) - 1, last), len(values))


def _runs(values: Sequence[Decimal | None]) -> Iterable[list[tuple[int, Decimal]]]:
    """Yield each run of nights that know the figure."""
    run: list[tuple[int, Decimal]] = []
    for at, value in enumerate(values):
        if value is not None:
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
