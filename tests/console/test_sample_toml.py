"""The sample fleet's merchants file is one that `nightjar` itself reads."""

import tomllib
from datetime import date
from decimal import Decimal

from console.merchants_file import Entry, parse_merchants
from console.sample.fleet import DESIGNED, fleet
from console.sample.grants import pair_of
from console.sample.toml import merchants_toml
from functions.audit.hosts import HostPolicy
from functions.audit.profile import default_profile

URL = "http://127.0.0.1:40123"


def entries(count: int = len(DESIGNED)) -> dict[str, Entry]:
    parsed = parse_merchants(
        merchants_toml(fleet(count, seed=3), URL),
        source="the sample fleet",
        environment={},
        hosts=HostPolicy(loopback_http=True),
        profile=default_profile(),
    )
    return {entry.merchant.id: entry for entry in parsed}


def test_every_merchant_of_a_large_fleet_is_valid() -> None:
    assert len(entries(300)) == 300


def test_shops_tokens_and_addresses_arrive_as_they_are() -> None:
    entry = entries()["larkspur"]
    pair = pair_of(fleet(1, seed=3)[0], 0)
    assert (entry.merchant.name, entry.merchant.timezone) == ("Larkspur Candles", "Europe/London")
    assert entry.merchant.tiktok
    assert entry.merchant.analytics
    assert entry.merchant.tiktok.base_url == entry.merchant.analytics.base_url == URL
    (grant,) = entry.grants
    assert grant.access_token
    assert grant.access_token.get_secret_value() == pair.access_token
    assert grant.refresh_token
    assert grant.refresh_token.get_secret_value() == pair.refresh_token


def test_names_in_any_script_survive() -> None:
    assert entries()["kintsugi"].merchant.name == "金継ぎ工房"


def test_a_merchant_that_never_logged_in_has_no_connection() -> None:
    entry = entries()["bayani-brew"]
    assert (entry.merchant.tiktok, entry.merchant.analytics, entry.grants) == (None, None, ())


def test_who_has_no_refresh_token_or_no_access_token_has_none_in_the_file() -> None:
    (without_refresh,), (without_access,) = entries()["verveine"].grants, entries()["wisla-amber"].grants
    assert (without_refresh.refresh_token, without_refresh.access_token is None) == (None, False)
    assert (without_access.access_token, without_access.refresh_token is None) == (None, False)


def test_own_thresholds_come_with_reason_and_expiry() -> None:
    thresholds = entries()["naschmarkt"].merchant.thresholds["cart_abandonment_rate"]
    assert (thresholds.warn, thresholds.critical, thresholds.expires) == (Decimal(82), Decimal(92), date(2035, 12, 31))
    assert entries()["tejo-tiles"].merchant.thresholds["bounce_rate"].expires == date(2025, 1, 31)
    assert entries()["avon-paper"].merchant.thresholds["bounce_rate"].reason == "long-form landing pages"


def test_the_same_seed_writes_the_same_file_and_another_other_tokens() -> None:
    assert merchants_toml(fleet(seed=3), URL) == merchants_toml(fleet(seed=3), URL)
    first, second = (tomllib.loads(merchants_toml(fleet(1, seed=seed), URL)) for seed in (3, 4))
    assert first["merchant"][0]["tiktok"]["access_token"] != second["merchant"][0]["tiktok"]["access_token"]
