"""`nightjar alerts`: was anyone told? Who was, by what way and when, or why nobody was, for each critical."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from console.asked import merchant_named
from console.options import EndpointOption, Format, FormatOption, ProfileOption, RegionOption, StageOption, night_of
from console.show import console_for_people, moment, output, print_json
from console.stage import Stage
from functions.audit.alert import AlertState
from functions.audit.ledger import CALLED, Audience, Channel, LedgerRow, Way
from functions.audit.text import one_line
from functions.audit.wording import counted
from functions.store.ledger import Ledger

NIGHTS: Final = 30
_SUMMARY: Final = 80
_AUDIENCES: Final = {
    Audience.FLEET: "the fleet's topic",
    Audience.MERCHANT: "its own topic",
    Audience.OPERATORS: "the operators, in their place",
}


def alerts(
    merchant: Annotated[str | None, typer.Argument(metavar="[MERCHANT]", help="One merchant; default: all.")] = None,
    night: Annotated[
        str | None,
        typer.Option("--night", metavar="YYYY-MM-DD", help="One night; default: today's, of a merchant the last 30."),
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show who was told of each critical, by which topic, when and as which message, or why nobody was.

    A message has left when SNS took it: nobody can see whether an email was read.
    """
    last = night_of(night)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    ledger = Ledger(at.client("dynamodb"), f"{at.prefix}alerts")
    with at.explained():
        if merchant is None:
            rows = list(ledger.of_night(last))
        else:
            rows = list(ledger.of_merchant(merchant, last if night else last - timedelta(days=NIGHTS - 1), last))
            if not rows:
                merchant_named(at, merchant)
    if form is Format.JSON:
        with output():
            print_json({"alerts": [_plain(row) for row in rows]})
        return
    table = Table("night", "merchant", "check", "what", "came to", "by", box=None)
    for row in rows:
        for line in _lines(row):
            table.add_row(*line)
    with output():
        console_for_people().print(table)
    said = "" if rows else " There was nothing to say."
    typer.echo(f"{counted(len(rows), 'message')} on stage {stage}.{said}", err=True)


def _lines(row: LedgerRow) -> Iterator[tuple[str, ...]]:
    """Yield a line for each critical and each way that it was told, then one for each that was held."""
    alert = row.alert
    told = [(one.check_id, f"{one.why.value}: {one.summary}") for one in alert.criticals]
    told += [(one.check_id, f"{one.change.value}: {one.summary}") for one in alert.warnings]
    for check_id, what in told:
        names = (alert.night.isoformat(), alert.merchant_id, check_id, one_line(what, limit=_SUMMARY))
        for way in row.ways:
            yield (*names, _when(way), _by(way))
            names = ("", "", "", "")
    for held in alert.held:
        wanted = held.wanted.value if held.wanted else "nothing new"
        what = one_line(f"{wanted}: {held.summary}", limit=_SUMMARY)
        operators = [way for way in row.ways if way.channel is Channel.OPERATORS and alert.state is AlertState.HELD]
        by = f"{_by(operators[0])}, {_when(operators[0])}" if operators else "nobody"
        because = f"held: {held.because.value.replace('_', ' ')}"
        yield alert.night.isoformat(), alert.merchant_id, held.check_id, what, because, by


def _when(way: Way) -> str:
    return way.says + (f" {moment(way.at)}" if way.at else "")


def _by(way: Way) -> str:
    told = f"{CALLED[way.channel]}, {_AUDIENCES[way.audience]}"
    return told + (f", {way.message_id}" if way.message_id else "")


def _plain(row: LedgerRow) -> dict[str, Any]:
    alert = row.alert
    return {
        "merchant_id": alert.merchant_id,
        "night": alert.night.isoformat(),
        "alert_id": alert.alert_id,
        "state": alert.state.value,
        "criticals": [
            {"check_id": one.check_id, "why": one.why.value, "summary": one.summary} for one in alert.criticals
        ],
        "warnings": [
            {"check_id": one.check_id, "change": one.change.value, "summary": one.summary} for one in alert.warnings
        ],
        "held": [
            {
                "check_id": one.check_id,
                "because": one.because.value,
                "wanted": one.wanted.value if one.wanted else None,
                "summary": one.summary,
            }
            for one in alert.held
        ],
        "ways": [_way(one) for one in row.ways],
    }


def _way(way: Way) -> dict[str, str | None]:
    return {
        "channel": way.channel.value,
        "audience": way.audience.value,
        "state": str(way.state),
        "at": _instant(way.at),
        "message_id": way.message_id,
        "held_for": way.because,
        "held_until": _instant(way.until),
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
