"""amplify_candidates: info about pages and sources that convert 1.5 times the channel on 100 sessions or more."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, figures, judged, overriding, page, pages, sessions, snapshot, source, sources


@pytest.mark.parametrize(
    ("rate", "status"),
    # The channel converts 1.4 %: one and a half times that is 2.1 %.
    [("2.100001", Status.INFO), ("2.1", Status.INFO), ("2.099999", Status.PASS), ("0", Status.PASS)],
)
def test_one_and_a_half_times_the_channel_is_the_line(rate: str, status: Status) -> None:
    by_page = judged("amplify_candidates", snapshot(pages=pages(page(conversion_rate=rate))))
    by_source = judged("amplify_candidates", snapshot(sources=sources(source(conversion_rate=rate))))

    assert (by_page.status, by_source.status) == (status, status)
    assert (by_page.warn, by_page.critical, by_page.unit) == (None, None, "candidates")


@pytest.mark.parametrize(("size", "status"), [(100, Status.INFO), (99, Status.PASS)])
def test_a_hundred_sessions_are_the_least_for_a_candidate(size: int, status: Status) -> None:
    by_page = snapshot(pages=pages(page(), page("/b", sessions=size, conversion_rate="9")))
    by_source = snapshot(sources=sources(source(), source("b", sessions=size, conversion_rate="9")))

    assert judged("amplify_candidates", by_page).status is status
    assert judged("amplify_candidates", by_source).status is status


def test_candidates_of_both_kinds_are_counted_and_listed() -> None:
    seen = snapshot(
        pages=pages(page(), page("/autumn", conversion_rate="3")),
        sources=sources(source(), source("tiktok / bio", conversion_rate="4")),
    )
    outcome = judged("amplify_candidates", seen)

    assert outcome.value == 2
    listed = outcome.evidence["candidates"]
    assert isinstance(listed, list)
    assert [row["name"] for row in listed if isinstance(row, dict)] == ["/autumn", "tiktok / bio"]


def test_paid_sources_are_not_this_channel() -> None:
    seen = snapshot(sources=sources(source(), source("ads", is_paid=True, conversion_rate="9")))

    assert judged("amplify_candidates", seen).status is Status.PASS


def test_a_paid_source_of_unknown_rate_does_not_matter() -> None:
    seen = snapshot(sources=sources(source(), source("ads", is_paid=True, conversion_rate=absent())))

    assert judged("amplify_candidates", seen).status is Status.PASS


@pytest.mark.parametrize(("size", "status"), [(100, Status.INFO), (99, Status.NOT_EVALUATED)])
def test_a_channel_of_a_hundred_sessions_is_the_least(size: int, status: Status) -> None:
    seen = snapshot(
        sessions=sessions(current=figures(sessions=size)), pages=pages(page(sessions=100, conversion_rate="3"))
    )

    assert judged("amplify_candidates", seen).status is status


def test_a_channel_that_converts_nobody_gives_nothing_to_compare_with() -> None:
    seen = snapshot(sessions=sessions(current=figures(session_conversion_rate="0")))

    assert judged("amplify_candidates", seen).reasons == (Reason.SAMPLE_TOO_SMALL,)


def test_a_null_rate_of_the_channel_is_not_measured_but_of_no_sessions_too_small() -> None:
    unknown = figures(session_conversion_rate=absent())
    nobody = figures(sessions=0, session_conversion_rate=absent())
    few = figures(sessions=99, session_conversion_rate=absent())

    assert judged("amplify_candidates", snapshot(sessions=sessions(current=unknown))).reasons == (Reason.NOT_MEASURED,)
    assert judged("amplify_candidates", snapshot(sessions=sessions(current=nobody))).reasons == (
        Reason.SAMPLE_TOO_SMALL,
    )
    assert judged("amplify_candidates", snapshot(sessions=sessions(current=few))).reasons == (
        Reason.NOT_MEASURED,
        Reason.SAMPLE_TOO_SMALL,
    )


def test_an_unknown_row_is_no_pass_and_every_cause_is_kept() -> None:
    seen = snapshot(
        pages=pages(page(), page("/b", conversion_rate=absent())),
        sources=sources(source(), source("b", sessions=absent(Reason.SOURCE_FAILED))),
    )
    outcome = judged("amplify_candidates", seen)

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED, Reason.SOURCE_FAILED))


def test_a_candidate_stands_although_another_row_is_unknown() -> None:
    seen = snapshot(pages=pages(page(conversion_rate="3"), page("/b", conversion_rate=absent())))

    assert judged("amplify_candidates", seen).status is Status.INFO


def test_a_listing_cut_above_the_traffic_minimum_is_no_pass() -> None:
    cut_pages = snapshot(pages=pages(page(sessions=100), truncated=True))
    cut_sources = snapshot(sources=sources(source(sessions=100), truncated=True))
    cut_below = snapshot(pages=pages(page(), page("/b", sessions=99), truncated=True))

    assert judged("amplify_candidates", cut_pages).reasons == (Reason.NOT_MEASURED,)
    assert judged("amplify_candidates", cut_sources).reasons == (Reason.NOT_MEASURED,)
    assert judged("amplify_candidates", cut_below).status is Status.PASS


def test_it_is_good_news_unless_a_shop_says_otherwise() -> None:
    seen = snapshot(pages=pages(page("/a", conversion_rate="3"), page("/b", conversion_rate="3")))
    shop = overriding("amplify_candidates", warn=1)

    assert judged("amplify_candidates", seen).status.severity is None
    assert judged("amplify_candidates", seen, shop).status is Status.WARN
