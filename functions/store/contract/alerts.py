"""The items of `alerts`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.alert import AlertState, TextState
from functions.audit.digest import Change
from functions.audit.outcome import Area, Status
from functions.audit.telling import Held, Why
from functions.store.contract.declare import (
    CheckName,
    Count,
    Day,
    Index,
    Instant,
    MerchantId,
    Table,
    Text,
    Ttl,
    Version,
    grows_as,
    says,
)


class Told(TypedDict):
    """One check that the message tells of."""

    check_id: Annotated[CheckName, says("The check.")]
    area: Annotated[Area, says("The question that it belongs to.")]
    why: Annotated[str, grows_as(Why), says("Why the message tells of it.")]
    summary: Annotated[Text, says("The outcome in one English sentence.")]


class Warned(TypedDict):
    """One warning of the daily digest."""

    check_id: Annotated[CheckName, says("The check.")]
    area: Annotated[Area, says("The question that it belongs to.")]
    change: Annotated[str, grows_as(Change), says("What the night did to it.")]
    summary: Annotated[Text, says("The outcome in one English sentence.")]


class HeldBack(TypedDict):
    """One check that nobody was told of that night."""

    check_id: Annotated[CheckName, says("The check.")]
    area: Annotated[Area, says("The question that it belongs to.")]
    because: Annotated[str, grows_as(Held), says("Why nobody was told.")]
    wanted: NotRequired[Annotated[str, grows_as(Why), says("Why somebody would have been told.")]]
    summary: Annotated[Text, says("The outcome in one English sentence.")]


class RootCause(TypedDict):
    """The broken connection behind the night."""

    check_id: Annotated[CheckName, says("The check that says so.")]
    failure: Annotated[Text, says("The name of the failure, as in `access_token:rejected`.")]


class Texts(TypedDict):
    """A message in all its forms."""

    subject: Annotated[Text, says("The email's subject.")]
    email: Annotated[Text, says("The email.")]
    sms: Annotated[Text, says("The text message.")]
    document: NotRequired[Annotated[Text, says("The message as JSON: docs/schemas/alert.schema.json.")]]


class Alert(TypedDict):
    """One merchant's message of one night: the outbox, and the ledger of what was told and what was not."""

    merchant_id: MerchantId
    alert_id: Annotated[Text, says("The night and `#critical`: a night makes one message a merchant.")]
    night: Annotated[Day, says("The night that it tells of.")]
    state: Annotated[str, grows_as(AlertState), says("`published`: SNS took it. `held`: nobody was told, and why.")]
    unsent_night: NotRequired[Annotated[Day, says("The same as `night` until it has left: the key of `unsent`.")]]
    criticals: Annotated[list[Told], says("What it tells of, the most urgent first; nothing, where it is a digest.")]
    warnings: NotRequired[Annotated[list[Warned], says("The warnings that it tells of, where they are wanted daily.")]]
    held: NotRequired[Annotated[list[HeldBack], says("What was held back, and why.")]]
    areas: Annotated[list[Area], says("The areas of `criticals` and `warnings`, each once.")]
    counts: Annotated[dict[Status, Count], says("How many outcomes of the night there are of each status.")]
    root_cause: NotRequired[Annotated[RootCause, says("The broken connection that it waited for.")]]
    told_before: NotRequired[Annotated[Day, says("When somebody was told of the root cause before.")]]
    subject: Annotated[Text, says("The email's subject; empty when all was held.")]
    email: Annotated[Text, says("The email; empty when all was held.")]
    sms: Annotated[Text, says("The text message; empty when all was held, and of a digest.")]
    document: Annotated[Text, says("The message as JSON: docs/schemas/alert.schema.json; empty when all was held.")]
    instead: NotRequired[Annotated[Texts, says("While it waits: the message without the broken connection.")]]
    created_at: Annotated[Instant, says("When it was written.")]
    published_at: NotRequired[Annotated[Instant, says("When SNS took the email.")]]
    message_id: NotRequired[Annotated[Text, says("SNS's id of the email.")]]
    topic_arn: NotRequired[Annotated[Text, says("The topic of the email.")]]
    own_published_at: NotRequired[Annotated[Instant, says("When the merchant's own topic took it.")]]
    own_message_id: NotRequired[Annotated[Text, says("SNS's id of it there.")]]
    own_topic_arn: NotRequired[Annotated[Text, says("The merchant's own topic.")]]
    own_sms_published_at: NotRequired[Annotated[Instant, says("When the merchant's own topic for telephones took it.")]]
    own_sms_message_id: NotRequired[Annotated[Text, says("SNS's id of it there.")]]
    own_sms_topic_arn: NotRequired[Annotated[Text, says("The merchant's own topic for telephones.")]]
    operators_told_at: NotRequired[
        Annotated[Instant, says("When the operators were told of it, because no recipient was there to get it.")]
    ]
    sms_state: NotRequired[Annotated[str, grows_as(TextState), says("What became of the text message.")]]
    sms_held_for: NotRequired[Annotated[str, grows_as(Held), says("Why the text message was held.")]]
    sms_held_until: NotRequired[Annotated[Instant, says("Until when it was held.")]]
    sms_published_at: NotRequired[Annotated[Instant, says("When SNS took the text message.")]]
    sms_message_id: NotRequired[Annotated[Text, says("SNS's id of the text message.")]]
    sms_topic_arn: NotRequired[Annotated[Text, says("The topic of the text message.")]]
    swept_at: NotRequired[Annotated[Instant, says("When the closer last found it waiting.")]]
    sweeps: NotRequired[Annotated[Count, says("How often the closer found it waiting.")]]
    ttl: Ttl
    audit_version: NotRequired[
        Annotated[Count, says("The version of the audit that it tells of, from 2 on: it corrects what was told.")]
    ]
    schema_version: Version


ALERTS = Table(
    "alerts",
    "merchant_id",
    "alert_id",
    answers="What was one merchant told, when and why; and what not?",
    item=Alert,
    indexes=(
        Index("unsent", "unsent_night", "merchant_id", answers="Which of a night's messages have not left?"),
        Index(
            "by_night", "night", "merchant_id", answers="Of which merchants was there something to say?", keys_only=True
        ),
    ),
    expires=True,
)
