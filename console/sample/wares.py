"""What the sample shops sell: the words that their landing pages are named with."""

from __future__ import annotations

import re
import unicodedata

_KINDS = (
    "Amber",
    "Quiet",
    "Coastal",
    "Midnight",
    "Wild",
    "Little",
    "Classic",
    "Festive",
    "Rosé",
    "Nordic",
    "Sunday",
    "Golden",
)

WARES: dict[str, tuple[str, ...]] = {
    "candles": ("candle", "tealights", "wax melts", "wick trimmer", "gift box", "diffuser", "room mist", "matches"),
    "sauces": ("hot sauce", "salsa", "chilli oil", "mole", "spice rub", "tasting set", "pickles", "marinade"),
    "knitwear": ("jumper", "beanie", "scarf", "mittens", "cardigan", "socks", "blanket", "headband"),
    "ceramics": ("mug", "vase", "teapot", "plate", "bowl", "planter", "espresso cup", "butter dish"),
    "soap": ("soap bar", "bath salts", "shampoo bar", "body oil", "hand cream", "soap dish", "lip balm", "crème"),
    "plants": ("fern", "pothos", "terrarium", "plant food", "mister", "moss pole", "seed kit", "potting mix"),
    "nails": ("press-on set", "nail file", "top coat", "glue tabs", "cuticle oil", "nail art kit", "mini set", "case"),
    "jewellery": ("ring", "pendant", "earrings", "bracelet", "anklet", "brooch", "charm", "chain"),
    "tea": ("chai", "green tea", "tea tin", "infuser", "sampler", "oolong", "herbal blend", "matcha"),
    "textiles": ("sarong", "tote bag", "cushion", "throw", "napkins", "table runner", "kimono", "bandana"),
    "leather": ("wallet", "belt", "satchel", "card holder", "key fob", "passport case", "strap", "notebook cover"),
    "coffee": ("espresso blend", "filter roast", "cold brew", "grinder", "dripper", "tasting box", "decaf", "tumbler"),
    "lights": ("lamp", "fairy lights", "lantern", "night light", "lampshade", "bulb", "star projector", "sconce"),
    "toys": ("kite", "puzzle", "spinning top", "wooden train", "plush fox", "building set", "yo-yo", "card game"),
    "skincare": ("serum", "toner", "sheet mask", "cleanser", "sun cream", "eye cream", "essence", "sleeping pack"),
    "sweets": ("fudge", "toffee", "nougat", "truffles", "marzipan", "lollies", "brittle", "hamper"),
}

HOSTILE_TITLE = "Clearance \u202eelas\u202c\n now at http://cheap-candles.example/\x07"


def page_names(trade: str, count: int) -> list[tuple[str, str]]:
    """Return the path and title of so many landing pages of a shop, fewer when its words run out."""
    wares = WARES[trade]
    front = [("/", "Home"), ("/collections/new", "New in"), ("/collections/best-sellers", "Best sellers")]
    # The kinds change slowest, so that the first pages are of different wares.
    products = [(f"{kind} {ware}") for kind in _KINDS for ware in wares]
    return [*front, *((f"/products/{slug(title)}", title) for title in products)][:count]


def slug(text: str) -> str:
    """Return the text as it stands in an address: plain letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
