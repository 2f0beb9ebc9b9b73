"""`nightjar disconnect`: end a shop's connection at TikTok and forget its tokens."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from console.agreement import agree
from console.errors import Unusable
from console.login.parting import Parted, Parting
from console.options import AllowHostOption, EndpointOption, ProfileOption, RegionOption, StageOption
from console.places import LocalFileOption, LocalStoreOption, place_of
from functions.audit.hosts import Party
from functions.audit.text import one_line


def disconnect(  # noqa: PLR0913, PLR0917 - one parameter an option
    merchant_id: Annotated[str, typer.Argument(metavar="MERCHANT")],
    merchants: LocalFileOption = None,
    store: LocalStoreOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - how typer spells a flag
    force: Annotated[  # noqa: FBT002 - as above
        bool, typer.Option("--force", help="Forget the tokens even if TikTok cannot be told.")
    ] = False,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    allow_host: AllowHostOption = None,
) -> None:
    """End a shop's connection at TikTok and forget its tokens, on a stage or (--merchants, --store) in a file.

    Settings, findings and history stay. `nightjar connect` makes a new connection.
    """
    place = place_of(
        merchant_id,
        merchants=merchants,
        store=store,
        stage=stage,
        profile=profile,
        region=region,
        endpoint_url=endpoint_url,
        allow_host=allow_host,
    )
    with place.guarded():
        merchant = place.merchant()
        grant = place.tokens.get(merchant_id)
        if grant is None or (grant.access_token is None and grant.refresh_token is None):
            typer.echo(f"{merchant_id} is not connected {place.name}: there are no tokens.")
            return
        if merchant.tiktok is None:
            raise Unusable(
                f"{merchant_id} has tokens and no TikTok account: nobody knows whom to tell. Connect it again."
            )
        question = f"End the TikTok connection of {merchant.id} ({one_line(merchant.name, limit=60)}) {place.name}?"
        agree(question, yes=yes)
        base_url = place.hosts.check(merchant.tiktok.base_url, Party.TIKTOK)
        parting = Parting(place, merchant, place.app_keys(), base_url, owner=f"disconnect {secrets.token_hex(8)}")
        now = datetime.now(UTC)
        how, why_not = asyncio.run(parting.tell_tiktok(now=now))
        if how is Parted.UNTOLD and not force:
            raise Unusable(
                f"{why_not} Nothing was changed: {merchant_id} is still connected. Run this again later, or say "
                "--force to forget the tokens all the same."
            )
        parting.forget(how, now=now)
    typer.echo(f"{merchant_id} is disconnected {place.name}: {how.value}. Its tokens are deleted.")
    if how is Parted.UNTOLD:
        typer.echo(
            f"{why_not} The account may still list the app; its owner can remove it in TikTok's settings.", err=True
        )
