"""Mutes and acknowledgements: whose, why, until when, and what they are about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from functions.audit.errors import InvalidInput
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.mute import Kind, Mute, acknowledge, mute
from functions.audit.outcome import Status

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OPEN = Finding(
    "larkspur",
    "bounce_rate",
    date(2026, 11, 21),
    Status.CRITICAL,
    severity=Severity.CRITICAL,
    opened_on=date(2026, 11, 19),
    critical_since=date(2026, 11, 20),
)


def muting(**changed: Any) -> Mute:
    usual: dict[str, Any] = {"until": date(2026, 11, 30), "author": "Anna", "reason": "new theme", "now": NOW}
    return mute("larkspur", "bounce_rate", **(usual | changed))


def test_a_mute_hides_up_to_and_with_its_last_night() -> None:
    row = muting()

    assert [row.hides("bounce_rate", date(2026, 11, day)) for day in (21, 30)] == [True, True]
    assert not row.hides("bounce_rate", date(2026, 12, 1))
    assert not row.hides("viral_spike", date(2026, 11, 21))
    assert row.model_copy(update={"check_id": "all"}).hides("viral_spike", date(2026, 11, 21))


@pytest.mark.parametrize(
    ("until", "says"),
    [
        (date(2026, 11, 20), "ends on 2026-11-20 is over already"),
        (date(2027, 11, 23), "lasts for a year at most: until 2027-11-22"),
    ],
)
def test_an_end_in_the_past_or_beyond_a_year_is_refused(until: date, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        muting(until=until)


@pytest.mark.parametrize("until", [date(2026, 11, 21), date(2027, 11, 22)])
def test_tonight_and_a_year_from_now_are_ends(until: date) -> None:
    assert muting(until=until).until == until


@pytest.mark.parametrize(
    "changed",
    [
        {"author": "anna@example.com"},
        {"author": "Anna <anna@example.com>"},
        {"author": ""},
        {"author": "  "},
        {"author": "A" * 61},
        {"author": "An\nna"},
        {"author": "Anna\u202e"},
        {"reason": ""},
        {"reason": "ok"},
        {"reason": "ask anna@example.com"},
        {"reason": "call +44 20 7946 0000"},
        {"reason": "r" * 201},
    ],
)
def test_author_and_reason_are_mandatory_and_nobodys_address(changed: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        muting(**changed)

    assert [error["loc"] for error in refused.value.errors()] == [(next(iter(changed)),)]


def test_an_acknowledgement_is_of_this_episode_and_hides_nothing_else() -> None:
    row = acknowledge(OPEN, author="Anna", reason="we know", now=NOW)

    assert (row.kind, row.episode, row.until) == (Kind.ACK, date(2026, 11, 19), date(2027, 11, 22))
    assert row.acknowledges(OPEN)
    assert not row.hides("bounce_rate", date(2026, 11, 21))


def test_what_is_not_open_cannot_be_acknowledged() -> None:
    over = Finding("larkspur", "bounce_rate", date(2026, 11, 21), Status.PASS)

    with pytest.raises(InvalidInput, match="bounce_rate of larkspur is not open"):
        acknowledge(over, author="Anna", reason="we know", now=NOW)


@pytest.mark.parametrize(("kind", "episode"), [("mute", "2026-11-19"), ("ack", None)])
def test_an_episode_goes_with_an_acknowledgement_and_with_nothing_else(kind: str, episode: str | None) -> None:
    plain = muting().model_dump() | {"kind": kind, "episode": episode}

    with pytest.raises(ValidationError, match="an acknowledgement is of one episode"):
        Mute.model_validate(plain)
