"""What is left of the property's quota decides whether it is asked for more than the night's two calls."""

from __future__ import annotations

from typing import Any

import pytest

from functions.audit.absence import Absent
from functions.fetcher.sources.ga4.quota import Quota
from tests.fetcher.property import QUOTA, Report, channel, property_world, report, rows_of, why

KINDS = ["tokensPerDay", "tokensPerHour", "tokensPerProjectPerHour"]


def left(**remaining: int | None) -> dict[str, Any]:
    """Return a quota in which so much is left; ``None`` is how Google writes 0."""
    changed = {
        kind: {"consumed": 6} | ({} if rest is None else {"remaining": rest}) for kind, rest in remaining.items()
    }
    return QUOTA | changed


def listed_with(quota: Any) -> Any:
    """Return the pages when the listing does not fit into one answer and this quota is left."""

    def made(request: Any) -> Report:
        return {**report(request, rows_of(request)), "propertyQuota": quota}

    def paged(request: Any) -> Report:
        rows = [([f"/p/{at}"], ["400", "4", "9"]) for at in range(300)]
        part = rows[200:] if "offset" in request else rows[:200]
        return {**report(request, part, count=300), "propertyQuota": quota}

    with property_world() as world:
        world.reports = dict.fromkeys(("totals", "audience", "days", "sources", "commerce", "funnel", "tracked"), made)
        world.reports["pages"] = paged
        seen = channel()
    assert not isinstance(seen.sessions, Absent)
    return seen.pages, len(world.requests)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_for_which_the_tokens_would_not_last_is_not_sent(kind: str) -> None:
    pages, calls = listed_with(left(**{kind: 9}))

    reason, detail = why(pages)
    assert (reason, calls) == ("rate_limited", 2)
    assert detail.startswith("GA4: the ")
    assert detail.endswith(" would not last for another call")


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_for_which_the_tokens_just_last_is_sent(kind: str) -> None:
    pages, calls = listed_with(left(**{kind: 10}))

    assert not isinstance(pages, Absent)
    assert (len(pages.pages), calls) == (300, 3)


@pytest.mark.parametrize("kind", ["serverErrorsPerProjectPerHour", "potentiallyThresholdedRequestsPerHour"])
def test_a_ration_that_is_used_up_stops_further_calls(kind: str) -> None:
    assert why(listed_with(left(**{kind: None}))[0])[0] == "rate_limited"
    assert not isinstance(listed_with(left(**{kind: 1}))[0], Absent)


@pytest.mark.parametrize("quota", [None, [], "plenty", {}, {"tokensPerDay": 3}, {"tokensPerDay": {"remaining": "x"}}])
def test_a_quota_that_nobody_can_read_stops_nothing(quota: Any) -> None:
    pages, _ = listed_with(quota)

    assert not isinstance(pages, Absent)


def test_dear_reports_need_more() -> None:
    quota = Quota()
    quota.note({"tokensPerHour": {"consumed": 40, "remaining": 119}})

    assert quota.short_of(2) is None
    assert quota.short_of(3) == "the hour's tokens"


def test_the_least_that_was_told_counts() -> None:
    quota = Quota()
    quota.note({"tokensPerDay": {"consumed": 6, "remaining": "25"}})
    quota.note({"tokensPerDay": {"consumed": 6, "remaining": 31}})

    assert quota.short_of(2) is None
    assert quota.short_of(3) == "the day's tokens"


def test_how_many_run_at_once_is_no_reason_to_give_up() -> None:
    quota = Quota()
    quota.note({"concurrentRequests": {"consumed": 10}})

    assert quota.short_of(5) is None
