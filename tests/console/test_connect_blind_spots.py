"""What a missing scope costs is what the checks themselves say of a night without it."""

from __future__ import annotations

from datetime import UTC, datetime

from console.blind_spots import SCOPES, blind_spots
from functions.audit.merchant import Merchant, Override, Severity
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LARKSPUR = Merchant(id="larkspur", name="Larkspur Candles")


def suffers(*granted: str, merchant: Merchant = LARKSPUR) -> dict[str, tuple[list[tuple[str, str]], tuple[str, ...]]]:
    """Return, for each missing scope, the checks with their status and the figures that are lost."""
    return {
        spot.scope: ([(outcome.check.id, outcome.status.value) for outcome in spot.outcomes], spot.figures)
        for spot in blind_spots(granted, merchant, default_profile(), now=NOW)
    }


def test_each_scope_costs_what_the_contract_says() -> None:
    assert suffers() == {
        "user.info.basic": ([("account_access", "critical")], ()),
        "user.info.profile": ([("account_access", "warn")], ()),
        "user.info.stats": ([("stats_scope", "warn")], ("followers", "following", "likes", "videos")),
    }


def test_what_was_granted_costs_nothing() -> None:
    assert suffers("user.info.basic", "user.info.profile", "user.info.stats", "video.list") == {}
    assert list(suffers("user.info.basic", "user.info.stats")) == ["user.info.profile"]


def test_a_merchants_own_thresholds_count() -> None:
    strict = Override(conditions={"stats_scope_missing": Severity.CRITICAL}, reason="we report on followers")
    merchant = LARKSPUR.model_copy(update={"thresholds": {"stats_scope": strict}})

    assert suffers("user.info.basic", "user.info.profile", merchant=merchant)["user.info.stats"][0] == [
        ("stats_scope", "critical")
    ]


def test_every_scope_that_the_fetcher_asks_for_shows_a_part_of_the_snapshot() -> None:
    assert set(SCOPES.values()) <= set(Snapshot.model_fields)
