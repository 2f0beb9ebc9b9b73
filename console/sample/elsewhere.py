"""Sample merchants whose figures come from Google Analytics 4 or Shopify, alone or side by side."""

from console.sample.ga4_story import Ga4Conduct, Ga4Fault
from console.sample.shopify_story import READ_ORDERS, SPENT, ShopifyConduct, ShopifyFault
from console.sample.story import ACCESS_CHECKS, CHANNEL_CHECKS, Conduct, Renewal, SampleMerchant, Shape, Shop, blind
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
GOOGLE = (
    SampleMerchant(
        Shop("linden-lane", "Linden Lane", "Europe/Berlin", "EUR", "lights", "57.00"),
        "Everything from Google Analytics 4: healthy in all fifteen checks.",
        analytics=Provider.GA4,
        conduct=Conduct(ga4=Ga4Conduct(key_events=("sign_up", "purchase", "add_to_wishlist"))),
    ),
    SampleMerchant(
        Shop("copper-moth", "Copper Moth", "Europe/London", "GBP", "jewellery", "64.00"),
        "Traffic from Google Analytics 4, commerce from Shopify: most carts are left, and Shopify counted them.",
        {"cart_abandonment_rate": "critical"},
        shape=Shape(sessions=(5_000, 9_000), abandonment=(88, 92)),
        analytics=Provider.GA4,
        conduct=Conduct(ga4=Ga4Conduct(), shopify=ShopifyConduct()),
    ),
    SampleMerchant(
        Shop("blue-heron", "Blue Heron Paper", "America/Vancouver", "CAD", "toys", "38.00"),
        "Google Analytics 4 hides revenue from the service account's role and answers 0: that is no fall to nothing.",
        blind("scope_missing", "attributed_revenue"),
        analytics=Provider.GA4,
        conduct=Conduct(ga4=Ga4Conduct(fault=Ga4Fault.REVENUE_HIDDEN)),
    ),
    SampleMerchant(
        Shop("salt-and-pine", "Salt & Pine", "Europe/Stockholm", "SEK", "soap", "340"),
        "The service account was never added to the Google Analytics property.",
        blind("unauthorized", *CHANNEL_CHECKS),
        analytics=Provider.GA4,
        conduct=Conduct(ga4=Ga4Conduct(fault=Ga4Fault.NOT_ON_PROPERTY)),
    ),
    SampleMerchant(
        Shop("fern-hollow", "Fern Hollow", "Pacific/Auckland", "NZD", "plants", "49.00"),
        "The TikTok connection is broken; Google Analytics 4 needs no token of TikTok's and goes on.",
        {"access_token": "critical"} | blind("unauthorized", *ACCESS_CHECKS[1:]),
        analytics=Provider.GA4,
        conduct=Conduct(renewal=Renewal.REVOKED, ga4=Ga4Conduct()),
    ),
)

ELSEWHERE = (*SHOPIFY, *GOOGLE)
