"""One shop with one TikTok account: what Nightjar must know to audit it. Holds no secret."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from functions.audit.hosts import TIKTOK_API
from functions.audit.model import Model

BASIC: Final = "user.info.basic"
PROFILE: Final = "user.info.profile"
STATS: Final = "user.info.stats"

CURRENCY = re.compile(r"[A-Z]{3}")
MERCHANT_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class AccountType(StrEnum):
    """What the merchant says of the account. TikTok's v2 interface does not tell (APIS 1.8)."""

    BUSINESS = "business"
    CREATOR = "creator"
    PERSONAL = "personal"
    UNKNOWN = "unknown"


class Provider(StrEnum):
    """Who answers for traffic, audience and commerce."""

    STOREFRONT = "storefront"


class Severity(StrEnum):
    """How bad a breach is."""

    WARN = "warn"
    CRITICAL = "critical"


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


def _currency(code: str) -> str:
    if not CURRENCY.fullmatch(code):
        raise ValueError(f"{code!r} is not a currency; use an ISO 4217 code such as GBP")
    return code


MerchantId = Annotated[str, AfterValidator(_merchant_id)]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
ScopeName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class TikTok(Model):
    """The TikTok account. ``scopes`` is ``None`` when nobody recorded what the user granted."""

    open_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    account_type: AccountType = AccountType.UNKNOWN
    scopes: frozenset[ScopeName] | None = None
    base_url: str = TIKTOK_API

    @field_validator("scopes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Accept TikTok's own form too: one string, comma or space separated (APIS 1.5)."""
        return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value


class Analytics(Model):
    """Where traffic, audience and commerce figures come from."""

    provider: Provider = Provider.STOREFRONT
    base_url: str = TIKTOK_API


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


class Merchant(Model):
    """One shop. ``version`` counts the writes of its row (optimistic locking); 0 is "never stored"."""

    id: MerchantId
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    timezone: TimeZoneName = "UTC"
    currency: Currency = "USD"
    enabled: bool = True
    tiktok: TikTok | None = None
    analytics: Analytics | None = None
    thresholds: dict[str, Override] = Field(default_factory=dict)
    version: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's time zone."""
        return ZoneInfo(self.timezone)
