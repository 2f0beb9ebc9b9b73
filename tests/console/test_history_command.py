"""`nightjar history`, as a person types it: a night that saw nothing is a gap with its reason, never a 0."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.course import BLOCKS, DIGITS, Point, course, sparks
from functions.audit.outcome import Status
from tests.builders import NIGHT
from tests.console.reading import FIRST, HOSTILE, LAST, MIDDLE, asked, fleet, plain, terminal, unsafe, widest
from tests.console.test_stage_commands import Say, say

__all__ = ["asked", "fleet", "say", "terminal"]  # fixtures

UNTIL = ("--until", LAST.isoformat())
BOUNCES = ("history", "larkspur", "bounce_rate", *UNTIL)


@pytest.mark.usefixtures("fleet")
def test_the_nights_are_a_line_and_a_table_with_the_thresholds(say: Say) -> None:
    said = say(*BOUNCES)

    lines = said.out.splitlines()
    assert (said.code, said.err, unsafe(said.out)) == (0, "", [])
    assert lines[0] == "larkspur, bounce_rate, 2026-11-19 to 2026-11-21"
    assert lines[1] == "▁?█"
    assert (
        plain(said.out).count("from 62.5 % to 81.2 %; warn above 60 %; critical above 75 %; evaluated on 2 of 3") == 1
    )
    assert "? could not look" in plain(said.out)
    assert lines[-3].split()[:6] == ["2026-11-19", "warn", "62.5", "%", "60", "75"]
    assert lines[-1].split()[:6] == ["2026-11-21", "critical", "81.2", "%", "60", "75"]


@pytest.mark.usefixtures("fleet")
def test_programs_get_null_where_nobody_could_look(say: Say) -> None:
    document = say(*BOUNCES, "--format", "json").plain

    assert (document["merchant_id"], document["check_id"]) == ("larkspur", "bounce_rate")
    assert [(one["night"], one["status"], one["value"], one["reasons"]) for one in document["nights"]] == [
        ("2026-11-19", "warn", 62.5, []),
        ("2026-11-20", "not_evaluated", None, ["source_failed"]),
        ("2026-11-21", "critical", 81.25, []),
    ]
    assert document["nights"][1]["why"].startswith("Could not look: ")


@pytest.mark.usefixtures("fleet")
def test_a_spreadsheet_gets_empty_cells_where_nobody_could_look(say: Say) -> None:
    rows = list(csv.DictReader(io.StringIO(say(*BOUNCES, "--format", "csv").out)))

    assert [(row["night"], row["status"], row["value"], row["reasons"]) for row in rows] == [
        ("2026-11-19", "warn", "62.5", ""),
        ("2026-11-20", "not_evaluated", "", "source_failed"),
        ("2026-11-21", "critical", "81.25", ""),
    ]


@pytest.mark.usefixtures("fleet")
def test_a_check_that_was_not_asked_for_is_no_pass(say: Say) -> None:
    nights = say("history", "brasa", "bio_link", *UNTIL, "--format", "json").plain["nights"]

    assert [(one["status"], one["value"], one["why"]) for one in nights] == [(None, None, "not asked for")]


@pytest.mark.usefixtures("fleet")
def test_a_check_without_figures_shows_good_and_bad_nights(say: Say) -> None:
    lines = say("history", "larkspur", "stats_scope", *UNTIL).out.splitlines()

    assert lines[1] == "ooo"
    assert lines[2] == "evaluated on 3 of 3 nights; o good, and no figure."


@pytest.mark.usefixtures("fleet", "terminal")
def test_a_narrow_terminal_loses_nothing_of_the_figures(say: Say) -> None:
    said = say(*BOUNCES)

    assert widest(said.out) <= 60
    assert "81.2 %" in plain(said.out)


@pytest.mark.usefixtures("fleet")
def test_one_merchants_nights_are_read_by_their_key_page_after_page(say: Say, asked: list[str]) -> None:
    say(*BOUNCES, "--nights", "2")

    assert asked[0] == "GetItem merchants"
    assert set(asked[1:]) == {"Query audits"}
    assert len(asked) > 2


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody", "bounce_rate"), "There is no merchant 'nobody' on stage test; nightjar merchants list shows all."),
        (("larkspur", "bounces"), "There is no check 'bounces'; the checks are access_token"),
        (("larkspur", "bounce_rate", "--until", "soon"), "'soon' is not a night"),
        (("larkspur", "bounce_rate", "--until", "9999-01-01"), "9999-01-01 lies in the future."),
        (
            ("larkspur", "bounce_rate", "--until", "2026-11-01", "--nights", "2"),
            "of the nights from 2026-10-31 to 2026-11-01; there are audits from 2026-11-19 to 2026-11-21.",
        ),
    ],
)
def test_a_wrong_call_says_what_to_change(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("history", *words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err


def _row(night: date, **outcome: object) -> dict[str, object]:
    usual = {"status": "pass", "unit": "%", "reasons": [], "summary": "", "conditions": [], "value": 52}
    return {
        "night": night.isoformat(),
        "outcomes": {"bounce_rate": {**usual, "threshold": {"set_by": "default"}, **outcome}},
    }


def test_late_figures_and_thresholds_of_ones_own_are_told() -> None:
    own = {"set_by": "merchant", "reason": HOSTILE}

    (point,) = course([{**_row(NIGHT, threshold=own, warn=65), "version": 2}], "bounce_rate", NIGHT)

    assert (point.version, point.own_threshold, point.warn) == (2, HOSTILE, Decimal(65))


def test_nights_without_an_audit_are_gaps_too() -> None:
    points = course([_row(FIRST), _row(LAST)], "bounce_rate", date(2026, 11, 22))

    assert [(point.night.day, point.status, point.value, point.why) for point in points] == [
        (19, Status.PASS, Decimal(52), ""),
        (20, None, None, "no audit"),
        (21, Status.PASS, Decimal(52), ""),
        (22, None, None, "no audit"),
    ]


@pytest.mark.parametrize(("state", "why"), [("pending", "not audited"), ("failed", "the audit failed")])
def test_a_night_that_is_not_audited_says_so(state: str, why: str) -> None:
    assert list(course([{"night": NIGHT.isoformat(), "state": state}], "bounce_rate", NIGHT)) == [
        Point(NIGHT, None, why=why)
    ]


@settings(max_examples=50)
@given(st.lists(st.none() | st.decimals(-1000, 1000, places=2), min_size=1, max_size=40))
def test_the_line_has_one_sign_a_night_and_a_gap_exactly_where_there_is_no_figure(values: list[Decimal | None]) -> None:
    points = [Point(FIRST, Status.NOT_EVALUATED if value is None else Status.PASS, value) for value in values]

    line = sparks(points).plain

    assert [sign == "?" for sign in line] == [value is None for value in values]
    known = sorted((value, BLOCKS.index(sign)) for value, sign in zip(values, line, strict=True) if value is not None)
    assert [level for _, level in known] == sorted(level for _, level in known)


def test_a_terminal_without_blocks_gets_digits() -> None:
    points = [
        Point(MIDDLE, Status.WARN, Decimal(1)),
        Point(LAST, Status.CRITICAL, Decimal(9)),
        Point(LAST, Status.WARN),
    ]

    assert sparks(points, DIGITS).plain == "18x"
