"""Sample merchants whose story is in their connections: tokens, scopes, and storefronts that do not answer well."""

from console.sample.story import (
    ACCESS_CHECKS,
    CHANNEL_CHECKS,
    LISTING_CHECKS,
    PAGES,
    STOREFRONT,
    USER_INFO,
    Conduct,
    Fault,
    Renewal,
    SampleMerchant,
    Shop,
    blind,
)
from functions.audit.merchant import BASIC, PROFILE, STATS, AccountType

_UNAUTHORIZED = {"access_token": "critical"} | blind("unauthorized", "account_access", "stats_scope", *CHANNEL_CHECKS)

TOKENS = (
    SampleMerchant(
        Shop("fjordwool", "Fjordwool", "Europe/Oslo", "NOK", "knitwear", "690"),
        "The user disconnected the app: the access token is dead and cannot be renewed.",
        _UNAUTHORIZED,
        conduct=Conduct(renewal=Renewal.REVOKED),
    ),
    SampleMerchant(
        Shop("kea-kites", "Kea Kites", "Pacific/Auckland", "NZD", "toys", "39.00"),
        "Connected with an access token only, and that has ended.",
        _UNAUTHORIZED,
        conduct=Conduct(renewal=Renewal.NONE),
    ),
    SampleMerchant(
        Shop("sunda-batik", "Sunda Batik", "Asia/Jakarta", "IDR", "textiles", "285000"),
        "The connection ends in nine days, and then nobody can renew it.",
        {"access_token": "warn"},
        conduct=Conduct(renewable_days=9),
    ),
    SampleMerchant(
        Shop("wisla-amber", "Wisła Bursztyn", "Europe/Warsaw", "PLN", "jewellery", "210"),
        "TikTok's token service is down and there is no access token: not the merchant's fault.",
        blind("source_failed", *ACCESS_CHECKS, *CHANNEL_CHECKS),
        conduct=Conduct(renewal=Renewal.DOWN, has_access_token=False),
    ),
    SampleMerchant(
        Shop("bayani-brew", "Bayani Brew", "Asia/Manila", "PHP", "coffee", "780"),
        "On record, and never logged in: nothing is connected.",
        blind("not_connected", *ACCESS_CHECKS, *CHANNEL_CHECKS),
        conduct=Conduct(connected=False),
    ),
)

ACCOUNTS = (
    SampleMerchant(
        Shop("verveine", "Maison Verveine", "Europe/Paris", "EUR", "soap", "39.00"),
        "The user withdrew the permission for account statistics; the record still says that it is there.",
        {"stats_scope": "warn"},
        conduct=Conduct(
            scopes=(BASIC, PROFILE), recorded_scopes=(BASIC, PROFILE, STATS), renewal=Renewal.NONE, access_alive=True
        ),
    ),
    SampleMerchant(
        Shop("madeja", "La Madeja", "Europe/Madrid", "EUR", "knitwear", "36.00"),
        "A personal account: no link in the bio, no insights.",
        {"account_access": "warn"},
        account_type=AccountType.PERSONAL,
    ),
    SampleMerchant(
        Shop("savanna-leather", "Savanna Leather", "Africa/Nairobi", "KES", "leather", "5200"),
        "The permission for the profile was left unticked.",
        {"account_access": "warn"},
        conduct=Conduct(scopes=(BASIC, STATS)),
    ),
    SampleMerchant(
        Shop("lagos-lamps", "Lagos Lamps", "Africa/Lagos", "NGN", "lights", "41000"),
        "The token lives, and the basic permission was taken from it.",
        {"account_access": "critical"},
        conduct=Conduct(scopes=(PROFILE, STATS)),
    ),
    SampleMerchant(
        Shop("inti-alpaca", "Inti Alpaca", "America/Lima", "PEN", "knitwear", "145"),
        "TikTok answers 500 when it is asked about the account; the storefront is well.",
        blind("source_failed", *ACCESS_CHECKS),
        conduct=Conduct(faults={USER_INFO: Fault.BROKEN}),
    ),
    SampleMerchant(
        Shop("suomi-sauna", "Löyly & Co", "Europe/Helsinki", "EUR", "soap", "42.00"),
        "Healthy, behind a TikTok gateway that knows POST only.",
        conduct=Conduct(post_only=True),
    ),
)

STOREFRONTS = (
    SampleMerchant(
        Shop("kintsugi", "金継ぎ工房", "Asia/Tokyo", "JPY", "ceramics", "6800"),
        "The storefront answers 500.",
        blind("source_failed", *CHANNEL_CHECKS),
        conduct=Conduct(faults=dict.fromkeys(STOREFRONT, Fault.BROKEN)),
    ),
    SampleMerchant(
        Shop("baltic-bee", "Baltic Bee", "Europe/Vilnius", "EUR", "candles", "23.00"),
        "The storefront answers a maintenance page, with status 200.",
        blind("source_failed", *CHANNEL_CHECKS),
        conduct=Conduct(faults=dict.fromkeys(STOREFRONT, Fault.NONSENSE)),
    ),
    SampleMerchant(
        Shop("pampa", "Pampa Cueros", "America/Argentina/Buenos_Aires", "ARS", "leather", "62000"),
        "The storefront's quota is used up for the next hour.",
        blind("rate_limited", *CHANNEL_CHECKS),
        conduct=Conduct(faults=dict.fromkeys(STOREFRONT, Fault.RATE_LIMITED)),
    ),
    SampleMerchant(
        Shop("zephyr", "Zephyr Kites", "America/Chicago", "USD", "toys", "34.00"),
        "The storefront's data end three days before the period does.",
        blind("source_stale", *CHANNEL_CHECKS),
        conduct=Conduct(stale_days=3),
    ),
    SampleMerchant(
        Shop("bloom-foundry", "Bloom Foundry", "Europe/Dublin", "EUR", "plants", "38.00"),
        "TikTok is connected, the storefront's analytics are not.",
        blind("not_connected", *CHANNEL_CHECKS),
        conduct=Conduct(faults=dict.fromkeys(STOREFRONT, Fault.NOT_CONNECTED)),
    ),
    SampleMerchant(
        Shop("formosa-tea", "福爾摩沙茶", "Asia/Taipei", "TWD", "tea", "980"),
        "The token may not read the storefront's analytics.",
        blind("scope_missing", *CHANNEL_CHECKS),
        conduct=Conduct(faults=dict.fromkeys(STOREFRONT, Fault.NO_SCOPE)),
    ),
    SampleMerchant(
        Shop("agora-olive", "Agora Olive Soap", "Europe/Athens", "EUR", "soap", "27.00"),
        "Only the report of landing pages is broken; all else is well.",
        blind("source_failed", *LISTING_CHECKS),
        conduct=Conduct(faults={PAGES: Fault.BAD_GATEWAY}),
    ),
)
