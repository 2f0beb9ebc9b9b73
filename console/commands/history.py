"""`nightjar history`: one check of one merchant over the nights, as a line and as a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.asked import check_named, merchant_named, no_audit
from console.course import BLOCKS, DIGITS, LEGEND, MISSING, Point, course, sparks
from console.options import (
    CheckArgument,
    EndpointOption,
    MerchantArgument,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
    night_of,
)
from console.show import console_for_people, output, print_json, said, styled
from console.stage import Stage
from functions.audit.check import Check
from functions.audit.outcome import Outcome, Status
from functions.audit.wording import counted, figure
from functions.store.reading import Reading

NIGHTS: Final = 30
# As long as any stage keeps audits.
MOST_NIGHTS: Final = 800
COLUMNS: Final = (
    *("merchant_id", "check_id", "night", "status", "value", "unit", "warn", "critical"),
    *("reasons", "why", "own_threshold", "version"),
)


def history(  # noqa: PLR0913, PLR0917 - one parameter an option
    merchant_id: MerchantArgument,
    check_id: CheckArgument,
    nights: Annotated[
        int, typer.Option("--nights", min=1, max=MOST_NIGHTS, metavar="N", help="How many nights.")
    ] = NIGHTS,
    until: Annotated[
        str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="The last night. Default: today's.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Show what a check came to, night by night. Where nobody could look there is a gap with its reason."""
    check = check_named(check_id)
    last = night_of(until)
    first = last - timedelta(days=nights - 1)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchant_named(at, merchant_id)
        rows = Reading(at.client("dynamodb"), at.prefix).audits_of(merchant_id, first, last)
        points = list(course(rows, check_id, last))
        while points and points[-1].why == MISSING and points[-1].night >= datetime.now(UTC).date():
            # Tonight may still be ahead: it is no gap before it is over.
            points.pop()
        if not points:
            raise no_audit(at, merchant_id, f"of the nights from {first} to {last}", last)
    plain = [_plain(merchant_id, check_id, point) for point in points]
    with output():
        match form:
            case ReadFormat.JSON:
                print_json({"merchant_id": merchant_id, "check_id": check_id, "nights": plain})
            case ReadFormat.CSV:
                rows_of_text = ({**one, "reasons": ",".join(one["reasons"])} for one in plain)
                spreadsheet.write_rows(COLUMNS, rows_of_text, sys.stdout)
            case ReadFormat.TABLE:
                _show(console_for_people(), check, merchant_id, points)


def _plain(merchant_id: str, check_id: str, point: Point) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id,
        "check_id": check_id,
        "night": point.night.isoformat(),
        "status": point.status.value if point.status else None,
        "value": point.value,
        "unit": point.unit,
        "warn": point.warn,
        "critical": point.critical,
        "reasons": list(point.reasons),
        "why": point.why or None,
        "own_threshold": point.own_threshold,
        "version": point.version,
    }


def _show(out: Console, check: Check, merchant_id: str, points: Sequence[Point]) -> None:
    out.print(said(f"{merchant_id}, {check.id}, {points[0].night} to {points[-1].night}"))
    blocks = DIGITS if out.options.ascii_only else BLOCKS
    line = sparks(points, blocks)
    out.print(line)
    out.print(Text(_in_words(check, points, line.plain), style="dim"))
    out.print(_table(points))


def _in_words(check: Check, points: Sequence[Point], line: str) -> str:
    """Return how the line is read: its least and its most, the last thresholds, the nights that saw something."""
    measured = [(point.value, point.unit) for point in points if point.value is not None]
    told = []
    if measured:
        told.append(f"from {figure(*min(measured))} to {figure(*max(measured))}")
    judged = [point for point in points if point.status not in {None, Status.NOT_EVALUATED}]
    if judged:
        newest = judged[-1]
        outcome = Outcome(check, Status.PASS, None, newest.unit, newest.warn, newest.critical)
        told += check.limits(outcome)
    told.append(f"evaluated on {len(judged)} of {counted(len(points), 'night')}")
    told += [f"{sign} {meaning}" for sign, meaning in LEGEND.items() if sign in line]
    return "; ".join(told) + "."


def _table(points: Sequence[Point]) -> Table:
    table = Table(box=None)
    table.add_column("night", no_wrap=True)
    table.add_column("status", overflow="fold")
    for column in ("value", "warn", "critical"):
        table.add_column(column, justify="right", overflow="fold")
    table.add_column("what", overflow="fold")
    for point in points:
        table.add_row(
            point.night.isoformat(),
            styled(point.status.value) if point.status else Text(point.why, style="dim"),
            "" if point.value is None else figure(point.value, point.unit),
            "" if point.warn is None else figure(point.warn, ""),
            "" if point.critical is None else figure(point.critical, ""),
            said("; ".join(_what(point))),
        )
    return table


def _what(point: Point) -> list[str]:
    told = [point.why] if point.why and point.status else []
    if point.own_threshold:
        told.append(f"own threshold: {point.own_threshold}")
    if point.version > 1:
        told.append(f"version {point.version}, after late figures")
    return told
