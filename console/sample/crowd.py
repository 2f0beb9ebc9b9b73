"""More sample merchants than anybody would design: mostly healthy, some not, all from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

from console.sample.designed import HEALTHY, TRAFFIC
from console.sample.selling import AUDIENCE, COMMERCE
from console.sample.story import SampleMerchant, Shop
from console.sample.troubled import ACCOUNTS, STOREFRONTS, TOKENS
from console.sample.wares import WARES, slug

_FIRST = (
    "Willow",
    "Copper",
    "Moss",
    "Juniper",
    "Harvest",
    "Cobalt",
    "Sparrow",
    "Linen",
    "Ember",
    "Tidal",
    "Clover",
    "Flint",
)
_SECOND = ("& Fern", "Street", "House", "Atelier", "Works", "Corner", "& Daughters", "Studio", "Supply", "Yard")
_PLACES = (
    ("Europe/London", "GBP", 1),
    ("America/New_York", "USD", 1),
    ("Europe/Rome", "EUR", 1),
    ("Australia/Sydney", "AUD", 2),
    ("America/Vancouver", "CAD", 2),
    ("Asia/Tokyo", "JPY", 150),
    ("Asia/Kolkata", "INR", 40),
    ("America/Bogota", "COP", 4000),
    ("Europe/Warsaw", "PLN", 5),
    ("Asia/Dubai", "AED", 4),
)
_HEALTHY_SHARE = 0.86


def crowd(seed: int) -> Iterator[SampleMerchant]:
    """Yield merchants without end; the same seed yields the same ones."""
    random = Random(f"{seed}:crowd")  # noqa: S311 - sample figures, no secrets
    well = [merchant for merchant in HEALTHY if merchant.shape.spike is None]
    # Their own overrides and account types stay with the designed ones; a story is figures, conduct and expectation.
    unwell = [*TRAFFIC, *AUDIENCE, *COMMERCE, *TOKENS, *ACCOUNTS, *STOREFRONTS]
    for number in count(1):
        model = random.choice(well if random.random() < _HEALTHY_SHARE else unwell)
        yield replace(model, shop=_shop(random, number), seed=seed)


def _shop(random: Random, number: int) -> Shop:
    trade = random.choice(sorted(WARES))
    name = f"{random.choice(_FIRST)} {random.choice(_SECOND)} {trade.capitalize()}"
    timezone, currency, factor = random.choice(_PLACES)
    value = str(random.randint(22, 58) * factor)
    return Shop(f"{slug(name)}-{number:04}", name, timezone, currency, trade, value)
