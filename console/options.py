"""Options that several commands share, so that they mean and read the same everywhere."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from functions.audit.hosts import DEFAULT_HOSTS, HostPolicy, is_loopback
from functions.audit.periods import parse_night
from functions.runtime.settings import Environment


class Format(StrEnum):
    """How a command prints what it found."""

    TABLE = "table"
    JSON = "json"


class ReadFormat(StrEnum):
    """How a command prints what it read from a stage."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


ReadFormatOption = Annotated[
    ReadFormat, typer.Option("--format", help="Table for people, JSON for programs, CSV for spreadsheets.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="Table for people, JSON for programs.")]
MerchantArgument = Annotated[str, typer.Argument(metavar="MERCHANT", help="The merchant's id.")]
CheckArgument = Annotated[str, typer.Argument(metavar="CHECK", help="The check's id.")]
NightOption = Annotated[
    str | None, typer.Option("--night", metavar="YYYY-MM-DD", help="The night, a UTC date. Default: today.")
]
StageOption = Annotated[str, typer.Option("--stage", envvar="NIGHTJAR_STAGE", help="The deployed stage.")]
ProfileOption = Annotated[str | None, typer.Option("--profile", help="AWS profile to use.")]
RegionOption = Annotated[str | None, typer.Option("--region", help="AWS region of the stage.")]
EndpointOption = Annotated[
    str | None,
    typer.Option("--endpoint-url", envvar="NIGHTJAR_ENDPOINT_URL", help="Another AWS, such as that of demo --keep."),
]
FileOption = Annotated[Path, typer.Option("--merchants", metavar="FILE", help="The merchants file (TOML).")]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="HOST",
        help="One more storefront host that access tokens may be sent to; repeat for more.",
    ),
]


def night_of(text: str | None) -> date:
    """Return the night that was asked for, or tonight's.

    Raises:
        functions.audit.errors.InvalidInput: the text is no date.
    """
    return datetime.now(UTC).date() if text is None else parse_night(text)


def local_hosts(allowed: list[str] | None) -> HostPolicy:
    """Return which hosts the local console may send tokens to: the known ones, those named, and this machine.

    A storefront that is allowed is not TikTok: only hosts in ``NIGHTJAR_TIKTOK_HOSTS`` get the app's secret, too.
    """
    named = {host.lower() for host in allowed or ()}
    return HostPolicy(
        hosts=DEFAULT_HOSTS | {host for host in named if not is_loopback(host)},
        loopback_http=True,
        tiktok_hosts=Environment(os.environ).tiktok_hosts,
    )
