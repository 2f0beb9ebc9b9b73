"""Whether a fetch may begin now, or when its message should come back: decided before any source is asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from random import Random
from typing import Final

from functions.audit.budget import Budget, Spent
from functions.audit.merchant import Merchant, Provider
from functions.fetcher.pace import Pacer, door_of

# A fetcher waits so many seconds for its first turn; that many seconds of work are thus always at hand.
PATIENCE: Final = Decimal(5)
LONGEST_DELAY: Final = 900  # seconds; SQS knows no longer one
# The line is never longer than a delay: one that claims to be was written by a broken clock.
LINE_REACH: Final = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Gate:
    """What decides. ``line`` gives postponed fetches their places, one behind the other.

    Without places every message that finds the budget spent would come back with all the others, again and again:
    with them each comes back when there will be turns for it. A place promises nothing; who comes back asks anew.
    """

    pacer: Pacer
    line: Budget
    random: Random

    def seconds_to_wait(self, merchant: Merchant) -> int | None:
        """Return for how long to postpone a merchant's fetch; ``None`` when it may begin."""
        turns = turns_of(merchant)
        if not turns:
            return None
        spent = self.pacer.hold(within=PATIENCE)
        if spent is None:
            return None
        now = self.pacer.now
        # Nobody need come back before the budget is nearly free, however short the line is.
        opens = spent.until - PATIENCE / 2
        place = self.line.take(turns, now=opens, within=now + LONGEST_DELAY - opens)
        if isinstance(place, Spent):
            # Beyond the longest delay there are no places. Who finds none comes back while the line still has people
            # in it, and not all at once.
            return self.random.randint(LONGEST_DELAY // 2, LONGEST_DELAY)
        return max(int((place.times[0] - now).to_integral_value(ROUND_CEILING)), 1)


def turns_of(merchant: Merchant) -> int:
    """Return how many turns a fetch takes at the least. Were it overrated, the budget would idle behind the line."""
    if merchant.tiktok is None:
        return 0
    analytics = merchant.analytics
    shares_the_host = (
        analytics is not None
        and analytics.provider is Provider.STOREFRONT
        and door_of(analytics.base_url) == door_of(merchant.tiktok.base_url)
    )
    return 1 + (3 if shares_the_host else 0)
