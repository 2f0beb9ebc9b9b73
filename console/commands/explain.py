"""`nightjar explain`: why a check of a merchant came to what it did on a night."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.asked import check_named, merchant_named, no_audit
from console.errors import Unusable
from console.explaining import explanation
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
from functions.audit.check import Breach
from functions.audit.checks import CATALOGUE
from functions.audit.evidence import evidence_lines
from functions.audit.merchant import Severity
from functions.audit.profile import default_profile
from functions.audit.wording import counted, figure
from functions.report.read import NIGHTS, stored

LONG: Final = 400
COLUMNS: Final = ("part", "name", "value", "unit", "from", "why")
_BREACHES: Final = {Breach.ABOVE: "above", Breach.BELOW: "below", Breach.AT_MOST: "at or below"}


def explain(
    merchant_id: MerchantArgument,
    check_id: CheckArgument,
    night: Annotated[
        str | None, typer.Option("--night", metavar="YYYY-MM-DD", help="The night. Default: the last that was audited.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Say why a check came to what it did: formula, inputs and who measured them, thresholds and who set them."""
    check = check_named(check_id)
    on, today = night_of(night), datetime.now(UTC).date()
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchant = merchant_named(at, merchant_id)
        found = stored(at.tables, merchant, on, exactly=night is not None, today=today)
        if found is None:
            raise no_audit(at, merchant_id, f"of the night {on}" if night else f"of the last {NIGHTS} nights", on)
    if check not in CATALOGUE and check_id not in found.row["outcomes"]:
        raise Unusable(
            f"{check_id} was not asked for on the night of {found.night}: it is off unless the merchant's "
            "extra_checks name it."
        )
    plain = explanation(check, found, default_profile())
    with output():
        match form:
            case ReadFormat.JSON:
                print_json(plain)
            case ReadFormat.CSV:
                spreadsheet.write_rows(COLUMNS, _rows(plain), sys.stdout)
            case ReadFormat.TABLE:
                _show(console_for_people(), plain)


def _show(out: Console, plain: Mapping[str, Any]) -> None:
    version = f", version {plain['version']} after late figures" if plain["version"] > 1 else ""
    out.print(said(f"{plain['merchant_id']}, {plain['check_id']}, night of {plain['night']}{version}"))
    out.print(styled(plain["status"]).append(". ").append_text(said(plain["summary"], limit=LONG)))
    out.print(_headed("How it comes about", plain["formula"]))
    current, prior = plain["periods"]["current"], plain["periods"]["prior"]
    periods = f"{current['start']} to {current['end']}; before that {prior['start']} to {prior['end']}"
    out.print(_headed("Period", periods))
    for title, columns, rows in _tables(plain):
        out.print()
        table = Table(title=title, title_justify="left", title_style="bold", box=None)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(said(entry, limit=LONG) for entry in row))
        out.print(table)
    if plain["inputs_unseen"]:
        out.print(_headed("Inputs", plain["inputs_unseen"]))
    for title, lines in _lists(plain):
        out.print()
        out.print(Text(title, style="bold"))
        for line in lines:
            out.print(said(line, limit=LONG))
    out.print()
    judged = plain["judged_by"]
    code = f", code {judged['code_version']}" if judged["code_version"] else ""
    by = f"Judged by profile {judged['profile_version']}{code}, of snapshot {judged['snapshot_sha256']}."
    out.print(Text(by, style="dim"))
    if judged["explained_by"] != judged["profile_version"]:
        told = f"Formula and floors are those of profile {judged['explained_by']}, which is another version."
        out.print(Text(told, style="yellow"))


def _headed(title: str, text: str) -> Text:
    return Text(f"{title}: ", style="bold").append_text(said(text, limit=LONG))


def _tables(plain: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Yield the tables that have rows: title, columns, rows."""
    for title, part, columns in (
        ("Inputs", "input", ("what", "value", "measured by")),
        ("Thresholds", "threshold", ("what", "value", "set by", "why")),
        ("Found", "condition", ("what", "severity", "set by", "why")),
        ("Sample", "sample", ("what", "seen", "needed", "why")),
    ):
        rows = [row for row in _rows(plain) if row["part"] == part]
        if rows:
            names = ("name", "value", "from", "why")[: len(columns)]
            told = [[_cell(row, name) for name in names] for row in rows]
            yield title, columns, told


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if name == "value":
        if row["part"] == "input" and value is None:
            return f"could not look: {row['why']}"
        shown = figure(Decimal(value), row["unit"]) if isinstance(value, int | Decimal) else str(value or "")
        return f"{row['breach']} {shown}" if "breach" in row else shown
    return str(value) if value is not None else ""


def _lists(plain: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    if plain["causes"]:
        yield "Why it was not evaluated", [f"{one['reason']}: {one['detail']}" for one in plain["causes"]]
    if lines := list(evidence_lines(plain["evidence"])):
        yield "Evidence", lines
    if plain["status"] in {level.value for level in Severity}:
        yield "What to do", [plain["advice"]]
    finding = plain["finding"]
    if finding is not None and finding["severity"] is not None:
        nights = counted(finding["nights_open"], "night")
        yield (
            "Now",
            [f"{finding['severity']}, open since {finding['opened_on']}, {nights} as of {finding['last_night']}"],
        )


def _rows(plain: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what stands in the tables, one row each, as a spreadsheet has it."""
    yield {
        "part": "outcome",
        "name": plain["status"],
        "value": plain["value"],
        "unit": plain["unit"],
        "why": plain["summary"],
    }
    yield {"part": "formula", "name": plain["formula"]}
    for one in plain["inputs"]:
        why = "; ".join(f"{cause['reason']}: {cause['detail']}" for cause in one["causes"])
        yield {
            "part": "input",
            "name": one["name"],
            "value": _in_words(one["value"]),
            "unit": one["unit"],
            "from": one["source"],
            "why": why or None,
        }
    for one in plain["thresholds"]:
        until = f" (until {one['expires']})" if one["expires"] else ""
        yield {
            "part": "threshold",
            "name": one["level"],
            "value": one["value"],
            "unit": plain["unit"],
            "breach": _BREACHES[Breach(one["breach"])],
            "from": one["set_by"] + until,
            "why": one["reason"],
        }
    for one in plain["conditions"]:
        yield {
            "part": "condition",
            "name": one["says"],
            "value": one["severity"],
            "from": one["set_by"],
            "why": one["reason"],
        }
    for one in plain["samples"]:
        yield {
            "part": "sample",
            "name": one["of"],
            "value": one["seen"],
            "unit": "",
            "from": one["needed"],
            "why": one["reason"],
        }
    for one in plain["causes"]:
        yield {"part": "cause", "name": one["reason"], "why": one["detail"]}


def _in_words(value: object) -> object:
    """Return what is told in short in one cell: ``60 days, 3 unknown, least 0, median 250, most 900``."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(
                f"{name.replace('_', ' ')} {_in_words(entry) if isinstance(entry, bool) else entry}"
                for name, entry in value.items()
            )
        case _:
            return value
