"""What the fleet's report says: who was audited and who was not, and where it stops it says how much is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.night import AuditHead, FleetFailure
from functions.audit.outcome import Status
from functions.audit.verdict import AuditState
from functions.report.fleet_stored import FINDINGS, MERCHANTS, StoredFleet, counted_criticals, counted_heads
from functions.report.fleet_view import FleetView, fleet_view
from functions.report.page import fleet_page
from tests.builders import NIGHT, NOW
from tests.report.nights import Read

WELL = {Status.PASS: 15}


def head(merchant_id: str, state: AuditState = AuditState.DONE, **counts: int) -> AuditHead:
    """Return a merchant's night; what is not named passed."""
    named = {Status(status): number for status, number in counts.items()}
    full = dict.fromkeys(Status, 0) | {Status.PASS: 15 - sum(named.values())} | named
    if state is AuditState.PENDING:
        full = dict.fromkeys(Status, 0)
    blind = named.get(Status.NOT_EVALUATED, 0)
    return AuditHead(merchant_id, state, full, {Reason.SOURCE_FAILED: blind} if blind else {})


def critical(merchant_id: str, check_id: str = "bounce_rate", *, nights: int = 1, summary: str = "bad") -> Finding:
    since = NIGHT - timedelta(days=nights - 1)
    return Finding(
        merchant_id,
        check_id,
        NIGHT,
        Status.CRITICAL,
        Severity.CRITICAL,
        summary=summary,
        opened_on=since,
        critical_since=since,
    )


def view(heads: Any, criticals: Any = (), **changed: Any) -> FleetView:
    usual: dict[str, Any] = {
        "night": NIGHT,
        "today": NIGHT,
        "opened_at": NOW,
        "closed_at": NOW,
        "shared": (),
        "heads": counted_heads(heads),
        "criticals": counted_criticals(criticals),
        "names": {},
        "nights": (),
    }
    return fleet_view(StoredFleet(**(usual | changed)))


def test_the_worst_merchants_come_first_and_who_was_not_audited_is_named() -> None:
    shown = view(
        [
            head("well"),
            head("late", AuditState.PENDING),
            head("dark", AuditState.FAILED, not_evaluated=15),
            head("worst", critical=2, warn=1),
            head("warned", warn=3),
        ],
        names={"worst": "The Worst"},
    )

    assert [(row.id, row.name, row.state) for row in shown.merchants] == [
        ("worst", "The Worst", ""),
        ("dark", "", "nobody came back"),
        ("late", "", "not audited"),
        ("warned", "", ""),
        ("well", "", ""),
    ]
    assert shown.headline == "3 of 5 merchants audited; 0 critical findings open."
    assert shown.worst is Status.NOT_EVALUATED
    assert [(one.title, one.value) for one in shown.figures] == [
        ("Coverage", "60 %"),
        ("Critical tonight", "2"),
        ("Could not look", "15"),
    ]
    # Who was not audited has no verdict: no row of zeros that looks like a good night.
    assert shown.merchants[2].counts == ()
    assert "late not audited no verdict" in Read(fleet_page(shown)).text("merchants")


def test_causes_are_counted_by_checks_and_by_merchants() -> None:
    (row,) = view([head("a", not_evaluated=4), head("b", not_evaluated=1), head("c")]).causes

    assert (row.why, row.checks, row.merchants) == ("the source failed", "5", "2")


def test_what_is_critical_for_longest_comes_first_and_all_of_it_is_counted() -> None:
    found = [critical("new"), critical("old", nights=9), critical("old", "access_token", nights=2)]

    shown = view([head("new"), head("old")], found, names={"old": "Old & Sons"})

    assert [(row.merchant, row.check, row.since) for row in shown.criticals] == [
        ("Old & Sons", "Bounce rate", "13 November 2026"),
        ("Old & Sons", "Access token", "20 November 2026"),
        ("new", "Bounce rate", "21 November 2026"),
    ]
    assert shown.by_check == (("Bounce rate", "2"), ("Access token", "1"))
    assert shown.headline == "2 of 2 merchants audited; 3 critical findings open."


def test_ten_thousand_merchants_are_counted_and_never_held_and_the_page_says_what_it_leaves_out() -> None:
    made = 0

    def heads() -> Iterator[AuditHead]:
        nonlocal made
        for number in range(10_000):
            made += 1
            yield head(f"m{number:05}", critical=number % 3)

    findings = (critical(f"m{number:05}", nights=1 + number % 5) for number in range(3_000))
    shown = view(heads(), findings)

    assert made == 10_000
    assert (len(shown.merchants), len(shown.criticals)) == (MERCHANTS, FINDINGS)
    assert shown.more_merchants == (
        "9,500 more are not listed here: nightjar export audits --since 2026-11-21 has them all."
    )
    assert shown.more_criticals.startswith("2,900 more are not listed here")
    assert shown.headline == "10,000 of 10,000 merchants audited; 3,000 critical findings open."
    html = fleet_page(shown)
    assert len(html) < 500_000
    assert "9,500 more" in Read(html).text("merchants")


def test_a_night_under_way_and_an_old_one_say_so() -> None:
    shown = view([head("a")], closed_at=None, today=NIGHT + timedelta(days=3))

    assert shown.notes == (
        "These figures are 3 nights old.",
        "This night is not closed: the figures are of those who were audited until now.",
    )


def test_what_much_of_the_fleet_shares_is_told() -> None:
    shown = view([head("a")], shared=(FleetFailure("storefront:source_failed", 40, NIGHT),))

    assert shown.notes == (
        "Shared by much of the fleet since 21 November 2026: storefront:source_failed (40 merchants).",
    )


def test_nobody_expected_is_no_full_coverage() -> None:
    shown = view([])

    assert shown.worst is Status.NOT_EVALUATED
    assert shown.figures[0].value == "nobody was expected"
    assert "Nobody was expected." in Read(fleet_page(shown)).text("merchants")


def test_the_course_of_the_nights_has_a_gap_where_one_was_not_closed() -> None:
    closed = {"coverage_percent": 99, "outcomes": {"critical": 4}, "not_evaluated": 10}

    coverage = view([head("a")], nights=[closed, closed, {}, closed, closed]).figures[0].spark

    assert coverage is not None
    assert (coverage.nights, len(coverage.lines)) == (6, 2)


@pytest.mark.parametrize("hostile", ["</table><script>alert(1)</script>", "{{ 7*7 }}", "\u202eabc"])
def test_names_and_summaries_are_text(hostile: str) -> None:
    page = fleet_page(view([head("a")], [critical("a", summary=hostile)], names={"a": hostile}))
    harmless = fleet_page(view([head("a")], [critical("a", summary="bad")], names={"a": "name"}))

    assert Read(page).structure == Read(harmless).structure
    assert "<script>alert" not in page
