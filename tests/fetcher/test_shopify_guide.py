"""The guide says what is so: its merchants files can be read, and what it quotes of findings is what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.merchants_file import parse_merchants
from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.grant import SHOPIFY
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Provider
from functions.audit.periods import Periods
from functions.audit.profile import default_profile
from functions.fetcher.channels import NO_SHOPIFY
from tests.builders import NIGHT
from tests.fetcher.shopify_world import (
    ORDERS_DENIED,
    Night,
    journey,
    listing,
    money,
    order,
    parse_errors,
    shopify,
    table,
    throttled,
    visits,
)

ROOT = Path(__file__).parent.parent.parent
GUIDE = (ROOT / "docs" / "guides" / "shopify.md").read_text(encoding="utf-8")
FILES = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", GUIDE.partition("## 5.")[2], re.MULTILINE)


def test_the_first_merchants_file_is_of_shopify_alone() -> None:
    (entry,) = parse_merchants(
        FILES[0],
        source="the guide",
        environment={"LARKSPUR_SHOPIFY": "shpat_sample"},
        hosts=HostPolicy(),
        profile=default_profile(),
    )

    assert entry.merchant.analytics is not None
    assert entry.merchant.analytics.provider is Provider.SHOPIFY
    assert [grant.provider for grant in entry.grants] == [SHOPIFY]


def test_the_second_is_of_shopify_beside_the_storefront() -> None:
    (entry,) = parse_merchants(
        FILES[0].partition("  [merchant.analytics]")[0] + FILES[1],
        source="the guide",
        environment={"LARKSPUR_SHOPIFY": "shpat_sample"},
        hosts=HostPolicy(),
        profile=default_profile(),
    )

    assert entry.merchant.commerce is not None
    assert entry.merchant.commerce.provider is Provider.SHOPIFY
    assert [grant.provider for grant in entry.grants] == [SHOPIFY]


def test_the_guide_explains_findings_by_reasons_that_exist() -> None:
    assert len(ROWS) >= 17
    assert {reason for reason, _ in ROWS} <= {reason.value for reason in Reason}


def told(night: Night | None = None, *, denied: bool = False, **answers: Any) -> Absent:
    """Return every absence that a night shows, as one."""
    with shopify(**answers) as world:
        if denied:
            world.deny_reports()
        channel = (night or Night()).channel()
    seen = channel.sessions
    if isinstance(seen, Absent):
        return seen
    return Absent(causes_of(seen.current.sessions, seen.current.revenue, seen.prior, seen.mixed_currency))


def status(code: int) -> Absent:
    return told(shop=httpx.Response(code))


def days(count: int) -> Night:
    return Night(periods=Periods.of_night(NIGHT, period_days=count, lag_days=2, series_days=60))


def unready() -> Absent:
    orders = [order(at, customerJourneySummary=journey(ready=False)) for at in range(9)]
    return told(denied=True, orders_now=listing(*orders))


def crowded() -> Absent:
    return told(visits_now=table([visits(1, utm_source=f"mail-{at}") for at in range(1000)]))


EURO = order(2, currentTotalPriceSet=money("9.00", "EUR"))
STORIES: dict[str, Callable[[], Absent]] = {
    "no Shopify access token is stored for this shop": lambda: NO_SHOPIFY,
    "Shopify does not accept the access token (HTTP 401)": lambda: status(401),
    "the app needs the scope read_reports and the approval for protected customer data": lambda: told(denied=True),
    "the app needs the scope read_orders": lambda: told(denied=True, orders_now=ORDERS_DENIED),
    "a scope is missing or was not approved (HTTP 403)": lambda: status(403),
    "read_orders shows 60 days only and the period begins on …; the app needs read_all_orders": lambda: told(
        days(90), denied=True
    ),
    "read_orders shows 60 days only and the prior period begins on …; the app needs read_all_orders": lambda: told(
        days(30), denied=True
    ),
    "Shopify's sessions report begins on …": lambda: told(visits_daily=table([{"day": "2026-11-01", **visits()}])),
    "Shopify's orders begin on …": lambda: told(
        denied=True, orders_now=listing(order(1)), orders_before=listing(order(2, "2026-10-22T12:00:00Z"))
    ),
    "Shopify asks to wait": lambda: told(shop=throttled(requested=1900, available=0, restore=1)),
    "the shop is frozen until its Shopify bill is paid (402); Shopify has locked the shop (423)": lambda: Absent(
        causes_of(status(402), status(423))
    ),
    "there is no such shop, or no such version of the interface (404)": lambda: status(404),
    "Shopify did not understand the query": lambda: told(visits_now=parse_errors()),
    "… ended less than 12 hours ago": lambda: told(Night(now=datetime(2026, 11, 20, 3, tzinfo=UTC))),
    "where the buyers of … came from is not worked out yet": unready,
    "the currency changed from … to …": lambda: told(denied=True, orders_now=listing(EURO)),
    "the report has no session, or no sale, at all in the period": lambda: told(
        visits_now=table([]), sales_now=table([])
    ),
    "Shopify lists 1000 rows at once, and a single day of this shop has more": crowded,
}


def test_every_finding_that_the_guide_explains_has_its_story_here() -> None:
    assert [quoted for _, quoted in ROWS] == list(STORIES)


@pytest.mark.parametrize(("reason", "quoted"), ROWS)
def test_what_the_guide_quotes_is_what_a_finding_says(reason: str, quoted: str) -> None:
    causes = STORIES[quoted]().causes
    said = [cause.detail for cause in causes if cause.reason.value == reason]

    for part in re.split(r"…|;|, or no sale,|\(\d+\)|\(HTTP \d+\)", quoted.removeprefix("the report ")):
        assert any(part.strip() in detail for detail in said), (part, said)
