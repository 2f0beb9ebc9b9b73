"""A story is the same story through Google Analytics: the real provider, a real token, the same outcomes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from console.merchants_file import parse_merchants
from console.sample.elsewhere import ELSEWHERE
from console.sample.fleet import DESIGNED, SampleMerchant, fleet
from console.sample.ga4_story import KEY_EVENTS, Ga4Conduct, Ga4Fault
from console.sample.server import SampleServer
from console.sample.story import ACCESS_CHECKS, CHANNEL_CHECKS, Conduct
from console.sample.toml import merchants_toml
from functions.audit.hosts import HostPolicy
from functions.audit.judge import judge
from functions.audit.merchant import Merchant, Provider
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from functions.audit.snapshot import SessionsSeen, Snapshot
from functions.fetcher.google_secret import StoredGoogle
from functions.fetcher.http import Http
from functions.fetcher.sources.channel import Asked, Channel
from functions.fetcher.sources.ga4.ask import ask_ga4
from tests.builders import snapshot

NIGHT = date(2026, 11, 21)
HOSTS = HostPolicy(loopback_http=True)
PERIODS = default_profile().periods_of(NIGHT)
# Stories that only a storefront can tell: a null here and there, another currency before.
STOREFRONTS_OWN = {"vltava-glass", "rila-rose"}
SAME = [
    merchant
    for merchant in DESIGNED
    if merchant not in ELSEWHERE
    and merchant.id not in STOREFRONTS_OWN
    and not merchant.conduct.faults
    and not merchant.conduct.stale_days
    and merchant.outcomes["access_token"].status == "pass"
]


def through_ga4(merchant: SampleMerchant, name: str = "", **conduct: Any) -> SampleMerchant:
    """Return the merchant with a property instead of the storefront."""
    shop = replace(merchant.shop, id=name or merchant.id)
    return replace(merchant, shop=shop, analytics=Provider.GA4, conduct=Conduct(ga4=Ga4Conduct(**conduct)))


def healthy(name: str, **conduct: Any) -> SampleMerchant:
    """Return a healthy shop whose property behaves like this."""
    return through_ga4(BY_ID["kathmandu-knits"], name, **conduct)


BY_ID: Mapping[str, SampleMerchant] = {merchant.id: merchant for merchant in fleet(seed=7)}
FAULTY = {
    **{fault.name: healthy(f"fault-{at}", fault=fault) for at, fault in enumerate(Ga4Fault)},
    "paged": through_ga4(BY_ID["larkspur"], "paged", rows=60),
    "poor": through_ga4(BY_ID["larkspur"], "poor", rows=60, tokens=50),
    "one_goal": healthy("one-goal", key_events=("sign_up",)),
    "all_goals": healthy("all-goals", key_events=KEY_EVENTS),
    "no_goal": healthy("no-goal", key_events=("newsletter", "sign_up")),
    "elsewhere": healthy("elsewhere", timezone="Asia/Tokyo", currency="EUR"),
    "nobody": replace(BY_ID["soho-sweets"], shop=replace(BY_ID["soho-sweets"].shop, id="nobody")),
}
FAULTY["nobody"] = through_ga4(FAULTY["nobody"], "nobody", fault=Ga4Fault.NO_ECOMMERCE)


@dataclass(frozen=True)
class Rehearsed:
    """What one fetch saw of everybody."""

    server: SampleServer
    merchants: Mapping[str, Merchant]
    channels: Mapping[str, Channel]

    def snapshot(self, merchant_id: str) -> Snapshot:
        seen = self.channels[merchant_id]
        return snapshot(
            merchant_id=merchant_id, periods=PERIODS, sessions=seen.sessions, pages=seen.pages, sources=seen.sources
        )

    def outcomes(self, merchant_id: str) -> dict[str, Outcome]:
        profile = default_profile()
        rules = profile.rules_for(self.merchants[merchant_id], NIGHT)
        outcomes = judge(self.snapshot(merchant_id), profile, rules)
        return {outcome.check_id: outcome for outcome in outcomes if outcome.check_id not in ACCESS_CHECKS}

    def told(self, name: str) -> dict[str, str]:
        """Return the outcomes of a faulty property in short: its status, or why it has none."""
        found = self.outcomes(FAULTY[name].id)
        return {
            check_id: "+".join(sorted({reason.value for reason in outcome.reasons})) or outcome.status.value
            for check_id, outcome in found.items()
        }

    def sessions(self, name: str) -> SessionsSeen:
        seen = self.channels[FAULTY[name].id].sessions
        assert isinstance(seen, SessionsSeen)
        return seen


@pytest.fixture(scope="module")
def rehearsed() -> Iterator[Rehearsed]:
    everybody = [*(through_ga4(BY_ID[merchant.id]) for merchant in SAME), *FAULTY.values()]
    with SampleServer(everybody) as server:
        entries = parse_merchants(
            merchants_toml(everybody, server.url), source="x", environment={}, hosts=HOSTS, profile=default_profile()
        )
        merchants = {entry.merchant.id: entry.merchant for entry in entries}
        google = StoredGoogle(lambda: json.dumps(server.google_key_file()), HOSTS, {})
        channels = asyncio.run(_fetched(merchants, google))
        yield Rehearsed(server, merchants, channels)
    assert server.errors == []


async def _fetched(merchants: Mapping[str, Merchant], google: StoredGoogle) -> dict[str, Channel]:
    turn = asyncio.Semaphore(8)
    now = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)

    async def one(http: Http, merchant: Merchant) -> Channel:
        assert merchant.analytics is not None
        async with turn:
            asked = Asked(http, merchant, merchant.analytics, PERIODS, now, http.clock() + 45)
            return await ask_ga4(asked, google)

    async with Http(HOSTS) as http:
        channels = await asyncio.gather(*(one(http, merchant) for merchant in merchants.values()))
    return dict(zip(merchants, channels, strict=True))


@pytest.mark.parametrize("merchant_id", [merchant.id for merchant in SAME])
def test_a_story_comes_true_through_ga4(rehearsed: Rehearsed, merchant_id: str) -> None:
    expected = BY_ID[merchant_id].outcomes

    found = rehearsed.outcomes(merchant_id)
    assert {
        check_id: (outcome.status.value, {reason.value for reason in outcome.reasons})
        for check_id, outcome in found.items()
    } == {check_id: (expected[check_id].status, {expected[check_id].reason} - {None}) for check_id in CHANNEL_CHECKS}


def test_everybody_shares_one_token_and_takes_two_calls(rehearsed: Rehearsed) -> None:
    assert rehearsed.server.count("/google/token") <= 2  # one, and one more after the 401 of a fault
    assert {rehearsed.server.count(merchant_id=merchant.id) for merchant in SAME} == {2}


ALL = CHANNEL_CHECKS


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Ga4Fault.NOT_ON_PROPERTY, "unauthorized"),
        (Ga4Fault.API_DISABLED, "unauthorized"),
        (Ga4Fault.NO_SCOPE, "scope_missing"),
        (Ga4Fault.UNAUTHENTICATED, "unauthorized"),
        (Ga4Fault.DAY_SPENT, "rate_limited"),
        (Ga4Fault.HOUR_SPENT, "rate_limited"),
        (Ga4Fault.BROKEN, "source_failed"),
        (Ga4Fault.NONSENSE, "source_failed"),
    ],
)
def test_a_property_that_refuses_makes_every_check_blind(rehearsed: Rehearsed, fault: Ga4Fault, reason: str) -> None:
    assert rehearsed.told(fault.name) == dict.fromkeys(ALL, reason)


@pytest.mark.parametrize("fault", [Ga4Fault.CROWDED, Ga4Fault.FLAKY, Ga4Fault.SAMPLED])
def test_what_passes_or_can_be_got_around_changes_no_outcome(rehearsed: Rehearsed, fault: Ga4Fault) -> None:
    assert rehearsed.told(fault.name) == dict.fromkeys(ALL, "pass")


def test_carts_by_events_are_overstated_and_nothing_else_is(rehearsed: Rehearsed) -> None:
    told = rehearsed.told("EVENTS_REFUSED")

    assert told.pop("cart_abandonment_rate") in {"pass", "warn"}
    assert set(told.values()) == {"pass"}


def test_what_was_got_around_is_marked(rehearsed: Rehearsed) -> None:
    by_events = {"carts_by_events", "conversions_by_events", "provisional"}

    assert set(rehearsed.sessions("EVENTS_REFUSED").flags) == by_events
    assert set(rehearsed.sessions("SAMPLED").flags) == {"sampled", "provisional"}
    assert set(rehearsed.sessions("elsewhere").flags) == {"property_timezone_differs", "provisional"}


def test_hidden_revenue_is_no_fall_of_revenue(rehearsed: Rehearsed) -> None:
    told = rehearsed.told("REVENUE_HIDDEN")

    assert told == dict.fromkeys(ALL, "pass") | {"attributed_revenue": "scope_missing"}


def test_small_numbers_that_are_held_back_are_nobodys_zero(rehearsed: Rehearsed) -> None:
    told = rehearsed.told("THRESHOLDED")

    assert set(told.values()) <= {"pass", "not_measured"}
    assert "thresholded" in rehearsed.sessions("THRESHOLDED").flags


def test_an_empty_property_is_too_small_to_judge(rehearsed: Rehearsed) -> None:
    told = rehearsed.told("EMPTY")

    assert not {"pass", "info", "warn", "critical"} & set(told.values())
    assert told["bounce_rate"] == "sample_too_small"
    assert "no_prior" in told["sessions_trend"]


def test_a_shop_that_sends_no_sales_is_not_said_to_sell_nothing(rehearsed: Rehearsed) -> None:
    for name in ("NO_ECOMMERCE", "nobody"):
        told = rehearsed.told(name)
        blind = ("session_conversion_rate", "cart_abandonment_rate", "attributed_revenue", "unconverting_pages")
        assert {told[check_id] for check_id in blind} == {"not_measured"}
        assert told["bounce_rate"] == "pass"


def test_rows_without_room_leave_a_listing_that_says_so(rehearsed: Rehearsed) -> None:
    seen = rehearsed.channels[FAULTY["CROWDED_OUT"].id].pages

    assert getattr(seen, "truncated", None) is True


def test_a_long_listing_is_read_to_its_end(rehearsed: Rehearsed) -> None:
    seen = rehearsed.channels["paged"].pages

    assert len(getattr(seen, "pages", ())) > 80
    assert getattr(seen, "truncated", None) is False
    assert rehearsed.server.count(merchant_id="paged") == 3


def test_a_property_that_is_almost_out_of_tokens_is_not_asked_a_third_time(rehearsed: Rehearsed) -> None:
    told = rehearsed.told("poor")

    assert rehearsed.server.count(merchant_id="poor") == 2
    assert told == dict.fromkeys(ALL, "pass") | dict.fromkeys(
        ("unconverting_pages", "amplify_candidates"), "rate_limited"
    )


def test_chosen_goals_are_the_merchants_goals(rehearsed: Rehearsed) -> None:
    every, chosen = (rehearsed.sessions(name).current.goal_completions for name in ("all_goals", "one_goal"))
    whole = rehearsed.sessions("SAMPLED").current.goal_completions

    assert isinstance(chosen, type(every))
    assert 0 < chosen < every  # type: ignore[operator] # both were measured
    assert rehearsed.told("all_goals") == dict.fromkeys(ALL, "pass")
    assert whole != 0


def test_a_goal_that_does_not_exist_blinds_the_goals_alone(rehearsed: Rehearsed) -> None:
    told = rehearsed.told("no_goal")

    assert told == dict.fromkeys(ALL, "pass") | {"goal_completions": "not_measured"}
    summary = rehearsed.outcomes("no-goal")["goal_completions"].summary
    assert "goal" in summary


def test_figures_come_in_the_propertys_own_currency(rehearsed: Rehearsed) -> None:
    assert rehearsed.sessions("elsewhere").currency == "EUR"
    assert rehearsed.sessions("elsewhere").backend == "ga4"
