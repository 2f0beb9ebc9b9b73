"""What a sample merchant's story consists of: its figures' ranges, how its servers behave, what an audit must find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from console.sample.ga4_story import Ga4Conduct
from console.sample.shopify_story import ShopifyConduct
from functions.audit.checks import CATALOGUE
from functions.audit.merchant import BASIC, PROFILE, STATS, AccountType, Provider

Range = tuple[float, float]
ALL_SCOPES = (BASIC, PROFILE, STATS)
ACCESS_CHECKS = ("access_token", "account_access", "stats_scope")
CHANNEL_CHECKS = tuple(check.id for check in CATALOGUE if check.id not in ACCESS_CHECKS)
LISTING_CHECKS = ("unconverting_pages", "amplify_candidates")
# Sessions of a channel so big that even its smallest busy page has a conversion rate worth the name.
BUSY: Range = (14_500, 19_000)


@dataclass(frozen=True, slots=True)
class Spike:
    """A burst of traffic: its first day, the traffic of each of its days and what they earn, times an ordinary day."""

    days_ago: int
    traffic: tuple[float, ...]
    earns: float


@dataclass(frozen=True, slots=True)
class Shape:
    """The ranges that a seed draws a channel's figures from; every one lies clear of the thresholds on its side.

    Rates in percent. Changes are against the prior period, in percent. ``sessions`` are those of 28 days.
    ``goals_rise`` is the fitted trend of goals over the last 30 days in percent of their mean.
    ``dud_page`` and ``star_page`` are one landing page's conversion, times that of the whole channel.
    ``history`` is the number of days since the shop's first visitor; ``prior`` false means that the source has none.
    ``nulls`` are keys of the current period, ``series_nulls`` keys of each day, that nobody measures.
    """

    sessions: Range = (3_200, 9_000)
    sessions_change: Range = (9, 18)
    bounce: Range = (46, 57)
    pages_per_session: Range = (1.7, 2.4)
    duration: Range = (50, 105)
    duration_change: Range = (-8, 12)
    conversion: Range = (1.25, 1.9)
    conversion_change: Range = (0, 8)
    order_value_change: Range = (0, 4)
    abandonment: Range = (66, 72)
    returning: Range = (10, 25)
    goals: Range = (5.5, 8)
    goals_rise: Range = (22, 38)
    page_count: Range = (12, 40)
    dud_page: Range | None = None
    star_page: Range | None = None
    star_source: Range | None = None
    paid_source: bool = False
    spike: Spike | None = None
    history: int | None = None
    prior: bool = True
    currency_before: str | None = None
    nulls: tuple[str, ...] = ()
    series_nulls: tuple[str, ...] = ()
    hostile_title: bool = False


class Fault(StrEnum):
    """How an endpoint fails."""

    BROKEN = "answers 500"
    BAD_GATEWAY = "answers 502"
    NONSENSE = "answers a web page with status 200"
    RATE_LIMITED = "answers 429 and asks to wait for an hour"
    NOT_CONNECTED = "says that no analytics are connected"
    NO_SCOPE = "says that a scope is missing"


class Renewal(StrEnum):
    """What becomes of a refresh."""

    ROTATES = "a new pair, the old one dies"
    REVOKED = "invalid_grant"
    DOWN = "the token service is down"
    NONE = "the merchant has no refresh token"


USER_INFO = "/v2/user/info/"
SESSIONS = "/analytics/sessions"
PAGES = "/analytics/pages"
SOURCES = "/analytics/sources"
STOREFRONT = (SESSIONS, PAGES, SOURCES)


@dataclass(frozen=True, slots=True)
class Conduct:
    """How TikTok and the storefront behave towards one merchant.

    ``recorded_scopes`` is what the merchants file says was granted, where that is no longer true. ``stale_days`` is how
    far the storefront's data lag behind the period's end. ``business_account`` is what the API for Business says of the
    account; ``None`` where the merchants file has no token for that. ``shopify`` and ``ga4`` are how the merchant's
    Shopify shop and Google Analytics property behave, where there are any.
    """

    scopes: tuple[str, ...] = ALL_SCOPES
    recorded_scopes: tuple[str, ...] | None = None
    renewal: Renewal = Renewal.ROTATES
    renewable_days: int = 180
    access_alive: bool = False
    has_access_token: bool = True
    connected: bool = True
    post_only: bool = False
    faults: Mapping[str, Fault] = field(default_factory=dict)
    stale_days: int = 0
    business_account: bool | None = None
    shopify: ShopifyConduct | None = None
    ga4: Ga4Conduct | None = None


@dataclass(frozen=True, slots=True)
class SampleOverride:
    """A merchant's own threshold, as the merchants file says it."""

    check_id: str
    reason: str
    warn: Decimal | None = None
    critical: Decimal | None = None
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """Who the merchant is. ``trade`` names an entry of ``wares``; ``order_value`` is the average, in ``currency``."""

    id: str
    name: str
    timezone: str
    currency: str
    trade: str
    order_value: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What one check must come to. ``reason`` is given exactly when it is not evaluated."""

    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SampleMerchant:
    """One merchant of the fleet. ``analytics`` measures its channel, or all but what its Shopify shop counts.

    ``expected`` holds only what deviates from ``pass``: see ``outcomes``.

    Its values are a status, or ``not_evaluated:reason``. They are part of the story, written by hand. All figures and
    tokens follow from ``seed``.
    """

    shop: Shop
    story: str
    expected: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = Shape()
    conduct: Conduct = Conduct()
    account_type: AccountType = AccountType.BUSINESS
    analytics: Provider = Provider.STOREFRONT
    overrides: tuple[SampleOverride, ...] = ()
    seed: int = 0

    @property
    def id(self) -> str:
        """The merchant's id."""
        return self.shop.id

    @property
    def name(self) -> str:
        """The shop's name."""
        return self.shop.name

    @property
    def open_id(self) -> str:
        """The TikTok account, as TikTok names it to the app."""
        return f"open-{self.shop.id}"

    @property
    def outcomes(self) -> dict[str, Expected]:
        """What each of the fifteen checks must come to, in report order."""
        return {check.id: _parse(self.expected.get(check.id, "pass")) for check in CATALOGUE}


def blind(reason: str, *check_ids: str) -> dict[str, str]:
    """Return the expectation that these checks could not look, for this reason."""
    return dict.fromkeys(check_ids, f"not_evaluated:{reason}")


def _parse(text: str) -> Expected:
    status, _, reason = text.partition(":")
    return Expected(status, reason or None)
