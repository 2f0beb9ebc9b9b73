"""Sample merchants whose story is in their audience and their sales."""

from console.sample.story import BUSY, SampleMerchant, Shape, Shop, Spike, blind

AUDIENCE = (
    SampleMerchant(
        Shop("hangang-glow", "한강 글로우", "Asia/Seoul", "KRW", "skincare", "38000"),
        "The traffic practically does not buy.",
        {"session_conversion_rate": "critical", "unconverting_pages": "warn"},
        Shape(sessions=BUSY, conversion=(0.3, 0.4)),
    ),
    SampleMerchant(
        Shop("ipe-home", "Ipê Casa", "America/Sao_Paulo", "BRL", "textiles", "165"),
        "Fewer than one visit in a hundred buys.",
        {"session_conversion_rate": "warn"},
        Shape(sessions=BUSY, conversion=(0.7, 0.85)),
    ),
    SampleMerchant(
        Shop("saffron-lane", "Saffron Lane Teas", "Asia/Kolkata", "INR", "tea", "890"),
        "Nine of ten carts are left: the shipping cost comes as a surprise.",
        {"cart_abandonment_rate": "critical"},
        Shape(sessions=(7_000, 11_000), abandonment=(88, 92)),
    ),
    SampleMerchant(
        Shop("table-mountain", "Table Mountain Leather", "Africa/Johannesburg", "ZAR", "leather", "950"),
        "Four of five carts are left.",
        {"cart_abandonment_rate": "warn"},
        Shape(sessions=(5_000, 9_000), abandonment=(78, 81.5)),
    ),
    SampleMerchant(
        Shop("merlion-mochi", "Merlion Sweets", "Asia/Singapore", "SGD", "sweets", "29.00"),
        "Nobody who came from TikTok has ever come back.",
        {"returning_users": "warn"},
        Shape(returning=(0, 0)),
    ),
    SampleMerchant(
        Shop("zuerisee", "Zürisee Seifen", "Europe/Zurich", "CHF", "soap", "46.00"),
        "Traffic grows and goals stand still.",
        {"goal_completions": "warn"},
        Shape(sessions=(9_000, 13_000), goals_rise=(-5, -3)),
    ),
    SampleMerchant(
        Shop("first-light", "First Light Toys", "Africa/Accra", "GHS", "toys", "310"),
        "Opened twelve days ago: no prior period, and a series too short for a trend.",
        blind("no_prior", "session_duration", "sessions_trend", "attributed_revenue")
        | blind("sample_too_small", "goal_completions", "viral_spike"),
        Shape(sessions=(9_000, 12_000), history=12, prior=False),
    ),
    SampleMerchant(
        Shop("harbour-oats", "Harbour Soapworks", "America/St_Johns", "CAD", "soap", "33.00"),
        "Connected five weeks ago: healthy so far, with nothing to compare with.",
        blind("no_prior", "session_duration", "sessions_trend", "attributed_revenue"),
        Shape(history=35, prior=False),
    ),
    SampleMerchant(
        Shop("vltava-glass", "Vltava Šperky", "Europe/Prague", "CZK", "jewellery", "1250"),
        "The storefront does not measure everything: some of its figures are null.",
        blind(
            "not_measured",
            "bounce_rate",
            "cart_abandonment_rate",
            "returning_users",
            "goal_completions",
            "attributed_revenue",
        ),
        Shape(
            nulls=(
                "bounced_sessions",
                "engaged_sessions",
                "bounce_rate",
                "new_users",
                "returning_users",
                "sessions_with_cart",
                "sessions_with_checkout",
                "sessions_with_cart_and_purchase",
                "cart_abandonment_rate",
                "goal_completions",
                "revenue",
            ),
            series_nulls=("goal_completions", "revenue"),
        ),
    ),
)

COMMERCE = (
    SampleMerchant(
        Shop("glimmer", "Glimmer Nails", "America/Chicago", "USD", "nails", "24.00"),
        "A video brought nine times the usual traffic, and neither goals nor revenue followed.",
        {"viral_spike": "warn"},
        Shape(sessions=(12_000, 16_000), conversion=(2.2, 2.5), spike=Spike(9, (9.0, 5.0, 2.4), earns=0.72)),
    ),
    SampleMerchant(
        Shop("copper-kettle", "Copper Kettle Roasters", "Australia/Melbourne", "AUD", "coffee", "41.00"),
        "A busy landing page sells almost nothing; its title tries to smuggle a link into the report.",
        {"unconverting_pages": "warn"},
        Shape(sessions=(6_000, 10_000), conversion=(1.4, 1.8), dud_page=(0.05, 0.18), hostile_title=True),
    ),
    SampleMerchant(
        Shop("nordlys", "Nordlys Keramik", "Europe/Copenhagen", "DKK", "ceramics", "385"),
        "One page sells far better than the others: worth more traffic.",
        {"amplify_candidates": "info"},
        Shape(sessions=(6_000, 10_000), conversion=(1.65, 1.95), star_page=(2.3, 2.8)),
    ),
    SampleMerchant(
        Shop("grachten", "Grachten Thee", "Europe/Amsterdam", "EUR", "tea", "28.50"),
        "One video's traffic buys twice as often as the rest.",
        {"amplify_candidates": "info"},
        Shape(sessions=(6_000, 10_000), conversion=(1.65, 1.95), star_source=(2.0, 2.3)),
    ),
    SampleMerchant(
        Shop("skargard", "Skärgård Textil", "Europe/Stockholm", "SEK", "textiles", "460"),
        "As many visits and orders as before, for smaller baskets: revenue falls.",
        {"attributed_revenue": "warn"},
        Shape(sessions_change=(-2, 3), conversion_change=(-3, 2), order_value_change=(-34, -24)),
    ),
    SampleMerchant(
        Shop("soho-sweets", "Soho Sweets", "Europe/London", "GBP", "sweets", "22.00"),
        "The checkout broke: carts are filled and none is bought. Every zero here was measured.",
        {
            "session_conversion_rate": "critical",
            "cart_abandonment_rate": "critical",
            "goal_completions": "warn",
            "attributed_revenue": "warn",
            "unconverting_pages": "warn",
        }
        | blind("sample_too_small", "amplify_candidates"),
        Shape(conversion=(0, 0), goals_rise=(-34, -24)),
    ),
    SampleMerchant(
        Shop("rila-rose", "Rila Rose", "Europe/Sofia", "EUR", "skincare", "34.00"),
        "The shop changed its currency between the two periods: revenue cannot be compared.",
        blind("mixed_units", "attributed_revenue"),
        Shape(currency_before="BGN"),
    ),
)
