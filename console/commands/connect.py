"""`nightjar connect`: log in to TikTok as a shop and store the tokens."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console

from console.errors import Unusable
from console.login.addresses import AUTHORIZE, DEFAULT_PORT, Redirect, check_authorize, parse_redirect
from console.login.attempt import ALL_SCOPES, Attempt, Connected
from console.login.pending import PendingLogins, state_folder
from console.login.report import granted_lines, missing_lines, title
from console.login.ways import Pasting, listen
from console.options import AllowHostOption, EndpointOption, ProfileOption, RegionOption, StageOption
from console.places import LocalFileOption, LocalStoreOption, place_of
from console.show import output

_SCOPE: Final = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){1,4}")


def connect(  # noqa: PLR0913, PLR0917 - one parameter an option
    merchant_id: Annotated[str, typer.Argument(metavar="MERCHANT")],
    merchants: LocalFileOption = None,
    store: LocalStoreOption = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65_535, help=f"Listen on this port ({DEFAULT_PORT}); 0 for any free one."),
    ] = None,
    redirect_uri: Annotated[
        str | None,
        typer.Option("--redirect-uri", metavar="ADDRESS", help="The registered address, such as your website's."),
    ] = None,
    paste: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool, typer.Option("--paste", help="Do not listen: paste the address that the browser ends up at.")
    ] = False,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="ADDRESS", help="Finish a login: the callback address, or - to paste it."),
    ] = None,
    scopes: Annotated[
        str, typer.Option("--scopes", metavar="LIST", help="What to ask for, separated by commas.")
    ] = ",".join(ALL_SCOPES),
    accept_account: Annotated[  # noqa: FBT002 - as above
        bool, typer.Option("--accept-account", help="Take the account that logs in, whatever is on record.")
    ] = False,
    ask_again: Annotated[  # noqa: FBT002 - as above
        bool, typer.Option("--ask-again", help="Have TikTok ask even if the app is allowed already.")
    ] = False,
    browser: Annotated[  # noqa: FBT002 - as above
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or only print the address.")
    ] = True,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=3600, help="How long to wait.")
    ] = 300.0,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    allow_host: AllowHostOption = None,
    authorize_url: Annotated[str, typer.Option("--authorize-url", hidden=True)] = AUTHORIZE,
) -> None:
    """Log in to TikTok as a shop and store the tokens: on a stage, or in a file with --merchants and --store.

    Nightjar listens on this machine for TikTok's answer. With the address of a website, or with --paste, the answer is
    pasted instead, at once or within ten minutes with --code.
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
    redirect = _redirect(redirect_uri, port)
    attempt = Attempt.at(
        place,
        scopes=_scopes(scopes),
        page=check_authorize(authorize_url),
        ask_again=ask_again,
        accept_account=accept_account,
    )
    logins = PendingLogins(state_folder(os.environ))
    logins.sweep(datetime.now(UTC))
    pasting = Pasting(attempt, logins, f"{place.name} {merchant_id}")
    if code is not None:
        connected = pasting.finish(code)
    elif redirect.can_be_heard and not paste:
        connected = listen(attempt, redirect, timeout=timeout, browser=browser)
    else:
        connected = pasting.begin(redirect, timeout=timeout)
    _report(connected, place.name)


def _redirect(written: str | None, port: int | None) -> Redirect:
    if written is None:
        return Redirect.here(DEFAULT_PORT if port is None else port)
    if port is not None:
        raise Unusable("Give --port or --redirect-uri, not both: the address names its own port.")
    return parse_redirect(written)


def _scopes(written: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(part.strip() for part in written.split(",") if part.strip()))
    wrong = [scope for scope in scopes if not _SCOPE.fullmatch(scope)]
    if wrong or not scopes:
        said = ", ".join(map(repr, wrong)) or "nothing"
        raise Unusable(f"--scopes takes names such as user.info.stats, separated by commas; this says {said}.")
    return scopes


def _report(connected: Connected, where: str) -> None:
    with output():
        typer.echo(title(connected, where))
        for line in granted_lines(connected):
            typer.echo(line)
    err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    for line in missing_lines(connected):
        err.print(line, style="yellow")
    if connected.left:
        err.print(connected.left, style="yellow")
