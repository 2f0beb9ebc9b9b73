"""`nightjar report`: one HTML file about a merchant or about the fleet, for people to look at."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from console.errors import Unusable
from console.options import EndpointOption, ProfileOption, RegionOption, StageOption, night_of
from console.show import output
from console.stage import Stage
from functions.audit.profile import default_profile
from functions.report.merchant_view import merchant_view
from functions.report.read import NIGHTS, stored

STDOUT: Final = Path("-")


def report(
    merchant: Annotated[str, typer.Argument(metavar="MERCHANT", help="The merchant's id.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write here, - for stdout. Default: MERCHANT-NIGHT.html."),
    ] = None,
    night: Annotated[
        str | None, typer.Option("--night", metavar="YYYY-MM-DD", help="The night. Default: the last one audited.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Write a report as one HTML file that needs nothing else: open it, send it, print it."""
    from functions.report.page import merchant_page  # templates, which no other command needs

    on, today = night_of(night), datetime.now(UTC).date()
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        shop = at.tables.merchants.get(merchant)
        if shop is None:
            raise Unusable(f"There is no merchant {merchant!r} on stage {stage}; nightjar merchants list shows all.")
        found = stored(at.tables, shop, on, exactly=night is not None, today=today)
    if found is None:
        when = f"for the night of {on}" if night else f"in the last {NIGHTS} nights"
        raise Unusable(f"{merchant} has no finished audit {when}. Start one: nightjar run --merchant {merchant}.")
    _write(out or Path(f"{merchant}-{found.night}.html"), merchant_page(merchant_view(found, default_profile())))


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
