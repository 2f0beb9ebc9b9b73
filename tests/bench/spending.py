"""What a night on the embedded AWS really calls, writes and stores, beside the figures that docs/cost.md goes by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any, Final

from console.demo.rehearsal import Rehearsal, rehearse
from console.sample.fleet import fleet
from tests.bench.metering import Meter, sizes_of
from tests.bench.result import CannotMeasureError, Measured, Side, Tell
from tests.tables import KEYS

FLEET: Final = 60
NIGHT: Final = date(2026, 11, 21)
PATIENCE: Final = 300.0
TOLERANCE: Final = 0.15
DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "cost.md"
STORED: Final = ("snapshots", "audits", "findings", "alerts")
# A row of the document's table of measured figures: | `name` | figure | what |
_ROW: Final = re.compile(r"^\| `([a-z-]+)` \| ([0-9.]+) \|", re.MULTILINE)


def measure(tell: Tell) -> list[Measured]:
    """Let a night of sample merchants pass, and compare it with the document."""
    tell("spending: a night on the embedded AWS")
    with rehearse(fleet(FLEET, seed=5), tell=tell) as rehearsal:
        meter = Meter(rehearsal.stage.prefix)
        with meter.reading():
            rehearsal.run(NIGHT, timeout=PATIENCE)
        sizes = sizes_of({name: _items(rehearsal, name) for name in KEYS})
    found = figures(meter, sizes, FLEET)
    told = documented(DOCUMENT.read_text(encoding="utf-8"))
    if differ := found.keys() ^ told.keys():
        raise CannotMeasureError(f"docs/cost.md and this benchmark differ in {', '.join(sorted(differ))}")
    return [_line(name, found[name], told[name]) for name in found]


def figures(meter: Meter, sizes: Mapping[str, list[int]], merchants: int) -> dict[str, float]:
    """Return what a merchant and night takes, by the names that the document uses."""
    meter.settle({name: mean(found) for name, found in sizes.items() if found})
    calls = meter.calls

    def each(*names: str) -> float:
        return sum(count for name, count in calls.items() if name.startswith(names)) / merchants

    return {
        "write-units": meter.writes / merchants,
        "read-units": meter.reads / merchants,
        "dynamodb-calls": each("dynamodb:"),
        "kms-calls": each("kms:"),
        "sqs-sends": each("sqs:SendMessage"),
        **{f"{name}-bytes": mean(sizes[name]) for name in STORED},
        "alerts-a-merchant": len(sizes["alerts"]) / merchants,
    }


def documented(text: str) -> dict[str, float]:
    """Return the measured figures that a document names."""
    return {name: float(figure) for name, figure in _ROW.findall(text)}


def _items(rehearsal: Rehearsal, table: str) -> list[Any]:
    pages = rehearsal.aws.client("dynamodb").get_paginator("scan").paginate(TableName=rehearsal.stage.prefix + table)
    return [item for page in pages for item in page["Items"]]


def _line(name: str, found: float, told: float) -> Measured:
    sides = (Side("a night on the embedded AWS", [found]), Side("docs/cost.md", [told]))
    line = Measured(f"spending: {name}", "", *sides, goal=f"± {TOLERANCE:.0%}")
    return replace(line, met=abs(line.ratio - 1) <= TOLERANCE)
