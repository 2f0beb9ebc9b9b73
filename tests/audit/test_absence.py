"""Absence is a value: it holds its causes, and nothing is lost or said twice."""

from functions.audit.absence import Absent, Cause, Reason, causes_of, distinct

STALE = Cause(Reason.SOURCE_STALE, "data goes through 2026-11-18")
LIMITED = Cause(Reason.RATE_LIMITED, "429")


def test_the_reasons_are_the_designs() -> None:
    assert [reason.value for reason in Reason] == [
        "scope_missing",
        "unauthorized",
        "source_failed",
        "rate_limited",
        "source_stale",
        "not_connected",
        "not_measured",
        "sample_too_small",
        "no_prior",
        "mixed_units",
        "check_crashed",
    ]


def test_all_causes_of_all_absent_values_are_kept_in_order_and_once() -> None:
    assert causes_of(Absent((STALE, LIMITED)), 0, None, "", [], Absent((STALE,))) == (STALE, LIMITED)


def test_nothing_but_absence_has_a_cause() -> None:
    assert causes_of(0, None, "", [], {}) == ()


def test_the_same_reason_with_another_detail_is_another_cause() -> None:
    other = Cause(Reason.SOURCE_STALE, "data goes through 2026-11-17")

    assert distinct([STALE, other, STALE]) == (STALE, other)


def test_an_absence_because_of_one_thing_holds_just_that() -> None:
    assert Absent.because(Reason.RATE_LIMITED, "429").causes == (LIMITED,)
