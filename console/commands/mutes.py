"""`nightjar mute`, `unmute`, `ack` and `mutes`: what nobody wants to hear of. Messages are hidden, never findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from console.asked import merchant_named
from console.author import author_of
from console.errors import Unusable
from console.options import (
    EndpointOption,
    Format,
    FormatOption,
    MerchantArgument,
    ProfileOption,
    RegionOption,
    StageOption,
)
from console.show import console_for_people, output, print_json
from console.stage import Stage
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.mute import ALL, Kind, Mute, acknowledge
from functions.audit.mute import mute as new_mute
from functions.audit.periods import parse_night
from functions.audit.profile import sentence
from functions.audit.wording import counted
from functions.report.stored import CHECKS
from functions.store.mutes import UnreadableMute

CheckArgument = Annotated[str, typer.Argument(metavar="CHECK", help="A check's id, or all.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for whoever wonders about the silence.")]
AuthorOption = Annotated[
    str | None, typer.Option("--author", metavar="NAME", help="Who says so. Default: your name at AWS.")
]


def mute(  # noqa: PLR0913, PLR0917 - one parameter an option
    merchant_id: MerchantArgument,
    check: CheckArgument,
    until: Annotated[str, typer.Option("--until", metavar="YYYY-MM-DD", help="The last night without messages.")],
    reason: ReasonOption,
    author: AuthorOption = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Send no messages about a check of a merchant, or about all of them, for a while.

    Findings go on as before. When the mute has ended, the next message says so.
    """
    last = parse_night(until)
    at = _stage(stage, profile, region, endpoint_url, merchant_id, check)
    with at.explained(), _worded():
        row = new_mute(
            merchant_id, check, until=last, author=author_of(at, author), reason=reason, now=datetime.now(UTC)
        )
        at.tables.mutes.save(row)
    typer.echo(f"{_about(row)} is muted up to and with the night of {row.until}, by {row.author}.")


def unmute(
    merchant_id: MerchantArgument,
    check: CheckArgument,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Take back a mute or an acknowledgement; with all, every one of the merchant."""
    _refuse_unknown(check)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        rows = list(at.tables.mutes.rows(merchant_id))
        gone = [row for row in rows if check in {ALL, row.check_id}]
        for row in gone:
            at.tables.mutes.delete(merchant_id, row.check_id)
    if not gone:
        raise Unusable(f"Nothing is muted: {merchant_id} has no mute of {check}; nightjar mutes lists all there are.")
    for row in gone:
        typer.echo(f"{_about(row)} is no longer {'acknowledged' if _is_ack(row) else 'muted'}.")
    tonight = datetime.now(UTC).date()
    for row in rows:
        if row not in gone and isinstance(row, Mute) and row.hides(check, tonight):
            typer.echo(f"It stays silent: {_about(row)} is muted until {row.until}, by {row.author}.", err=True)


def ack(
    merchant_id: MerchantArgument,
    check: CheckArgument,
    reason: ReasonOption,
    author: AuthorOption = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Say that a critical finding is known: no more reminders of it until it resolves. All that is new is told."""
    at = _stage(stage, profile, region, endpoint_url, merchant_id, check)
    with at.explained(), _worded():
        found = at.tables.findings.of_merchant(merchant_id)
        name, now = author_of(at, author), datetime.now(UTC)
        rows = [acknowledge(one, author=name, reason=reason, now=now) for one in _known(found, merchant_id, check)]
        kept = [row for row in rows if not at.tables.mutes.save(row)]
    for row in rows:
        if row not in kept:
            typer.echo(f"{_about(row)} is acknowledged by {row.author}: no reminders until it resolves.")
    if kept:
        names = ", ".join(row.check_id for row in kept)
        raise Unusable(f"{merchant_id} has a mute of {names} that still lasts and hides more; unmute that first.")


def mutes(
    merchant: Annotated[str | None, typer.Option("--merchant", metavar="ID", help="Of this merchant only.")] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List mutes and acknowledgements, those that end soonest first; what has ended comes last."""
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    tonight = datetime.now(UTC).date()
    with at.explained():
        found = list(at.tables.mutes.rows(merchant))
        lasts = _lasts(at, tonight)
        rows = [(row, lasts(row)) for row in found if isinstance(row, Mute)]
    rows.sort(key=lambda pair: (not pair[1], pair[0].until, pair[0].merchant_id, pair[0].check_id))
    unreadable = [row for row in found if isinstance(row, UnreadableMute)]
    if form is Format.JSON:
        plain = [{**row.model_dump(mode="json"), "lasts": is_on} for row, is_on in rows]
        lost = [{"merchant_id": row.merchant_id, "check_id": row.check_id, "unreadable": True} for row in unreadable]
        with output():
            print_json({"mutes": plain + lost})
        return
    table = Table("merchant", "check", "kind", "until", "by", "reason", box=None)
    for row, is_on in rows:
        end = "resolved" if row.kind is Kind.ACK else row.until.isoformat()
        table.add_row(
            row.merchant_id, row.check_id, row.kind.value, end if is_on else "has ended", row.author, row.reason
        )
    for broken in unreadable:
        table.add_row(broken.merchant_id, broken.check_id, "unreadable", "silences nothing", "", "")
    with output():
        console_for_people().print(table)
    typer.echo(f"{counted(len(found), 'row')} on stage {stage}.", err=True)


def _lasts(at: Stage, tonight: date) -> Callable[[Mute], bool]:
    """Return what says whether a row still silences anything; an acknowledgement's finding is looked up."""
    findings: dict[str, dict[str, Finding]] = {}

    def lasts(row: Mute) -> bool:
        if row.kind is Kind.MUTE:
            return tonight <= row.until
        known = findings.setdefault(row.merchant_id, {}) or at.tables.findings.of_merchant(row.merchant_id)
        findings[row.merchant_id] = known
        return row.check_id in known and row.acknowledges(known[row.check_id])

    return lasts


def _known(found: dict[str, Finding], merchant_id: str, check: str) -> list[Finding]:
    """Return the findings to acknowledge: the critical ones, since nobody is reminded of others.

    Raises:
        Unusable: there is none.
    """
    critical = [one for one in found.values() if one.severity is Severity.CRITICAL and check in {ALL, one.check_id}]
    if not critical:
        what = "Nothing" if check == ALL else check
        raise Unusable(f"{what} of {merchant_id} is critical: there is nothing to acknowledge.")
    return critical


def _stage(
    name: str, profile: str | None, region: str | None, endpoint_url: str | None, merchant_id: str, check: str
) -> Stage:
    """Return the stage, once merchant and check are known to be there."""
    _refuse_unknown(check)
    at = Stage.of(name, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchant_named(at, merchant_id)
    return at


def _refuse_unknown(check: str) -> None:
    if check not in {ALL, *CHECKS}:
        raise Unusable(f"There is no check {check!r}; say all, or one of {', '.join(CHECKS)}.")


@contextmanager
def _worded() -> Iterator[None]:
    """Turn what a model refuses into a sentence."""
    try:
        yield
    except ValidationError as error:
        raise Unusable(f"{sentence(error)}.") from error


def _about(row: Mute | UnreadableMute) -> str:
    return f"{'all checks' if row.check_id == ALL else row.check_id} of {row.merchant_id}"


def _is_ack(row: Mute | UnreadableMute) -> bool:
    return isinstance(row, Mute) and row.kind is Kind.ACK
