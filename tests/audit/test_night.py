"""Coverage: of the merchants expected, how many were really audited; full only when it is all of them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.absence import Reason
from functions.audit.night import AuditHead, Coverage, cover, ending_soon
from functions.audit.outcome import Status
from functions.audit.verdict import AuditState
from tests.builders import NIGHT

DONE, FAILED, PENDING = AuditState.DONE, AuditState.FAILED, AuditState.PENDING
STATES = st.lists(st.sampled_from([DONE, FAILED, PENDING]), max_size=40)


def head(name: str, state: AuditState = DONE, *, reasons: dict[Reason, int] | None = None, **counts: int) -> AuditHead:
    return AuditHead(name, state, {Status(status): count for status, count in counts.items()}, reasons or {})


def of(*states: AuditState) -> Coverage:
    return cover(NIGHT, [head(f"m{at}", state) for at, state in enumerate(states)])


def test_failed_and_missing_merchants_are_named_and_not_counted_as_audited() -> None:
    covered = cover(NIGHT, [head("c", PENDING), head("b", FAILED), head("a", PENDING), head("d")])

    assert (covered.expected, covered.audited, covered.failed, covered.missing) == (4, 1, ("b",), ("a", "c"))
    assert (covered.percent, covered.is_full) == (Decimal(25), False)


def test_outcomes_are_summed_with_every_status_named() -> None:
    covered = cover(NIGHT, [head("a", critical=2, not_evaluated=1), head("b", critical=1, warn=4)])

    assert {status.value: count for status, count in covered.outcomes.items()} == {
        "pass": 0,
        "info": 0,
        "warn": 4,
        "critical": 3,
        "not_evaluated": 1,
    }


def test_causes_are_summed_worst_first() -> None:
    covered = cover(
        NIGHT,
        [
            head("a", reasons={Reason.NO_PRIOR: 1, Reason.SOURCE_FAILED: 2}),
            head("b", reasons={Reason.SOURCE_FAILED: 3}),
        ],
    )

    assert list(covered.causes.items()) == [(Reason.SOURCE_FAILED, 5), (Reason.NO_PRIOR, 1)]


def test_a_night_that_expected_nobody_covered_nobody() -> None:
    nobody = of()

    assert (nobody.percent, nobody.is_full) == (Decimal(), False)


@given(STATES)
def test_it_is_full_exactly_when_everybody_was_audited(states: list[AuditState]) -> None:
    covered = of(*states)

    assert covered.is_full is (len(states) > 0 and set(states) == {DONE})
    assert (covered.percent == 100) is covered.is_full
    assert 0 <= covered.percent <= 100
    assert covered.audited + len(covered.failed) + len(covered.missing) == covered.expected == len(states)


def ending(**days: str) -> tuple[str, ...]:
    heads = [AuditHead(name, DONE, {}, {}, days_left=Decimal(left)) for name, left in days.items()]
    return ending_soon([head("untold"), *heads])


def test_connections_that_end_within_thirty_days_are_told_the_soonest_first() -> None:
    assert ending(a="29.99", b="30", c="1.2", d="300", e="13.9", f="0.5", g="-2", h="2") == (
        "g has ended",
        "f in less than a day",
        "c in 1 day",
        "h in 2 days",
        "e in 13 days",
        "a in 29 days",
    )
