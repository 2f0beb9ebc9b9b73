"""The items of `mutes`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.mute import Kind
from functions.store.contract.declare import (
    Day,
    Index,
    Instant,
    MerchantId,
    MutedName,
    Table,
    Text,
    Ttl,
    Version,
    grows_as,
    says,
)


class Mute(TypedDict):
    """What a person does not want to hear of. It hides messages; no outcome and no finding is asked for it."""

    merchant_id: MerchantId
    check_id: Annotated[MutedName, says("One check, or `all`.")]
    kind: Annotated[str, grows_as(Kind), says("`mute`: nothing is told. `ack`: no reminders of one episode.")]
    until: Annotated[Day, says("Its last night.")]
    author: Annotated[Text, says("Who said so: a name or a team, never an address.")]
    reason: Annotated[Text, says("Why.")]
    created_at: Annotated[Instant, says("When it was set.")]
    episode: NotRequired[Annotated[Day, says("The night on which the acknowledged finding opened.")]]
    ttl: Ttl
    schema_version: Version


MUTES = Table(
    "mutes",
    "merchant_id",
    "check_id",
    answers="What does one merchant not want to hear of?",
    item=Mute,
    indexes=(Index("by_end", "until", "merchant_id", answers="Which mutes end with a night?"),),
    expires=True,
)
