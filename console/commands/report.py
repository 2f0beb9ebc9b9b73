"""`nightjar report`: one HTML file about a merchant or about the fleet, for people to look at."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from console.asked import merchant_named
from console.errors import Unusable
from console.options import EndpointOption, ProfileOption, RegionOption, StageOption, night_of
from console.show import output
from console.stage import Stage
from functions.audit.profile import default_profile
from functions.report.fleet_view import fleet_view
from functions.report.merchant_view import merchant_view
from functions.report.read import NIGHTS, stored
from functions.report.read_fleet import LOOKED_FOR, last_opened, stored_fleet

STDOUT: Final = Path("-")


def report(
    merchant: Annotated[str | None, typer.Argument(metavar="[MERCHANT]", help="One merchant's id.")] = None,
    fleet: Annotated[bool, typer.Option("--fleet", help="All merchants on one page instead.")] = False,  # noqa: FBT002 - typer's form of a flag
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write here, - for stdout. Default: MERCHANT-NIGHT.html."),
    ] = None,
    night: Annotated[
        str | None, typer.Option("--night", metavar="YYYY-MM-DD", help="The night. Default: the last one there is.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Write a report as one HTML file that needs nothing else: open it, send it, print it."""
    if (merchant is None) is not fleet:
        raise Unusable("Name a merchant, or give --fleet for all of them on one page: one of the two.")
    on, today = night_of(night), datetime.now(UTC).date()
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        if merchant is None:
            name, page = _of_fleet(at, on, exactly=night is not None, today=today)
        else:
            name, page = _of_merchant(at, merchant, on, exactly=night is not None, today=today)
    _write(out or Path(f"{name}.html"), page)


def _of_merchant(at: Stage, merchant: str, night: date, *, exactly: bool, today: date) -> tuple[str, str]:
    """Return what a merchant's report is called, and the page."""
    from functions.report.page import merchant_page  # templates, which no other command needs

    shop = merchant_named(at, merchant)
    found = stored(at.tables, shop, night, exactly=exactly, today=today)
    if found is None:
        when = f"for the night of {night}" if exactly else f"in the last {NIGHTS} nights"
        raise Unusable(f"{merchant} has no finished audit {when}. Start one: nightjar run --merchant {merchant}.")
    return f"{merchant}-{found.night}", merchant_page(merchant_view(found, default_profile()))


def _of_fleet(at: Stage, night: date, *, exactly: bool, today: date) -> tuple[str, str]:
    """Return what a fleet's report is called, and the page."""
    from functions.report.page import fleet_page  # as above

    on = night if exactly else last_opened(at.tables, night)
    found = stored_fleet(at.tables, on, today=today) if on is not None else None
    if found is None:
        when = f"of {night} was never opened" if exactly else f"was opened in the last {LOOKED_FOR} days"
        raise Unusable(f"{'The' if exactly else 'No'} night {when}. Start one: nightjar run.")
    return f"fleet-{found.night}", fleet_page(fleet_view(found))


def _write(out: Path, page: str) -> None:
    """Write the file, or to stdout.

    Raises:
        Unusable: it cannot be written.
    """
    if out == STDOUT:
        with output():
            sys.stdout.write(page)
        return
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{out} cannot be written: {error.strerror}.") from error
    typer.echo(f"Written to {out}.", err=True)
