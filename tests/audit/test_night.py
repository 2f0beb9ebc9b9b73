"""Coverage: of the merchants expected, how many were really audited; full only when it is all of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.absence import Reason
from functions.audit.night import AuditHead, Coverage, cover, ending_soon, summary_text
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
    assert "Nobody was expected" in summary_text(nobody)[1]


@given(STATES)
def test_it_is_full_exactly_when_everybody_was_audited(states: list[AuditState]) -> None:
    covered = of(*states)

    assert covered.is_full is (len(states) > 0 and set(states) == {DONE})
    assert (covered.percent == 100) is covered.is_full
    assert 0 <= covered.percent <= 100
    assert covered.audited + len(covered.failed) + len(covered.missing) == covered.expected == len(states)


@given(STATES, st.integers(0, 2), st.integers(0, 2))
def test_all_clear_is_said_only_at_full_coverage_without_criticals_and_blind_spots(
    states: list[AuditState], critical: int, blind: int
) -> None:
    heads = [head(f"m{at}", state, critical=critical, not_evaluated=blind) for at, state in enumerate(states)]
    subject, body = summary_text(cover(NIGHT, heads))

    clear = bool(states) and set(states) == {DONE} and critical == blind == 0
    assert ("all clear" in subject) is clear
    assert "all clear" not in body


def test_the_summary_says_how_many_of_how_many_and_why_not() -> None:
    covered = cover(
        NIGHT,
        [
            head("a", critical=1, reasons={Reason.SOURCE_FAILED: 3}),
            head("b", FAILED),
            head("c", PENDING),
        ],
    )
    subject, body = summary_text(covered)

    assert subject == "Nightjar 2026-11-21: 1 of 3 audited, 1 critical"
    assert "1 of 3 expected merchants were audited (33.3 %)." in body
    assert "Not evaluated because of: source_failed 3." in body
    assert "No fetch came back for: b." in body
    assert "Still pending at the close: c." in body


@pytest.mark.parametrize(("missing", "rest"), [(50, ""), (51, " and 1 more")])
def test_many_missing_merchants_are_not_all_listed(missing: int, rest: str) -> None:
    body = summary_text(of(*[PENDING] * missing))[1]

    line = next(line for line in body.splitlines() if line.startswith("Still pending"))
    assert line.count("m") - line.count("more") == 50
    assert line.endswith(f"{rest}.")


@pytest.mark.parametrize(("ended", "rest"), [(50, []), (52, ["- and 2 more"])])
def test_many_mutes_that_ended_are_not_all_listed(ended: int, rest: list[str]) -> None:
    body = summary_text(of(DONE), (), tuple(f"m{number}" for number in range(ended)))[1]

    listed = body.partition("Mutes that ended:\n")[2].splitlines()
    assert listed == [*(f"- m{number}" for number in range(50)), *rest]


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


def test_the_summary_tells_which_connections_end_soon() -> None:
    body = summary_text(of(DONE), ending(larkspur="6.5"))[1]

    assert body.splitlines()[-1] == "Connections that end within 30 days, the soonest first: larkspur in 6 days."


def test_where_no_connection_ends_the_summary_says_nothing_of_it() -> None:
    assert "Connections" not in summary_text(of(DONE), ending(larkspur="300"))[1]


@pytest.mark.parametrize(("many", "rest"), [(10, "m09 in 9 days."), (12, "m09 in 9 days and 2 more.")])
def test_of_many_connections_that_end_ten_are_listed(many: int, rest: str) -> None:
    body = summary_text(of(DONE), ending(**{f"m{at:02}": str(at) for at in range(many)}))[1]

    assert body.splitlines()[-1].endswith(rest)
