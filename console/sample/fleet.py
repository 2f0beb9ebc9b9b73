"""Who is in the demo's fleet: the designed merchants, the most telling first, then as many more as are asked for."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from console.sample.crowd import crowd
from console.sample.designed import HEALTHY, OVERRIDDEN, TRAFFIC
from console.sample.elsewhere import ELSEWHERE
from console.sample.selling import AUDIENCE, COMMERCE
from console.sample.story import SampleMerchant
from console.sample.troubled import ACCOUNTS, STOREFRONTS, TOKENS

_MOST_TELLING = (
    "larkspur",
    "brasa",
    "fjordwool",
    "kintsugi",
    "verveine",
    "glimmer",
    "linden-lane",
    "copper-moth",
    "juniper-row",
    "just-landed",
    "baltic-bee",
    "nordlys",
    "lagos-lamps",
    "copper-kettle",
    "tidewrack",
    "maple-mitten",
    "soho-sweets",
    "sunda-batik",
    "pampa",
    "inti-alpaca",
    "sakura-skin",
    "harbour-oak",
    "blue-heron",
    "fern-hollow",
    "spreelicht",
    "ipe-home",
    "table-mountain",
    "merlion-mochi",
    "first-light",
    "zephyr",
    "bloom-foundry",
    "vltava-glass",
    "madeja",
    "pohutukawa",
    "zuerisee",
    "suomi-sauna",
    "avon-paper",
)

DEFAULT = 36  # as many as it takes to show every status of every check, and every provider

__all__ = ["DEFAULT", "DESIGNED", "SampleMerchant", "fleet"]


def _in_order() -> tuple[SampleMerchant, ...]:
    everyone = (*HEALTHY, *TRAFFIC, *AUDIENCE, *COMMERCE, *OVERRIDDEN, *TOKENS, *ACCOUNTS, *STOREFRONTS, *ELSEWHERE)
    rank = {merchant_id: at for at, merchant_id in enumerate(_MOST_TELLING)}
    return tuple(sorted(everyone, key=lambda merchant: rank.get(merchant.id, len(rank))))


DESIGNED = _in_order()


def fleet(count: int = len(DESIGNED), seed: int = 1) -> tuple[SampleMerchant, ...]:
    """Return the first ``count`` sample merchants under this seed. All of ``DESIGNED`` come before any other."""
    designed = (replace(merchant, seed=seed) for merchant in DESIGNED[:count])
    return (*designed, *islice(crowd(seed), max(count - len(DESIGNED), 0)))
