"""A night with Shopify in it: as the only source or beside another, too early, without a token, with the wrong host."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from functions.audit.absence import Absent, Reason
from functions.audit.grant import SHOPIFY, TIKTOK, Grant
from functions.audit.hosts import HostPolicy
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.merchant import Merchant
from functions.audit.outcome import Outcome
from functions.audit.periods import Periods
from functions.audit.profile import default_profile
from functions.audit.snapshot import PagesSeen, SessionsSeen, Snapshot, SourcesSeen
from functions.fetcher.fetch import Fetcher
from tests.builders import NIGHT
from tests.fetcher.shopify_world import (
    TOKEN,
    Night,
    ShopifyWorld,
    body_of,
    detail,
    merchant,
    reasons,
    shop_settings,
    shopify,
    table,
    visits,
)
from tests.fetcher.waiting import HOSTS, NOW, client
from tests.fetcher.world import Memory, World, grant

COMMERCE = {"provider": "shopify", "shop": "larkspur.myshopify.com"}


class Grants(Memory):
    """A store with a Shopify token, a TikTok token, both or none."""

    def __init__(self, *, tiktok: str | None = None, shopify: str | None = None) -> None:
        super().__init__(*([] if tiktok is None else [grant(access_token=tiktok)]))
        self._shopify = shopify

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        if provider != SHOPIFY:
            return super().get(merchant_id, provider)
        found = {"merchant_id": merchant_id, "provider": provider, "access_token": self._shopify}
        return None if self._shopify is None else Grant.model_validate(found)


def fetched(shop: Merchant, grants: Grants, world: ShopifyWorld, hosts: HostPolicy = HOSTS) -> Snapshot:
    """Return what one fetch sees, Shopify scripted by ``world``, TikTok and the storefront healthy."""
    others = World()

    def answer(request: httpx.Request) -> httpx.Response:
        return world(request) if request.url.host.endswith("myshopify.com") else others(request)

    async def run() -> Snapshot:
        async with client() as http:
            fetcher = Fetcher(http, grants, None, hosts, seconds=45)
            return await fetcher.fetch(shop, NIGHT, default_profile().periods_of(NIGHT), now=NOW)

    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=answer)
        return asyncio.run(run())


def beside_the_storefront() -> Merchant:
    settings: dict[str, Any] = {
        "id": "larkspur",
        "name": "Larkspur",
        "timezone": "Europe/London",
        "currency": "GBP",
        "tiktok": {"open_id": "723f24d7", "account_type": "business"},
        "analytics": {"base_url": "https://shop.example"},
        "commerce": COMMERCE,
    }
    return Merchant.model_validate(settings)


def outcomes(snapshot: Snapshot) -> dict[str, Outcome]:
    profile = default_profile()
    judged = judge(snapshot, profile, profile.rules_for(None, snapshot.night))
    return {outcome.check_id: outcome for outcome in judged}


def test_a_night_with_shopify_alone_is_judged_as_far_as_shopify_can_tell() -> None:
    snapshot = fetched(merchant(), Grants(shopify=TOKEN), ShopifyWorld())
    judged = outcomes(snapshot)

    assert isinstance(snapshot.sessions, SessionsSeen)
    assert isinstance(snapshot.pages, PagesSeen)
    assert isinstance(snapshot.sources, SourcesSeen)
    assert judged["bounce_rate"].value == Decimal("61.2")
    assert judged["bounce_rate"].status == "warn"
    assert judged["session_duration"].status == "pass"
    assert judged["cart_abandonment_rate"].status == "warn"
    assert judged["attributed_revenue"].evidence == {"currency": "GBP", "measured_by": "shopify"}
    assert judged["attributed_revenue"].status == "warn"
    assert judged["returning_users"].reasons == (Reason.NOT_MEASURED,)
    assert Snapshot.model_validate_json(snapshot.encoded) == snapshot
    assert {kpi.source for kpi in kpis_of(snapshot) if kpi.unit != kpi.name or kpi.name == "orders"} >= {"shopify"}


def test_beside_the_storefront_its_traffic_stays_and_the_money_is_shopifys() -> None:
    world = ShopifyWorld()
    snapshot = fetched(beside_the_storefront(), Grants(tiktok="act.file", shopify=TOKEN), world)

    assert isinstance(snapshot.sessions, SessionsSeen)
    assert (snapshot.sessions.current.sessions, snapshot.sessions.measured_by("sessions")) == (8000, "storefront")
    assert (snapshot.sessions.current.revenue, snapshot.sessions.measured_by("revenue")) == (
        Decimal("1873.40"),
        "shopify",
    )
    assert {kpi.name: kpi.source for kpi in kpis_of(snapshot)}["orders"] == "shopify"
    assert "pages" not in world.names()


def test_each_token_goes_to_its_own_hosts_only() -> None:
    sent: list[httpx.Request] = []
    world, others = ShopifyWorld(), World()

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return world(request) if request.url.host == "larkspur.myshopify.com" else others(request)

    async def run() -> None:
        async with client() as http:
            fetcher = Fetcher(http, Grants(tiktok="act.file", shopify=TOKEN), None, HOSTS, seconds=45)
            await fetcher.fetch(beside_the_storefront(), NIGHT, default_profile().periods_of(NIGHT), now=NOW)

    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=answer)
        asyncio.run(run())

    def hosts_of(secret: str) -> set[str]:
        return {
            request.url.host
            for request in sent
            if secret in str(request.url) + str(request.headers.multi_items()) + request.content.decode()
        }

    assert hosts_of(TOKEN) == {"larkspur.myshopify.com"}
    assert hosts_of("act.file") == {"open.tiktokapis.com", "shop.example"}


def test_without_a_shopify_token_nothing_is_asked_and_that_is_said() -> None:
    world = ShopifyWorld()
    snapshot = fetched(merchant(), Grants(), world)

    assert world.requests == []
    for part in (snapshot.sessions, snapshot.pages, snapshot.sources):
        assert reasons(part) == {Reason.NOT_CONNECTED}
        assert detail(part) == "no Shopify access token is stored for this shop"


def test_beside_the_storefront_a_missing_token_costs_the_money_alone() -> None:
    snapshot = fetched(beside_the_storefront(), Grants(tiktok="act.file"), ShopifyWorld())
    judged = outcomes(snapshot)

    assert judged["attributed_revenue"].reasons == (Reason.NOT_CONNECTED,)
    assert judged["cart_abandonment_rate"].reasons == (Reason.NOT_CONNECTED,)
    assert judged["sessions_trend"].status == "pass"


@pytest.mark.parametrize("base_url", ["https://shop.example", "https://evil.example", "http://larkspur.myshopify.com"])
def test_the_token_is_not_sent_to_another_host_whatever_the_settings_say(base_url: str) -> None:
    world = ShopifyWorld()
    shop = merchant()
    assert shop.analytics is not None
    elsewhere = shop.model_copy(update={"analytics": shop.analytics.model_copy(update={"base_url": base_url})})
    snapshot = fetched(elsewhere, Grants(shopify=TOKEN), world)

    assert reasons(snapshot.sessions) == {Reason.NOT_CONNECTED}
    assert world.requests == []


def test_reading_that_fails_by_our_own_fault_leaves_the_other_half(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(TOKEN)

    monkeypatch.setattr("functions.fetcher.sources.shopify.visits.traffic_of", broken)
    with shopify():
        channel = Night().channel()

    assert isinstance(channel.sessions, SessionsSeen)
    assert channel.sessions.current.revenue == Decimal("1873.40")
    assert detail(channel.pages) == "Shopify's sessions report: reading it failed with ZeroDivisionError"


def test_no_token_is_logged_or_kept(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Any] = [
        shop_settings(),
        httpx.Response(401, content=f'{{"errors": "{TOKEN}"}}'.encode()),
        {"errors": [{"message": TOKEN, "extensions": {"code": TOKEN}}]},
        httpx.ReadError(TOKEN),
    ]
    with caplog.at_level(logging.DEBUG):
        for answer in answers:
            with shopify(shop=answer, pages=httpx.ReadError(TOKEN)):
                channel = Night().channel()
            assert TOKEN not in repr(channel)
    assert TOKEN not in caplog.text


# "A period that has hardly ended": twelve hours must lie between its last day's midnight and the question.


def asked_at(now: datetime, *, timezone: str = "Europe/London", shops: str | None = None) -> tuple[Any, ShopifyWorld]:
    with shopify(shop=shop_settings(shops or timezone)) as world:
        channel = Night(shop=merchant(timezone), now=now).channel()
    return channel.sessions, world


@pytest.mark.parametrize(
    ("hours", "minutes", "told"), [(12, 0, True), (11, 59, False), (0, 0, False), (-30, 0, False), (26, 15, True)]
)
def test_a_day_that_ended_less_than_twelve_hours_ago_is_too_fresh(hours: int, minutes: int, told: bool) -> None:  # noqa: FBT001 - a column of the story
    midnight = datetime(2026, 11, 20, tzinfo=UTC)  # the period's last day is the 19th
    seen, world = asked_at(midnight + timedelta(hours=hours, minutes=minutes))

    assert isinstance(seen, SessionsSeen) is told
    if not told:
        assert reasons(seen) == {Reason.SOURCE_STALE}
        assert detail(seen) == "Shopify: 2026-11-19 ended less than 12 hours ago, its figures may grow"
        assert world.requests == []


@pytest.mark.parametrize(
    "timezone", ["Etc/GMT+12", "Pacific/Pago_Pago", "America/Los_Angeles", "UTC", "Pacific/Kiritimati"]
)
def test_two_days_of_lag_are_enough_in_every_time_zone(timezone: str) -> None:
    seen, _ = asked_at(NOW, timezone=timezone)

    assert isinstance(seen, SessionsSeen)


def test_the_shops_own_clock_must_have_passed_the_day_too() -> None:
    noon_in_auckland = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
    seen, world = asked_at(noon_in_auckland, timezone="Pacific/Auckland", shops="America/Los_Angeles")

    assert reasons(seen) == {Reason.SOURCE_STALE}
    assert world.names() == ["shop"]


def test_windows_of_other_profiles_are_asked_for_as_they_are() -> None:
    periods = Periods.of_night(NIGHT, period_days=7, lag_days=3, series_days=35)
    with shopify() as world:
        Night(periods=periods).channel()

    queries = [body["variables"]["q"] for body in map(body_of, world.requests) if body["variables"]]
    assert any("SINCE 2026-11-12 UNTIL 2026-11-18" in query for query in queries)
    assert any("SINCE 2026-11-05 UNTIL 2026-11-11" in query for query in queries)
    assert any("SINCE 2026-10-15 UNTIL 2026-11-18" in query for query in queries)


def test_time_that_runs_out_is_an_absence_of_what_was_not_asked_yet() -> None:
    night = Night(seconds=45)

    def slow(_: Mapping[str, Any]) -> Any:
        night.hands.seconds += 50
        return table([visits()])

    with shopify(visits_now=slow):
        seen = night.channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert seen.current.sessions == 6100
    assert isinstance(seen.prior, Absent) or isinstance(seen.prior.sessions, Absent)


def test_the_prior_period_of_a_new_shop_is_none_whatever_it_sold() -> None:
    opened = {"day": "2026-11-01", **visits(200)}
    with shopify(visits_daily=table([opened])):
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert reasons(seen.prior) == {Reason.NO_PRIOR}
    assert not isinstance(seen.series, Absent)
    assert seen.series.start == date(2026, 11, 1)
    assert seen.backend == SHOPIFY
