"""``python -m tests.bench [--json] [NAME ...]``: measures, shows a table, and says which goals were met.

The exit code says whether everything could be measured, not whether a goal was met: a busy machine is no mistake.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.bench import cold_start, fetching, judging, readers, sharing, spending
from tests.bench.result import CannotMeasureError, Measured, Tell

WIDTH: Final = 110
BENCHMARKS: Final[dict[str, Callable[[Tell], list[Measured]]]] = {
    "cold-start": cold_start.measure,
    "fetch": fetching.measure,
    "judging": judging.measure,
    "budget": sharing.measure,
    "spending": spending.measure,
    "readers": readers.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that are named, all when none is. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=str(__doc__).splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    errors = Console(stderr=True)
    measured: list[Measured] = []
    failed: list[str] = []
    with errors.status("measuring") as status:
        for name in asked.names or BENCHMARKS:
            try:
                measured += BENCHMARKS[name](status.update)
            except CannotMeasureError as error:
                failed.append(f"{name} could not be measured: {error}")
    if asked.json:
        sys.stdout.write(json.dumps(_document(measured), ensure_ascii=False, indent=2) + "\n")
    else:
        _show(measured)
    for line in failed:
        errors.print(line, style="bold red", markup=False, highlight=False)
    return 1 if failed else 0


def _document(measured: Sequence[Measured]) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "benchmarks": [each.plain() for each in measured],
    }


def _show(measured: Sequence[Measured]) -> None:
    console = Console()
    console.width = max(console.width, WIDTH)
    table = Table(title=f"One run, Python {platform.python_version()}, {os.cpu_count()} cores: medians")
    table.add_column("")
    table.add_column("what")
    for name in ("ours", "other", "ratio", "quickest", "goal"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for at, each in enumerate(measured, start=1):
        verdict = {True: "[green]met[/]", False: "[bold red]missed[/]", None: ""}[each.met]
        sides = (f"{side.median:.1f} {each.unit}" for side in (each.ours, each.other))
        table.add_row(
            str(at), each.name, *sides, f"{each.ratio:.2f} ×", f"{each.quickest_ratio:.2f} ×", each.goal, verdict
        )
    console.print(table)
    for at, each in enumerate(measured, start=1):
        what = f"{at:3}  ours: {each.ours.what} ({len(each.ours.samples)} samples)\n     other: {each.other.what}"
        console.print(what, markup=False, highlight=False, style="dim")
    console.print(
        "     quickest: the ratio of the least samples, for a busy machine; goals go by the medians", style="dim"
    )


if __name__ == "__main__":
    sys.exit(main())
