"""Traffic from one provider, commerce from the shop system beside it: nothing of the one passes for the other's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.merchant import Merchant
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from functions.audit.snapshot import PagesSeen, PeriodFigures, Series, SessionsSeen, Snapshot, SourcesSeen
from functions.fetcher.sources.blend import blend
from functions.fetcher.sources.channel import Channel, Commerce, CommerceFigures
from tests.builders import NIGHT, PERIODS, absent, figures, pages, series, sessions, snapshot, sources

COMMERCE_NAMES = ("carts", "cart_abandonment_rate", "orders", "revenue")
TRAFFIC_NAMES = tuple(name for name in PeriodFigures.model_fields if name not in COMMERCE_NAMES)
# So much is measured by nobody else in these stories: wherever it turns up, it is the traffic provider's.
THEIRS = Decimal("987654.32")
NO_CARTS = absent(Reason.NOT_MEASURED, detail="orders know no carts")
DAYS = tuple(PERIODS.series)


def shop(provider: str = "ga4") -> Merchant:
    analytics = {"provider": "ga4", "property_id": "312345678"} if provider == "ga4" else {"provider": provider}
    commerce = {"provider": "shopify", "shop": "larkspur.myshopify.com"}
    return Merchant.model_validate(
        {"id": "larkspur", "name": "Larkspur", "currency": "GBP", "analytics": analytics, "commerce": commerce}
    )


def channel(**changed: Any) -> Channel:
    """Return a channel of GA4 whose every amount of money is its own."""
    theirs = {"orders": 987654, "revenue": THEIRS, "carts": 98765, "cart_abandonment_rate": "98.7"}
    seen = sessions(
        current=figures(**theirs),
        prior=figures(**theirs),
        series=series(revenue=(THEIRS,) * 60),
        currency="USD",
        backend="ga4",
        mixed_currency=absent(Reason.MIXED_UNITS, detail="the property changed its currency"),
    )
    listed = pages()
    listed = listed.model_copy(
        update={"pages": tuple(page.model_copy(update={"revenue": THEIRS}) for page in listed.pages)}
    )
    ways = sources()
    ways = ways.model_copy(
        update={"sources": tuple(source.model_copy(update={"revenue": THEIRS}) for source in ways.sources)}
    )
    return Channel(**{"sessions": seen, "pages": listed, "sources": ways} | changed)


def sold(**changed: Any) -> CommerceFigures:
    usual: dict[str, Any] = {
        "carts": 400,
        "cart_abandonment_rate": Decimal(70),
        "orders": 120,
        "revenue": Decimal("3600.00"),
    }
    return CommerceFigures(**usual | changed)


def commerce(**changed: Any) -> Commerce:
    usual: dict[str, Any] = {
        "backend": "shopify",
        "current": sold(),
        "prior": sold(orders=110, revenue=Decimal("3000.00")),
        "daily_revenue": {day: Decimal(at) for at, day in enumerate(DAYS)},
        "currency": "GBP",
    }
    return Commerce(**usual | changed)


def blended(told: Commerce | Absent, *, of: Channel | None = None, merchant: Merchant | None = None) -> SessionsSeen:
    seen = blend(of or channel(), told, merchant or shop()).sessions
    assert isinstance(seen, SessionsSeen)
    return seen


def night_of(whole: Channel) -> Snapshot:
    return snapshot(sessions=whole.sessions, pages=whole.pages, sources=whole.sources)


def outcomes(whole: Channel) -> dict[str, Outcome]:
    profile = default_profile()
    judged = judge(night_of(whole), profile, profile.rules_for(shop(), NIGHT))
    return {outcome.check_id: outcome for outcome in judged}


def reasons(value: object) -> set[Reason]:
    assert isinstance(value, Absent)
    return {cause.reason for cause in value.causes}


def test_revenue_orders_and_carts_are_the_shops_and_traffic_the_other_providers() -> None:
    seen = blended(commerce())

    assert isinstance(seen.prior, PeriodFigures)
    assert (seen.current.carts, seen.current.cart_abandonment_rate) == (400, Decimal(70))
    assert (seen.current.orders, seen.current.revenue) == (120, Decimal("3600.00"))
    assert (seen.prior.orders, seen.prior.revenue) == (110, Decimal("3000.00"))
    for name in TRAFFIC_NAMES:
        assert getattr(seen.current, name) == getattr(figures(), name)
        assert getattr(seen.prior, name) == getattr(figures(), name)


def test_every_figure_says_who_measured_it() -> None:
    seen = blended(commerce())

    assert {name: seen.measured_by(name) for name in PeriodFigures.model_fields} == {
        **dict.fromkeys(TRAFFIC_NAMES, "ga4"),
        **dict.fromkeys(COMMERCE_NAMES, "shopify"),
    }
    sources_shown = {kpi.name: kpi.source for kpi in kpis_of(night_of(Channel(seen, pages(), sources())))}
    assert {sources_shown[name] for name in ("revenue", "orders", "cart_abandonment_rate")} == {"shopify"}
    assert {sources_shown[name] for name in ("sessions", "users", "goal_completions")} == {"ga4"}
    assert sources_shown["session_conversion_rate"] == "ga4"


def test_the_evidence_of_revenue_names_the_shop_and_its_currency() -> None:
    judged = outcomes(Channel(blended(commerce()), pages(), sources()))["attributed_revenue"]

    assert judged.evidence == {"currency": "GBP", "measured_by": "shopify"}
    assert judged.value == -20  # 3,600 after 3,000: a rise


def test_where_the_shop_counts_no_carts_they_stay_with_the_traffic_provider_and_say_so() -> None:
    told = commerce(
        current=sold(carts=NO_CARTS, cart_abandonment_rate=NO_CARTS),
        prior=sold(carts=NO_CARTS, cart_abandonment_rate=NO_CARTS),
    )
    seen = blended(told)

    assert isinstance(seen.prior, PeriodFigures)
    assert (seen.current.carts, seen.current.cart_abandonment_rate) == (98765, Decimal("98.7"))
    assert (seen.prior.carts, seen.prior.cart_abandonment_rate) == (98765, Decimal("98.7"))
    assert (seen.measured_by("carts"), seen.measured_by("cart_abandonment_rate")) == ("ga4", "ga4")
    assert (seen.measured_by("orders"), seen.measured_by("revenue")) == ("shopify", "shopify")


def test_a_cart_count_that_failed_tonight_is_not_replaced_by_another_backends() -> None:
    broken = absent(Reason.SOURCE_FAILED)
    seen = blended(commerce(current=sold(carts=broken, cart_abandonment_rate=broken)))

    assert seen.current.carts == broken
    assert seen.measured_by("carts") == "shopify"


def test_a_rate_never_stands_beside_another_backends_carts() -> None:
    unknown = absent(Reason.NOT_MEASURED, detail="completed checkouts are null")
    seen = blended(commerce(current=sold(cart_abandonment_rate=unknown)))

    assert (seen.current.carts, seen.current.cart_abandonment_rate) == (400, unknown)
    assert {seen.measured_by(name) for name in ("carts", "cart_abandonment_rate")} == {"shopify"}


def test_the_periods_never_have_two_backends_for_one_figure() -> None:
    seen = blended(commerce(prior=sold(carts=NO_CARTS, cart_abandonment_rate=NO_CARTS)))

    assert isinstance(seen.prior, PeriodFigures)
    assert (seen.current.carts, seen.prior.carts) == (400, NO_CARTS)


@pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.UNAUTHORIZED, Reason.NOT_CONNECTED])
def test_a_shop_that_could_not_be_asked_leaves_no_other_backends_money(reason: Reason) -> None:
    why = absent(reason)
    seen = blended(why)

    assert isinstance(seen.prior, PeriodFigures)
    assert isinstance(seen.series, Series)
    for name in COMMERCE_NAMES:
        assert (getattr(seen.current, name), getattr(seen.prior, name)) == (why, why)
        assert seen.measured_by(name) == "shopify"
    assert set(seen.series.revenue) == {None}
    assert seen.series.sessions == series().sessions
    judged = outcomes(Channel(seen, pages(), sources()))
    assert judged["attributed_revenue"].reasons == (reason,)
    assert judged["sessions_trend"].status == "pass"


def test_the_marks_of_the_traffic_provider_say_nothing_about_the_shops_money() -> None:
    mine = absent(Reason.MIXED_UNITS, detail="GA4 counts otherwise now")
    of = channel(sessions=sessions(backend="ga4", mixed_definition=mine, mixed_currency=mine))

    seen = blended(commerce(), of=of)

    assert seen.marks("revenue") == (None, None)
    assert seen.marks("sessions") == (mine,)


def test_the_marks_of_the_shop_say_nothing_about_the_traffic() -> None:
    money = absent(Reason.MIXED_UNITS, detail="the shop changed its currency")
    ways = absent(Reason.MIXED_UNITS, detail="two ways of telling")
    seen = blended(commerce(mixed_currency=money, mixed_definition=ways))

    assert seen.marks("revenue") == (money, ways)
    assert seen.marks("orders") == (ways,)
    assert seen.marks("sessions") == (None,)


def test_the_series_has_the_shops_revenue_day_by_day() -> None:
    seen = blended(commerce())

    assert isinstance(seen.series, Series)
    assert seen.series.start == DAYS[0]
    assert seen.series.revenue == tuple(Decimal(at) for at in range(60))
    assert seen.series.goal_completions == series().goal_completions


def test_the_series_begins_where_the_shop_can_speak_of_it() -> None:
    # read_orders shows 60 days: the first two days of the series are out of reach.
    known = {day: Decimal(1) for day in DAYS[2:]}
    seen = blended(commerce(daily_revenue=known))

    assert isinstance(seen.series, Series)
    assert (seen.series.start, len(seen.series.sessions)) == (DAYS[2], 58)
    assert seen.series.goal_completions == series().goal_completions[2:]
    assert seen.series.revenue == (Decimal(1),) * 58


def test_thirty_days_are_left_of_the_series_or_all_of_it() -> None:
    just = blended(commerce(daily_revenue=dict.fromkeys(DAYS[30:], Decimal(1)))).series
    fewer = blended(commerce(daily_revenue=dict.fromkeys(DAYS[31:], Decimal(1)))).series

    assert isinstance(just, Series)
    assert isinstance(fewer, Series)
    assert (just.start, just.revenue) == (DAYS[30], (Decimal(1),) * 30)
    assert (fewer.start, fewer.revenue) == (DAYS[0], (None,) * 31 + (Decimal(1),) * 29)


def test_a_day_in_the_middle_that_the_shop_does_not_know_is_unknown() -> None:
    known = {day: Decimal(1) for day in DAYS if day != DAYS[40]}
    seen = blended(commerce(daily_revenue=known))

    assert isinstance(seen.series, Series)
    assert (len(seen.series.revenue), seen.series.revenue[40]) == (60, None)


def test_daily_revenue_that_failed_leaves_no_day_of_the_other_provider() -> None:
    seen = blended(commerce(daily_revenue=absent(Reason.RATE_LIMITED)))

    assert isinstance(seen.series, Series)
    assert seen.series.revenue == (None,) * 60
    assert seen.current.revenue == Decimal("3600.00")


def test_traffic_that_failed_does_not_hide_what_the_shop_sold() -> None:
    why = absent(Reason.RATE_LIMITED, detail="GA4's quota is spent")
    seen = blended(commerce(), of=Channel(why, why, why))

    assert (seen.current.revenue, seen.current.sessions, seen.series) == (Decimal("3600.00"), why, why)
    assert (seen.backend, seen.currency) == ("ga4", "GBP")
    judged = outcomes(Channel(seen, why, why))
    assert judged["attributed_revenue"].status == "pass"
    assert judged["sessions_trend"].reasons == (Reason.RATE_LIMITED,)
    assert judged["session_conversion_rate"].reasons == (Reason.RATE_LIMITED,)


def test_when_both_failed_each_figure_has_its_own_reason() -> None:
    traffic, money = absent(Reason.RATE_LIMITED), absent(Reason.UNAUTHORIZED)
    seen = blended(money, of=Channel(traffic, traffic, traffic))

    assert reasons(seen.current.revenue) == {Reason.UNAUTHORIZED}
    assert reasons(seen.current.sessions) == {Reason.RATE_LIMITED}
    assert isinstance(seen.prior, PeriodFigures)
    assert reasons(seen.prior.revenue) == {Reason.UNAUTHORIZED}


def test_a_prior_period_that_one_of_them_lacks_is_absent_for_that_one_alone() -> None:
    none = absent(Reason.NO_PRIOR)
    without_traffic = blended(commerce(), of=channel(sessions=sessions(prior=none)))
    without_sales = blended(commerce(prior=none))

    assert isinstance(without_traffic.prior, PeriodFigures)
    assert isinstance(without_sales.prior, PeriodFigures)
    assert (without_traffic.prior.sessions, without_traffic.prior.revenue) == (none, Decimal("3000.00"))
    assert (without_sales.prior.sessions, without_sales.prior.revenue) == (8000, none)


def test_warnings_of_both_are_kept_once_each() -> None:
    of = channel(sessions=sessions(flags=("sampled", "truncated")))

    assert blended(commerce(flags=("truncated", "revenue_from_orders")), of=of).flags == (
        "sampled",
        "truncated",
        "revenue_from_orders",
    )


def test_pages_and_sources_keep_their_traffic_and_lose_the_other_backends_money() -> None:
    whole = blend(channel(), commerce(), shop())

    assert isinstance(whole.pages, PagesSeen)
    assert isinstance(whole.sources, SourcesSeen)
    assert [(page.path, page.sessions) for page in whole.pages.pages] == [("/products/candle", 2000)]
    assert [reasons(page.revenue) for page in whole.pages.pages] == [{Reason.NOT_MEASURED}]
    assert [reasons(source.revenue) for source in whole.sources.sources] == [{Reason.NOT_MEASURED}]


def test_without_a_shop_system_nothing_changes() -> None:
    alone = Merchant(id="larkspur", name="Larkspur")

    assert blend(channel(), commerce(), alone) == channel()


def test_the_storefront_can_be_the_other_provider_too() -> None:
    why = absent(Reason.SOURCE_FAILED)
    seen = blended(commerce(), of=Channel(why, why, why), merchant=shop("storefront"))

    assert (seen.measured_by("sessions"), seen.measured_by("revenue")) == ("storefront", "shopify")


absences = st.sampled_from([absent(reason) for reason in Reason if reason is not Reason.CHECK_CRASHED])
counts = st.one_of(st.integers(0, 10**6), absences)
amounts = st.one_of(st.decimals(-1000, 10**6, places=2), absences)
told_figures = st.builds(CommerceFigures, counts, st.one_of(st.decimals(0, 100, places=2), absences), counts, amounts)
tellings = st.one_of(
    absences,
    st.builds(
        Commerce,
        backend=st.just("shopify"),
        current=told_figures,
        prior=st.one_of(told_figures, absences),
        daily_revenue=st.one_of(
            absences,
            st.dictionaries(
                st.dates(date(2026, 9, 1), date(2026, 12, 1)), st.decimals(0, 10**6, places=2), max_size=70
            ),
        ),
        currency=st.just("GBP"),
        mixed_currency=st.one_of(st.none(), absences),
        mixed_definition=st.one_of(st.none(), absences),
        flags=st.sampled_from([(), ("truncated",)]),
    ),
)
traffics = st.one_of(
    absences.map(lambda why: Channel(why, why, why)),
    st.builds(lambda prior: channel(sessions=_with_prior(prior)), st.one_of(st.none(), absences)),
)


def _with_prior(prior: Absent | None) -> SessionsSeen:
    seen = channel().sessions
    assert isinstance(seen, SessionsSeen)
    return seen if prior is None else seen.model_copy(update={"prior": prior})


@settings(max_examples=150, deadline=None)
@given(told=tellings, of=traffics)
def test_nothing_of_the_traffic_providers_money_survives(told: Commerce | Absent, of: Channel) -> None:
    whole = blend(of, told, shop())
    encoded = night_of(whole).encoded.decode()

    assert str(THEIRS) not in encoded
    assert "987654" not in encoded


@settings(max_examples=150, deadline=None)
@given(told=tellings, of=traffics)
def test_whatever_is_blended_can_be_stored_and_judged(told: Commerce | Absent, of: Channel) -> None:
    whole = blend(of, told, shop())
    seen = whole.sessions
    night = night_of(whole)

    assert Snapshot.model_validate_json(night.encoded) == night
    assert all(Reason.CHECK_CRASHED not in outcome.reasons for outcome in outcomes(whole).values())
    assert isinstance(seen, SessionsSeen)
    assert set(seen.origins.values()) == {"shopify"}
    assert {"orders", "revenue"} <= set(seen.origins) <= set(COMMERCE_NAMES)
    for name in seen.origins:
        expected = told if isinstance(told, Absent) else getattr(told.current, name)
        assert getattr(seen.current, name) == expected
    if isinstance(seen.series, Series):
        lengths = {len(seen.series.sessions), len(seen.series.goal_completions), len(seen.series.revenue)}
        assert len(lengths) == 1
        assert seen.series.start + timedelta(days=lengths.pop() - 1) == PERIODS.series.end
