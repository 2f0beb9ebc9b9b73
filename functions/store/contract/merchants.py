"""The items of `merchants`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.merchant import AccountType, Digest, Provider, Severity, SmsAlphabet
from functions.store.contract.declare import (
    CheckName,
    Count,
    Day,
    Flag,
    Index,
    Instant,
    MerchantId,
    Number,
    Table,
    Text,
    Ttl,
    Version,
    grows_as,
    says,
)


class TikTok(TypedDict):
    """The TikTok account."""

    open_id: Annotated[Text, says("TikTok's id of the account, for our app.")]
    account_type: Annotated[str, grows_as(AccountType), says("What the account is.")]
    scopes: NotRequired[Annotated[list[Text], says("What was granted. Absent when nobody recorded it.")]]
    base_url: Annotated[Text, says("TikTok's address.")]
    business_base_url: Annotated[Text, says("The address of TikTok's API for Business.")]
    username: NotRequired[Annotated[Text, says("The public name.")]]
    bio_link: NotRequired[Annotated[Text, says("The link as it stands in the bio.")]]


class Analytics(TypedDict):
    """Where figures come from."""

    provider: Annotated[str, grows_as(Provider), says("Who answers.")]
    base_url: Annotated[Text, says("The address.")]
    property_id: NotRequired[Annotated[Text, says("The Google Analytics property.")]]
    key_events: Annotated[list[Text], says("Which of its key events are goals; empty: all.")]
    shop: NotRequired[Annotated[Text, says("The Shopify shop.")]]


class Commerce(TypedDict):
    """The shop system beside it, where revenue, orders and carts come from."""

    provider: Annotated[str, grows_as(Provider), says("Who answers.")]
    base_url: Annotated[Text, says("The address.")]
    key_events: Annotated[list[Text], says("Always empty: a shop system knows no key events.")]
    shop: Annotated[Text, says("The Shopify shop.")]


class Override(TypedDict):
    """A merchant's own thresholds for one check."""

    warn: NotRequired[Annotated[Number, says("From where on it warns, in the check's unit.")]]
    critical: NotRequired[Annotated[Number, says("From where on it is critical, in the check's unit.")]]
    conditions: Annotated[dict[str, Severity], says("How bad a named breach is.")]
    reason: Annotated[Text, says("Why.")]
    expires: NotRequired[Annotated[Day, says("Its last night.")]]


class Alerts(TypedDict):
    """How messages are written, and when telephones are left alone."""

    language: Annotated[Text, says("The language of messages, as in `en`.")]
    sms_alphabet: Annotated[str, grows_as(SmsAlphabet), says("How text messages are written.")]
    quiet: Annotated[Text, says("The quiet hours, as in `21:00-08:00`, or `off`.")]
    quiet_timezone: NotRequired[Annotated[Text, says("By which zone's clock; else the merchant's own.")]]
    digest: NotRequired[Annotated[str, grows_as(Digest), says("How often its warnings are told; `off` without it.")]]


class Merchant(TypedDict):
    """One shop: its settings. Holds no secret."""

    merchant_id: MerchantId
    name: Annotated[Text, says("What it is called. The merchant's own text.")]
    timezone: Annotated[Text, says("IANA name, as in `Europe/London`.")]
    currency: Annotated[Text, says("ISO 4217, as in `GBP`.")]
    enabled: Annotated[Flag, says("Whether nights expect it.")]
    open_id: NotRequired[Annotated[Text, says("The same as `tiktok.open_id`: the key of `by_open_id`.")]]
    tiktok: NotRequired[Annotated[TikTok, says("The TikTok account.")]]
    analytics: NotRequired[Annotated[Analytics, says("Where traffic, audience and commerce figures come from.")]]
    commerce: NotRequired[Annotated[Commerce, says("The shop system beside it.")]]
    thresholds: Annotated[dict[CheckName, Override], says("Own thresholds, by check.")]
    alerts: Annotated[Alerts, says("How messages are written.")]
    extra_checks: NotRequired[
        Annotated[list[CheckName], says("Which checks it is judged by beside the fifteen. Absent: none.")]
    ]
    version: Annotated[Count, says("How often the item was written.")]
    erased_at: NotRequired[
        Annotated[Instant, says("When everything of this merchant was erased: the rest of the item says nothing.")]
    ]
    ttl: NotRequired[Ttl]
    schema_version: Version


MERCHANTS = Table(
    "merchants",
    "merchant_id",
    None,
    answers="Who is a merchant, and by which settings is it judged?",
    item=Merchant,
    indexes=(Index("by_open_id", "open_id", "merchant_id", answers="Whose is a TikTok account?", keys_only=True),),
    expires=True,
)
