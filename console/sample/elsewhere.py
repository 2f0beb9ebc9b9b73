"""Sample merchants whose figures come from Google Analytics 4 or Shopify, alone or side by side."""

from console.sample.shopify_story import READ_ORDERS, SPENT, ShopifyConduct, ShopifyFault
from console.sample.story import CHANNEL_CHECKS, Conduct, SampleMerchant, Shape, Shop, blind
from functions.audit.merchant import Provider

# Shopify counts sessions, not who comes back (docs/decisions/0018).
_NOT_COUNTED = blind("not_measured", "returning_users")
_TRAFFIC_CHECKS = tuple(check for check in CHANNEL_CHECKS if check != "attributed_revenue")
_COMMERCE_CHECKS = ("cart_abandonment_rate", "attributed_revenue")

SHOPIFY = (
    SampleMerchant(
        Shop("juniper-row", "Juniper Row", "Europe/London", "GBP", "plants", "34.00"),
        "Everything from Shopify's own reports: healthy as far as a shop system can tell.",
        _NOT_COUNTED,
        analytics=Provider.SHOPIFY,
        conduct=Conduct(shopify=ShopifyConduct()),
    ),
    SampleMerchant(
        Shop("harbour-oak", "Harbour & Oak", "America/New_York", "USD", "leather", "88.00"),
        "Shopify denies its reports to the app: traffic cannot be seen, revenue is added up from orders.",
        blind("scope_missing", *_TRAFFIC_CHECKS),
        analytics=Provider.SHOPIFY,
        conduct=Conduct(shopify=ShopifyConduct(scopes=(READ_ORDERS,), approved=False)),
    ),
    SampleMerchant(
        Shop("tidewrack", "Tidewrack", "Europe/Dublin", "EUR", "jewellery", "46.00"),
        "Traffic from the storefront, commerce from Shopify: revenue falls, and Shopify is who says so.",
        {"attributed_revenue": "warn"},
        shape=Shape(conversion_change=(-38, -30)),
        conduct=Conduct(shopify=ShopifyConduct()),
    ),
    SampleMerchant(
        Shop("ember-and-ash", "Ember & Ash", "Australia/Melbourne", "AUD", "candles", "41.00"),
        "The app was removed from the Shopify shop: carts and revenue cannot be seen, the storefront's traffic can.",
        blind("unauthorized", *_COMMERCE_CHECKS),
        conduct=Conduct(shopify=ShopifyConduct(fault=ShopifyFault.REJECTED)),
    ),
    SampleMerchant(
        Shop("oslo-oat", "Oslo Havre", "Europe/Oslo", "NOK", "soap", "320"),
        "Shopify's points are spent for hours: nothing of the channel can be asked tonight.",
        blind("rate_limited", *CHANNEL_CHECKS),
        analytics=Provider.SHOPIFY,
        conduct=Conduct(shopify=SPENT),
    ),
)

ELSEWHERE = SHOPIFY
