"""The items that readers are not to read: what nights saw, the tokens, and the shared budgets."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.grant import SHOPIFY, TIKTOK, TIKTOK_BUSINESS, State
from functions.store.contract.declare import (
    Binary,
    Count,
    Day,
    Flag,
    Instant,
    MerchantId,
    Number,
    Table,
    Text,
    Ttl,
    Version,
    grows,
    grows_as,
    says,
)


class Reading(TypedDict):
    """A later version of a snapshot."""

    taken_at: Annotated[Instant, says("When it was taken.")]
    sha256: Annotated[Text, says("The hash of the body before it was compressed.")]
    body: Annotated[Binary, says("The snapshot, compressed.")]


class Snapshot(TypedDict):
    """What one night saw of one merchant. The body is Nightjar's own, and may change without notice."""

    merchant_id: MerchantId
    night: Annotated[Day, says("The night, a UTC date.")]
    taken_at: Annotated[Instant, says("When it was taken.")]
    fetched: Annotated[Flag, says("Whether any fetch came back.")]
    sha256: Annotated[Text, says("The hash of the body before it was compressed.")]
    body: Annotated[Binary, says("The snapshot, compressed.")]
    version_2: NotRequired[Annotated[Reading, says("What was seen of the night later, when figures had come late.")]]
    version_3: NotRequired[Annotated[Reading, says("What was seen after that.")]]
    version_4: NotRequired[Annotated[Reading, says("What was seen last.")]]
    ttl: Ttl
    schema_version: Version


class Token(TypedDict):
    """How one connection stands. The two tokens are encrypted, each for this merchant and provider alone."""

    merchant_id: MerchantId
    provider: Annotated[str, grows(TIKTOK, TIKTOK_BUSINESS, SHOPIFY), says("Whose tokens they are.")]
    access_token: NotRequired[Annotated[Binary, says("Encrypted.")]]
    refresh_token: NotRequired[Annotated[Binary, says("Encrypted.")]]
    expires_at: NotRequired[Annotated[Instant, says("When the access token ends.")]]
    refresh_expires_at: NotRequired[Annotated[Instant, says("When the refresh token ends.")]]
    scopes: NotRequired[Annotated[list[Text], says("What was granted.")]]
    open_id: NotRequired[Annotated[Text, says("Whose account it is.")]]
    connected_at: NotRequired[Annotated[Instant, says("When somebody logged in.")]]
    state: NotRequired[Annotated[str, grows_as(State), says("What is known of the connection.")]]
    state_reason: NotRequired[Annotated[Text, says("Why.")]]
    state_since: NotRequired[Annotated[Instant, says("Since when.")]]
    lease_owner: NotRequired[Annotated[Text, says("Who may renew it.")]]
    lease_until: NotRequired[Annotated[Instant, says("Until when.")]]
    refresh_sent_at: NotRequired[Annotated[Instant, says("A refresh was sent whose answer is not stored yet.")]]
    version: Annotated[Count, says("How many pairs were stored.")]
    schema_version: Version


class Budget(TypedDict):
    """What all fetches share of a source's quota, or which text messages left in a night, UTC."""

    budget: Annotated[Text, says("Whose quota; `sms#`, the night and, for one merchant's, `#` and its id.")]
    next_at: Annotated[Number, says("When the next turn is due.", unit="s since 1970")]
    counted: NotRequired[Annotated[list[Text], says("The marks of the alerts whose texts were counted: a set.")]]
    ttl: NotRequired[Ttl]
    schema_version: Version


SNAPSHOTS = Table("snapshots", "merchant_id", "night", answers="What was a night judged on?", item=Snapshot,
                  readable=False, expires=True)  # fmt: skip
TOKENS = Table("tokens", "merchant_id", "provider", answers="How does a connection stand?", item=Token, readable=False)
BUDGETS = Table("budgets", "budget", None, answers="When is the next turn due? Which texts were counted?", item=Budget,
                readable=False, expires=True)  # fmt: skip
