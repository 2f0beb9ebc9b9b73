"""Landing pages and sources: every row, followed to the end, with the rates of their own counts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent
from functions.audit.snapshot import PageSeen, SourceSeen
from tests.fetcher.property import Rows, channel, failure, pages, property_world, report, sources, why

PAGE_NAMES = [f"/p/{at:04}" for at in range(5000)]


def listed(total: int, *, most: int = 10_000, moved: int = 0) -> Callable[[Any], Any]:
    """Return a listing of so many pages, the most visited first, as GA4 pages it: ``most`` rows at a time."""
    rows: Rows = [([PAGE_NAMES[at]], [str(6000 - at), "60", "12.5"]) for at in range(total)]

    def made(request: Any) -> Any:
        offset, limit = int(request.get("offset", "0")), int(request["limit"])
        # Between two calls the first of the unseen rows has moved up, and an old one came down.
        start = max(offset - moved, 0) if offset else 0
        return report(request, rows[start : start + min(limit, most)], count=total)

    return made


def test_every_page_with_its_own_counts() -> None:
    with property_world():
        seen = pages()

    assert seen.pages == (
        PageSeen(
            path="/products/amber-candle",
            title="",
            sessions=3900,
            conversion_rate=Decimal(0),
            revenue=Decimal(0),
        ),
        PageSeen(
            path="/collections/autumn",
            title="",
            sessions=1200,
            conversion_rate=Decimal(3100) / 1200,
            revenue=Decimal("1012.4"),
        ),
    )
    assert (seen.total_sessions, seen.truncated) == (8000, False)


def test_every_source_with_the_names_that_it_has() -> None:
    with property_world() as world:
        world.says(
            "sources",
            [
                (["tiktok", "social", "bio-link"], ["6100", "49", "1590.4"]),
                (["tiktok.com", "referral", "(not set)"], ["1900", "0", "-12.5"]),
                (["", "(not set)", ""], ["10", "0", "0"]),
                (["tiktok", "(none)", "a\u202eb\nc"], ["9", "0", "0"]),
            ],
        )
        seen = sources()

    assert seen.sources[0] == SourceSeen(
        label="tiktok / social / bio-link",
        is_paid=False,
        sessions=6100,
        conversion_rate=Decimal(4900) / 6100,
        revenue=Decimal("1590.4"),
    )
    assert [source.label for source in seen.sources[1:]] == [
        "tiktok.com / referral",
        "(unnamed)",
        "tiktok / (none) / ab c",
    ]
    assert seen.sources[1].revenue == Decimal("-12.5")
    assert not any(source.is_paid for source in seen.sources)


def test_visits_without_a_page_are_no_page_and_count_for_the_channel_only() -> None:
    rows: Rows = [([name], ["400", "0", "0"]) for name in ("(not set)", "", "(other)", "/p/one")]
    with property_world() as world:
        world.says("pages", rows)
        seen = pages()

    assert [page.path for page in seen.pages] == ["/p/one"]
    assert seen.total_sessions == 8000


def test_a_text_from_outside_is_one_line_and_capped() -> None:
    with property_world() as world:
        world.says("pages", [(["/p\u202e/\n" + "x" * 500], ["1", "0", "0"]), (["\u202e"], ["1", "0", "0"])])
        seen = pages()

    assert len(seen.pages[0].path) == 200
    assert seen.pages[0].path.isprintable()
    assert seen.pages[1].path == "(unreadable path)"


def test_a_page_without_sessions_has_no_rate() -> None:
    with property_world() as world:
        world.says("pages", [(["/p/one"], ["0", "1", "9"])])
        (page,) = pages().pages

    assert why(page.conversion_rate) == ("not_measured", "/p/one: there were none")
    assert page.revenue == 9


def test_more_purchases_than_sessions_convert_all_of_them() -> None:
    with property_world() as world:
        world.says("pages", [(["/p/one"], ["10", "12", "90"])])
        assert pages().pages[0].conversion_rate == 100


def test_one_wrong_figure_is_absent_alone() -> None:
    with property_world() as world:
        world.says("pages", [(["/p/one"], ["many", "1", "9"]), (["/p/two"], ["300", "3", "9"])])
        first, second = pages().pages

    assert why(first.sessions) == ("source_failed", "/p/one.sessions is not a number")
    assert [second.sessions, second.conversion_rate] == [300, 1]


def test_rates_are_not_measured_where_nobody_tells_the_property_of_sales() -> None:
    with property_world() as world:
        world.says("tracked", [])
        seen = pages()

    assert why(seen.pages[0].conversion_rate)[0] == "not_measured"
    assert why(seen.pages[0].revenue)[0] == "not_measured"
    assert seen.pages[1].revenue == Decimal("1012.4")


def test_revenue_that_the_role_may_not_see_is_absent() -> None:
    hidden = {"activeMetricRestrictions": [{"metricName": "purchaseRevenue"}]}
    with property_world() as world:
        world.notes("sources", schemaRestrictionResponse=hidden)
        seen = channel()

    assert not isinstance(seen.pages, Absent)
    assert not isinstance(seen.sources, Absent)
    for revenue in (seen.pages.pages[0].revenue, seen.sources.sources[0].revenue):
        assert why(revenue) == ("scope_missing", "the role hides purchaseRevenue")
    assert seen.sources.sources[0].sessions == 6100


# Without the channel's total.


def test_without_the_totals_a_complete_listing_is_their_sum() -> None:
    with property_world() as world:
        world.reports["totals"] = {}
        assert pages().total_sessions == 5400


@pytest.mark.parametrize("rows", [[], [(["/p/one"], ["many", "1", "9"])]])
def test_without_the_totals_an_incomplete_listing_is_no_sum(rows: Any) -> None:
    with property_world() as world:
        world.reports["totals"] = {}
        world.says("pages", rows)
        assert why(pages().total_sessions)[0] == "source_failed"


# Paging.


def test_a_listing_that_fits_is_asked_for_once() -> None:
    with property_world() as world:
        world.reports["pages"] = listed(200)
        assert len(pages().pages) == 200

    assert len(world.of("pages")) == 1


def test_the_rest_is_asked_for_from_where_the_first_answer_ended() -> None:
    with property_world() as world:
        world.reports["pages"] = listed(201)
        seen = pages()

    assert [page.path for page in seen.pages] == PAGE_NAMES[:201]
    assert seen.truncated is False
    first, rest = world.of("pages")
    assert rest == {**first, "offset": "200", "limit": "1800"}
    assert [len(call) for call in world.asked()] == [5, 3, 1]


def test_fewer_rows_at_a_time_than_asked_for_take_more_calls() -> None:
    with property_world() as world:
        world.reports["pages"] = listed(450, most=150)
        assert len(pages().pages) == 450

    assert [request.get("offset") for request in world.of("pages")] == [None, "150", "300"]


@pytest.mark.parametrize(("total", "cut"), [(2000, False), (2001, True), (5000, True)])
def test_two_thousand_rows_are_enough(total: int, cut: bool) -> None:  # noqa: FBT001 - the story's outcome
    with property_world() as world:
        world.reports["pages"] = listed(total)
        seen = pages()

    assert (len(seen.pages), seen.truncated) == (2000, cut)
    assert ("truncated" in seen.flags) is cut
    assert len(world.of("pages")) == 2


def test_a_listing_in_crumbs_ends_somewhere() -> None:
    with property_world() as world:
        world.reports["pages"] = listed(1000, most=10)
        seen = pages()

    assert (len(seen.pages), seen.truncated) == (60, True)
    assert len(world.of("pages")) == 6


def test_a_listing_whose_rest_never_comes_is_cut() -> None:
    with property_world() as world:
        world.reports["pages"] = lambda request: report(
            request, [] if "offset" in request else [(["/p/one"], ["400", "4", "9"])], count=900
        )
        seen = pages()

    assert (len(seen.pages), seen.truncated) == (1, True)
    assert len(world.of("pages")) == 2


def test_a_row_that_moved_between_two_calls_is_listed_once() -> None:
    with property_world() as world:
        world.reports["pages"] = listed(300, moved=2)
        paths = [page.path for page in pages().pages]

    assert paths == PAGE_NAMES[:300]


def test_a_listing_that_cannot_be_read_to_its_end_is_absent_whole_and_alone() -> None:
    with property_world() as world:
        world.reports["pages"] = listed(400)
        world.calls = {"pages": [failure(403, "PERMISSION_DENIED")]}
        seen = channel()

    assert why(seen.pages)[0] == "unauthorized"
    assert not isinstance(seen.sources, Absent)
    assert not isinstance(seen.sessions, Absent)


@pytest.mark.parametrize("count", ["201", 201])
def test_a_row_count_may_be_a_text(count: Any) -> None:
    with property_world() as world:
        scripted = listed(201)

        def made(request: Any) -> Any:
            return {**scripted(request), "rowCount": count}

        world.reports["pages"] = made
        assert len(pages().pages) == 201


@pytest.mark.parametrize("count", [-1, "many", 1.5, True, [], "-1", 10**13])
def test_a_row_count_that_is_none_breaks_the_listing(count: Any) -> None:
    with property_world() as world:
        scripted = listed(3)
        world.reports["pages"] = lambda request: {**scripted(request), "rowCount": count}
        assert why(channel().pages) == (
            "source_failed",
            "GA4's report of pages cannot be read: its rowCount is no number of rows",
        )


def test_without_a_row_count_there_are_the_rows_that_came() -> None:
    with property_world() as world:
        scripted = listed(3)

        def made(request: Any) -> Any:
            plain = scripted(request)
            del plain["rowCount"]
            return plain

        world.reports["pages"] = made
        assert len(pages().pages) == 3


def test_rows_that_ga4_had_no_room_for_leave_the_listing_incomplete() -> None:
    with property_world() as world:
        world.notes("pages", dataLossFromOtherRow=True)
        seen = pages()

    assert seen.truncated is True
    assert "data_loss_from_other_row" in seen.flags
