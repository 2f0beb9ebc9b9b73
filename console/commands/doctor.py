"""`nightjar doctor`: whether a message could arrive, checked as every night checks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from console.errors import Exit
from console.options import EndpointOption, Format, FormatOption, ProfileOption, RegionOption, StageOption
from console.recipients import Desk
from console.show import console_for_people, output, print_json, styled
from console.stage import Stage
from functions.audit.merchant import Merchant
from functions.audit.preflight import Checked, Preflight
from functions.audit.wording import counted
from functions.closer.preflight import SECONDS, Look


def doctor(
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: FormatOption = Format.TABLE,
    seconds: Annotated[
        int,
        typer.Option(
            "--seconds",
            metavar="N",
            min=1,
            help="Look for so long; merchants' own topics take one for fifteen of them.",
        ),
    ] = int(SECONDS),
) -> None:
    """Check what a message needs to arrive: recipients, SMS limits, opt-outs, dead letters, alarms. Changes nothing.

    Exit code: 0 nothing failed and all was seen, 1 something failed, 3 nothing failed but something could not be
    looked at.
    """
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchants = [
            row.id if isinstance(row, Merchant) else row.merchant_id
            for row in at.tables.merchants.all()
            if not isinstance(row, Merchant) or row.enabled
        ]
        checks = _look(at).check(merchants, now=datetime.now(UTC), seconds=seconds)
    with output():
        if form is Format.JSON:
            print_json({"checks": [_plain(one) for one in checks]})
        else:
            _show(checks)
    blind = sum(one.came_to is Preflight.COULD_NOT_LOOK for one in checks)
    typer.echo(f"{counted(len(checks), 'check')} on stage {stage}, {blind} of them blind.", err=True)
    raise typer.Exit(_exit_code(checks))


def _look(at: Stage) -> Look:
    audience = Desk(at).audience
    return Look(
        audience,
        sns=at.client("sns"),
        sqs=at.client("sqs"),
        cloudwatch=at.client("cloudwatch"),
        operators_arn=audience.topics.alerts.removesuffix("alerts") + "operators",
        prefix=at.prefix,
    )


def _show(checks: Sequence[Checked]) -> None:
    table = Table("check", "came to", "what was seen, and what to do", box=None)
    for one in checks:
        table.add_row(one.check, styled(one.came_to.value), one.says)
        if one.do:
            table.add_row("", "", one.do)
    console_for_people().print(table)


def _plain(one: Checked) -> dict[str, str | None]:
    return {"check": one.check, "came_to": one.came_to.value, "says": one.says, "do": one.do or None}


def _exit_code(checks: Sequence[Checked]) -> Exit:
    found = {one.came_to for one in checks}
    if Preflight.FAIL in found:
        return Exit.CRITICAL
    return Exit.NOT_EVALUATED if Preflight.COULD_NOT_LOOK in found else Exit.ALL_GOOD
