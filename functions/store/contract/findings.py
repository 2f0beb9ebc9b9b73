"""The items of `findings`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.merchant import Severity
from functions.audit.outcome import Status
from functions.store.contract.declare import (
    Anything,
    CheckName,
    Count,
    Day,
    Index,
    MerchantId,
    Number,
    Table,
    Text,
    Ttl,
    Version,
    says,
)


class Finding(TypedDict):
    """One check of one merchant as it stands after the last night that judged it."""

    merchant_id: MerchantId
    check_id: Annotated[CheckName, says("The check.")]
    status: Annotated[Status, says("What the last night came to. `not_evaluated` is neither good nor bad.")]
    severity: NotRequired[
        Annotated[Severity, says("How bad it is, while it is open: also through nights that could not look.")]
    ]
    open_severity: NotRequired[Annotated[Severity, says("The same as `severity`: the key of `open_by_severity`.")]]
    value: NotRequired[Annotated[Number, says("The figure that was judged, in `unit`. Absent when there was none.")]]
    unit: Annotated[Text, says("The unit of `value`, `warn` and `critical`: %, days, a currency …; may be empty.")]
    warn: NotRequired[Annotated[Number, says("The threshold of a warning on that night, in `unit`.")]]
    critical: NotRequired[Annotated[Number, says("The threshold of a critical on that night, in `unit`.")]]
    summary: Annotated[
        Text, says("The outcome in one English sentence. May quote what the merchant's pages are called.")
    ]
    reason: NotRequired[Annotated[Text, says("Why it was not evaluated: every reason, joined by commas.")]]
    last_night: Annotated[Day, says("The night of all this.")]
    opened_on: NotRequired[Annotated[Day, says("The night on which it opened, while it is open.")]]
    resolved_on: NotRequired[Annotated[Day, says("The night on which it was last resolved.")]]
    blinded_since: NotRequired[Annotated[Day, says("Open, and nobody could look since this night.")]]
    critical_since: NotRequired[Annotated[Day, says("The night on which it turned critical, while it is.")]]
    calmed_on: NotRequired[Annotated[Day, says("The last night on which it stepped down.")]]
    returned_on: NotRequired[Annotated[Day, says("The last night on which it came back soon after that.")]]
    last_told_on: NotRequired[Annotated[Day, says("The night whose message told of it last.")]]
    nights_open: Annotated[Count, says("For how long it has been open; 0 when it is not.", unit="nights")]
    good_nights: Annotated[Count, says("Evaluated nights in a row without a breach.", unit="nights")]
    calm_nights: Annotated[Count, says("Evaluated nights in a row below the severity.", unit="nights")]
    evidence: Annotated[Anything, says("What the figure rests on. Each check has its own entries; more may come.")]
    ttl: NotRequired[Ttl]
    schema_version: Version


FINDINGS = Table(
    "findings",
    "merchant_id",
    "check_id",
    answers="How does one merchant stand?",
    item=Finding,
    indexes=(
        Index("open_by_severity", "open_severity", "merchant_id", answers="What is critical now, in the whole fleet?"),
        Index("by_check", "check_id", "merchant_id", answers="How does one check stand, in the whole fleet?"),
    ),
    expires=True,
)
