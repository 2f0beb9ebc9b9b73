"""`/analytics/pages` and `/sources` are followed to their end; a list that is not whole is absent, never empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import PageSeen, PagesSeen, SourceSeen, SourcesSeen
from tests.fetcher.world import World, failed, fetched, html, ok, said, without

META = {"currency": "GBP", "data_through": "2026-11-19", "truncated": False}
LISTS = ["pages", "sources"]


def figures(**changed: object) -> dict[str, Any]:
    return {"sessions": 3900, "session_conversion_rate": 0.5, "revenue": "12.00", **changed}


def row(name: str = "one", **changed: Any) -> dict[str, Any]:
    """Return a row that is a page and a source alike."""
    return {"path": f"/{name}", "source": name, "current": figures(), "prior": None, **changed}


def part(of: str, rows: object, *, after: str | None = None, **changed: Any) -> httpx.Response:
    """Return one answer of a listing; ``after`` is the cursor to the next one."""
    data = {of: rows, "cursor": after or "", "has_more": after is not None, "totals": {"sessions": 8000}, "meta": META}
    return ok({**data, **changed})


def pages(world: World, *answers: Any) -> PagesSeen | Absent:
    world.answers["pages"] = list(answers)
    return fetched().pages


def sources(world: World, *answers: Any) -> SourcesSeen | Absent:
    world.answers["sources"] = list(answers)
    return fetched().sources


def listed(world: World, of: str, *answers: Any) -> PagesSeen | SourcesSeen | Absent:
    return pages(world, *answers) if of == "pages" else sources(world, *answers)


def reason(part: object) -> Reason:
    assert isinstance(part, Absent)
    return part.causes[0].reason


def test_a_page_is_read_as_it_is_listed(world: World) -> None:
    rows = [row("candle", title="Amber\ncandle"), row("new", title=None, current=figures(sessions=7, revenue=None))]
    seen = pages(world, part("pages", rows))

    assert isinstance(seen, PagesSeen)
    first, second = seen.pages
    assert first == PageSeen(
        path="/candle", title="Amber candle", sessions=3900, conversion_rate=Decimal("0.5"), revenue=Decimal("12.00")
    )
    assert (second.title, second.sessions, reason(second.revenue)) == ("", 7, Reason.NOT_MEASURED)
    assert (seen.total_sessions, seen.truncated) == (8000, False)


@pytest.mark.parametrize(
    ("parts", "label"),
    [
        ({"source": "tiktok", "medium": "social", "campaign": "bio"}, "tiktok / social / bio"),
        ({"source": "tiktok.com", "medium": "referral", "campaign": None}, "tiktok.com / referral"),
        ({"source": "tiktok", "medium": "", "campaign": 5}, "tiktok"),
        ({"source": None}, "(unnamed)"),
        ({"source": "tik\u202etok\n"}, "tiktok"),
    ],
)
def test_a_source_is_named_by_what_it_says(world: World, parts: dict[str, Any], label: str) -> None:
    seen = sources(world, part("sources", [row(**parts)]))

    assert isinstance(seen, SourcesSeen)
    assert seen.sources == (
        SourceSeen(label=label, is_paid=False, sessions=3900, conversion_rate=Decimal("0.5"), revenue=Decimal("12.00")),
    )


@pytest.mark.parametrize("said_so", [False, None, "true", 1, []])
def test_only_true_is_paid(world: World, said_so: object) -> None:
    seen = sources(world, part("sources", [row(is_paid=said_so), row("two", is_paid=True)]))

    assert isinstance(seen, SourcesSeen)
    assert [source.is_paid for source in seen.sources] == [False, True]


@pytest.mark.parametrize("of", LISTS)
def test_cursors_are_followed_to_the_end(world: World, of: str) -> None:
    seen = listed(
        world,
        of,
        part(of, [row("one")], after="a/b+c="),
        part(of, [row("two")], after="d"),
        part(of, [row("three")]),
    )

    assert not isinstance(seen, Absent)
    names = [p.path for p in seen.pages] if isinstance(seen, PagesSeen) else [s.label for s in seen.sources]
    assert [name.strip("/") for name in names] == ["one", "two", "three"]
    assert [call.url.params.get("cursor") for call in world.to(of)] == [None, "a/b+c=", "d"]
    assert {call.url.params["max_count"] for call in world.to(of)} == {"100"}
    assert not seen.truncated


@pytest.mark.parametrize("of", LISTS)
@pytest.mark.parametrize("ending", [{"has_more": None}, {"has_more": False, "cursor": "left-over"}, {"cursor": None}])
def test_without_more_the_list_ends(world: World, of: str, ending: dict[str, Any]) -> None:
    assert not isinstance(listed(world, of, part(of, [row()], **ending)), Absent)
    assert len(world.to(of)) == 1


@pytest.mark.parametrize("of", LISTS)
@pytest.mark.parametrize(
    "broken",
    [
        {"has_more": True, "cursor": ""},
        {"has_more": True, "cursor": None},
        {"has_more": True, "cursor": 7},
        {"has_more": "yes"},
        {"has_more": 1},
        {"has_more": True, "cursor": "same"},
        {"has_more": True, "cursor": "\ud800"},
        {"has_more": True, "cursor": "x" * 100_000},
    ],
)
def test_a_list_that_leads_nowhere_failed_whole(world: World, of: str, broken: dict[str, Any]) -> None:
    assert reason(listed(world, of, part(of, [row()], **broken))) is Reason.SOURCE_FAILED


@pytest.mark.parametrize("of", LISTS)
def test_an_endless_list_is_cut_after_twenty_calls(world: World, of: str) -> None:
    def more(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("cursor", "0"))
        return part(of, [row(str(at))], after=str(at + 1))

    seen = listed(world, of, more)

    assert not isinstance(seen, Absent)
    assert len(world.to(of)) == 20
    assert seen.truncated
    assert len(seen.pages if isinstance(seen, PagesSeen) else seen.sources) == 20


def test_more_rows_than_were_asked_for_are_cut(world: World) -> None:
    seen = pages(world, part("pages", [row(str(at)) for at in range(2001)]))

    assert isinstance(seen, PagesSeen)
    assert (len(seen.pages), seen.truncated) == (2000, True)


@pytest.mark.parametrize("of", LISTS)
def test_a_list_that_the_source_cut_says_so(world: World, of: str) -> None:
    seen = listed(world, of, part(of, [row()], meta={**META, "truncated": True}))

    assert not isinstance(seen, Absent)
    assert seen.truncated


def test_a_list_that_was_cut_in_its_first_answer_stays_cut(world: World) -> None:
    cut = part("pages", [row()], after="b", meta={**META, "truncated": True})
    seen = pages(world, cut, part("pages", [row("two")]))

    assert isinstance(seen, PagesSeen)
    assert seen.truncated


@pytest.mark.parametrize("of", LISTS)
@pytest.mark.parametrize(
    ("second", "due"),
    [
        (html(500), Reason.SOURCE_FAILED),
        (html(200), Reason.SOURCE_FAILED),
        (failed(429, "rate_limit_exceeded"), Reason.RATE_LIMITED),
        (failed(200, "rate_limit_exceeded"), Reason.RATE_LIMITED),
        (failed(401, "access_token_invalid"), Reason.UNAUTHORIZED),
        (httpx.ReadTimeout("slow"), Reason.SOURCE_FAILED),
    ],
)
def test_any_answer_that_fails_takes_the_list_with_it(world: World, of: str, second: Any, due: Reason) -> None:
    assert reason(listed(world, of, part(of, [row()], after="b"), second)) is due


@pytest.mark.parametrize("of", LISTS)
def test_any_stale_answer_takes_the_list_with_it(world: World, of: str) -> None:
    stale = part(of, [row()], meta={**META, "data_through": "2026-11-18"})

    assert reason(listed(world, of, part(of, [row()], after="b"), stale)) is Reason.SOURCE_STALE


@pytest.mark.parametrize("of", LISTS)
@pytest.mark.parametrize(
    ("rows", "due"),
    [
        (None, Reason.NOT_MEASURED),
        ({}, Reason.SOURCE_FAILED),
        ("rows", Reason.SOURCE_FAILED),
        (5, Reason.SOURCE_FAILED),
        ([None], Reason.SOURCE_FAILED),
        ([[]], Reason.SOURCE_FAILED),
        (["/a"], Reason.SOURCE_FAILED),
        ([row(), row("two", current=[])], Reason.SOURCE_FAILED),
        ([row(), row("two", current="3900")], Reason.SOURCE_FAILED),
    ],
)
def test_a_list_of_something_else_is_absent(world: World, of: str, rows: object, due: Reason) -> None:
    assert reason(listed(world, of, part(of, rows))) is due


@pytest.mark.parametrize("path", [None, "", 5, []])
def test_a_page_without_a_path_fails_the_list(world: World, path: object) -> None:
    assert reason(pages(world, part("pages", [row(), row(path=path)]))) is Reason.SOURCE_FAILED


def test_a_missing_list_was_not_measured(world: World) -> None:
    assert reason(pages(world, ok({"meta": META, "has_more": False}))) is Reason.NOT_MEASURED


@pytest.mark.parametrize("current", [None, {}])
def test_a_row_without_figures_is_a_row_of_which_nothing_is_known(world: World, current: object) -> None:
    seen = pages(world, part("pages", [row(current=current)]))

    assert isinstance(seen, PagesSeen)
    (page,) = seen.pages
    assert {reason(part) for part in (page.sessions, page.conversion_rate, page.revenue)} == {Reason.NOT_MEASURED}


def test_a_figure_that_cannot_be_true_is_absent_alone(world: World) -> None:
    seen = pages(world, part("pages", [row(current=figures(session_conversion_rate=250))]))

    assert isinstance(seen, PagesSeen)
    assert (seen.pages[0].sessions, reason(seen.pages[0].conversion_rate)) == (3900, Reason.SOURCE_FAILED)


@pytest.mark.parametrize(
    ("totals", "due"),
    [
        ({"sessions": 8000}, 8000),
        ({"sessions": "8000"}, 8000),
        ({"sessions": 0}, 0),
        ({"sessions": None}, Reason.NOT_MEASURED),
        ({"sessions": "many"}, Reason.SOURCE_FAILED),
        ({}, 7800),
        (None, 7800),
        ([], Reason.SOURCE_FAILED),
    ],
)
def test_the_channels_sessions_are_stated_or_summed(world: World, totals: object, due: object) -> None:
    seen = pages(world, part("pages", [row(), row("two")], totals=totals))

    assert isinstance(seen, PagesSeen)
    total = seen.total_sessions
    assert (reason(total) if isinstance(total, Absent) else total) == due


def test_what_is_not_known_whole_is_not_summed(world: World) -> None:
    unknown = pages(world, part("pages", [row(), row("two", current=None)], totals=None))
    cut = pages(world, part("pages", [row()], totals=None, meta={**META, "truncated": True}))

    assert isinstance(unknown, PagesSeen)
    assert isinstance(cut, PagesSeen)
    assert {reason(unknown.total_sessions), reason(cut.total_sessions)} == {Reason.NOT_MEASURED}


def test_totals_of_the_first_answer_count(world: World) -> None:
    seen = pages(world, part("pages", [row()], after="b"), part("pages", [row("two")], totals=None))

    assert isinstance(seen, PagesSeen)
    assert seen.total_sessions == 8000


def test_texts_of_others_arrive_as_one_capped_line(world: World) -> None:
    seen = pages(world, part("pages", [row(path="/a\r\nb\u202e" + "c" * 500, title="\ud800" * 9), row(path="\u200b")]))

    assert isinstance(seen, PagesSeen)
    first, second = seen.pages
    assert first.path.startswith("/a bccc")
    assert (len(first.path), first.title, second.path) == (200, "", "(unreadable path)")


@pytest.mark.parametrize("of", LISTS)
def test_a_bare_list_without_meta_is_read(world: World, of: str) -> None:
    whole = {of: [row()], "has_more": False, "cursor": "", "total": 1, "unknown": {"key": "value"}}

    assert not isinstance(listed(world, of, ok(without(whole, "cursor"))), Absent)
    assert reason(listed(world, of, said(200, {"data": whole}))) is Reason.SOURCE_FAILED
