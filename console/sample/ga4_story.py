"""How a sample merchant's Google Analytics property behaves towards the audit's service account."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The property's key events. All of them together are the goals of the merchant's story.
KEY_EVENTS = ("sign_up", "add_to_wishlist", "purchase")


class Ga4Fault(StrEnum):
    """What is wrong with the property, or with what the service account may see of it."""

    NOT_ON_PROPERTY = "answers 403: the service account was never added"
    API_DISABLED = "answers 403: the Data API is not enabled"
    NO_SCOPE = "answers 403: the token lacks the scope"
    UNAUTHENTICATED = "answers 401 to every token"
    DAY_SPENT = "answers 429: the day's tokens are spent"
    HOUR_SPENT = "answers 429: the hour's tokens are spent"
    CROWDED = "answers 429 to the first calls: too many at once"
    BROKEN = "answers 500"
    FLAKY = "answers 503 once, then well"
    NONSENSE = "answers a web page"
    REVENUE_HIDDEN = "shows no revenue to the service account's role"
    THRESHOLDED = "holds small numbers back"
    SAMPLED = "answers from a sample"
    CROWDED_OUT = "has no room for all rows"
    EVENTS_REFUSED = "does not take sessions by event"
    NO_ECOMMERCE = "is told of no cart and no purchase by the shop"
    EMPTY = "has no data at all"


@dataclass(frozen=True, slots=True)
class Ga4Conduct:
    """The property, and which of its key events the merchants file names as goals; none is all.

    ``timezone`` and ``currency`` are the property's own where they are not the merchant's. ``tokens`` are left of the
    hour's quota at first. ``rows`` is how many an answer has at most, whatever was asked for.
    """

    fault: Ga4Fault | None = None
    key_events: tuple[str, ...] = ()
    timezone: str | None = None
    currency: str | None = None
    tokens: int = 40_000
    rows: int = 250_000
