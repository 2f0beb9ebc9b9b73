"""What a property is asked for in a night: at most ten reports, in two batches (facts: APIS 5.2 to 5.7).

Nothing is asked for that nobody reads. Reports that GA4 may refuse for this property alone are in the second batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from functions.audit.merchant import Analytics
from functions.audit.periods import Period, Periods

CURRENT: Final = "current"
PRIOR: Final = "prior"
RANGE: Final = "dateRange"  # the dimension that GA4 adds by itself when a report has several ranges

TOTALS: Final = "totals"
AUDIENCE: Final = "audience"
DAYS: Final = "days"
PAGES: Final = "pages"
SOURCES: Final = "sources"
COMMERCE: Final = "commerce"
FUNNEL: Final = "funnel"
TRACKED: Final = "tracked"
GOALS: Final = "goals"
GOAL_DAYS: Final = "goal_days"

KEY_EVENTS: Final = "keyEvents"
ADD_TO_CART: Final = "add_to_cart"
PURCHASE: Final = "purchase"
PAGE: Final = "landingPage"
SOURCE_NAMES: Final = ("sessionSource", "sessionMedium", "sessionCampaignName")

ROWS: Final = 200  # of a listing at first; hardly any channel has more
_SOLD: Final = ("sessions", "ecommercePurchases", "purchaseRevenue")
# The visits that TikTok sent and nobody paid for. The pattern is GA4's own for paid media (APIS 5.3, 5.5).
_FROM_TIKTOK: Final[Mapping[str, Any]] = {
    "filter": {
        "fieldName": "sessionSource",
        "stringFilter": {"matchType": "CONTAINS", "value": "tiktok", "caseSensitive": False},
    }
}
_UNPAID: Final[Mapping[str, Any]] = {
    "notExpression": {
        "filter": {
            "fieldName": "sessionMedium",
            "stringFilter": {
                "matchType": "FULL_REGEXP",
                "value": "^(.*cp.*|ppc|retargeting|paid.*)$",
                "caseSensitive": False,
            },
        }
    }
}
_BUYING_EVENTS: Final = frozenset({ADD_TO_CART, PURCHASE})
_BUYING: Final[Mapping[str, Any]] = {
    "filter": {"fieldName": "eventName", "inListFilter": {"values": [ADD_TO_CART, PURCHASE], "caseSensitive": True}}
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One report: its name among ours, and the request as GA4 takes it. ``events``: all that a row can be about."""

    name: str
    request: Mapping[str, Any]
    events: frozenset[str] = frozenset()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The figures asked for."""
        return tuple(metric["name"] for metric in self.request["metrics"])

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the rows are told apart by, with GA4's own column for the range."""
        own = tuple(dimension["name"] for dimension in self.request.get("dimensions", ()))
        return (*own, RANGE) if len(self.request["dateRanges"]) > 1 else own

    def rest(self, offset: int, rows: int) -> Wanted:
        """Return the request for the rows from ``offset`` on, ``rows`` at most."""
        return replace(self, request={**self.request, "offset": str(offset), "limit": str(rows)})


def batches(settings: Analytics, periods: Periods, currency: str) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
    """Return the night's reports. Key events that the merchant chose are reports of their own.

    They would not fit beside the totals (ten metrics a report), and one wrong name among them fails its whole report.
    """
    asking = _Asking(periods, currency)
    chosen = tuple(f"{KEY_EVENTS}:{event}" for event in settings.key_events)
    goals = () if chosen else (KEY_EVENTS,)
    first = (
        asking.both(
            TOTALS,
            (
                "sessions",
                "engagedSessions",
                "totalUsers",
                "newUsers",
                "bounceRate",
                "screenPageViews",
                "screenPageViewsPerSession",
                "averageSessionDuration",
                *goals,
            ),
        ),
        asking.both(AUDIENCE, ("totalUsers",), ("newVsReturning",)),
        asking.daily(DAYS, ("sessions", *goals, "purchaseRevenue")),
        asking.listing(PAGES, (PAGE,)),
        asking.listing(SOURCES, SOURCE_NAMES),
    )
    second = (
        asking.both(COMMERCE, ("addToCarts", "ecommercePurchases", "transactions", "purchaseRevenue")),
        replace(asking.both(FUNNEL, ("sessions",), ("eventName",), _BUYING), events=_BUYING_EVENTS),
        asking.tracked(),
        *((asking.both(GOALS, chosen), asking.daily(GOAL_DAYS, chosen)) if chosen else ()),
    )
    return first, second


@dataclass(frozen=True, slots=True)
class _Asking:
    """Makes the requests of one night."""

    periods: Periods
    currency: str

    def both(
        self,
        name: str,
        metrics: Iterable[str],
        dimensions: Iterable[str] = (),
        *filters: Mapping[str, Any],
    ) -> Wanted:
        """Ask about both periods at once, so that one measure is held to them."""
        ranges = (_range(self.periods.current, CURRENT), _range(self.periods.prior, PRIOR))
        return self._report(name, metrics, dimensions, ranges, (_FROM_TIKTOK, _UNPAID, *filters))

    def daily(self, name: str, metrics: Iterable[str]) -> Wanted:
        """Ask day by day about the series' window. Days without data may be missing, whatever is asked (APIS 5.7)."""
        order = {"dimension": {"dimensionName": "date"}}
        return self._report(
            name,
            metrics,
            ("date",),
            (_range(self.periods.series),),
            (_FROM_TIKTOK, _UNPAID),
            orderBys=[order],
            limit=str(self.periods.series.days),
        )

    def listing(self, name: str, dimensions: Iterable[str]) -> Wanted:
        """Ask for the rows with the most sessions first. Only the current period: nobody reads the prior one's."""
        order = {"desc": True, "metric": {"metricName": "sessions"}}
        return self._report(
            name,
            _SOLD,
            dimensions,
            (_range(self.periods.current),),
            (_FROM_TIKTOK, _UNPAID),
            orderBys=[order],
            limit=str(ROWS),
        )

    def tracked(self) -> Wanted:
        """Ask, of all visitors and not only TikTok's, whether the property is told of carts and purchases at all.

        Where it never is, TikTok's 0 sales are nobody's measurement.
        """
        whole = Period(start=self.periods.prior.start, end=self.periods.current.end)
        asked = self._report(TRACKED, ("eventCount",), ("eventName",), (_range(whole),), (_BUYING,))
        return replace(asked, events=_BUYING_EVENTS)

    def _report(
        self,
        name: str,
        metrics: Iterable[str],
        dimensions: Iterable[str],
        ranges: Iterable[Mapping[str, str]],
        filters: Iterable[Mapping[str, Any]],
        **more: Any,  # noqa: ANN401 - orderBys and limit, as GA4 takes them
    ) -> Wanted:
        request: dict[str, Any] = {
            "dateRanges": list(ranges),
            "metrics": [{"name": metric} for metric in metrics],
            "dimensionFilter": {"andGroup": {"expressions": list(filters)}},
            "currencyCode": self.currency,
            "keepEmptyRows": False,
            "returnPropertyQuota": True,
            **more,
        }
        if named := [{"name": dimension} for dimension in dimensions]:
            request["dimensions"] = named
        return Wanted(name, request)


def _range(period: Period, name: str | None = None) -> dict[str, str]:
    plain = {"startDate": period.start.isoformat(), "endDate": period.end.isoformat()}
    return plain if name is None else {**plain, "name": name}
