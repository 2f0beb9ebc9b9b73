"""`nightjar recipients add | confirm | list | remove | test`: who is told of a merchant, or of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from console.asked import merchant_named
from console.author import author_of
from console.confirming import confirm
from console.errors import Unusable
from console.options import EndpointOption, Format, FormatOption, ProfileOption, RegionOption, StageOption
from console.recipient_rows import address_of, hears_of, name_of, plain_of, state_of
from console.recipient_test import publish_test
from console.recipients import Desk, Wish
from console.show import console_for_people, output, print_json
from console.stage import Stage
from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.profile import sentence
from functions.audit.recipient import FLEET, Protocol, Recipient, RecipientState
from functions.audit.wording import counted

app = typer.Typer(help="Who is told of a merchant, or of all of them.", no_args_is_help=True)

MerchantOption = Annotated[str | None, typer.Option("--merchant", metavar="ID", help="Of this merchant alone.")]
FleetOption = Annotated[bool, typer.Option("--fleet", help="Of every merchant.")]
RecipientArgument = Annotated[str, typer.Argument(metavar="RECIPIENT", help="As list shows it, such as email-1.")]
_NEXT: Final = {
    RecipientState.PENDING: "SNS has asked for a confirmation, and waits two days for it. Before it, nothing arrives.",
    RecipientState.OPTED_OUT: "The number has opted out of text messages: its owner can opt in again.",
}
_STYLES: Final = {
    RecipientState.CONFIRMED: "green",
    RecipientState.PENDING: "yellow",
    RecipientState.UNKNOWN: "magenta",
}


@app.command("add")
def add(  # noqa: PLR0913, PLR0917 - one parameter an option
    protocol: Annotated[Protocol, typer.Argument(help="How it is reached.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Email address, number, ARN or https address.")],
    merchant: MerchantOption = None,
    fleet: FleetOption = False,  # noqa: FBT002 - how typer spells a flag
    severity: Annotated[
        list[Severity] | None, typer.Option("--severity", help="Only what is this bad; repeat for more. Default: all.")
    ] = None,
    area: Annotated[
        list[Area] | None, typer.Option("--area", help="Only what concerns this; repeat for more. Default: all.")
    ] = None,
    author: Annotated[
        str | None, typer.Option("--author", metavar="NAME", help="Who adds it. Default: your name at AWS.")
    ] = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Add a recipient. Adding one that is there gives it these filters.

    Who is added to a merchant hears of that one alone; who is added to the fleet hears of every one.
    """
    # What knows every country's numbers is slow to import: only this command pays for it.
    from console.endpoints import endpoint_of

    merchant_id = _whose(merchant, fleet=fleet)
    endpoint = endpoint_of(protocol, address)
    desk = _desk(stage, profile, region, endpoint_url, merchant_id)
    # Each part of a text message is billed: unless somebody says so, only what cannot wait until email is read.
    unasked = (Severity.CRITICAL,) if protocol is Protocol.SMS else tuple(Severity)
    with desk.stage.explained(), _worded():
        wish = Wish(
            merchant_id=merchant_id,
            protocol=protocol,
            endpoint=endpoint,
            severities=tuple(dict.fromkeys(severity)) if severity else unasked,
            areas=tuple(dict.fromkeys(area or ())),
            author=author_of(desk.stage, author),
        )
        added = desk.add(wish, now=datetime.now(UTC))
    typer.echo(f"{name_of(added)}, {added.hint}, hears of {hears_of(added)}: {state_of(added)}.")
    if added.state in _NEXT:
        typer.echo(_NEXT[added.state], err=True)


@app.command("list")
def list_all(
    merchant: MerchantOption = None,
    fleet: FleetOption = False,  # noqa: FBT002 - how typer spells a flag
    addresses: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool, typer.Option("--addresses", help="Show addresses in full, as SNS has them.")
    ] = False,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List who is told: confirmed, pending, deleted or opted out. With --merchant, everybody who hears of that one."""
    if merchant is not None and fleet:
        raise Unusable("Say --merchant ID or --fleet, not both.")
    desk = _desk(stage, profile, region, endpoint_url, FLEET if merchant is None else merchant)
    with desk.stage.explained():
        found = list(desk.of(FLEET))
        if merchant is not None:
            found = [*desk.of(merchant), *found]
        elif not fleet:
            found += [one for _, own in desk.audience.of_all_merchants() for one in own]
    if form is Format.JSON:
        with output():
            print_json({"recipients": [plain_of(one, addresses=addresses) for one in found]})
        return
    table = Table("merchant", "recipient", "address", "hears of", "state", "added by", "on", box=None)
    for one in found:
        table.add_row(
            "all" if one.merchant_id == FLEET else one.merchant_id,
            one.entry.recipient_id if one.entry else f"({one.protocol})",
            Text(address_of(one, addresses=addresses)),
            hears_of(one),
            Text(state_of(one), style=_STYLES.get(one.state, "red")),
            one.entry.added_by if one.entry else "other means",
            one.entry.added_at.date().isoformat() if one.entry else "",
        )
    with output():
        console_for_people().print(table)
    deaf = sum(one.state is not RecipientState.CONFIRMED for one in found)
    typer.echo(f"{counted(len(found), 'recipient')} on stage {stage}; {deaf} of them not reached.", err=True)


@app.command("confirm")
def confirm_link(
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link in SNS's confirmation email, in quotes.")],
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Confirm a recipient by the link that SNS sent it, in place of opening that.

    From then on the link to unsubscribe, which mail scanners follow, does nothing without an AWS login.
    """
    desk = Desk(Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url))
    with desk.stage.explained():
        confirm(desk, link)
    typer.echo("Confirmed. Only nightjar recipients remove, or AWS itself, ends this subscription now.")


@app.command("remove")
def remove(
    recipient: RecipientArgument,
    merchant: MerchantOption = None,
    fleet: FleetOption = False,  # noqa: FBT002 - how typer spells a flag
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Remove a recipient: it hears no more."""
    desk = _desk(stage, profile, region, endpoint_url, merchant_id := _whose(merchant, fleet=fleet))
    with desk.stage.explained():
        one = _found(desk, merchant_id, recipient)
        desk.remove(one)
    typer.echo(f"{name_of(one)}, {one.hint}, is removed.")


@app.command("test")
def send_test(
    recipient: RecipientArgument,
    merchant: MerchantOption = None,
    fleet: FleetOption = False,  # noqa: FBT002 - how typer spells a flag
    anyway: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool, typer.Option("--anyway", help="Also where others, whose filter is not ours, would get it too.")
    ] = False,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Send a test message to one recipient, at once, and print SNS's id of it."""
    desk = _desk(stage, profile, region, endpoint_url, merchant_id := _whose(merchant, fleet=fleet))
    with desk.stage.explained():
        one = _found(desk, merchant_id, recipient)
        message_id = publish_test(desk, one, anyway=anyway)
    typer.echo(message_id)
    typer.echo(f"SNS took the test for {name_of(one)}, {one.hint}; only the recipient sees if it arrives.", err=True)


def _whose(merchant: str | None, *, fleet: bool) -> str:
    if (merchant is None) is not fleet:
        raise Unusable("Say whose recipient it is: --merchant ID, or --fleet for every merchant.")
    return FLEET if merchant is None else merchant


def _desk(name: str, profile: str | None, region: str | None, endpoint_url: str | None, merchant_id: str) -> Desk:
    """Return the desk of a stage, once the merchant is known to be there."""
    at = Stage.of(name, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        if merchant_id != FLEET:
            merchant_named(at, merchant_id)
    return Desk(at)


def _found(desk: Desk, merchant_id: str, recipient_id: str) -> Recipient:
    for one in desk.of(merchant_id):
        if one.entry is not None and one.entry.recipient_id == recipient_id:
            return one
    whose = "The fleet" if merchant_id == FLEET else merchant_id
    raise Unusable(f"{whose} has no recipient {recipient_id!r}; nightjar recipients list shows all there are.")


@contextmanager
def _worded() -> Iterator[None]:
    """Turn what a model refuses into a sentence."""
    try:
        yield
    except ValidationError as error:
        raise Unusable(f"{sentence(error).replace('added_by', 'author')}.") from error
