"""The items of `recipients`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.recipient import Protocol
from functions.store.contract.declare import Instant, Table, Text, Version, grows_as, says


class Recipient(TypedDict):
    """Who was added to be told. The address is with SNS alone; whether it confirmed, too."""

    merchant_id: Annotated[Text, says("The merchant it hears of; `*`: it hears of every one.")]
    recipient_id: Annotated[Text, says("How it is reached and a number, as in `email-1`.")]
    protocol: Annotated[str, grows_as(Protocol), says("How it is reached.")]
    hint: Annotated[Text, says("Enough of the address to recognise it.")]
    severities: Annotated[list[Severity], says("What it hears of.")]
    areas: Annotated[list[Area], says("The areas that it hears of; empty: all.")]
    subscription_arn: NotRequired[Annotated[Text, says("SNS's name of it.")]]
    added_by: Annotated[Text, says("Who said so: a name or a team, never an address.")]
    added_at: Annotated[Instant, says("When.")]
    schema_version: Version


RECIPIENTS = Table(
    "recipients",
    "merchant_id",
    "recipient_id",
    answers="Who was added to be told of one merchant, or of all?",
    item=Recipient,
    readable=False,
)
