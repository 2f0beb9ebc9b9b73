"""`nightjar findings`: what is open on a deployed stage, or everything about one merchant or one check."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.asked import check_named, merchant_named
from console.errors import Unusable
from console.options import (
    EndpointOption,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
    night_of,
)
from console.show import console_for_people, output, print_json, said, styled
from console.sifting import Order, Sifted, Wanted, sift
from console.stage import Stage
from console.watching import EVERY, QUICKEST, watch
from functions.audit.absence import Reason
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.outcome import Area, Status
from functions.audit.plain import finding_plain
from functions.audit.wording import counted, figure
from functions.store.findings import finding_item
from functions.store.items import from_item

# What a person reads; a program gets everything.
SHOWN: Final = 200


def findings(  # noqa: PLR0913, PLR0917 - one parameter an option
    merchant: Annotated[
        str | None, typer.Option("--merchant", metavar="ID", help="All checks of this merchant.")
    ] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="ID", help="This check over the fleet.")] = None,
    severity: Annotated[Severity | None, typer.Option("--severity", help="Only open ones of this severity.")] = None,
    status: Annotated[
        Status | None, typer.Option("--status", help="Only those whose last night came to this, also if not open.")
    ] = None,
    area: Annotated[Area | None, typer.Option("--area", help="Only checks of this area.")] = None,
    reason: Annotated[
        Reason | None, typer.Option("--reason", help="Only those that could not be evaluated for this reason.")
    ] = None,
    opened_since: Annotated[
        str | None, typer.Option("--opened-since", metavar="YYYY-MM-DD", help="Only open ones, since that night.")
    ] = None,
    min_nights: Annotated[
        int | None, typer.Option("--min-nights", min=1, metavar="N", help="Only those open for so many nights or more.")
    ] = None,
    sort: Annotated[Order, typer.Option("--sort", help="What comes first; value needs --check.")] = Order.WORST,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help=f"Show no more. Default: {SHOWN} in a table.")
    ] = None,
    watching: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")
    ] = False,
    every: Annotated[int, typer.Option("--every", min=QUICKEST, help="Seconds between two looks.")] = EVERY,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Show the open findings, worst first.

    With --merchant, --check, --status or --reason, also those that are not open. --status pass, info or not_evaluated
    and --reason alone read every finding of the fleet: name a check or an area where the fleet is large.
    """
    if check is not None:
        check_named(check)
    if sort is Order.VALUE and check is None:
        raise Unusable("Figures of different checks cannot be compared: name one with --check to sort by value.")
    wanted = Wanted(
        merchant=merchant,
        check=check,
        severity=severity,
        status=status,
        area=area,
        reason=reason,
        opened_since=night_of(opened_since) if opened_since else None,
        min_nights=min_nights,
    )
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        if merchant is not None:
            merchant_named(at, merchant)
    if limit is None and form is ReadFormat.TABLE:
        limit = SHOWN

    def look() -> Sifted:
        with at.explained():
            return sift(at.tables.findings, wanted, order=sort, limit=limit)

    if watching:
        out = _terminal(form)
        watch(lambda: _frame(look(), stage, every), out, every=every, pause=time.sleep)
        return
    found = look()
    with output():
        _print(found.rows, form)
    if form is ReadFormat.TABLE or found.there_are != len(found.rows):
        typer.echo(_counted(found, stage), err=True)


def _print(rows: list[Finding], form: ReadFormat) -> None:
    match form:
        case ReadFormat.JSON:
            print_json({"findings": [finding_plain(row) for row in rows]})
        case ReadFormat.CSV:
            spreadsheet.write("findings", (from_item(finding_item(row)) for row in rows), sys.stdout)
        case ReadFormat.TABLE:
            console_for_people().print(_table(rows))


def _table(rows: list[Finding]) -> Table:
    table = Table(box=None)
    for column in ("severity", "merchant", "check", "status", "open", "what"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            styled(row.severity.value) if row.severity else "",
            said(row.merchant_id),
            said(row.check_id),
            styled(row.status.value),
            figure(Decimal(row.nights_open), "nights") if row.is_open else "",
            said(row.summary),
        )
    return table


def _counted(found: Sifted, stage: str) -> str:
    shown = counted(len(found.rows), "finding")
    if found.there_are == len(found.rows):
        return f"{shown} on stage {stage}."
    there = "there are more" if found.there_are is None else f"there are {found.there_are:,}"
    return f"The first {shown} on stage {stage}; {there}. Narrow the question, or raise --limit."


def _frame(found: Sifted, stage: str, every: int) -> Group:
    # Above the table: of one that is longer than the screen, its end is not shown.
    when = f"Seen at {datetime.now(UTC):%H:%M:%S} UTC, again every {every} s; Ctrl-C ends it."
    return Group(Text(f"{_counted(found, stage)} {when}", style="dim"), _table(found.rows))


def _terminal(form: ReadFormat) -> Console:
    """Return the terminal to show something in place on.

    Raises:
        Unusable: there is none, or a program is to read it.
    """
    out = console_for_people()
    if form is not ReadFormat.TABLE or not out.is_terminal:
        raise Unusable("--watch is for a terminal: leave it out where a file or a program reads.")
    return out
