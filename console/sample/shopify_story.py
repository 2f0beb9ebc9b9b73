"""How a sample merchant's Shopify shop behaves towards the audit's app."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

READ_ORDERS = "read_orders"
READ_ALL_ORDERS = "read_all_orders"
READ_REPORTS = "read_reports"


class ShopifyFault(StrEnum):
    """How the shop's Admin API fails as a whole."""

    REJECTED = "answers 401: the app was removed from the shop"
    FROZEN = "answers 402: the shop's bill is unpaid"
    GONE = "answers 404: there is no such shop"
    LOCKED = "answers 423: Shopify has locked the shop"
    BROKEN = "answers 500"
    NONSENSE = "answers a web page with status 200"
    NOT_UNDERSTOOD = "does not understand any ShopifyQL"


@dataclass(frozen=True, slots=True)
class ShopifyConduct:
    """What the app may read, how full the shop's bucket of points is, and what is wrong with the shop, if anything.

    ``approved``: whether the app may see protected customer data, without which reports are denied. ``points`` is the
    size of the bucket and what is restored a second; ``full`` how much of it is there at first. ``timezone`` is the
    shop's own, where it is not the merchant's. ``waiting`` is the share of the current period's orders whose journey is
    not worked out yet. ``rows_as_lists``: reports come as lists instead of objects.
    """

    scopes: tuple[str, ...] = (READ_ORDERS, READ_REPORTS)
    approved: bool = True
    fault: ShopifyFault | None = None
    points: tuple[float, float] = (2000.0, 100.0)
    full: float = 1.0
    timezone: str | None = None
    waiting: float = 0.0
    rows_as_lists: bool = False

    @property
    def reads_reports(self) -> bool:
        """Whether ShopifyQL is answered."""
        return self.approved and READ_REPORTS in self.scopes

    @property
    def reads_orders(self) -> bool:
        """Whether orders are shown at all."""
        return READ_ORDERS in self.scopes or READ_ALL_ORDERS in self.scopes


# Points that come back so slowly that no nightly fetch can wait for them.
SPENT = ShopifyConduct(points=(2000.0, 0.001), full=0.0)
