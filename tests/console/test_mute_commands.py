"""Muting, acknowledging and taking it back, as a person types it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.audit.mute import Kind, Mute
from functions.store.verdicts import settle
from tests.builders import channel, merchant
from tests.cloud import Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.store.stories import TTL, audit
from tests.tables import PREFIX

__all__ = ["cloud", "say"]  # fixtures

TODAY = datetime.now(UTC).date()
NEXT_WEEK = (TODAY + timedelta(days=7)).isoformat()
BY = ("--reason", "the theme is being rebuilt", "--author", "Anna")


@pytest.fixture
def fleet(cloud: Cloud) -> Cloud:
    """Give a stage on which one merchant has two critical findings, and another is well."""
    bad: dict[str, Any] = {"bounce_rate": "81.2", "session_conversion_rate": "0.1"}
    for shop, figures in (("larkspur", bad), ("brasa", {})):
        settled = merchant(id=shop)
        cloud.tables.merchants.save(settled)
        settle(cloud.tables, audit(channel(**figures), settled, merchant_id=shop), settled, ttl=TTL)
    return cloud


def rows(stage: Cloud) -> list[tuple[str, str, str, str]]:
    return [(row["merchant_id"], row["check_id"], row["kind"], row["author"]) for row in stage.rows("mutes")]


@pytest.mark.parametrize(("check", "about"), [("bounce_rate", "bounce_rate"), ("all", "all checks")])
def test_a_mute_says_what_is_silent_until_when_and_by_whom(fleet: Cloud, say: Say, check: str, about: str) -> None:
    said = say("mute", "larkspur", check, "--until", NEXT_WEEK, *BY)

    assert (said.code, said.err) == (0, "")
    assert said.out == f"{about} of larkspur is muted up to and with the night of {NEXT_WEEK}, by Anna.\n"
    assert rows(fleet) == [("larkspur", check, "mute", "Anna")]
    assert fleet.rows("mutes")[0]["reason"] == "the theme is being rebuilt"


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("mute", "nobody", "all", "--until", NEXT_WEEK, *BY), "There is no merchant 'nobody'"),
        (("mute", "larkspur", "bounces", "--until", NEXT_WEEK, *BY), "There is no check 'bounces'; say all, or one of"),
        (("mute", "larkspur", "all", "--until", "2020-01-01", *BY), "is over already"),
        (("mute", "larkspur", "all", "--until", "2999-01-01", *BY), "lasts for a year at most"),
        (("mute", "larkspur", "all", "--until", "soon", *BY), "'soon' is not a night"),
        (
            ("mute", "larkspur", "all", "--until", NEXT_WEEK, "--reason", "theme", "--author", "anna@example.com"),
            "author: no email address and no telephone number belongs here",
        ),
        (
            ("mute", "larkspur", "all", "--until", NEXT_WEEK, "--reason", "call +44 20 7946 0000", "--author", "A"),
            "reason: no email address and no telephone number belongs here",
        ),
        (("ack", "brasa", "all", *BY), "Nothing of brasa is critical: there is nothing to acknowledge."),
        (("ack", "larkspur", "viral_spike", *BY), "viral_spike of larkspur is critical: there is nothing"),
        (("ack", "nobody", "all", *BY), "There is no merchant 'nobody'"),
        (("unmute", "larkspur", "all"), "Nothing is muted: larkspur has no mute of all"),
        (("unmute", "larkspur", "bounces"), "There is no check 'bounces'"),
    ],
)
def test_a_wrong_call_says_what_to_change_and_writes_nothing(
    cloud: Cloud,
    say: Say,
    words: tuple[str, ...],
    says: str,
) -> None:
    said = say(*words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert "example.com" not in said.err
    assert cloud.rows("mutes") == []


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("missing", ["--until", "--reason"])
def test_end_and_reason_are_mandatory(say: Say, missing: str) -> None:
    given = {"--until": NEXT_WEEK, "--reason": "new theme"}
    del given[missing]

    said = say("mute", "larkspur", "all", *(word for pair in given.items() for word in pair))

    assert said.code == 2
    assert missing in said.err


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::123456789012:user/team/anna", "anna"),
        ("arn:aws:sts::123456789012:assumed-role/Admin/anna.b@example.com", "anna.b"),
        ("arn:aws:iam::123456789012:root", "root"),
    ],
)
def test_without_an_author_it_is_the_callers_name_at_aws_and_no_address(
    fleet: Cloud,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
    arn: str,
    name: str,
) -> None:
    monkeypatch.setattr("moto.sts.models.STSBackend.get_caller_identity", lambda *_: ("id", arn, "123456789012"))

    say("mute", "larkspur", "all", "--until", NEXT_WEEK, "--reason", "new theme")

    assert rows(fleet) == [("larkspur", "all", "mute", name)]


def test_all_that_is_critical_is_acknowledged_and_nothing_else(fleet: Cloud, say: Say) -> None:
    said = say("ack", "larkspur", "all", *BY)

    assert said.code == 0
    assert said.out.splitlines() == [
        f"{check} of larkspur is acknowledged by Anna: no reminders until it resolves."
        for check in ("bounce_rate", "session_conversion_rate")
    ]
    assert {row["episode"] for row in fleet.rows("mutes")} == {"2026-11-21"}


def test_an_acknowledgement_leaves_a_mute_alone_and_says_so(fleet: Cloud, say: Say) -> None:
    say("mute", "larkspur", "bounce_rate", "--until", NEXT_WEEK, *BY)

    said = say("ack", "larkspur", "all", *BY)

    assert said.code == 2
    assert "session_conversion_rate of larkspur is acknowledged" in said.out
    assert "larkspur has a mute of bounce_rate that still lasts and hides more; unmute that first." in said.err
    assert [kind for _, _, kind, _ in rows(fleet)] == ["mute", "ack"]


def test_a_mute_is_taken_back_and_what_stays_silent_is_said(fleet: Cloud, say: Say) -> None:
    for check in ("bounce_rate", "all"):
        say("mute", "larkspur", check, "--until", NEXT_WEEK, *BY)

    said = say("unmute", "larkspur", "bounce_rate")

    assert (said.code, said.out) == (0, "bounce_rate of larkspur is no longer muted.\n")
    assert said.err == f"It stays silent: all checks of larkspur is muted until {NEXT_WEEK}, by Anna.\n"
    assert [check for _, check, _, _ in rows(fleet)] == ["all"]


def test_all_takes_back_everything_of_that_merchant(fleet: Cloud, say: Say) -> None:
    say("mute", "larkspur", "viral_spike", "--until", NEXT_WEEK, *BY)
    say("ack", "larkspur", "bounce_rate", *BY)
    say("mute", "brasa", "all", "--until", NEXT_WEEK, *BY)

    said = say("unmute", "larkspur", "all")

    assert said.out.splitlines() == [
        "bounce_rate of larkspur is no longer acknowledged.",
        "viral_spike of larkspur is no longer muted.",
    ]
    assert rows(fleet) == [("brasa", "all", "mute", "Anna")]


def test_the_list_has_what_ends_soonest_first_and_what_has_ended_last(fleet: Cloud, say: Say) -> None:
    stored: list[tuple[str, str, Kind, int, date | None]] = [
        ("larkspur", "all", Kind.MUTE, 30, None),
        ("brasa", "bounce_rate", Kind.MUTE, 2, None),
        ("larkspur", "viral_spike", Kind.MUTE, -3, None),
        ("larkspur", "bounce_rate", Kind.ACK, 366, date(2026, 11, 21)),
        ("brasa", "viral_spike", Kind.ACK, 366, date(2026, 11, 21)),
    ]
    for shop, check, kind, days, episode in stored:
        row = Mute(
            merchant_id=shop,
            check_id=check,
            kind=kind,
            until=TODAY + timedelta(days=days),
            author="Anna",
            reason="new theme",
            created_at=datetime.now(UTC),
            episode=episode,
        )
        fleet.tables.mutes.save(row)
    odd: Any = {"merchant_id": {"S": "odd"}, "check_id": {"S": "all"}}
    fleet.dynamodb.put_item(TableName=f"{PREFIX}mutes", Item=odd)

    table, plain = say("mutes"), say("mutes", "--format", "json").plain["mutes"]
    mine = say("mutes", "--merchant", "brasa", "--format", "json").plain["mutes"]

    assert [(row["merchant_id"], row["check_id"], row.get("lasts")) for row in plain] == [
        ("brasa", "bounce_rate", True),
        ("larkspur", "all", True),
        ("larkspur", "bounce_rate", True),
        ("larkspur", "viral_spike", False),
        ("brasa", "viral_spike", False),
        ("odd", "all", None),
    ]
    assert {row["merchant_id"] for row in mine} == {"brasa"}
    assert (table.code, table.err) == (0, "6 rows on stage test.\n")
    assert table.out.count("has ended") == 2
    assert "silences nothing" in table.out
