"""`nightjar thresholds`: a merchant's own thresholds, tried on its stored nights before they are saved."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.table import Table

from console import spreadsheet
from console.agreement import agree
from console.asked import check_named, merchant_named
from console.backtesting import Proposal, counted_up, with_override
from console.errors import Unusable
from console.options import (
    CheckArgument,
    EndpointOption,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
)
from console.show import console_for_people, output, print_json, said
from console.stage import Stage
from console.tried_nights import (
    ConditionOption,
    CriticalOption,
    NightsOption,
    WarnOption,
    in_words,
    last_night,
    proposal_of,
    refuse_unfit,
    show_nights,
    tried_nights,
)
from functions.audit.checks import CATALOGUE
from functions.audit.errors import Conflict
from functions.audit.extra_checks import EXTRAS
from functions.audit.merchant import Merchant, Override
from functions.audit.periods import parse_night
from functions.audit.plain import number
from functions.audit.profile import Rule, default_profile, sentence

NIGHTS: Final = 30
COLUMNS: Final = ("check_id", "warn", "critical", "conditions", "set_by", "reason", "expires")
app = typer.Typer(no_args_is_help=True, help="A merchant's own thresholds.")

OfMerchantOption = Annotated[str, typer.Option("--merchant", metavar="ID", help="The merchant.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("set")
def set_(  # noqa: PLR0913, PLR0917 - one parameter an option
    check_id: CheckArgument,
    merchant_id: OfMerchantOption,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever is told by it.")],
    warn: WarnOption = None,
    critical: CriticalOption = None,
    condition: ConditionOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="The last night of it. Default: no end.")
    ] = None,
    yes: YesOption = False,  # noqa: FBT002 - typer's form of a flag
    nights: NightsOption = NIGHTS,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Save thresholds of a merchant's own for a check, with a reason; shows first what they would have done.

    What is not given stays as the merchant has it, or else as the profile says.
    """
    proposal = proposal_of(check_named(check_id), warn, critical, condition)
    expires = None if until is None else _last_night(until)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchant = merchant_named(at, merchant_id)
        refuse_unfit(merchant, proposal)
        own = merchant.overrides_on(last_night()).get(check_id)
        try:
            override = proposal.over(own, reason=reason, expires=expires)
        except ValidationError as error:
            raise Unusable(f"The thresholds cannot be saved: {sentence(error)}.") from error
        _show_what_it_would_have_done(at, merchant, proposal, nights)
        agree(f"Save {_in_words(override)} for {check_id} of {merchant_id}?", yes=yes)
        _save(at, with_override(merchant, proposal.check, override))
    typer.echo(f"{check_id} of {merchant_id} is judged by {_in_words(override)} from the next night on.")


@app.command("unset")
def unset(
    check_id: CheckArgument,
    merchant_id: OfMerchantOption,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Take back a merchant's own thresholds for a check: the profile's apply from the next night on."""
    check_named(check_id)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchant = merchant_named(at, merchant_id)
        if check_id not in merchant.thresholds:
            raise Unusable(f"{merchant_id} has no thresholds of its own for {check_id}.")
        left = {one: override for one, override in merchant.thresholds.items() if one != check_id}
        _save(at, merchant.model_copy(update={"thresholds": left}))
    typer.echo(f"{check_id} of {merchant_id} is judged by the profile again, from the next night on.")


@app.command("list")
def list_(
    merchant_id: Annotated[
        str | None, typer.Option("--merchant", metavar="ID", help="As they are for this merchant tonight.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """List every check's thresholds and who set them; without --merchant, those of the profile."""
    merchant = None
    if merchant_id is not None:
        at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
        with at.explained():
            merchant = merchant_named(at, merchant_id)
    rules = default_profile().rules_for(merchant, last_night())
    rows = [_plain(check.id, rules[check.id]) for check in (*CATALOGUE, *EXTRAS)]
    with output():
        match form:
            case ReadFormat.JSON:
                print_json({"merchant_id": merchant_id, "thresholds": rows})
            case ReadFormat.CSV:
                flat = ({**row, "conditions": _pairs(row["conditions"])} for row in rows)
                spreadsheet.write_rows(COLUMNS, flat, sys.stdout)
            case ReadFormat.TABLE:
                _show(rows)


def _last_night(until: str) -> date:
    last = parse_night(until)
    if last < last_night():
        raise Unusable(f"--until {last} is over already; name the last night on which it is to apply.")
    return last


def _show_what_it_would_have_done(at: Stage, merchant: Merchant, proposal: Proposal, nights: int) -> None:
    found = tried_nights(at, merchant, proposal, nights=nights, for_all=False)
    if not found:
        typer.echo(f"Of the last {nights} nights of {merchant.id} no snapshot is stored: not tried first.", err=True)
        return
    with output():
        out = console_for_people()
        show_nights(out, found)
        out.print(in_words(proposal, counted_up(found)))


def _save(at: Stage, merchant: Merchant) -> None:
    default_profile().refuse_unfit(merchant)
    try:
        at.tables.merchants.save(merchant)
    except Conflict as error:
        raise Unusable(
            f"Nothing was saved: somebody else changed {merchant.id} meanwhile. Look, and try again."
        ) from error


def _in_words(override: Override) -> str:
    told = [
        f"{name} {value:f}"
        for name, value in (("warn", override.warn), ("critical", override.critical))
        if value is not None
    ]
    told += [f"{name} {severity.value}" for name, severity in override.conditions.items()]
    return ", ".join(told) + (f" until {override.expires}" if override.expires else "")


def _plain(check_id: str, rule: Rule) -> dict[str, Any]:
    return {
        "check_id": check_id,
        "warn": number(rule.warn),
        "critical": number(rule.critical),
        "conditions": {name: severity.value for name, severity in rule.conditions.items()},
        "set_by": rule.origin.set_by,
        "reason": rule.origin.reason,
        "expires": rule.origin.expires.isoformat() if rule.origin.expires else None,
    }


def _pairs(conditions: dict[str, str]) -> str:
    return ",".join(f"{name}={severity}" for name, severity in conditions.items())


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table("check", box=None)
    for column in ("warn", "critical"):
        table.add_column(column, justify="right")
    for column in ("conditions", "set by", "reason", "until"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            row["check_id"],
            *("" if row[name] is None else f"{row[name]:f}" for name in ("warn", "critical")),
            _pairs(row["conditions"]).replace(",", " "),
            row["set_by"],
            said(row["reason"] or ""),
            row["expires"] or "",
        )
    console_for_people().print(table)
