"""`nightjar audit` on landing pages and sources: what is listed, paging, cuts, and rows that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.auditing import OF_PAGES, OF_SOURCES, Desk, Due, Result, Shop, blind, expect
from tests.console.healthy import page, source
from tests.console.scenarios import PAGES, SOURCES, Answer, Call, Reply, World, failed, html, ok, raw

BAD: dict[str, Due] = {"unconverting_pages": "warn"}
GOOD: dict[str, Due] = {"amplify_candidates": "info"}


def listed(result: Result, check: str) -> list[str]:
    """Return the names that an outcome's evidence lists."""
    evidence = result.outcome(check)["evidence"]
    rows = next((value for value in evidence.values() if isinstance(value, list)), [])
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("sessions", "rate", "total", "due"),
    [
        (100, 0.4, 2000, BAD),  # exactly 100 sessions, exactly 5 % of them
        (100, "0.4", "2000", BAD),
        (99, 0.4, 1980, {}),
        (99, 0.4, 100, {}),
        (100, 0.4, 2001, {}),
        (101, 0.4, 2020, BAD),
        (400, 0.4, 8001, {}),
        (100, 0.5, 2000, {}),  # exactly 0.5 % is still good
        (100, 0.499999, 2000, BAD),
        (100, 0, 2000, BAD),
        (100, 0.5, 100, {}),
        (5000, 0, 8000, BAD),
    ],
)
def test_a_page_is_listed_with_its_share_of_traffic_and_below_half_a_percent(
    desk: Desk, world: World, sessions: object, rate: object, total: object, due: dict[str, Due]
) -> None:
    world.pages["pages"].append(page("/landing", sessions, rate))
    world.pages["totals"]["sessions"] = total

    result = desk.audit(Shop(world))

    expect(result, due)
    assert listed(result, "unconverting_pages") == (["/landing"] if due else [])
    assert result.outcome("unconverting_pages")["value"] == len(due)


def test_a_total_below_the_floor_is_not_judged(desk: Desk, world: World) -> None:
    world.pages["totals"]["sessions"] = 99

    result = desk.audit(Shop(world))

    expect(result, {"unconverting_pages": ("sample_too_small",)})
    assert "100" in result.outcome("unconverting_pages")["summary"]


@pytest.mark.parametrize("where", ["page", "source"])
@pytest.mark.parametrize(
    ("sessions", "rate", "due"),
    [
        (100, 2.25, GOOD),  # exactly 1.5 times the channel's 1.5, exactly 100 sessions
        (100, "2.250", GOOD),
        (100, 2.249999, {}),
        (99, 2.25, {}),
        (99, 50, {}),
        (2000, 90, GOOD),
    ],
)
def test_what_converts_at_one_and_a_half_times_the_channel_is_listed(
    desk: Desk, world: World, where: str, sessions: int, rate: object, due: dict[str, Due]
) -> None:
    if where == "page":
        world.pages["pages"].append(page("/winner", sessions, rate))
    else:
        world.sources["sources"].append(source("bio", sessions, rate, campaign="autumn"))

    result = desk.audit(Shop(world))

    expect(result, due)
    name = "/winner" if where == "page" else "tiktok / bio / autumn"
    assert listed(result, "amplify_candidates") == ([name] if due else [])
    assert result.code == 0


def test_paid_sources_are_not_this_channel(desk: Desk, world: World) -> None:
    world.sources["sources"].append(source("cpc", 3000, 9.0, is_paid=True))

    expect(desk.audit(Shop(world)))


def test_an_unpaid_source_without_its_mark_is_organic(desk: Desk, world: World) -> None:
    row = source("social", 3000, 9.0)
    del row["is_paid"]
    world.sources["sources"].append(row)

    expect(desk.audit(Shop(world)), GOOD)


@pytest.mark.parametrize(
    ("rate", "how", "reason"),
    [(None, "null", "not_measured"), (None, "missing", "not_measured"), ("high", "wrong", "source_failed")],
)
def test_a_busy_page_of_an_unknown_rate_keeps_both_checks_from_passing(
    desk: Desk, world: World, rate: object, how: str, reason: str
) -> None:
    row = page("/mystery", 3000, rate)
    if how == "missing":
        del row["current"]["session_conversion_rate"]
    world.pages["pages"].append(row)

    expect(desk.audit(Shop(world)), blind(OF_PAGES, reason))


def test_a_small_page_of_an_unknown_rate_matters_to_nobody(desk: Desk, world: World) -> None:
    world.pages["pages"].append(page("/tiny", 99, None))

    expect(desk.audit(Shop(world)))


def test_known_breaches_stand_beside_unknown_rows(desk: Desk, world: World) -> None:
    world.pages["pages"] += [page("/mystery", 3000, None), page("/bad", 3000, 0), page("/good", 3000, 9)]

    result = desk.audit(Shop(world))

    expect(result, {**BAD, **GOOD})
    assert listed(result, "unconverting_pages") == ["/bad"]


@pytest.mark.parametrize("how", ["null", "missing"])
@pytest.mark.parametrize(
    ("path", "key", "checks"), [(PAGES, "pages", OF_PAGES), (SOURCES, "sources", OF_SOURCES)], ids=["pages", "sources"]
)
def test_a_listing_that_is_null_was_not_measured(
    desk: Desk, world: World, path: str, key: str, checks: tuple[str, ...], how: str
) -> None:
    data = world.pages if path == PAGES else world.sources
    data[key] = None
    if how == "missing":
        del data[key]

    expect(desk.audit(Shop(world)), blind(checks, "not_measured"))


@pytest.mark.parametrize("rows", [{}, "none", 3, True, [None], ["/"], [5], [[]]], ids=repr)
@pytest.mark.parametrize(("key", "checks"), [("pages", OF_PAGES), ("sources", OF_SOURCES)])
def test_a_listing_of_a_wrong_type_failed(
    desk: Desk, world: World, key: str, checks: tuple[str, ...], rows: object
) -> None:
    getattr(world, key)[key] = rows

    expect(desk.audit(Shop(world)), blind(checks, "source_failed"))


@pytest.mark.parametrize("path", [None, "", 5, [], {}], ids=repr)
def test_a_page_without_a_path_is_no_page(desk: Desk, world: World, path: Any) -> None:
    world.pages["pages"].append(page(path, 500, 1.5))

    expect(desk.audit(Shop(world)), blind(OF_PAGES, "source_failed"))


def test_a_page_without_current_figures_is_an_unknown_page(desk: Desk, world: World) -> None:
    world.pages["pages"].append({"path": "/new", "title": None, "current": None, "prior": None})

    expect(desk.audit(Shop(world)), blind(OF_PAGES, "not_measured"))


@pytest.mark.parametrize("sessions", ["many", -5, [], True, raw("1e400")], ids=repr)
def test_a_page_whose_traffic_cannot_be_true_keeps_both_checks_from_passing(
    desk: Desk, world: World, sessions: Any
) -> None:
    world.pages["pages"].append(page("/odd", sessions, 1.5))

    expect(desk.audit(Shop(world)), blind(OF_PAGES, "source_failed"))


@pytest.mark.parametrize(
    ("totals", "due"),
    [
        ({"sessions": None}, ("not_measured",)),
        ({"sessions": "many"}, ("source_failed",)),
        ({"sessions": -1}, ("source_failed",)),
        ([], ("source_failed",)),
        ("none", ("source_failed",)),
        (None, "pass"),  # the sum of a complete listing serves
        ({}, "pass"),
    ],
    ids=repr,
)
def test_the_channels_total_must_be_known(desk: Desk, world: World, totals: object, due: Due) -> None:
    world.pages["totals"] = totals

    expect(desk.audit(Shop(world)), {"unconverting_pages": due})


def test_an_empty_list_of_pages_is_no_good_news(desk: Desk, world: World) -> None:
    world.pages["pages"] = []

    expect(desk.audit(Shop(world)), blind(OF_PAGES, "not_measured"))


def test_an_empty_list_of_sources_is_no_good_news(desk: Desk, world: World) -> None:
    world.sources["sources"] = []

    expect(desk.audit(Shop(world)), blind(OF_SOURCES, "not_measured"))


def in_parts(world: World, *parts: list[dict[str, Any]]) -> list[Answer]:
    """Return one answer a part of the list of pages, each with the cursor to the next."""
    last = len(parts) - 1
    return [
        ok({**world.pages, "pages": rows, "cursor": f"c{at}" if at < last else "", "has_more": at < last})
        for at, rows in enumerate(parts)
    ]


def test_a_listing_is_followed_to_its_end(desk: Desk, world: World) -> None:
    healthy = world.pages["pages"]
    world.answers[PAGES] = in_parts(world, healthy, [page("/second", 500, 0.1)], [page("/third", 500, 0.2)])

    result = desk.audit(Shop(world))

    expect(result, BAD)
    assert listed(result, "unconverting_pages") == ["/second", "/third"]
    assert [call.query.get("cursor") for call in world.to(PAGES)] == [None, "c0", "c1"]
    assert {call.query["max_count"] for call in world.to(PAGES)} == {"100"}


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (failed(500, "internal_error"), "source_failed"),
        (failed(429, "rate_limit_exceeded"), "rate_limited"),
        (failed(401, "access_token_invalid"), "unauthorized"),
        (html(200), "source_failed"),
        (ok({"cursor": "", "has_more": False}), "not_measured"),
    ],
)
def test_a_listing_that_breaks_on_its_second_answer_is_absent_whole(
    desk: Desk, world: World, second: Reply, reason: str
) -> None:
    first = in_parts(world, [page("/bad", 5000, 0)], [])[0]
    world.answers[PAGES] = [first, second]

    expect(desk.audit(Shop(world)), blind(OF_PAGES, reason))


@pytest.mark.parametrize("cursor", ["again", "", None, 5], ids=repr)
@pytest.mark.parametrize(("path", "checks"), [(PAGES, OF_PAGES), (SOURCES, OF_SOURCES)], ids=["pages", "sources"])
def test_a_cursor_that_comes_again_or_leads_nowhere_ends_in_an_absence(
    desk: Desk, world: World, path: str, checks: tuple[str, ...], cursor: object
) -> None:
    data = world.pages if path == PAGES else world.sources
    data.update({"has_more": True, "cursor": cursor})

    expect(desk.audit(Shop(world)), blind(checks, "source_failed"))
    assert len(world.to(path)) <= 3


def test_a_missing_cursor_with_more_to_come_ends_in_an_absence(desk: Desk, world: World) -> None:
    world.pages["has_more"] = True
    del world.pages["cursor"]

    expect(desk.audit(Shop(world)), blind(OF_PAGES, "source_failed"))


@pytest.mark.parametrize(("sessions", "due"), [(500, blind(OF_PAGES, "not_measured")), (50, {})])
def test_an_endless_listing_is_cut_at_twenty_calls(
    desk: Desk, world: World, sessions: int, due: dict[str, Due]
) -> None:
    def endless(_: Call) -> Reply:
        at = len(world.to(PAGES))
        rows = [page(f"/p{at}", sessions, 1.5)]
        return ok({**world.pages, "pages": rows, "cursor": f"c{at}", "has_more": True})

    world.answers[PAGES] = endless

    expect(desk.audit(Shop(world)), due)
    assert len(world.to(PAGES)) == 20


@pytest.mark.parametrize(("smallest", "due"), [(900, blind(OF_PAGES, "not_measured")), (99, {})])
def test_a_list_that_the_source_cut_may_hide_something_above_the_minimum(
    desk: Desk, world: World, smallest: int, due: dict[str, Due]
) -> None:
    world.pages["meta"]["truncated"] = True
    world.pages["pages"].append(page("/last", smallest, 1.5))

    expect(desk.audit(Shop(world)), due)


def test_what_is_known_of_a_cut_list_stands(desk: Desk, world: World) -> None:
    world.pages["meta"]["truncated"] = True
    world.pages["pages"].append(page("/bad", 900, 0.1))

    expect(desk.audit(Shop(world)), {**BAD, "amplify_candidates": ("not_measured",)})


HOSTILE = "/a\x00b\x1b[31m\u202egnp.exe\r\n\u2028Bcc: x\x7f\u200b"


def test_hostile_text_arrives_as_one_harmless_line(desk: Desk, world: World) -> None:
    world.pages["pages"].append(page(HOSTILE, 3000, 0, title="\x1b]0;owned\x07" + "x" * 5000))
    world.sources["sources"].append(source("so\x9bcial\u2066", 3000, 9, campaign="\ud83d\ude00\ud800" + "y" * 9000))
    world.user["display_name"] = world.user["open_id"] = HOSTILE

    result = desk.audit(Shop(world))

    expect(result, {**BAD, **GOOD})
    shown = [*listed(result, "unconverting_pages"), *listed(result, "amplify_candidates")]
    assert all(len(text) <= 320 for text in shown)
    for forbidden in "\x00\x1b\u202e\r\u2028\x7f\u200b\x9b\u2066\ud800":
        assert forbidden not in result.out + "".join(shown) + result.outcome("access_token")["summary"]
    assert all("\n" not in text for text in shown)
