"""One shop with one TikTok account: what Nightjar must know to audit it. Holds no secret."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from functions.audit.hosts import GOOGLE_ANALYTICS_API, TIKTOK_API, TIKTOK_BUSINESS_API
from functions.audit.language import ENGLISH_TAG, languages
from functions.audit.model import Model
from functions.audit.quiet import DEFAULT, ends, hours

BASIC: Final = "user.info.basic"
PROFILE: Final = "user.info.profile"
STATS: Final = "user.info.stats"

CURRENCY = re.compile(r"[A-Z]{3}")
PROPERTY_ID = re.compile(r"[1-9][0-9]{3,14}")
SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,61}\.myshopify\.com")
LINK = re.compile(r"https?://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9](/[!-\[\]-~]{0,1900})?")
MERCHANT_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class AccountType(StrEnum):
    """What the account is, by the merchant's word or the Business API's. TikTok's v2 does not tell (APIS 1.8)."""

    BUSINESS = "business"
    CREATOR = "creator"
    PERSONAL = "personal"
    UNKNOWN = "unknown"


class Provider(StrEnum):
    """Who answers for traffic, audience and commerce."""

    STOREFRONT = "storefront"
    GA4 = "ga4"
    SHOPIFY = "shopify"


class Extra(StrEnum):
    """A check beside the fifteen, by its id. All are off unless the merchant names them."""

    BIO_LINK = "bio_link"
    CLICK_CAPTURE = "click_capture"


class Severity(StrEnum):
    """How bad a breach is."""

    WARN = "warn"
    CRITICAL = "critical"


class Digest(StrEnum):
    """How often a merchant hears of its warnings; of what is critical it always hears."""

    OFF = "off"
    DAILY = "daily"


class SmsAlphabet(StrEnum):
    """How text messages are written. A part holds 160 letters in GSM-7; in UCS-2 it holds 70, of any script."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@cache
def _zones() -> frozenset[str]:
    # It walks the disk: once a process, not once a merchant that is read.
    return frozenset(available_timezones())


def _time_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is not a time zone; use an IANA name such as Europe/London")
    return name


def _merchant_id(text: str) -> str:
    if not MERCHANT_ID.fullmatch(text):
        raise ValueError(
            f"{text!r} cannot be a merchant's id: 1 to 63 of a-z, 0-9, dot, underscore and hyphen, beginning with a "
            "letter or digit"
        )
    return text


def _link(text: str) -> str:
    # Whatever a reader of URLs could take for another host is refused: a program is going to open it every night.
    if not LINK.fullmatch(text):
        raise ValueError(
            "is not a link as the bio has it: give a whole one, such as https://shop.example/?utm_source=tiktok"
        )
    return text


def _language(tag: str) -> str:
    if tag not in languages():
        raise ValueError(f"there are no messages in {tag!r}; choose one of {', '.join(sorted(languages()))}")
    return tag


def _currency(code: str) -> str:
    if not CURRENCY.fullmatch(code):
        raise ValueError(f"{code!r} is not a currency; use an ISO 4217 code such as GBP")
    return code


BioLink = Annotated[str, AfterValidator(_link)]
MerchantId = Annotated[str, AfterValidator(_merchant_id)]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
LanguageTag = Annotated[str, AfterValidator(_language)]
Currency = Annotated[str, AfterValidator(_currency)]
UserName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^@?[A-Za-z0-9._]{1,64}$")]
ScopeName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class TikTok(Model):
    """The TikTok account. ``scopes`` is ``None`` when nobody recorded what the user granted.

    ``username`` is the public name, for where TikTok does not tell it. ``business_base_url`` is the API for Business,
    asked only with a token of its own. ``bio_link`` is the link as it stands in the bio, which no interface tells.
    """

    open_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    account_type: AccountType = AccountType.UNKNOWN
    scopes: frozenset[ScopeName] | None = None
    base_url: str = TIKTOK_API
    username: UserName | None = None
    business_base_url: str = TIKTOK_BUSINESS_API
    bio_link: BioLink | None = None

    @field_validator("scopes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Accept TikTok's own form too: one string, comma or space separated (APIS 1.5)."""
        return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value


def _property_id(text: str) -> str:
    if not PROPERTY_ID.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a GA4 property id: give its number, such as 312345678 (Admin > Property details), "
            "not the G-… measurement id"
        )
    return text


def _shop(text: str) -> str:
    if not SHOP.fullmatch(text):
        raise ValueError(f"{text!r} is not a Shopify shop: give its permanent name, such as larkspur.myshopify.com")
    return text


PropertyId = Annotated[str, AfterValidator(_property_id)]
ShopName = Annotated[str, AfterValidator(_shop)]
EventName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]


class Analytics(Model):
    """Where traffic, audience and commerce figures come from.

    ``property_id``: the GA4 property; ``key_events``: which of its key events count as goals, all of them when none is
    named. ``shop``: the Shopify shop. ``base_url`` follows from the provider unless it is given.
    """

    provider: Provider = Provider.STOREFRONT
    base_url: str = ""
    property_id: PropertyId | None = None
    key_events: tuple[EventName, ...] = Field(default=(), max_length=5)
    shop: ShopName | None = None

    @model_validator(mode="before")
    @classmethod
    def _own_address(cls, plain: Any) -> Any:  # noqa: ANN401 - whatever was written
        if not isinstance(plain, dict) or plain.get("base_url"):
            return plain
        at = {
            Provider.STOREFRONT: TIKTOK_API,
            Provider.GA4: GOOGLE_ANALYTICS_API,
            Provider.SHOPIFY: f"https://{plain.get('shop')}",
        }
        return {**plain, "base_url": at.get(plain.get("provider", Provider.STOREFRONT), TIKTOK_API)}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        ga4, shopify = self.provider is Provider.GA4, self.provider is Provider.SHOPIFY
        if ga4 and self.property_id is None:
            raise ValueError("provider ga4 needs property_id, the number of the GA4 property")
        if shopify and self.shop is None:
            raise ValueError("provider shopify needs shop, as in larkspur.myshopify.com")
        if not ga4 and (self.property_id is not None or self.key_events):
            raise ValueError("property_id and key_events belong to provider ga4")
        if not shopify and self.shop is not None:
            raise ValueError("shop belongs to provider shopify")
        return self


class Override(Model):
    """One merchant's own thresholds for one check, with the reason and, if need be, the last day it applies."""

    warn: Decimal | None = None
    critical: Decimal | None = None
    conditions: dict[str, Severity] = Field(default_factory=dict)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
    expires: date | None = None

    def applies_on(self, night: date) -> bool:
        """Say whether the override is in force on that night; ``expires`` is its last night."""
        return self.expires is None or night <= self.expires


def _quiet_hours(text: str) -> str:
    hours(text)
    return text


class Alerts(Model):
    """How a merchant's messages are written, what they tell of, and when its telephones are left alone.

    ``quiet``: two times of day, or ``off``; by the clock of ``quiet_timezone``, or else of the merchant's own zone.
    """

    language: LanguageTag = ENGLISH_TAG
    sms_alphabet: SmsAlphabet = SmsAlphabet.GSM7
    quiet: Annotated[str, AfterValidator(_quiet_hours)] = DEFAULT
    quiet_timezone: TimeZoneName | None = None
    digest: Digest = Digest.OFF


class Merchant(Model):
    """One shop. ``version`` counts the writes of its row (optimistic locking); 0 is "never stored".

    ``commerce`` is the shop system beside ``analytics``: revenue, orders and carts come from it, traffic from those.
    """

    id: MerchantId
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    timezone: TimeZoneName = "UTC"
    currency: Currency = "USD"
    enabled: bool = True
    tiktok: TikTok | None = None
    analytics: Analytics | None = None
    commerce: Analytics | None = None
    thresholds: dict[str, Override] = Field(default_factory=dict)
    alerts: Alerts = Alerts()
    extra_checks: frozenset[Extra] = frozenset()
    version: int = 0

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if self.extra_checks and self.tiktok is None:
            raise ValueError("extra_checks need the TikTok account that they are about")
        if self.tiktok is not None and Extra.BIO_LINK in self.extra_checks and self.tiktok.bio_link is None:
            raise ValueError("the extra check bio_link needs tiktok.bio_link, the link as it stands in the bio")
        return self

    @model_validator(mode="after")
    def _one_shop_system(self) -> Self:
        if self.commerce is not None:
            if self.commerce.provider is not Provider.SHOPIFY:
                raise ValueError("commerce knows provider shopify only")
            if self.analytics is None or self.analytics.provider is Provider.SHOPIFY:
                raise ValueError("commerce stands beside another provider's analytics; alone, shopify is the analytics")
        return self

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that last now; ``None`` when it is not quiet."""
        return ends(self.alerts.quiet, ZoneInfo(self.alerts.quiet_timezone or self.timezone), now)

    def overrides_on(self, night: date) -> dict[str, Override]:
        """Return the thresholds of its own that are in force on that night, by check id."""
        return {check_id: override for check_id, override in self.thresholds.items() if override.applies_on(night)}

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's time zone."""
        return ZoneInfo(self.timezone)
