"""Small builders for the domain's values: healthy as they come, each keyword changes one thing."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from functions.audit.absence import Absent, Cause, Reason
from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.judge import judge
from functions.audit.merchant import Merchant
from functions.audit.mute import Kind, Mute
from functions.audit.outcome import Outcome, Status
from functions.audit.profile import default_profile
from functions.audit.recipient import Entry
from functions.audit.snapshot import (
    AccountBasic,
    AccountProfile,
    AccountStats,
    PageSeen,
    PagesSeen,
    PeriodFigures,
    Series,
    SessionsSeen,
    Snapshot,
    SourceSeen,
    SourcesSeen,
    TokenSeen,
)

NIGHT = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
PERIODS = default_profile().periods_of(NIGHT)
SERIES_DAYS = 60
CHECKS = {check.id: check for check in CATALOGUE}


def added(**changed: Any) -> Entry:
    """Return a recipient who hears by email of all that is critical at one merchant."""
    plain: dict[str, Any] = {
        "merchant_id": "larkspur",
        "recipient_id": "email-1",
        "protocol": "email",
        "hint": "a…@example.com",
        "severities": ["critical"],
        "subscription_arn": "arn:aws:sns:eu-west-1:111122223333:nightjar-prod-alerts_larkspur:6b2e8f0c",
        "added_by": "Anna",
        "added_at": NOW,
    }
    return Entry.model_validate(plain | changed)


def absent(*reasons: Reason, detail: str = "the story says so") -> Absent:
    """Return an absence with these reasons, ``not_measured`` when none is named."""
    return Absent(tuple(Cause(reason, f"{detail} ({reason})") for reason in reasons or (Reason.NOT_MEASURED,)))


def figures(**changed: Any) -> PeriodFigures:
    """Return one period of a healthy channel."""
    healthy: dict[str, Any] = {
        "sessions": 8000,
        "users": 6900,
        "new_users": 5900,
        "returning_users": 1000,
        "bounce_rate": "52",
        "pageviews_per_session": "1.9",
        "avg_session_duration": "64",
        "session_conversion_rate": "1.4",
        "carts": 400,
        "cart_abandonment_rate": "70",
        "goal_completions": "420",
        "orders": 112,
        "revenue": "3200.00",
    }
    return PeriodFigures.model_validate(healthy | changed)


def series(days: int = SERIES_DAYS, **changed: Any) -> Series:
    """Return a daily series that ends with the period: level traffic and revenue, goals on the rise."""
    healthy: dict[str, Any] = {
        "start": date.fromordinal(PERIODS.series.end.toordinal() - days + 1),
        "sessions": (250,) * days,
        "goal_completions": tuple(Decimal(10 + day) for day in range(days)),
        "revenue": (Decimal(100),) * days,
    }
    return Series.model_validate(healthy | changed)


def sessions(**changed: Any) -> SessionsSeen:
    """Return what a healthy channel's ``/analytics/sessions`` came to: both periods alike."""
    healthy: dict[str, Any] = {"current": figures(), "prior": figures(), "series": series(), "currency": "GBP"}
    return SessionsSeen.model_validate(healthy | changed)


def page(path: str = "/products/candle", **changed: Any) -> PageSeen:
    """Return a landing page that sells as the channel does."""
    healthy: dict[str, Any] = {
        "path": path,
        "title": "Candle",
        "sessions": 2000,
        "conversion_rate": "1.4",
        "revenue": "800.00",
    }
    return PageSeen.model_validate(healthy | changed)


def pages(*listed: PageSeen, **changed: Any) -> PagesSeen:
    """Return a listing of these pages, of one healthy page when none is given."""
    healthy: dict[str, Any] = {"pages": listed or (page(),), "total_sessions": 8000}
    return PagesSeen.model_validate(healthy | changed)


def source(label: str = "tiktok / social", **changed: Any) -> SourceSeen:
    """Return an organic source that converts as the channel does."""
    healthy: dict[str, Any] = {
        "label": label,
        "is_paid": False,
        "sessions": 6000,
        "conversion_rate": "1.4",
        "revenue": "2400.00",
    }
    return SourceSeen.model_validate(healthy | changed)


def sources(*listed: SourceSeen, **changed: Any) -> SourcesSeen:
    """Return a listing of these sources, of one healthy source when none is given."""
    return SourcesSeen.model_validate({"sources": listed or (source(),)} | changed)


def token(**changed: Any) -> TokenSeen:
    """Return an accepted token whose refresh token lives for most of a year."""
    healthy: dict[str, Any] = {"days_left": "300", "open_id": "723f24d7"}
    return TokenSeen.model_validate(healthy | changed)


def stats(**changed: Any) -> AccountStats:
    """Return the counts of an account."""
    healthy: dict[str, Any] = {"followers": 12000, "following": 80, "likes": 240000, "videos": 310}
    return AccountStats.model_validate(healthy | changed)


def snapshot(**changed: Any) -> Snapshot:
    """Return a night on which everything was seen and all is well."""
    healthy: dict[str, Any] = {
        "merchant_id": "larkspur",
        "night": NIGHT,
        "taken_at": NOW,
        "periods": PERIODS,
        "token": token(),
        "scopes": ("user.info.basic", "user.info.profile", "user.info.stats"),
        "account_type": "business",
        "basic": AccountBasic(open_id="723f24d7", display_name="Larkspur"),
        "profile": AccountProfile(username="larkspur", is_verified=True),
        "stats": stats(),
        "sessions": sessions(),
        "pages": pages(),
        "sources": sources(),
    }
    return Snapshot.model_validate(healthy | changed)


def channel(prior: PeriodFigures | Absent | None = None, **current: Any) -> Snapshot:
    """Return a healthy night but for the current period's figures (and the prior period, where given)."""
    return snapshot(sessions=sessions(current=figures(**current), prior=figures() if prior is None else prior))


def merchant(**changed: Any) -> Merchant:
    """Return a shop that overrides nothing."""
    plain: dict[str, Any] = {"id": "larkspur", "name": "Larkspur Candles", "timezone": "Europe/London"}
    return Merchant.model_validate(plain | changed)


def mute(merchant_id: str = "larkspur", check_id: str = "bounce_rate", **changed: Any) -> Mute:
    """Return a mute of one check, or of whatever else is said, until some time after the usual night."""
    usual: dict[str, Any] = {"kind": Kind.MUTE, "until": date(2026, 11, 30), "author": "Anna", "reason": "new theme"}
    return Mute(merchant_id=merchant_id, check_id=check_id, **({"created_at": NOW} | usual | changed))


def overriding(check_id: str, **override: Any) -> Merchant:
    """Return a shop with its own thresholds for one check."""
    return merchant(thresholds={check_id: {"reason": "the shop's own traffic"} | override})


def outcomes_of(seen: Snapshot, shop: Merchant | None = None) -> dict[str, Outcome]:
    """Return what every check comes to by the default profile and the shop's overrides."""
    profile = default_profile()
    return {outcome.check_id: outcome for outcome in judge(seen, profile, profile.rules_for(shop, seen.night))}


def judged(check_id: str, seen: Snapshot, shop: Merchant | None = None) -> Outcome:
    """Return what one check comes to."""
    return outcomes_of(seen, shop)[check_id]


def outcome(status: Status, check: Check = CHECKS["bounce_rate"], **changed: Any) -> Outcome:
    """Return an outcome of that status with a figure that goes with it."""
    usual: dict[str, Any] = {"value": Decimal("81.2"), "unit": "%"}
    if status is Status.NOT_EVALUATED:
        usual = {"causes": absent(Reason.SOURCE_FAILED).causes}
    return Outcome(check, status, **(usual | changed))


def series_with(values: Iterable[tuple[int, Any]], *, level: Any, days: int = SERIES_DAYS) -> tuple[Any, ...]:
    """Return one column of a series: ``level`` on every day but those named by their place."""
    column = [level] * days
    for day, value in values:
        column[day] = value
    return tuple(column)
