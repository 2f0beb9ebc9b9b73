"""Sample merchants whose story is in their traffic: healthy shops, leaky and quiet ones, thresholds of their own."""

from datetime import date
from decimal import Decimal

from console.sample.story import BUSY, SampleMerchant, SampleOverride, Shape, Shop, Spike, blind
from functions.audit.merchant import AccountType

HEALTHY = (
    SampleMerchant(
        Shop("larkspur", "Larkspur Candles", "Europe/London", "GBP", "candles", "31.00"),
        "Healthy in all fifteen checks, with so many landing pages that they come in several answers.",
        shape=Shape(sessions=(12_000, 16_000), page_count=(82, 96)),
    ),
    SampleMerchant(
        Shop("pohutukawa", "Pōhutukawa Plants", "Pacific/Auckland", "NZD", "plants", "44.50"),
        "Healthy, with some paid traffic beside the organic.",
        shape=Shape(paid_source=True),
        account_type=AccountType.CREATOR,
    ),
    SampleMerchant(
        Shop("kathmandu-knits", "Kathmandu Knits", "Asia/Kathmandu", "NPR", "knitwear", "2900"),
        "Healthy, in a time zone that is off by three quarters of an hour.",
    ),
    SampleMerchant(
        Shop("aloha-lights", "Aloha Lights", "Pacific/Honolulu", "USD", "lights", "36.00"),
        "Healthy, at the west end of the world's time zones.",
        account_type=AccountType.UNKNOWN,
    ),
    SampleMerchant(
        Shop("sunset-skates", "Sunset Spins", "America/Los_Angeles", "USD", "toys", "27.00"),
        "Healthy: a video went viral, and the attention turned into goals and revenue.",
        shape=Shape(sessions=(6_000, 9_000), spike=Spike(14, (5.2, 3.6, 2.0), earns=3.0)),
    ),
)

TRAFFIC = (
    SampleMerchant(
        Shop("brasa", "Brasa Salsas", "America/Mexico_City", "MXN", "sauces", "420"),
        "Everything leaks: most visitors leave at once, few look around, few buy, most carts are left.",
        {
            "bounce_rate": "critical",
            "pageviews_per_session": "warn",
            "session_conversion_rate": "critical",
            "cart_abandonment_rate": "critical",
            "unconverting_pages": "warn",
        },
        Shape(
            sessions=BUSY,
            bounce=(79, 85),
            pages_per_session=(1.12, 1.35),
            duration=(14, 28),
            conversion=(0.3, 0.4),
            abandonment=(88, 92),
            returning=(1, 3),
        ),
    ),
    SampleMerchant(
        Shop("spreelicht", "Spreelicht", "Europe/Berlin", "EUR", "lights", "52.00"),
        "Two of three visitors leave at once.",
        {"bounce_rate": "warn"},
        Shape(bounce=(64, 71)),
    ),
    SampleMerchant(
        Shop("anadolu-ceramics", "Anadolu Seramik", "Europe/Istanbul", "TRY", "ceramics", "780"),
        "Visitors see hardly more than the page they land on.",
        {"pageviews_per_session": "warn"},
        Shape(pages_per_session=(1.18, 1.4)),
    ),
    SampleMerchant(
        Shop("sakura-skin", "さくら肌", "Asia/Tokyo", "JPY", "skincare", "4200"),
        "Since the new theme visits last a third of the time they used to.",
        {"session_duration": "warn"},
        Shape(duration=(18, 30), duration_change=(-70, -58)),
    ),
    SampleMerchant(
        Shop("maple-mitten", "Maple & Mitten", "America/Toronto", "CAD", "knitwear", "58.00"),
        "The link in the bio lost its place: visits, goals and revenue fall together.",
        {"sessions_trend": "warn", "goal_completions": "warn", "attributed_revenue": "warn"},
        Shape(sessions=(5_000, 9_000), sessions_change=(-45, -32), goals_rise=(-34, -24)),
    ),
    SampleMerchant(
        Shop("just-landed", "Just Landed Coffee", "Africa/Nairobi", "KES", "coffee", "2400"),
        "Hardly any traffic yet: too little of everything to judge by.",
        blind(
            "sample_too_small",
            "bounce_rate",
            "pageviews_per_session",
            "session_duration",
            "sessions_trend",
            "session_conversion_rate",
            "cart_abandonment_rate",
            "returning_users",
            "goal_completions",
            "attributed_revenue",
            "unconverting_pages",
            "amplify_candidates",
        ),
        Shape(sessions=(52, 72), goals=(0, 0), page_count=(4, 7)),
    ),
)

OVERRIDDEN = (
    SampleMerchant(
        Shop("avon-paper", "Avon Kites", "Europe/London", "GBP", "toys", "26.00"),
        "Its threshold for bounces is its own, so that this rate is good for this shop.",
        shape=Shape(bounce=(61.5, 63.5)),
        overrides=(SampleOverride("bounce_rate", "long-form landing pages", warn=Decimal(66)),),
    ),
    SampleMerchant(
        Shop("naschmarkt", "Naschmarkt Gewürze", "Europe/Vienna", "EUR", "sauces", "37.00"),
        "Its threshold for carts is its own for a time, until the new checkout is there.",
        shape=Shape(sessions=(5_000, 9_000), abandonment=(77, 79)),
        overrides=(
            SampleOverride(
                "cart_abandonment_rate",
                "pre-orders only until the new checkout is live",
                warn=Decimal(82),
                critical=Decimal(92),
                expires=date(2035, 12, 31),
            ),
        ),
    ),
    SampleMerchant(
        Shop("tejo-tiles", "Tejo Azulejos", "Europe/Lisbon", "EUR", "ceramics", "48.00"),
        "Its own threshold for bounces has expired: the default counts again.",
        {"bounce_rate": "warn"},
        Shape(bounce=(63, 67)),
        overrides=(
            SampleOverride(
                "bounce_rate", "campaign with a quiz as landing page", warn=Decimal(70), expires=date(2025, 1, 31)
            ),
        ),
    ),
)
