"""What the store writes in its rarer states is what is declared for readers, and all that is declared is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from console.contract.schema import Schema, schema_of
from functions.audit.absence import Reason
from functions.audit.alert import TextState
from functions.audit.budget import Rate
from functions.audit.grant import Grant
from functions.audit.merchant import Extra
from functions.audit.mute import Kind
from functions.audit.night import Coverage, FleetFailure
from functions.audit.outcome import Status
from functions.audit.restate import correction
from functions.audit.snapshot import Effort
from functions.store.contract.catalogue import TABLES
from functions.store.own_topics import READ, TEXT
from functions.store.restatements import supersede
from functions.store.text_budget import TextBudget
from functions.store.unreached import hold_unreached, record_operators_told
from functions.store.verdicts import settle
from functions.store.waits import end_wait
from tests.builders import NIGHT, NOW, added, channel, figures, merchant, mute, sessions, snapshot, token
from tests.cloud import Cloud, pretended_aws
from tests.contract import departures
from tests.store.stories import TTL, audit, failed, night_after, revoked
from tests.tables import PREFIX

ID = f"{NIGHT}#critical"
LATER = NOW + timedelta(hours=4)
NOTE: dict[str, Any] = {"at": LATER, "message_id": "m-1", "topic_arn": "arn:aws:sns:us-east-1:123456789012:texts"}
GA4 = {"provider": "ga4", "property_id": "312345678", "key_events": ["purchase"]}
EVERYTHING = merchant(
    currency="GBP",
    tiktok={
        "open_id": "723f24d7",
        "scopes": ["user.info.basic"],
        "username": "larkspur",
        "bio_link": "https://larkspur.example/?utm_source=tiktok",
    },
    extra_checks=["bio_link"],
    analytics=GA4,
    commerce={"provider": "shopify", "shop": "larkspur.myshopify.com"},
    thresholds={
        "bounce_rate": {"warn": "62.5", "critical": 80, "reason": "long pages", "expires": "2026-12-31"},
        "stats_scope": {"conditions": {"missing": "critical"}, "reason": "asked for"},
    },
    alerts={"quiet": "21:00-08:00", "quiet_timezone": "Asia/Tokyo"},
)


def _shops(cloud: Cloud) -> None:
    cloud.tables.merchants.save(EVERYTHING)
    cloud.tables.merchants.save(merchant(id="rue", analytics=EVERYTHING.commerce))
    cloud.tables.merchants.erase("zinnia", at=NOW, until=TTL)
    cloud.tables.mutes.save(mute(check_id="all"))
    cloud.tables.recipients.add(added(areas=["traffic"]))
    cloud.tables.mutes.save(mute(kind=Kind.ACK, episode=date(2026, 11, 19), until=date(2027, 11, 22)))


def _nights(cloud: Cloud) -> None:
    """Audits in every state; a finding that opened, was lost from sight, stepped down, came back and was resolved."""
    tables = cloud.tables
    tables.audits.expect("yarrow", NIGHT, at=NOW, ttl=TTL, extra_checks=[Extra.BIO_LINK])
    settle(tables, failed("foxglove"), merchant(id="foxglove"), ttl=TTL)
    rates = ["81.2", "", "61", "40", "40", "90", "40", "40"]
    for night, rate in enumerate(rates):
        seen = channel(bounce_rate=rate) if rate else revoked()
        own = EVERYTHING if night == 0 else merchant()
        settle(tables, audit(seen, own, night=night_after(night)), own, ttl=TTL)
    took = {"effort": Effort.of(3.1, 12)}
    for night, seen in enumerate((channel(bounce_rate="81.2").model_copy(update=took), revoked())):
        settle(tables, audit(seen, merchant_id="betony", night=night_after(night)), merchant(id="betony"), ttl=TTL)
    tables.snapshots.put_once(snapshot(), ttl=TTL)
    tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    outcomes = dict(zip(Status, (9, 1, 2, 3, 15), strict=True))
    counted = Coverage(NIGHT, 3, 1, ("foxglove",), ("yarrow",), outcomes, {Reason.SOURCE_FAILED: 15})
    tables.nights.close(counted, at=LATER)
    tables.nights.close(counted, [FleetFailure("access_token:rejected", 40, NIGHT)], at=LATER + timedelta(hours=1))


def _restated(cloud: Cloud) -> None:
    """A night that late figures changed, and a correction of what was told of it."""
    shop = merchant(id="betony")
    row = cloud.tables.audits.get("betony", NIGHT)
    assert row is not None
    for version in (2, 3, 4):
        assert cloud.tables.snapshots.add_version(snapshot(), version)
    old, new = (audit(channel(bounce_rate=rate), merchant_id="betony") for rate in ("81.2", "52"))
    alert = correction(old, new, shop, version=2, told=["bounce_rate"], findings={})
    assert supersede(cloud.tables, row, new, alert, snapshot_version=2, alert_ends=TTL)


def _messages(cloud: Cloud) -> None:
    """Messages that left with a text that was held; that wait; that were withheld."""
    tables = cloud.tables
    for shop in ("rue", "sorrel", "tansy"):
        settle(tables, audit(merchant_id=shop), merchant(id=shop), ttl=TTL)
    tables.alerts.touch("tansy", ID, at=LATER)
    nobodys = tables.alerts.get("tansy", ID)
    assert nobodys is not None
    hold_unreached(tables, nobodys)
    record_operators_told(tables, nobodys, at=LATER)
    for part in (READ, TEXT):
        tables.own_topics.record("rue", ID, part, **NOTE)
    for shop in ("rue", "sorrel"):
        tables.alerts.record_published(shop, ID, at=NOW, message_id="m", topic_arn="t")
        tables.texts.record_held(shop, ID, until=LATER)
    tables.texts.touch("sorrel", ID, at=LATER)
    tables.texts.record_published("rue", ID, **NOTE)
    both = sessions(current=figures(bounce_rate="90"))
    for shop in ("thyme", "vervain"):
        own = merchant(id=shop, analytics=GA4)
        settle(tables, audit(revoked(sessions=both), own, merchant_id=shop), own, ttl=TTL)
    settle(tables, audit(revoked(), merchant_id="woad"), merchant(id="woad"), ttl=TTL)
    daily = merchant(id="quince", alerts={"digest": "daily"})
    settle(tables, audit(channel(bounce_rate="65"), daily, merchant_id="quince"), daily, ttl=TTL)
    for night, seen in enumerate((revoked(), snapshot(token=token(days_left="5")), revoked())):
        settle(tables, audit(seen, merchant_id="yew", night=night_after(night)), merchant(id="yew"), ttl=TTL)
    for shop in ("thyme", "woad"):
        waiting = tables.alerts.get(shop, ID)
        assert waiting is not None
        end_wait(tables, waiting, shared=True)


def _connections(cloud: Cloud) -> None:
    tokens = cloud.tokens
    grant = Grant(
        merchant_id="larkspur",
        access_token=SecretStr("act.sample"),
        refresh_token=SecretStr("rft.sample"),
        expires_at=LATER,
        refresh_expires_at=LATER,
        scopes=("video.list",),
        open_id="723f24d7",
        connected_at=NOW,
    )
    connected = tokens.connect(grant)
    tokens.lease(connected, owner="a", now=LATER, until=LATER + timedelta(minutes=1))
    tokens.mark_removed("larkspur", "banned", LATER)
    cloud.tables.budget("tiktok", Rate.per_minute(600)).take(1, now=Decimal("1795226400.5"), within=Decimal(1))
    TextBudget(cloud.dynamodb, f"{PREFIX}budgets", fleet=1, merchant=1).take("larkspur", ID, on=NIGHT)


@pytest.fixture(scope="module")
def written() -> Iterator[Mapping[str, list[dict[str, Any]]]]:
    with pretended_aws() as cloud:
        for write in (_shops, _messages, _nights, _restated, _connections):
            write(cloud)
        yield {table.name: cloud.rows(table.name) for table in TABLES}


def _declared(part: Schema, whole: Schema, where: str = "") -> Iterator[str]:
    """Yield the path of every attribute that is declared below a part."""
    while "$ref" in part:
        part = whole["$defs"][part["$ref"].rpartition("/")[2]]
    for name, attribute in part.get("properties", {}).items():
        yield f"{where}{name}"
        yield from _declared(attribute, whole, f"{where}{name}.")
    for inside in (part.get("items"), part.get("additionalProperties")):
        if isinstance(inside, dict):
            yield from _declared(inside, whole, f"{where}*.")


def _paths(value: Any, where: str = "") -> Iterator[str]:
    """Yield the path of everything inside a value, with ``*`` for what is one of many as well as by its name."""
    entries = value.items() if isinstance(value, dict) else [("*", entry) for entry in value]
    for name, entry in entries:
        for step in {name, "*"}:
            yield f"{where}{step}"
            if isinstance(entry, dict | list):
                yield from _paths(entry, f"{where}{step}.")


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_what_is_written_is_declared(table: str, written: Mapping[str, list[dict[str, Any]]]) -> None:
    assert written[table]
    assert departures(table, written[table]) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_is_declared_is_written(table: Any, written: Mapping[str, list[dict[str, Any]]]) -> None:
    seen = {path for item in written[table.name] for path in _paths(item)}

    schema = schema_of(table)
    assert [path for path in _declared(schema, schema) if path not in seen] == []


def test_the_stories_held_a_text_and_found_one_overdue(written: Mapping[str, list[dict[str, Any]]]) -> None:
    states = {row["sms_state"] for row in written["alerts"] if "sms_state" in row}

    assert states == {TextState.PUBLISHED, TextState.OVERDUE}
    assert datetime.fromisoformat(written["tokens"][0]["state_since"]) == LATER.astimezone(UTC)
