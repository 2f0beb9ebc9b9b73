"""`nightjar merchants show`: settings, connections, own thresholds, mutes, the last audit, and how many are told."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.audit.grant import Grant
from functions.audit.merchant import Merchant
from functions.audit.recipient import FLEET
from functions.store.verdicts import settle
from tests.builders import added, channel, merchant, mute
from tests.cloud import Cloud, pretended_aws
from tests.console.reading import HOSTILE, asked, plain, terminal, unsafe, widest
from tests.console.test_stage_commands import Say, say
from tests.store.stories import TTL, audit, night_after
from tests.tables import PREFIX

__all__ = ["asked", "say", "terminal"]  # fixtures

TODAY = datetime.now(UTC).date()
SOON, PAST = TODAY + timedelta(days=9), TODAY - timedelta(days=9)
SETTINGS: dict[str, Any] = {
    "id": "larkspur",
    "name": HOSTILE,
    "timezone": "Europe/London",
    "tiktok": {"open_id": "723f24d7", "scopes": ["user.info.basic"]},
    "thresholds": {
        "bounce_rate": {"warn": "65", "reason": "long landing pages", "expires": SOON},
        "sessions_trend": {"warn": "40", "reason": "a sale was over", "expires": PAST},
    },
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Cloud]:
    """Give a stage with a merchant of whom everything is known, and one of whom nothing is."""
    with pretended_aws() as cloud:
        tables, shop = cloud.tables, Merchant.model_validate(SETTINGS)
        tables.merchants.save(shop)
        tables.merchants.save(merchant(id="brasa", name="Brasa Salsas"))
        grant = Grant(merchant_id="larkspur", provider="tiktok")
        whole = {"access_token": "act.MARKED", "refresh_token": "rft.MARKED", "scopes": ("user.info.basic",)}
        cloud.tokens.replace(grant, Grant.model_validate(grant.model_dump() | whole))
        for night in (night_after(-1), night_after(0)):
            seen = audit(channel(bounce_rate="81.2"), merchant_id="larkspur", night=night)
            settle(tables, seen, shop, ttl=TTL)
        tables.audits.expect("larkspur", night_after(1), at=datetime.now(UTC), ttl=TTL)
        tables.mutes.save(mute(until=SOON, reason="new theme"))
        tables.mutes.save(mute(check_id="sessions_trend", until=PAST, reason="over by now"))
        for of, number in (("larkspur", 1), ("larkspur", 2), (FLEET, 1)):
            tables.recipients.add(added(merchant_id=of, recipient_id=f"email-{number}"))
        yield cloud


@pytest.mark.usefixtures("stage")
def test_a_person_sees_all_of_a_merchant_and_no_token(say: Say) -> None:
    said = say("merchants", "show", "larkspur")

    told = plain(said.out)
    assert (said.code, said.err, unsafe(said.out)) == (0, "", [])
    for sentence in (
        "name =1+1[red][31m [/]evil",
        "tiktok.open id 723f24d7",
        f"bounce_rate 65 {SOON} long landing pages",
        f"sessions_trend 40 {PAST}, over a sale was over",
        f"bounce_rate mute {SOON} Anna new theme",
        "Last audit: night of 2026-11-21: done, 14 pass, 1 critical",
        "Open: 1 critical, 0 warn",
        "Recipients: 2 of its own and 1 of the fleet",
    ):
        assert sentence in told
    assert "over by now" not in told
    assert "MARKED" not in told


@pytest.mark.usefixtures("stage")
def test_programs_get_the_same(say: Say) -> None:
    shown = say("merchants", "show", "larkspur", "--format", "json").plain

    assert shown["connections"]["tiktok"]["has_refresh_token"] is True
    assert shown["connections"]["shopify"] is None
    assert (shown["last_audit"]["night"], shown["last_audit"]["counts"]["critical"]) == ("2026-11-21", 1)
    assert [(one["check_id"], one["kind"]) for one in shown["mutes"]] == [("bounce_rate", "mute")]
    assert [shown["thresholds"][one]["in_force"] for one in ("bounce_rate", "sessions_trend")] == [True, False]
    assert (shown["open_findings"], shown["recipients"]) == ({"warn": 0, "critical": 1}, {"own": 2, "fleet": 1})


@pytest.mark.usefixtures("stage")
def test_a_spreadsheet_gets_every_fact_by_its_path_and_no_formula(say: Say) -> None:
    rows = csv.DictReader(io.StringIO(say("merchants", "show", "larkspur", "--format", "csv").out))

    facts = {row["name"]: row["value"] for row in rows}
    assert facts["name"].startswith("'=1+1")
    assert facts["thresholds.bounce_rate.warn"] == "65"
    assert facts["mutes.1.reason"] == "new theme"
    assert facts["last_audit.counts.critical"] == "1"
    assert "connections.shopify" not in facts


@pytest.mark.usefixtures("stage")
def test_of_a_new_merchant_it_says_what_to_do_next(say: Say) -> None:
    told = plain(say("merchants", "show", "brasa").out)

    for sentence in (
        "Connections: no token is stored; nightjar connect makes a connection",
        "Own thresholds: the default profile",
        "Mutes: none",
        "Last audit: none yet; nightjar run starts one",
        "Recipients: 0 of its own and 1 of the fleet",
    ):
        assert sentence in told


@pytest.mark.usefixtures("stage")
def test_it_takes_a_few_reads_by_key_and_no_page_more_of_the_nights_than_it_needs(say: Say, asked: list[str]) -> None:
    say("merchants", "show", "larkspur")

    assert asked.count("Query audits") == 2  # tonight's, which is still to come, and the last
    assert {one.split()[0] for one in asked} == {"GetItem", "Query"}
    assert {one.split()[1] for one in asked} == {"merchants", "tokens", "findings", "audits", "mutes", "recipients"}


def test_recipients_that_nobody_can_read_are_no_nobody(stage: Cloud, say: Say) -> None:
    broken = {"merchant_id": {"S": "brasa"}, "recipient_id": {"S": "odd"}}
    stage.dynamodb.put_item(TableName=f"{PREFIX}recipients", Item=broken)

    shown = say("merchants", "show", "brasa", "--format", "json").plain
    told = plain(say("merchants", "show", "brasa").out)
    stage.dynamodb.delete_item(TableName=f"{PREFIX}recipients", Key=broken)

    assert shown["recipients"] is None
    assert "cannot be read" in shown["unseen"]["recipients"]
    assert "Recipients: The stored recipient odd of brasa cannot be read" in told


@pytest.mark.usefixtures("stage", "terminal")
def test_a_narrow_terminal_and_a_list_with_a_hostile_name(say: Say) -> None:
    shown, listed = say("merchants", "show", "larkspur"), say("merchants", "list")

    assert widest(shown.out) <= 60
    assert listed.code == 0
    assert set(unsafe(listed.out)) <= {"\x1b"}


@pytest.mark.usefixtures("stage")
def test_the_list_is_a_spreadsheet_without_formulas_too(say: Say) -> None:
    rows = list(csv.DictReader(io.StringIO(say("merchants", "list", "--format", "csv").out)))

    assert [(row["id"], row["name"][:5], row["enabled"], row["unreadable"]) for row in rows] == [
        ("brasa", "Brasa", "yes", ""),
        ("larkspur", "'=1+1", "yes", ""),
    ]
