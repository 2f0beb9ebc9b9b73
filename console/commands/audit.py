"""`nightjar audit`: audit the merchants of a file against their live sources. No AWS, nothing stored."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.audit_report import exit_code, plain_report, show_report
from console.errors import Unusable
from console.local_audit import access_of, audit_entries
from console.local_google import google_of
from console.local_grants import LocalGrants
from console.merchants_file import read_merchants
from console.options import AllowHostOption, FileOption, Format, FormatOption, NightOption, local_hosts, night_of
from console.progress import progress
from console.show import console_for_people, output
from functions.audit.profile import default_profile


def audit(
    merchants: FileOption,
    merchant: Annotated[str | None, typer.Option("--merchant", metavar="ID", help="Only this merchant.")] = None,
    night: NightOption = None,
    form: FormatOption = Format.TABLE,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE", help="Keep refreshed tokens here (mode 0600) and read them next time."),
    ] = None,
    allow_host: AllowHostOption = None,
) -> None:
    """Audit the merchants of a file against their live sources; no AWS, nothing stored.

    Exit code: 0 nothing critical and all evaluated, 1 something critical, 3 nothing critical but something not
    evaluated, 2 the call or the file is wrong.
    """
    on = night_of(night)
    hosts, profile = local_hosts(allow_host), default_profile()
    entries = read_merchants(merchants, environment=os.environ, hosts=hosts, profile=profile, only=merchant)
    if not entries:
        raise Unusable(f"There is no merchant {merchant!r} in {merchants}.")
    access = replace(access_of(os.environ, keeps_tokens=store is not None), google=google_of(os.environ, hosts))
    unkept: list[str] = []
    grants = LocalGrants([grant for entry in entries for grant in entry.grants], store=store, on_unkept=unkept.append)
    with progress("Auditing", total=len(entries)) as step:
        audits = asyncio.run(
            audit_entries(
                entries,
                on,
                now=datetime.now(UTC),
                grants=grants,
                access=access,
                hosts=hosts,
                profile=profile,
                on_done=step,
            )
        )
    with output():
        if form is Format.JSON:
            plain_report(on, audits)
        else:
            show_report(console_for_people(), on, audits)
    for merchant_id in unkept:
        typer.echo(
            f"nightjar: TikTok replaced the refresh token of {merchant_id}: the one in {merchants} is dead now, and "
            "the new one was not kept. Connect the shop again, and give --store FILE from then on.",
            err=True,
        )
    raise typer.Exit(exit_code(audits))
