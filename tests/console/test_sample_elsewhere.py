"""Stories that Google Analytics 4 and Shopify tell come true through the real providers, over real connections."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from console.local_audit import Access, audit_entries
from console.local_google import VARIABLE, google_of
from console.local_grants import LocalGrants
from console.merchants_file import parse_merchants
from console.sample.elsewhere import ELSEWHERE
from console.sample.fleet import DEFAULT, fleet
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET
from console.sample.server import SampleServer
from console.sample.toml import merchants_toml
from functions.audit.hosts import HostPolicy
from functions.audit.profile import default_profile
from functions.audit.verdict import Audit
from functions.fetcher.sources.oauth import AppKeys

LOCAL = HostPolicy(loopback_http=True)


def audited(folder: Path, seed: int, night: date) -> dict[str, Audit]:
    """Return the audits of every such merchant, asked as `nightjar audit` asks."""
    merchants = [replace(merchant, seed=seed) for merchant in ELSEWHERE]
    with SampleServer(merchants) as server:
        entries = parse_merchants(
            merchants_toml(merchants, server.url),
            source="the sample fleet",
            environment={},
            hosts=LOCAL,
            profile=default_profile(),
        )
        key = folder / "google.json"
        key.write_text(json.dumps(server.google_key_file()), encoding="utf-8")
        google = google_of({VARIABLE: str(key)}, LOCAL)
        audits = asyncio.run(
            audit_entries(
                entries,
                night,
                now=datetime(night.year, night.month, night.day, 2, 15, tzinfo=UTC),
                grants=LocalGrants(
                    [grant for entry in entries for grant in entry.grants], store=None, on_unkept=lambda _: None
                ),
                access=Access(AppKeys(CLIENT_KEY, SecretStr(CLIENT_SECRET)), google=google),
                hosts=LOCAL,
                profile=default_profile(),
                on_done=lambda: None,
            )
        )
        assert server.errors == []
    return {audit.merchant_id: audit for audit in audits}


@pytest.mark.parametrize(
    ("seed", "night"),
    [
        (0, date(2026, 11, 21)),
        (7, date(2026, 3, 30)),  # the clocks of Europe went forward the night before
        (2026, date(2028, 3, 1)),
        (999_983, date(2031, 11, 3)),  # those of America went back
    ],
)
def test_a_story_comes_true_whoever_measures_it(tmp_path: Path, seed: int, night: date) -> None:
    differences = {}
    audits = audited(tmp_path, seed, night)
    for merchant in ELSEWHERE:
        for outcome in audits[merchant.id].outcomes:
            expected = merchant.outcomes[outcome.check_id]
            wanted = (expected.status, {expected.reason} if expected.reason else set())
            got = (outcome.status.value, {reason.value for reason in outcome.reasons})
            if got != wanted:
                differences[merchant.id, outcome.check_id] = (wanted, got, outcome.summary)

    assert differences == {}


def test_every_kpi_says_who_measured_it(tmp_path: Path) -> None:
    audits = audited(tmp_path, 1, date(2026, 11, 21))
    sources = {
        merchant_id: {kpi.name: kpi.source for kpi in audit.kpis if kpi.name in {"followers", "sessions", "revenue"}}
        for merchant_id, audit in audits.items()
    }

    assert sources["juniper-row"] == {"followers": "tiktok", "sessions": "shopify", "revenue": "shopify"}
    assert sources["tidewrack"] == {"followers": "tiktok", "sessions": "storefront", "revenue": "shopify"}
    assert sources["linden-lane"] == {"followers": "tiktok", "sessions": "ga4", "revenue": "ga4"}
    assert sources["copper-moth"] == {"followers": "tiktok", "sessions": "ga4", "revenue": "shopify"}
    assert sources["ember-and-ash"] == {"followers": "tiktok", "sessions": "storefront", "revenue": "shopify"}


def test_the_demos_fleet_shows_every_provider() -> None:
    shown = {(merchant.analytics.value, merchant.conduct.shopify is not None) for merchant in fleet(DEFAULT)}

    assert {("storefront", False), ("storefront", True), ("ga4", False), ("ga4", True), ("shopify", True)} <= shown
