"""A story judged through Shopify comes to what it comes to through the storefront, as far as Shopify can tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.sample.fleet import DESIGNED, fleet
from console.sample.shopify_story import READ_ALL_ORDERS, READ_ORDERS, READ_REPORTS, SPENT, ShopifyConduct, ShopifyFault
from console.sample.story import CHANNEL_CHECKS, SampleMerchant
from functions.audit.absence import Absent
from functions.audit.snapshot import PagesSeen, PeriodFigures, SessionsSeen
from functions.fetcher.sources.channel import Commerce
from tests.console.sample_shops import channel_seen, commerce_seen, judged_by_shopify, with_shop

NIGHT = date(2026, 11, 21)
# Stories of the storefront's own troubles have nothing to say about a shop, and some have a source of their own.
TOLD = [
    merchant.id
    for merchant in DESIGNED
    if merchant.conduct.connected
    and merchant.conduct.shopify is None
    and merchant.conduct.ga4 is None
    and not merchant.conduct.faults
    and not merchant.conduct.stale_days
    and merchant.outcomes["bounce_rate"].reason in {None, "sample_too_small", "not_measured"}
]
# What Shopify sees otherwise: it tells nobody who returns, counts checkouts as goals where the story has nobody count
# any, and its reports know one currency only.
OTHERWISE = {
    ("vltava-glass", "goal_completions"): "pass",
    ("rila-rose", "attributed_revenue"): "pass",
}
ORDERS_ONLY = ShopifyConduct(scopes=(READ_ORDERS,))


def merchant(merchant_id: str, seed: int = 1) -> SampleMerchant:
    return {sample.id: sample for sample in fleet(seed=seed)}[merchant_id]


def expected(sample: SampleMerchant) -> dict[str, str]:
    told = {}
    for check_id in CHANNEL_CHECKS:
        outcome = sample.outcomes[check_id]
        said = outcome.status if outcome.reason is None else f"{outcome.status}:{outcome.reason}"
        told[check_id] = OTHERWISE.get((sample.id, check_id), said)
    return told | {"returning_users": "not_evaluated:not_measured"}


def found(sample: SampleMerchant, night: date) -> dict[str, str]:
    outcomes = judged_by_shopify(sample, night)
    told = {}
    for check_id in CHANNEL_CHECKS:
        outcome = outcomes[check_id]
        reasons = ",".join(sorted(reason.value for reason in outcome.reasons))
        told[check_id] = f"{outcome.status.value}:{reasons}" if reasons else outcome.status.value
    return told


@pytest.mark.parametrize("merchant_id", TOLD)
def test_a_story_comes_true_through_shopify(merchant_id: str) -> None:
    sample = with_shop(merchant(merchant_id))

    assert found(sample, NIGHT) == expected(sample)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(TOLD), st.integers(0, 2**31), st.dates(date(2025, 6, 1), date(2032, 1, 1)), st.booleans())
def test_a_story_comes_true_through_shopify_on_every_night(
    merchant_id: str,
    seed: int,
    night: date,
    as_lists: bool,  # noqa: FBT001 - drawn
) -> None:
    sample = with_shop(merchant(merchant_id, seed), ShopifyConduct(rows_as_lists=as_lists))

    assert found(sample, night) == expected(sample)


def test_the_fleet_has_enough_stories_to_tell_of_shops() -> None:
    assert len(TOLD) >= 25
    assert {"larkspur", "brasa", "glimmer", "nordlys", "grachten", "soho-sweets", "first-light"} <= set(TOLD)


@pytest.mark.parametrize(
    ("merchant_id", "outcome"),
    [
        ("larkspur", "pass"),
        ("skargard", "warn"),
        ("maple-mitten", "warn"),
        ("rila-rose", "not_evaluated:mixed_units"),
    ],
)
def test_without_reports_the_money_is_judged_by_orders_and_the_traffic_is_not(merchant_id: str, outcome: str) -> None:
    told = found(with_shop(merchant(merchant_id), ORDERS_ONLY), NIGHT)

    assert told.pop("attributed_revenue") == outcome
    assert set(told.values()) == {"not_evaluated:scope_missing"}


def test_a_shop_whose_first_order_lies_inside_the_prior_period_has_nothing_to_compare_with() -> None:
    told = found(with_shop(merchant("first-light"), ORDERS_ONLY), NIGHT)

    assert told["attributed_revenue"] == "not_evaluated:no_prior,scope_missing"


def test_reports_that_were_not_approved_are_as_good_as_none() -> None:
    told = found(with_shop(merchant("larkspur"), ShopifyConduct(approved=False)), NIGHT)

    assert (told["attributed_revenue"], told["bounce_rate"]) == ("pass", "not_evaluated:scope_missing")


def test_reports_and_orders_of_one_shop_tell_nearly_the_same() -> None:
    sample = merchant("larkspur")
    by_reports = commerce_seen(with_shop(sample), NIGHT)
    by_orders = commerce_seen(with_shop(sample, ORDERS_ONLY), NIGHT)

    assert isinstance(by_reports, Commerce)
    assert isinstance(by_orders, Commerce)
    assert by_reports.current.orders == by_orders.current.orders
    one, other = by_reports.current.revenue, by_orders.current.revenue
    assert isinstance(one, Decimal)
    assert isinstance(other, Decimal)
    assert abs(one - other) < 1
    assert not isinstance(by_reports.daily_revenue, Absent)
    assert not isinstance(by_orders.daily_revenue, Absent)
    assert len(by_reports.daily_revenue) - len(by_orders.daily_revenue) == 2  # what read_orders does not reach
    assert all(abs(by_reports.daily_revenue[day] - taken) < 1 for day, taken in by_orders.daily_revenue.items())


def test_with_all_orders_the_series_is_whole() -> None:
    conduct = ShopifyConduct(scopes=(READ_ORDERS, READ_ALL_ORDERS))
    told = commerce_seen(with_shop(merchant("larkspur"), conduct), NIGHT)

    assert isinstance(told, Commerce)
    assert not isinstance(told.daily_revenue, Absent)
    assert len(told.daily_revenue) == 60


def test_journeys_that_are_not_worked_out_make_the_money_stale() -> None:
    conduct = ShopifyConduct(scopes=(READ_ORDERS,), waiting=0.3)

    assert found(with_shop(merchant("larkspur"), conduct), NIGHT)["attributed_revenue"] == (
        "not_evaluated:scope_missing,source_stale"
    )


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        (ShopifyConduct(fault=ShopifyFault.REJECTED), "unauthorized"),
        (ShopifyConduct(fault=ShopifyFault.FROZEN), "source_failed"),
        (ShopifyConduct(fault=ShopifyFault.GONE), "source_failed"),
        (ShopifyConduct(fault=ShopifyFault.LOCKED), "source_failed"),
        (ShopifyConduct(fault=ShopifyFault.BROKEN), "source_failed"),
        (ShopifyConduct(fault=ShopifyFault.NONSENSE), "source_failed"),
        (ShopifyConduct(fault=ShopifyFault.NOT_UNDERSTOOD), "source_failed"),
        (SPENT, "rate_limited"),
        (ShopifyConduct(scopes=()), "scope_missing"),
    ],
)
def test_a_shop_in_trouble_blinds_every_check_for_that_reason(conduct: ShopifyConduct, reason: str) -> None:
    told = found(with_shop(merchant("larkspur"), conduct), NIGHT)

    assert set(told.values()) == {f"not_evaluated:{reason}"}


def test_a_small_bucket_is_waited_for() -> None:
    conduct = ShopifyConduct(scopes=(READ_ORDERS, READ_REPORTS), points=(64.0, 40.0))
    seen = channel_seen(with_shop(merchant("larkspur"), conduct), NIGHT)

    assert isinstance(seen.sessions, SessionsSeen)
    assert isinstance(seen.pages, PagesSeen)
    assert isinstance(seen.sessions.prior, PeriodFigures)


def test_a_shop_with_another_clock_says_so() -> None:
    seen = channel_seen(with_shop(merchant("larkspur"), ShopifyConduct(timezone="Asia/Tokyo")), NIGHT)

    assert isinstance(seen.sessions, SessionsSeen)
    assert seen.sessions.flags == ("shop_timezone_differs",)
