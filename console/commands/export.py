"""`nightjar export`: a stage's items as CSV for a spreadsheet or as JSON Lines for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from console import spreadsheet
from console.asked import merchant_named
from console.contract.schema import as_json
from console.errors import Unusable
from console.options import EndpointOption, ProfileOption, RegionOption, StageOption, night_of
from console.show import output
from console.stage import Stage
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.wording import counted
from functions.store.reading import Reading

NIGHTS_OF_ONE: Final = 90


class What(StrEnum):
    """Which table is exported."""

    FINDINGS = "findings"
    AUDITS = "audits"
    NIGHTS = "nights"
    ALERTS = "alerts"


class Lines(StrEnum):
    """How items are written."""

    CSV = "csv"
    JSONL = "jsonl"


def export(  # noqa: PLR0913, PLR0917 - one parameter an option
    what: Annotated[What, typer.Argument(help="The table.")],
    merchant: Annotated[
        str | None, typer.Option("--merchant", metavar="ID", help="Only this merchant; alerts need one.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="YYYY-MM-DD", help="First night. Default: 90 nights of one merchant, or one."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="Last night. Default: today.")
    ] = None,
    form: Annotated[Lines, typer.Option("--format", help="CSV for spreadsheets, JSON Lines for programs.")] = Lines.CSV,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of stdout.")] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Write items as CSV or JSON Lines. Reads by key or index, page after page, however large the fleet."""
    last = night_of(until)
    first = night_of(since) if since else last - timedelta(days=NIGHTS_OF_ONE - 1 if merchant else 0)
    if first > last:
        raise Unusable(f"--since {first} is after --until {last}.")
    if what is What.ALERTS and merchant is None:
        raise Unusable("Messages are stored by merchant: name one with --merchant.")
    if what is What.NIGHTS and merchant is not None:
        raise Unusable("A night is of all merchants: leave --merchant out, or export audits.")
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        if merchant is not None:
            merchant_named(at, merchant)
        items = _items(Reading(at.client("dynamodb"), at.prefix), what, merchant, first, last)
        with _written_to(out) as file:
            written = spreadsheet.write(what, items, file) if form is Lines.CSV else _write_lines(items, file)
    typer.echo(f"{counted(written, 'item')} of {what.value} on stage {stage}.", err=True)


def _items(reading: Reading, what: What, merchant: str | None, first: date, last: date) -> Iterator[dict[str, Any]]:
    nights = (first + timedelta(days=day) for day in range((last - first).days + 1))
    match what, merchant:
        case What.FINDINGS, None:
            for check in (*CATALOGUE, *EXTRAS):
                yield from reading.findings_on(check.id)
        case What.FINDINGS, str(one):
            yield from reading.findings_of(one)
        case What.AUDITS, None:
            for night in nights:
                yield from reading.audits_on(night)
        case What.AUDITS, str(one):
            yield from reading.audits_of(one, first, last)
        case What.ALERTS, str(one):
            yield from reading.alerts_of(one, first, last)
        case _:
            yield from (row for night in nights if (row := reading.night(night)) is not None)


def _write_lines(items: Iterator[dict[str, Any]], file: TextIO) -> int:
    written = 0
    for item in items:
        file.write(json.dumps(as_json(item), ensure_ascii=False) + "\n")
        written += 1
    return written


@contextmanager
def _written_to(out: Path | None) -> Iterator[TextIO]:
    """Give the file, or stdout.

    Raises:
        Unusable: it cannot be written.
    """
    if out is None:
        with output():
            yield sys.stdout
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise Unusable(f"{out} cannot be written: {error.strerror}.") from error
