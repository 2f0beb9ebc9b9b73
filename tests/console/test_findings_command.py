"""`nightjar findings`, as a person types it: filters, order, forms, and a table that stays on the screen."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from console.errors import Unusable
from console.sifting import Order, Wanted, sift
from console.watching import watch
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.outcome import Status
from functions.store.findings import Findings, finding_item
from tests.builders import NIGHT
from tests.cloud import Cloud
from tests.console.reading import asked, fleet, plain, terminal, unsafe, widest
from tests.console.test_stage_commands import Say, say
from tests.tables import shape

__all__ = ["asked", "fleet", "say", "terminal"]  # fixtures


def _named(say: Say, *words: str) -> list[tuple[str, str]]:
    rows = say("findings", *words, "--format", "json").plain["findings"]
    return [(row["merchant_id"], row["check_id"]) for row in rows]


BOUNCES = ("larkspur", "bounce_rate")


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), [BOUNCES, ("brasa", "bounce_rate"), ("brasa", "session_conversion_rate")]),
        (("--severity", "critical"), [BOUNCES]),
        (("--area", "audience"), [("brasa", "session_conversion_rate")]),
        (("--status", "warn", "--check", "bounce_rate"), [("brasa", "bounce_rate")]),
        (("--min-nights", "3"), [BOUNCES]),
        (("--min-nights", "4"), []),
        (("--opened-since", "2026-11-20"), [("brasa", "bounce_rate"), ("brasa", "session_conversion_rate")]),
        (("--sort", "oldest", "--limit", "1"), [BOUNCES]),
        (("--sort", "check"), [BOUNCES, ("brasa", "bounce_rate"), ("brasa", "session_conversion_rate")]),
        (("--sort", "merchant"), [("brasa", "bounce_rate"), ("brasa", "session_conversion_rate"), BOUNCES]),
        (
            ("--check", "bounce_rate", "--sort", "value"),
            [BOUNCES, ("brasa", "bounce_rate"), ("cinder", "bounce_rate")],
        ),
        (
            ("--check", "session_conversion_rate", "--sort", "value"),
            [(shop, "session_conversion_rate") for shop in ("brasa", "larkspur", "cinder")],
        ),
        (
            ("--reason", "rate_limited", "--area", "commerce", "--sort", "check"),
            [("cinder", one) for one in ("attributed_revenue", "unconverting_pages")]
            + [("cinder", one) for one in ("amplify_candidates", "viral_spike")],
        ),
        (("--reason", "source_failed"), []),
        (
            ("--merchant", "cinder", "--status", "pass", "--area", "access", "--limit", "1"),
            [("cinder", "access_token")],
        ),
    ],
)
def test_what_is_asked_for_is_what_is_shown(say: Say, words: tuple[str, ...], named: list[tuple[str, str]]) -> None:
    assert _named(say, *words) == named


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "reads"),
    [
        ((), "Query findings open_by_severity"),
        (("--severity", "warn"), "Query findings open_by_severity"),
        (("--sort", "oldest"), "Query findings open_by_severity"),
        (("--check", "bounce_rate"), "Query findings by_check"),
        (("--reason", "rate_limited", "--area", "traffic"), "Query findings by_check"),
        (("--status", "pass"), "Query findings by_check"),
    ],
)
def test_every_question_is_read_along_an_index_page_after_page(
    say: Say, asked: list[str], words: tuple[str, ...], reads: str
) -> None:
    say("findings", *words)

    assert set(asked) == {reads}
    assert len(asked) > 1


@pytest.mark.usefixtures("fleet")
def test_no_more_is_read_than_is_shown_where_the_index_has_the_order(say: Say, asked: list[str]) -> None:
    said = say("findings", "--limit", "1")

    # The one critical, and the two warnings of one merchant to know that there are more.
    assert asked == ["Query findings open_by_severity"] * 3
    assert said.err == ("The first 1 finding on stage test; there are more. Narrow the question, or raise --limit.\n")


@pytest.mark.usefixtures("fleet")
def test_where_all_was_read_it_says_how_many_there_are(say: Say) -> None:
    assert "The first 2 findings on stage test; there are 3." in say("findings", "--sort", "oldest", "--limit", "2").err


@pytest.mark.usefixtures("fleet")
def test_a_spreadsheet_gets_the_columns_of_an_export_and_no_formula(say: Say) -> None:
    shown = say("findings", "--format", "csv")
    exported = say("export", "findings", "--merchant", "larkspur")

    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert (shown.code, shown.err) == (0, "")
    assert (rows[0]["merchant_id"], rows[0]["value"], rows[0]["nights_open"]) == ("larkspur", "81.25", "3")
    assert shown.out.splitlines()[0] == exported.out.splitlines()[0]


@pytest.mark.usefixtures("fleet")
def test_what_others_wrote_reaches_no_terminal_as_they_wrote_it(say: Say) -> None:
    said = say("findings", "--merchant", "larkspur", "--format", "table")

    assert (said.code, unsafe(said.out)) == (0, [])


@pytest.mark.usefixtures("fleet")
def test_a_pipe_gets_no_colour_and_a_narrow_terminal_gets_whole_ids(say: Say, request: pytest.FixtureRequest) -> None:
    piped = say("findings").out
    request.getfixturevalue("terminal")
    narrow = say("findings")

    assert "\x1b" not in piped
    assert "\x1b[1;31mcritical" in narrow.out
    assert widest(narrow.out) <= 60


@pytest.mark.usefixtures("fleet")
def test_an_empty_stage_has_no_findings_in_any_form(say: Say) -> None:
    empty = ("findings", "--stage", "empty")

    assert say(*empty).err == "0 findings on stage empty.\n"
    assert say(*empty, "--format", "json").plain == {"findings": []}
    assert say(*empty, "--format", "csv").out.count("\n") == 1


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sort", "value"), "name one with --check to sort by value"),
        (("--opened-since", "soon"), "'soon' is not a night"),
        (("--check", "bounces"), "There is no check 'bounces'; the checks are access_token"),
        (("--merchant", "nobody"), "There is no merchant 'nobody' on stage test; nightjar merchants list shows all."),
        (("--watch",), "--watch is for a terminal: leave it out where a file or a program reads."),
        (("--watch", "--format", "json"), "--watch is for a terminal"),
        (("--watch", "--every", "1"), "should be greater than or equal to 5"),
    ],
)
def test_a_wrong_call_says_what_to_change(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("findings", *words)

    assert (said.code, said.out) == (2, "")
    assert says in plain(said.err)


@pytest.mark.usefixtures("fleet", "terminal")
def test_a_table_that_is_watched_is_read_again_until_ctrl_c_and_that_is_no_failure(
    say: Say, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def paused(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", paused)

    said = say("findings", "--severity", "critical", "--watch", "--every", "20")

    assert (said.code, said.err, pauses) == (0, "", [20, 20, 20])
    assert len(asked) == 3
    assert "again every 20 s; Ctrl-C ends it." in plain(said.out)


def test_a_look_that_fails_leaves_what_was_seen_and_says_so() -> None:
    looks: Iterator[str | Unusable] = iter(
        ["one critical", Unusable("AWS could not be reached: no route"), "two criticals"]
    )
    pauses = iter([None, None, KeyboardInterrupt()])
    out = Console(file=io.StringIO(), force_terminal=True, width=80)

    def look() -> str:
        seen = next(looks)
        if isinstance(seen, Unusable):
            raise seen
        return seen

    def pause(_: float) -> None:
        if error := next(pauses):
            raise error

    watch(look, out, every=30, pause=pause)

    assert isinstance(out.file, io.StringIO)
    frames = out.file.getvalue()
    assert frames.count("one critical") == 2
    assert "Could not look again: AWS could not be reached: no route" in frames
    assert "two criticals" in frames


def test_the_first_look_that_fails_ends_the_command() -> None:
    def look() -> str:
        raise Unusable("no such stage")

    with pytest.raises(Unusable):
        watch(look, Console(file=io.StringIO()), every=30, pause=lambda _: None)


def test_of_a_large_fleet_the_oldest_are_found_whatever_the_order_of_the_pages(fleet: Cloud) -> None:
    fleet.dynamodb.create_table(**shape("findings", "nightjar-large-"))
    sick = Finding("shop", "bounce_rate", NIGHT, Status.WARN, Severity.WARN, Decimal(62), "%", opened_on=NIGHT)
    for shop in range(60):
        opened = NIGHT - timedelta(days=(shop * 7) % 60)
        item = finding_item(replace(sick, merchant_id=f"shop-{shop:02}", opened_on=opened))
        fleet.dynamodb.put_item(TableName="nightjar-large-findings", Item=item)

    found = sift(Findings(fleet.dynamodb, "nightjar-large-findings"), Wanted(), order=Order.OLDEST, limit=3)

    assert [row.nights_open for row in found.rows] == [60, 59, 58]
    assert found.there_are == 60
    assert found.rows[0].opened_on == date(2026, 9, 23)
