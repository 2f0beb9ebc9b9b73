"""`nightjar merchants import | list | show | disable | enable | remove`: the fleet in the table."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.agreement import agree
from console.asked import merchant_named
from console.commands.merchant_show import show
from console.erasing import MARK_STAYS as FREE_AGAIN
from console.erasing import erase_and_tell
from console.errors import Unusable
from console.merchants_file import Entry, read_merchants
from console.options import (
    AllowHostOption,
    EndpointOption,
    MerchantArgument,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
    local_hosts,
)
from console.progress import progress
from console.recipients import Desk
from console.show import console_for_people, output, print_json, said
from console.stage import Stage
from functions.audit.errors import Conflict, NightjarError
from functions.audit.grant import SHOPIFY, TIKTOK, TIKTOK_BUSINESS, Grant
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.text import one_line
from functions.audit.wording import counted
from functions.store.merchants import Unreadable

COLUMNS: Final = ("id", "name", "timezone", "currency", "tiktok", "analytics", "enabled", "unreadable")

app = typer.Typer(help="The fleet in the table.", no_args_is_help=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The merchants file (TOML).")],
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    allow_host: AllowHostOption = None,
    replace_tokens: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool, typer.Option("--replace-tokens", help="Take the file's tokens in place of stored ones.")
    ] = False,
) -> None:
    """Write the merchants of a file into the table, all checked before the first is written.

    Importing again replaces settings. Stored tokens stay: TikTok rotates them, so those of the file are older; after a
    new login say --replace-tokens.
    """
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    entries = read_merchants(file, environment=os.environ, hosts=local_hosts(allow_host), profile=default_profile())
    added, updated, unchanged = import_entries(at, entries, replace_tokens=replace_tokens)
    typer.echo(f"{added} added, {updated} updated, {unchanged} unchanged on stage {stage}.")


def import_entries(stage: Stage, entries: list[Entry], *, replace_tokens: bool = False) -> tuple[int, int, int]:
    """Write the entries; return how many were added, updated and left as they were.

    Raises:
        Unusable: AWS refused, or somebody else kept changing the same merchant.
    """
    added = updated = unchanged = 0
    with stage.explained(), progress("Importing", total=len(entries)) as step:
        for entry in entries:
            before = stage.tables.merchants.get(entry.merchant.id)
            merchant = entry.merchant.model_copy(update={"version": before.version if before else 0})
            try:
                if merchant != before:
                    stage.tables.merchants.save(merchant)
                else:
                    stage.tables.merchants.index(merchant)
                for grant in entry.grants:
                    _store_grant(stage, grant, replace=replace_tokens)
            except Conflict as error:
                if (erased := stage.tables.merchants.erased_at(merchant.id)) is not None:
                    raise Unusable(
                        f"{merchant.id} was erased on {erased.date()}; the id can be used again {FREE_AGAIN.days} days "
                        "later. Give the shop another id, or wait."
                    ) from error
                raise Unusable(f"{merchant.id} was changed by somebody else meanwhile; import again.") from error
            if before is None:
                added += 1
            elif merchant != before:
                updated += 1
            else:
                unchanged += 1
            step()
    return added, updated, unchanged


def _store_grant(stage: Stage, grant: Grant, *, replace: bool) -> None:
    """Store the file's tokens where there are none, or where the caller says that they are the newer ones."""
    stored = stage.tokens.describe(grant.merchant_id, grant.provider)
    if stored is None or replace:
        version = stored["version"] if stored else 0
        stage.tokens.replace(Grant(merchant_id=grant.merchant_id, provider=grant.provider, version=version), grant)


@app.command("list")
def list_all(
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """List every merchant of the stage."""
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        rows = list(at.tables.merchants.all())
    lines = sorted(map(_line, rows), key=lambda line: line["id"])
    with output():
        match form:
            case ReadFormat.JSON:
                print_json({"merchants": [_plain(row) for row in rows]})
                return
            case ReadFormat.CSV:
                spreadsheet.write_rows(COLUMNS, lines, sys.stdout)
                return
            case ReadFormat.TABLE:
                console_for_people().print(_table(lines))
    typer.echo(f"{counted(len(rows), 'merchant')} on stage {stage}.", err=True)


app.command("show")(show)


@app.command("disable")
def disable(
    merchant_id: MerchantArgument,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Leave a merchant out of the coming nights. Its settings, tokens and findings stay."""
    _switch(Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url), merchant_id, enabled=False)


@app.command("enable")
def enable(
    merchant_id: MerchantArgument,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Audit a merchant again from the next night on."""
    _switch(Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url), merchant_id, enabled=True)


@app.command("remove")
def remove(
    merchant_id: MerchantArgument,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - how typer spells a flag
    everything: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool, typer.Option("--erase", help="Remove everything about it, and look whether anything is left.")
    ] = False,
) -> None:
    """Remove a merchant's settings, tokens, recipients and topics. Past audits and findings stay for their time.

    With --erase these go too, and whatever else is stored of it. The app stays connected at TikTok: to end that too,
    say nightjar disconnect first.
    """
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    if everything:
        erase_and_tell(at, merchant_id, ask=not yes)
        return
    with at.explained():
        try:
            name = merchant_named(at, merchant_id).name
        except Unusable:
            raise
        except NightjarError:
            name = "its settings cannot be read"
        agree(f"Remove {merchant_id} ({one_line(name, limit=60)}) from {stage}?", yes=yes)
        # The tokens first: a crash in between leaves a merchant without tokens, never tokens without a merchant.
        for provider in (TIKTOK, SHOPIFY, TIKTOK_BUSINESS):
            at.tokens.delete(merchant_id, provider)
        Desk(at).remove_all(merchant_id)
        at.tables.merchants.delete(merchant_id)
    typer.echo(f"{merchant_id} is removed from stage {stage}.")


def _switch(at: Stage, merchant_id: str, *, enabled: bool) -> None:
    with at.explained():
        merchant = merchant_named(at, merchant_id)
        try:
            if merchant.enabled is not enabled:
                at.tables.merchants.save(merchant.model_copy(update={"enabled": enabled}))
        except Conflict as error:
            raise Unusable(f"{merchant_id} was changed by somebody else meanwhile; say it again.") from error
    typer.echo(f"{merchant_id} is switched {'on' if enabled else 'off'} on stage {at.name}.")


def _table(lines: list[dict[str, str]]) -> Table:
    table = Table("id", "name", "time zone", "currency", "TikTok", "analytics", "enabled", box=None)
    for line in lines:
        if "unreadable" in line:
            problem = Text("unreadable: ", style="red").append_text(said(line["unreadable"]))
            table.add_row(said(line["id"]), problem)
        else:
            table.add_row(*(said(line[name]) for name in COLUMNS[:-1]))
    return table


def _line(row: Merchant | Unreadable) -> dict[str, str]:
    if isinstance(row, Unreadable):
        return {"id": row.merchant_id, "unreadable": row.problem}
    return {
        "id": row.id,
        "name": row.name,
        "timezone": row.timezone,
        "currency": row.currency,
        "tiktok": row.tiktok.account_type.value if row.tiktok else "not connected",
        "analytics": row.analytics.provider.value if row.analytics else "not connected",
        "enabled": "yes" if row.enabled else "no",
    }


def _plain(row: Merchant | Unreadable) -> dict[str, object]:
    if isinstance(row, Unreadable):
        return {"id": row.merchant_id, "unreadable": row.problem}
    return row.model_dump(mode="json")
