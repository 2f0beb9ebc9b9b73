"""`nightjar findings`: what is open on a deployed stage, or everything about one merchant or one check."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table

from console.errors import Unusable
from console.options import EndpointOption, Format, FormatOption, ProfileOption, RegionOption, StageOption
from console.show import console_for_people, output, print_json, styled
from console.stage import Stage
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.plain import finding_plain
from functions.audit.text import one_line
from functions.audit.wording import counted, figure

_ORDER = {Severity.CRITICAL: 0, Severity.WARN: 1, None: 2}


def findings(
    merchant: Annotated[
        str | None, typer.Option("--merchant", metavar="ID", help="All checks of this merchant.")
    ] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="ID", help="This check over the fleet.")] = None,
    severity: Annotated[Severity | None, typer.Option("--severity", help="Only open ones of this severity.")] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the open findings, worst first. With --merchant or --check, also those that are not open."""
    known = [one.id for one in (*CATALOGUE, *EXTRAS)]
    if check is not None and check not in known:
        raise Unusable(f"There is no check {check!r}; the checks are {', '.join(known)}.")
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        if merchant is not None and at.tables.merchants.get(merchant) is None:
            raise Unusable(f"There is no merchant {merchant!r} on stage {stage}; nightjar merchants list shows all.")
        rows = sorted(_read(at, merchant, check, severity), key=_worst_first)
    if form is Format.JSON:
        with output():
            print_json({"findings": [finding_plain(row) for row in rows]})
        return
    table = Table("severity", "merchant", "check", "status", "open", "what", box=None)
    for row in rows:
        table.add_row(
            styled(row.severity.value) if row.severity else "",
            row.merchant_id,
            row.check_id,
            styled(row.status.value),
            figure(Decimal(row.nights_open), "nights") if row.is_open else "",
            one_line(row.summary, limit=200),
        )
    with output():
        console_for_people().print(table)
    typer.echo(f"{counted(len(rows), 'finding')} on stage {stage}.", err=True)


def _read(at: Stage, merchant: str | None, check: str | None, severity: Severity | None) -> Iterable[Finding]:
    """Read along the index that fits the question; never a scan."""
    if merchant is not None:
        rows: Iterable[Finding] = at.tables.findings.of_merchant(merchant).values()
    elif check is not None:
        rows = at.tables.findings.of_check(check)
    else:
        wanted = [severity] if severity else list(Severity)
        rows = (row for level in wanted for row in at.tables.findings.open(level))
    return (
        row
        for row in rows
        if (check is None or row.check_id == check) and (severity is None or row.severity is severity)
    )


def _worst_first(row: Finding) -> tuple[int, str, str]:
    return _ORDER[row.severity], row.merchant_id, row.check_id
