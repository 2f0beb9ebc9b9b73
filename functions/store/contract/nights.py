"""The items of `nights`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.outcome import Status
from functions.store.contract.declare import (
    Count,
    Day,
    Instant,
    MerchantId,
    Number,
    ReasonName,
    Table,
    Text,
    Ttl,
    Version,
    says,
)


class FleetFailure(TypedDict):
    """One failure that is the fleet's and not a merchant's."""

    failure: Annotated[Text, says("The name of the failure, as in `access_token:rejected`.")]
    merchants: Annotated[Count, says("At how many it was seen.", unit="merchants")]
    since: Annotated[Day, says("Since which night it is the fleet's.")]


class Night(TypedDict):
    """One night over all merchants. Until it is closed it says only when it was opened."""

    night: Annotated[Day, says("The night, a UTC date.")]
    opened_at: Annotated[Instant, says("When the first merchant was expected.")]
    closed_at: NotRequired[Annotated[Instant, says("When it was first closed.")]]
    restated_at: NotRequired[Annotated[Instant, says("When a later close counted otherwise.")]]
    expected: NotRequired[Annotated[Count, says("How many were expected.", unit="merchants")]]
    audited: NotRequired[Annotated[Count, says("How many were really audited.", unit="merchants")]]
    failed: NotRequired[Annotated[Count, says("How many ended without a fetch.", unit="merchants")]]
    failed_merchants: NotRequired[Annotated[list[MerchantId], says("Who they are, up to 2,000.")]]
    missing: NotRequired[Annotated[Count, says("How many were still pending at the close.", unit="merchants")]]
    missing_merchants: NotRequired[Annotated[list[MerchantId], says("Who they are, up to 2,000.")]]
    coverage_percent: NotRequired[Annotated[Number, says("Audited of expected.", unit="%")]]
    outcomes: NotRequired[Annotated[dict[Status, Count], says("How many outcomes there are of each status.")]]
    not_evaluated: NotRequired[Annotated[Count, says("How many of them could not look.", unit="outcomes")]]
    causes: NotRequired[
        Annotated[dict[ReasonName, Count], says("How many outcomes each reason kept from being evaluated.")]
    ]
    fleet_failures: NotRequired[Annotated[list[FleetFailure], says("What failed at so many that it is the fleet's.")]]
    ttl: Ttl
    schema_version: Version


NIGHTS = Table("nights", "night", None, answers="How did a night go: coverage, causes, who was missed?", item=Night,
               expires=True)  # fmt: skip
