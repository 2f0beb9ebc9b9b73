"""`nightjar night`, as a person types it: who was audited, who was missed and why, what is critical, what was sent."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from functions.audit.absence import Reason
from functions.audit.night import FleetFailure, cover
from functions.store.tables import Tables
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, absent, channel, merchant, mute, snapshot
from tests.cloud import Cloud
from tests.console.reading import LAST, MIDDLE, asked, fleet, plain, terminal, unsafe, widest
from tests.console.test_stage_commands import Say, say
from tests.store.stories import TTL, audit, failed
from tests.tables import create_tables

__all__ = ["asked", "fleet", "say", "terminal"]  # fixtures

CLOSED_AT = NOW + timedelta(hours=1)
ON = ("night", LAST.isoformat(), "--stage", "nights")
# larkspur turns critical, brasa was and is not, cinder cannot be seen, dolly never came back, ember is not done.
_SEEN = {
    ("brasa", MIDDLE): channel(cart_abandonment_rate="99"),
    ("brasa", LAST): channel(cart_abandonment_rate="80"),
    ("larkspur", LAST): channel(bounce_rate="81.2"),
    ("cinder", LAST): snapshot(sessions=absent(Reason.RATE_LIMITED), pages=absent(Reason.RATE_LIMITED)),
}


@pytest.fixture(scope="module")
def nights(fleet: Cloud) -> Tables:
    """Give a stage with a night that is closed and one before that never was."""
    prefix = "nightjar-nights-"
    create_tables(fleet.dynamodb, prefix)
    tables = Tables(fleet.dynamodb, prefix, clock=lambda: 0.0)
    for night in (MIDDLE, LAST):
        tables.nights.open(night, at=NOW, ttl=TTL)
    for (shop, night), seen in _SEEN.items():
        settle(tables, audit(seen, merchant_id=shop, night=night), merchant(id=shop), ttl=TTL)
    settle(tables, failed("dolly"), merchant(id="dolly"), ttl=TTL)
    for night in (MIDDLE, LAST):
        tables.audits.expect("ember", night, at=NOW, ttl=TTL)
    fleets = [FleetFailure("storefront sessions:rate_limited", 12, MIDDLE)]
    tables.nights.close(cover(LAST, tables.audits.heads(LAST)), fleets, at=CLOSED_AT)
    tables.alerts.record_published(
        "larkspur", f"{LAST}#critical", at=NOW, message_id="m-1", topic_arn="arn:aws:sns:eu-west-1:111122223333:t"
    )
    return tables


@pytest.mark.usefixtures("nights")
def test_a_closed_night_says_who_was_missed_and_what_turned(say: Say) -> None:
    said = say(*ON)

    told = plain(said.out)
    assert (said.code, said.err, unsafe(said.out)) == (0, "", [])
    for sentence in (
        "Night of 2026-11-21, opened at 2026-11-21 02:15 UTC, closed at 2026-11-21 03:15 UTC.",
        "60 % covered: 3 of 5 audited, 1 failed, 1 missing. Failed: dolly Missing: ember",
        "Failed for much of the fleet 12 storefront sessions:rate limited, since 2026-11-20",
        "New criticals: 1 larkspur bounce_rate",
        "Not critical any more: 1 brasa cart_abandonment_rate",
        "1 email and others, fleet: left",
    ):
        assert sentence in told


@pytest.mark.usefixtures("nights")
def test_programs_get_every_figure_by_its_name_in_the_table(say: Say) -> None:
    document = say(*ON, "--format", "json").plain

    assert (document["expected"], document["audited"], document["coverage_percent"]) == (5, 3, 60)
    assert (document["failed_merchants"], document["missing_merchants"]) == (["dolly"], ["ember"])
    # Of cinder all that looks at sessions or pages, of dolly everything.
    assert document["causes"] == {"source_failed": 15, "rate_limited": 12}
    assert document["not_evaluated"] == 27
    assert document["new_criticals"] == [{"merchant_id": "larkspur", "check_id": "bounce_rate"}]
    assert document["delivery"]["ways"][0] == {
        "channel": "read",
        "audience": "fleet",
        "state": "published",
        "messages": 1,
    }


@pytest.mark.usefixtures("nights")
def test_a_night_that_is_under_way_is_counted_as_far_as_it_is(say: Say) -> None:
    said = say("night", MIDDLE.isoformat(), "--stage", "nights")

    told = plain(said.out)
    assert "not closed." in told
    assert "50 % covered: 1 of 2 audited, 0 failed, 1 still to come. Still to come: ember" in told
    assert "New criticals: 1 brasa cart_abandonment_rate" in told


@pytest.mark.usefixtures("nights")
def test_a_spreadsheet_gets_a_row_for_each_figure_and_each_name(say: Say) -> None:
    rows = list(csv.DictReader(io.StringIO(say(*ON, "--format", "csv").out)))

    told = {(row["part"], row["name"], row["merchant_id"], row["count"]) for row in rows}
    assert {
        ("coverage", "expected", "", "5"),
        ("causes", "rate_limited", "", "12"),
        ("missing_merchants", "", "ember", ""),
        ("new_criticals", "bounce_rate", "larkspur", ""),
        ("fleet_failures", "storefront sessions:rate_limited", "", "12"),
        ("delivery", "read fleet published", "", "1"),
    } <= told
    assert {row["night"] for row in rows} == {"2026-11-21"}


@pytest.mark.usefixtures("nights")
def test_it_is_read_along_the_indexes_of_nights_page_after_page(say: Say, asked: list[str]) -> None:
    say(*ON)

    assert {one.replace("nightjar-nights-", "") for one in asked} == {
        "GetItem nights",
        "Query audits by_night",
        "Query alerts by_night",
        "BatchGetItem",
    }
    assert len([one for one in asked if one.endswith("audits by_night")]) > 1


def test_of_audits_that_are_no_longer_stored_no_criticals_are_made_up(nights: Tables, say: Say) -> None:
    long_ago = NIGHT - timedelta(days=300)
    nights.nights.open(long_ago, at=NOW, ttl=TTL)
    nights.nights.close(cover(long_ago, nights.audits.heads(LAST)), at=CLOSED_AT)

    words = ("night", long_ago.isoformat(), "--stage", "nights")
    document, told = say(*words, "--format", "json").plain, plain(say(*words).out)

    assert (document["expected"], document["new_criticals"], document["ended_criticals"]) == (5, None, None)
    assert "New criticals: the night's audits are no longer stored." in told


def test_what_was_held_back_is_counted_by_its_reason(nights: Tables, say: Say) -> None:
    shop, night = merchant(id="fern"), NIGHT - timedelta(days=20)
    nights.nights.open(night, at=NOW, ttl=TTL)
    muted = audit(channel(bounce_rate="90"), merchant_id="fern", night=night)
    settle(nights, muted, shop, ttl=TTL, mutes=[mute("fern", until=NIGHT)])

    document = say("night", night.isoformat(), "--stage", "nights", "--format", "json").plain

    assert document["delivery"]["held"] == {"muted": 1}
    assert document["new_criticals"] == [{"merchant_id": "fern", "check_id": "bounce_rate"}]


@pytest.mark.usefixtures("nights", "terminal")
def test_a_narrow_terminal_gets_every_name(say: Say) -> None:
    said = say(*ON)

    assert widest(said.out) <= 60
    assert "larkspur bounce_rate" in plain(said.out)
    assert "Counting the night's audits" in said.err


def test_without_a_date_it_is_the_last_night(fleet: Cloud, say: Say) -> None:
    create_tables(fleet.dynamodb, "nightjar-lately-")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    Tables(fleet.dynamodb, "nightjar-lately-").nights.open(yesterday, at=NOW, ttl=TTL)

    said = say("night", "--stage", "lately", "--format", "json")
    other = say("night", "2020-01-01", "--stage", "lately")

    assert (said.plain["night"], said.plain["expected"]) == (yesterday.isoformat(), 0)
    assert f"The night 2020-01-01 was never opened, or is no longer stored; the last one is {yesterday}." in other.err


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "No night was opened in the last 7 days. Start one: nightjar run."),
        (("2020-01-01",), "The night 2020-01-01 was never opened, and no other was opened in the last 7 days."),
        (("9999-01-01",), "The night 9999-01-01 lies in the future; nightjar night shows the last one."),
        (("soon",), "'soon' is not a night"),
    ],
)
def test_a_wrong_call_says_what_to_change(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("night", *words, "--stage", "empty")

    assert (said.code, said.out) == (2, "")
    assert says in said.err
