"""`nightjar night`: how a night went over all merchants, and who was missed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.errors import Unusable
from console.night_view import COLUMNS, night_view, rows_of
from console.options import (
    EndpointOption,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
    night_of,
)
from console.progress import working
from console.show import console_for_people, moment, output, print_json, said
from console.stage import Stage
from functions.audit.ledger import CALLED, Channel
from functions.audit.wording import counted, figure
from functions.report.read_fleet import LOOKED_FOR, last_opened
from functions.store.ledger import Ledger
from functions.store.reading import Reading

# Names that a person reads; a program gets them all.
NAMED: Final = 40
_STATES: Final = {"published": "left", "pending": "not left yet", "due": "not left yet"}


def night(
    on: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="The night, YYYY-MM-DD. Default: the last one.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Show a night's coverage, who failed or is missing, what could not be looked at, criticals, and messages."""
    asked = night_of(on)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        day = last_opened(at.tables, asked) if on is None else asked
        row = Reading(at.client("dynamodb"), at.prefix).night(day) if day is not None else None
        if row is None or day is None:
            raise _nothing(at, asked, named=on is not None)
        messages = Ledger(at.client("dynamodb"), f"{at.prefix}alerts").of_night(day)
        with working("Counting the night's audits"):
            plain = night_view(day, row, at.tables.audits.heads(day), messages)
    with output():
        match form:
            case ReadFormat.JSON:
                print_json(plain)
            case ReadFormat.CSV:
                spreadsheet.write_rows(COLUMNS, rows_of(plain), sys.stdout)
            case ReadFormat.TABLE:
                _show(console_for_people(), plain)


def _nothing(at: Stage, asked: date, *, named: bool) -> Unusable:
    """Return the error that there is no such night: it says which was the last."""
    today = datetime.now(UTC).date()
    if named and asked > today:
        return Unusable(f"The night {asked} lies in the future; nightjar night shows the last one.")
    last = last_opened(at.tables, today)
    if last is None:
        missing = f"The night {asked} was never opened, and no other" if named else "No night"
        return Unusable(f"{missing} was opened in the last {LOOKED_FOR} days. Start one: nightjar run.")
    return Unusable(f"The night {asked} was never opened, or is no longer stored; the last one is {last}.")


def _show(out: Console, plain: Mapping[str, Any]) -> None:
    is_closed = plain["closed_at"] is not None
    ended = f"closed at {_time(plain['closed_at'])}" if is_closed else "not closed"
    if plain["restated_at"]:
        ended += f", counted again at {_time(plain['restated_at'])}"
    out.print(Text(f"Night of {plain['night']}, opened at {_time(plain['opened_at'])}, {ended}.", style="bold"))
    out.print(
        Text(
            f"{figure(Decimal(plain['coverage_percent']), '%')} covered: {plain['audited']:,} of "
            f"{plain['expected']:,} audited, {plain['failed']:,} failed, {plain['missing']:,} "
            f"{'missing' if is_closed else 'still to come'}."
        )
    )
    _names(out, "Failed", plain["failed_merchants"], plain["failed"])
    _names(out, "Missing" if is_closed else "Still to come", plain["missing_merchants"], plain["missing"])
    _counts(out, "Outcomes", plain["outcomes"])
    _counts(out, "Not evaluated, by cause", plain["causes"])
    failures = {f"{one['failure']}, since {one['since']}": one["merchants"] for one in plain["fleet_failures"]}
    _counts(out, "Failed for much of the fleet", failures)
    _findings(out, "New criticals", plain["new_criticals"])
    _findings(out, "Not critical any more", plain["ended_criticals"])
    delivery = plain["delivery"]
    out.print(Text(f"\nMessages: {counted(delivery['alerts'], 'merchant')} with something to say.", style="bold"))
    ways = {_way(way): way["messages"] for way in delivery["ways"]}
    _counts(out, "", ways)
    _counts(out, "Findings held back", delivery["held"])


def _way(way: Mapping[str, Any]) -> str:
    return f"{CALLED[Channel(way['channel'])]}, {way['audience']}: {_STATES.get(way['state'], way['state'])}"


def _time(instant: str) -> str:
    return moment(datetime.fromisoformat(instant))


def _names(out: Console, title: str, names: Sequence[str], there_are: int) -> None:
    if there_are:
        more = f" and {there_are - NAMED:,} more" if there_are > NAMED else ""
        told = said(", ".join(names[:NAMED]) + more, limit=100 * NAMED)
        out.print(Text(f"{title}: ", style="bold").append_text(told))


def _counts(out: Console, title: str, counts: Mapping[str, int]) -> None:
    if not counts:
        return
    if title:
        out.print(Text(f"\n{title}", style="bold"))
    table = Table(box=None, show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for name, count in counts.items():
        table.add_row(f"{count:,}", said(name.replace("_", " ")))
    out.print(table)


def _findings(out: Console, title: str, found: Sequence[Mapping[str, str]] | None) -> None:
    if found is None:
        out.print(Text(f"\n{title}: the night's audits are no longer stored.", style="magenta"))
        return
    out.print(Text(f"\n{title}: {len(found):,}", style="bold"))
    if found:
        out.print(_by_merchant(found))


def _by_merchant(found: Iterable[Mapping[str, str]]) -> Table:
    table = Table(box=None, show_header=False)
    merchants = [(name, list(rows)) for name, rows in groupby(found, key=lambda one: one["merchant_id"])]
    for merchant_id, rows in merchants[:NAMED]:
        table.add_row(said(merchant_id), said(", ".join(row["check_id"] for row in rows)))
    if len(merchants) > NAMED:
        table.add_row(f"and {len(merchants) - NAMED:,} more merchants", "")
    return table
