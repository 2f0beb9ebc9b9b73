"""unconverting_pages: pages with 100 sessions and 5 % of the channel's that convert below 0.5 % are a warning."""

from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from functions.audit.snapshot import PageSeen, Snapshot
from tests.builders import absent, judged, overriding, page, pages, snapshot


def listing(*listed: PageSeen, **changed: Any) -> Snapshot:
    return snapshot(pages=pages(*listed, **changed))


@pytest.mark.parametrize(
    ("rate", "status"),
    [("0", Status.WARN), ("0.499999", Status.WARN), ("0.5", Status.PASS), ("0.500001", Status.PASS)],
)
def test_a_busy_page_that_converts_below_half_a_percent_is_a_warning(rate: str, status: Status) -> None:
    outcome = judged("unconverting_pages", listing(page(conversion_rate=rate)))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "pages", None)


@pytest.mark.parametrize(
    ("sessions", "total", "status"),
    [
        # 5 % of 8000 is 400.
        (401, 8000, Status.WARN),
        (400, 8000, Status.WARN),
        (399, 8000, Status.PASS),
        # 5 % of 1000 would be 50: a hundred sessions are the least.
        (100, 1000, Status.WARN),
        (99, 1000, Status.PASS),
        # Where both lines meet.
        (100, 2000, Status.WARN),
        (100, 2001, Status.PASS),
        (101, 2001, Status.WARN),
    ],
)
def test_only_pages_with_much_of_the_traffic_count(sessions: int, total: int, status: Status) -> None:
    seen = listing(page(), page("/thin", sessions=sessions, conversion_rate="0"), total_sessions=total)

    assert judged("unconverting_pages", seen).status is status


@pytest.mark.parametrize(
    ("total", "status"), [(100, Status.WARN), (99, Status.NOT_EVALUATED), (0, Status.NOT_EVALUATED)]
)
def test_a_channel_of_a_hundred_sessions_is_the_least(total: int, status: Status) -> None:
    outcome = judged("unconverting_pages", listing(page(sessions=100, conversion_rate="0"), total_sessions=total))

    assert outcome.status is status
    assert outcome.reasons == ((Reason.SAMPLE_TOO_SMALL,) if status is Status.NOT_EVALUATED else ())


def test_the_pages_are_listed_ten_at_most_and_all_are_counted() -> None:
    bad = [page(f"/p{number}", conversion_rate="0.1", revenue="2.50") for number in range(12)]
    outcome = judged("unconverting_pages", listing(page("/good"), *bad))

    assert outcome.value == 12
    listed = outcome.evidence["pages"]
    assert isinstance(listed, list)
    assert [row["name"] for row in listed if isinstance(row, dict)] == [f"/p{number}" for number in range(10)]


def test_an_unknown_rate_of_a_busy_page_is_no_pass() -> None:
    outcome = judged("unconverting_pages", listing(page(), page("/b", conversion_rate=absent())))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))


def test_an_unknown_rate_of_a_quiet_page_does_not_matter() -> None:
    seen = listing(page(), page("/b", sessions=399, conversion_rate=absent()))

    assert judged("unconverting_pages", seen).status is Status.PASS


def test_a_page_of_unknown_size_may_be_a_busy_one() -> None:
    outcome = judged("unconverting_pages", listing(page(), page("/b", sessions=absent(Reason.SOURCE_FAILED))))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.SOURCE_FAILED,))


def test_a_page_that_is_known_to_be_bad_stands_although_another_is_unknown() -> None:
    seen = listing(page(conversion_rate="0"), page("/b", conversion_rate=absent()), page("/c", sessions=absent()))
    outcome = judged("unconverting_pages", seen)

    assert (outcome.status, outcome.value) == (Status.WARN, Decimal(1))


def test_all_causes_of_all_pages_are_kept() -> None:
    seen = listing(
        page("/a", conversion_rate=absent()),
        page("/b", sessions=absent(Reason.SOURCE_FAILED)),
        truncated=True,
    )

    assert set(judged("unconverting_pages", seen).reasons) == {Reason.NOT_MEASURED, Reason.SOURCE_FAILED}
    assert len(judged("unconverting_pages", seen).causes) == 3


def test_an_empty_listing_is_not_measured() -> None:
    outcome = judged("unconverting_pages", listing(pages=()))

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))


@pytest.mark.parametrize(("smallest", "status"), [(400, Status.NOT_EVALUATED), (399, Status.PASS)])
def test_a_cut_listing_must_reach_below_the_traffic_that_counts(smallest: int, status: Status) -> None:
    seen = listing(page(), page("/small", sessions=smallest), truncated=True)

    assert judged("unconverting_pages", seen).status is status


def test_an_unknown_total_leaves_no_share_to_take_and_hides_no_other_cause() -> None:
    seen = listing(page(conversion_rate="0"), total_sessions=absent())
    assert judged("unconverting_pages", seen).reasons == (Reason.NOT_MEASURED,)

    both = listing(page("/b", sessions=absent(Reason.SOURCE_FAILED)), total_sessions=absent())
    assert judged("unconverting_pages", both).reasons == (Reason.NOT_MEASURED, Reason.SOURCE_FAILED)


def test_a_shop_may_add_a_critical_level() -> None:
    shop = overriding("unconverting_pages", critical=1)
    two = listing(page("/a", conversion_rate="0"), page("/b", conversion_rate="0"))

    assert judged("unconverting_pages", listing(page(conversion_rate="0")), shop).status is Status.WARN
    assert judged("unconverting_pages", two, shop).status is Status.CRITICAL
