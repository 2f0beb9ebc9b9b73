"""Read the sample storefront's bodies into a snapshot, without any provider: the stories are judged by themselves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from console.sample.answers import page_rows, sessions_data, source_rows
from console.sample.channel import Channel, channel_of
from console.sample.days import Window
from console.sample.story import ACCESS_CHECKS, PAGES, SESSIONS, SOURCES, Fault, SampleMerchant
from functions.audit.absence import Absent, Reason
from functions.audit.judge import judge
from functions.audit.merchant import Merchant, Override
from functions.audit.outcome import Outcome
from functions.audit.periods import Periods
from functions.audit.profile import default_profile
from functions.audit.snapshot import (
    PageSeen,
    PagesSeen,
    PeriodFigures,
    Series,
    SessionsSeen,
    Snapshot,
    SourceSeen,
    SourcesSeen,
)

_NULL = Absent.because(Reason.NOT_MEASURED, "it is null")
_NO_MATTER = Absent.because(Reason.NOT_CONNECTED, "no part of this reading")
_FAULTS = {
    Fault.BROKEN: Reason.SOURCE_FAILED,
    Fault.BAD_GATEWAY: Reason.SOURCE_FAILED,
    Fault.NONSENSE: Reason.SOURCE_FAILED,
    Fault.RATE_LIMITED: Reason.RATE_LIMITED,
    Fault.NOT_CONNECTED: Reason.NOT_CONNECTED,
    Fault.NO_SCOPE: Reason.SCOPE_MISSING,
}


def window_of(periods: Periods) -> Window:
    return Window(
        start=periods.current.start,
        end=periods.current.end,
        compare_start=periods.prior.start,
        compare_end=periods.prior.end,
        series_days=periods.series.days,
    )


def channel_on(merchant: SampleMerchant, night: date) -> Channel:
    return channel_of(merchant, window_of(default_profile().periods_of(night)))


def judge_channel(sample: SampleMerchant, night: date, *, lines: Decimal = Decimal(1)) -> dict[str, Outcome]:
    """Return the outcomes of the twelve checks that look at the storefront.

    ``lines`` moves what pages, sources and spikes are measured by: 1.05 draws each of those lines 5 percent higher.
    """
    profile = default_profile()
    merchant = Merchant(
        id=sample.id,
        name=sample.name,
        thresholds={
            override.check_id: Override(
                warn=override.warn, critical=override.critical, reason=override.reason, expires=override.expires
            )
            for override in sample.overrides
        },
    )
    rules = {
        check_id: replace(rule, parameters={name: value * lines for name, value in rule.parameters.items()})
        if check_id in {"unconverting_pages", "amplify_candidates", "viral_spike"}
        else rule
        for check_id, rule in profile.rules_for(merchant, night).items()
    }
    outcomes = judge(snapshot_on(sample, night), profile, rules)
    return {outcome.check_id: outcome for outcome in outcomes if outcome.check_id not in ACCESS_CHECKS}


def snapshot_on(sample: SampleMerchant, night: date) -> Snapshot:
    """Return what the storefront shows of a night; the account is no part of it."""
    channel = channel_on(sample, night)
    stale = channel.data_through < channel.window.end

    def seen(path: str, value: Any) -> Any:
        if fault := sample.conduct.faults.get(path):
            return Absent.because(_FAULTS[fault], fault.value)
        return Absent.because(Reason.SOURCE_STALE, "too old") if stale else value

    return Snapshot(
        merchant_id=sample.id,
        night=night,
        taken_at=datetime(2026, 11, 21, 3, tzinfo=UTC),
        periods=default_profile().periods_of(night),
        token=_NO_MATTER,
        scopes=None,
        account_type=sample.account_type,
        basic=_NO_MATTER,
        profile=_NO_MATTER,
        stats=_NO_MATTER,
        sessions=seen(SESSIONS, _sessions(sessions_data(channel))),
        pages=seen(
            PAGES, PagesSeen(pages=tuple(map(_page, page_rows(channel))), total_sessions=channel.current.sessions)
        ),
        sources=seen(SOURCES, SourcesSeen(sources=tuple(map(_source, source_rows(channel))))),
    )


def _sessions(data: Mapping[str, Any]) -> SessionsSeen:
    current, prior, series = data["current"], data["prior"], data["series"]
    mixed = prior is not None and current.get("currency") != prior.get("currency")
    return SessionsSeen(
        current=_period(current),
        prior=_period(prior) if prior else Absent.because(Reason.NO_PRIOR, "there is none"),
        series=Series(
            start=date.fromisoformat(series[0]["date"]),
            sessions=tuple(day["sessions"] for day in series),
            goal_completions=tuple(_or_none(day["goal_completions"]) for day in series),
            revenue=tuple(_or_none(day["revenue"]) for day in series),
        ),
        currency=data["meta"]["currency"],
        mixed_currency=Absent.because(Reason.MIXED_UNITS, "two currencies") if mixed else None,
    )


def _period(wire: Mapping[str, Any]) -> PeriodFigures:
    counts = ("sessions", "users", "new_users", "returning_users", "orders")
    rates = ("bounce_rate", "pageviews_per_session", "session_conversion_rate", "cart_abandonment_rate")
    return PeriodFigures(
        **{name: _count(wire[name]) for name in counts},
        **{name: _figure(wire[name]) for name in (*rates, "goal_completions", "revenue")},
        carts=_count(wire["sessions_with_cart"]),
        avg_session_duration=_figure(wire["avg_session_duration_sec"]),
    )


def _page(row: Mapping[str, Any]) -> PageSeen:
    return PageSeen(path=row["path"], title=row["title"], **_part(row["current"]))


def _source(row: Mapping[str, Any]) -> SourceSeen:
    return SourceSeen(label=f"{row['medium']} {row['campaign']}", is_paid=row["is_paid"], **_part(row["current"]))


def _part(wire: Mapping[str, Any]) -> dict[str, Any]:
    rate, revenue = _figure(wire["session_conversion_rate"]), _figure(wire["revenue"])
    return {"sessions": wire["sessions"], "conversion_rate": rate, "revenue": revenue}


def _count(value: int | None) -> int | Absent:
    return _NULL if value is None else value


def _figure(value: float | str | None) -> Decimal | Absent:
    return _NULL if value is None else Decimal(str(value))


def _or_none(value: float | str | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
