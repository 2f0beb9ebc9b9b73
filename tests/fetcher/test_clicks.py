"""Clicks on the bio link and where it leads: asked for where a merchant wants to know, by nobody else."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import BioLinkSeen, ClicksSeen, Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.probe import Probe
from tests.builders import NIGHT
from tests.fetcher.test_business import shelf
from tests.fetcher.waiting import NOW, client
from tests.fetcher.world import HOSTS, PERIODS, Memory, World, grant, merchant, said

LINK = "https://larkspur.example/?utm_source=tiktok"
DAYS = list(PERIODS.current)


def metrics(*left_out: int, **changed: Any) -> list[dict[str, Any]]:
    rows = [{"date": str(day), "bio_link_clicks": 10, **changed} for at, day in enumerate(DAYS) if at not in left_out]
    return [*rows, {"date": str(DAYS[-1] + timedelta(days=1)), "bio_link_clicks": 999}]


def fetched(
    *wanted: str, told: object = None, grants: Memory | None = None
) -> tuple[Snapshot, list[httpx.Request], list[str]]:
    """Return what a fetch saw, what it asked the Business API, and which links it opened."""
    opened: list[str] = []

    def business(request: httpx.Request) -> httpx.Response:
        kind = "is_business_account" in request.url.params["fields"]
        data = {"is_business_account": True} if kind else {"metrics": metrics()} if told is None else told
        return said(200, {"code": 0, "message": "OK", "data": data})

    def page(request: httpx.Request) -> httpx.Response:
        opened.append(str(request.url))
        return httpx.Response(404 if "robots" in str(request.url) else 200)

    world = World({"business": business})
    shop = merchant(tiktok={"open_id": "723f24d7", "bio_link": LINK}, extra_checks=wanted)

    async def run() -> Snapshot:
        async with client() as http:
            probe = Probe(lambda: httpx.MockTransport(page))
            fetcher = Fetcher(http, grants or shelf(), None, HOSTS, 45, probe=probe)
            return await fetcher.fetch(shop, NIGHT, PERIODS, now=NOW)

    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=world)
        snapshot = asyncio.run(run())
    return snapshot, [one for one in world.requests if "/business/get/" in str(one.url)], opened


def test_what_nobody_switched_on_is_not_asked_for() -> None:
    snapshot, asked, opened = fetched()

    assert (snapshot.clicks, snapshot.bio_link, opened) == (None, None, [])
    assert [json.loads(one.url.params["fields"]) for one in asked] == [["is_business_account"]]


def test_the_clicks_of_the_current_period_are_counted() -> None:
    snapshot, asked, _ = fetched("click_capture")

    assert snapshot.clicks == ClicksSeen(bio_link=280)
    (clicks,) = (one for one in asked if "bio_link_clicks" in one.url.params["fields"])
    assert clicks.headers["access-token"] == "act.business"
    assert (clicks.url.params["start_date"], clicks.url.params["end_date"]) == (str(DAYS[0]), str(DAYS[-1]))
    assert snapshot.account_type_from == "business_api"


@pytest.mark.parametrize(
    ("told", "clicks"),
    [
        ({"metrics": metrics(bio_link_clicks="7")}, 196),
        ({"metrics": metrics(bio_link_clicks=0)}, 0),
        ({"metrics": metrics(3)}, Reason.NOT_MEASURED),
        ({"metrics": metrics(bio_link_clicks=None)}, Reason.NOT_MEASURED),
        ({"metrics": metrics(bio_link_clicks=-1)}, Reason.NOT_MEASURED),
        ({"metrics": metrics(bio_link_clicks=True)}, Reason.NOT_MEASURED),
        ({"metrics": ["odd", {"date": ["odd"]}]}, Reason.NOT_MEASURED),
        ({"metrics": {}}, Reason.NOT_MEASURED),
        ({}, Reason.NOT_MEASURED),
    ],
)
def test_a_day_without_a_count_is_no_day_without_clicks(told: object, clicks: object) -> None:
    seen = fetched("click_capture", told=told)[0].clicks

    found = seen.causes[0].reason if isinstance(seen, Absent) else seen.bio_link if seen else None
    assert (found.causes[0].reason if isinstance(found, Absent) else found) == clicks


def test_without_a_token_for_it_clicks_could_not_be_asked_for() -> None:
    snapshot, asked, _ = fetched("click_capture", grants=Memory(grant()))

    assert isinstance(snapshot.clicks, Absent)
    assert snapshot.clicks.causes[0].reason is Reason.NOT_CONNECTED
    assert asked == []


def test_the_link_in_the_bio_is_looked_at() -> None:
    snapshot, _, opened = fetched("bio_link")

    assert isinstance(snapshot.bio_link, BioLinkSeen)
    assert opened == ["https://larkspur.example/robots.txt", LINK]
    assert snapshot.clicks is None
