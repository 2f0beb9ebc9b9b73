"""What must always hold (DESIGN, the last chapter), whatever a night saw and did not see."""

from collections.abc import Callable
from decimal import Decimal
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, causes_of
from functions.audit.finding import Finding
from functions.audit.kpi import kpis_of
from functions.audit.outcome import Status
from functions.audit.plain import kpi_plain, outcome_plain
from functions.audit.profile import default_profile
from functions.audit.snapshot import PageSeen, PeriodFigures, Snapshot, SourceSeen
from functions.audit.verdict import audit_of, conclude
from tests.audit.nights import nights
from tests.builders import CHECKS, NOW, merchant, outcomes_of

SETTINGS = settings(deadline=None, max_examples=120)


def known(*values: object) -> bool:
    return not any(isinstance(value, Absent) for value in values)


def at_least(floor: int, value: int | Absent) -> bool:
    return not isinstance(value, Absent) and value >= floor


def of_channel(fits: Callable[[PeriodFigures], bool]) -> Callable[[Snapshot], bool]:
    return lambda seen: not isinstance(seen.sessions, Absent) and fits(seen.sessions.current)


def of_both(fits: Callable[[PeriodFigures, PeriodFigures], bool]) -> Callable[[Snapshot], bool]:
    def both(seen: Snapshot) -> bool:
        if isinstance(seen.sessions, Absent) or isinstance(seen.sessions.prior, Absent):
            return False
        return seen.sessions.mixed_definition is None and fits(seen.sessions.current, seen.sessions.prior)

    return both


def positive(value: Decimal | Absent) -> bool:
    return not isinstance(value, Absent) and value > 0


def goals_seen(seen: Snapshot) -> bool:
    if isinstance(seen.sessions, Absent) or isinstance(seen.sessions.series, Absent):
        return False
    last = seen.sessions.series.goal_completions[-30:]
    return len(last) == 30 and None not in last and sum(day or 0 for day in last) > 0


def days_seen(seen: Snapshot) -> bool:
    if isinstance(seen.sessions, Absent) or isinstance(seen.sessions.series, Absent):
        return False
    days = seen.sessions.series
    traffic = [day for day in days.sessions if day is not None]
    if len(traffic) < len(days.sessions) or len(traffic) < 30 or median(traffic) == 0:
        return False
    spikes = [at for at, day in enumerate(traffic) if day >= 3 * median(traffic)]
    return all(days.goal_completions[at] is not None and days.revenue[at] is not None for at in spikes)


def pages_seen(seen: Snapshot) -> bool:
    if isinstance(seen.pages, Absent) or not seen.pages.pages or isinstance(seen.pages.total_sessions, Absent):
        return False
    busy = max(Decimal(100), Decimal(5) * seen.pages.total_sessions / 100)
    rows = seen.pages.pages
    return seen.pages.total_sessions >= 100 and all(
        not isinstance(row.sessions, Absent) and (row.sessions < busy or known(row.conversion_rate)) for row in rows
    )


def candidates_seen(seen: Snapshot) -> bool:
    if isinstance(seen.pages, Absent) or isinstance(seen.sources, Absent):
        return False
    rows: list[PageSeen | SourceSeen] = [*seen.pages.pages]
    rows += [row for row in seen.sources.sources if not row.is_paid]
    return of_channel(lambda now: at_least(100, now.sessions) and positive(now.session_conversion_rate))(seen) and all(
        not isinstance(row.sessions, Absent) and (row.sessions < 100 or known(row.conversion_rate)) for row in rows
    )


# What the design's table says that each check is judged on, and the floors; in words of its own.
SEEN: dict[str, Callable[[Snapshot], bool]] = {
    "access_token": lambda seen: known(seen.token),
    "account_access": lambda seen: known(seen.basic, seen.profile),
    "stats_scope": lambda seen: known(seen.stats),
    "bounce_rate": of_channel(lambda now: at_least(100, now.sessions) and known(now.bounce_rate)),
    "pageviews_per_session": of_channel(lambda now: at_least(100, now.sessions) and known(now.pageviews_per_session)),
    "session_duration": of_both(
        lambda now, before: (
            at_least(100, now.sessions)
            and at_least(100, before.sessions)
            and known(now.avg_session_duration)
            and positive(before.avg_session_duration)
        )
    ),
    "sessions_trend": of_both(lambda now, before: at_least(100, now.sessions) and at_least(100, before.sessions)),
    "session_conversion_rate": of_channel(
        lambda now: at_least(100, now.sessions) and known(now.session_conversion_rate)
    ),
    "cart_abandonment_rate": of_channel(lambda now: at_least(30, now.carts) and known(now.cart_abandonment_rate)),
    "returning_users": of_channel(lambda now: at_least(100, now.users) and known(now.returning_users)),
    "goal_completions": goals_seen,
    "attributed_revenue": lambda seen: (
        not isinstance(seen.sessions, Absent)
        and seen.sessions.mixed_currency is None
        and of_both(
            lambda now, before: known(now.revenue) and positive(before.revenue) and at_least(10, before.orders)
        )(seen)
    ),
    "unconverting_pages": pages_seen,
    "amplify_candidates": candidates_seen,
    "viral_spike": days_seen,
}


@SETTINGS
@given(nights())
def test_every_check_of_every_night_has_exactly_one_outcome_and_never_crashes(seen: Snapshot) -> None:
    crashed: list[str] = []
    audit = audit_of(
        seen,
        merchant(),
        default_profile(),
        evaluated_at=NOW,
        on_crash=lambda check_id, _: crashed.append(check_id),
    )

    assert [outcome.check_id for outcome in audit.outcomes] == list(CHECKS)
    assert sum(audit.counts.values()) == 15
    assert crashed == []


@SETTINGS
@given(nights())
def test_nothing_passes_without_the_inputs_that_it_was_judged_on(seen: Snapshot) -> None:
    for check_id, outcome in outcomes_of(seen).items():
        if outcome.status is Status.PASS:
            assert SEEN[check_id](seen), check_id


@SETTINGS
@given(nights())
def test_nothing_goes_unjudged_that_could_be_judged(seen: Snapshot) -> None:
    # The listing checks and the spikes have more ways to be blind than their inputs alone: truncation, wakes.
    for check_id, outcome in outcomes_of(seen).items():
        if check_id not in {"unconverting_pages", "amplify_candidates", "viral_spike"} and SEEN[check_id](seen):
            assert outcome.status is not Status.NOT_EVALUATED, check_id


@SETTINGS
@given(nights())
def test_not_evaluated_has_a_reason_and_no_figure_and_everything_else_has_no_reason(seen: Snapshot) -> None:
    for outcome in outcomes_of(seen).values():
        blind = outcome.status is Status.NOT_EVALUATED
        assert bool(outcome.causes) is blind
        assert blind is outcome.summary.startswith("Could not look: ")
        if blind:
            assert outcome.value is None


@SETTINGS
@given(nights())
def test_no_cause_of_a_missing_part_is_lost(seen: Snapshot) -> None:
    for outcome in outcomes_of(seen).values():
        missing = causes_of(*[getattr(seen, part.name) for part in outcome.check.needs])
        assert set(missing) <= set(outcome.causes)


@SETTINGS
@given(nights())
def test_judging_what_came_back_from_storage_changes_nothing(seen: Snapshot) -> None:
    back = Snapshot.model_validate_json(seen.encoded)

    assert back == seen
    assert outcomes_of(back) == outcomes_of(seen)
    assert kpis_of(back) == kpis_of(seen)


@SETTINGS
@given(st.lists(nights(), min_size=1, max_size=3))
def test_concluding_again_changes_nothing(fleet: list[Snapshot]) -> None:
    shop, before = merchant(), dict[str, Finding]()
    for seen in fleet:
        audit = audit_of(seen, shop, default_profile(), evaluated_at=NOW)
        verdict = conclude(audit, shop, before)
        assert conclude(audit, shop, before) == verdict
        assert verdict.audit is audit
        before = {finding.check_id: finding for finding in verdict.findings}


@SETTINGS
@given(nights())
def test_a_kpi_is_a_value_or_an_absence_with_reasons(seen: Snapshot) -> None:
    found = kpis_of(seen)

    assert len(found) == len({kpi.name for kpi in found}) == 16
    for kpi in found:
        for figure in (kpi.value, kpi.prior, kpi.change_percent):
            assert not isinstance(figure, Absent) or figure.causes
        plain = kpi_plain(kpi)
        assert (plain["value"] is None) is (plain["reason"] is not None)


@SETTINGS
@given(nights())
def test_an_outcome_as_plain_data_never_shows_a_figure_for_what_nobody_saw(seen: Snapshot) -> None:
    for outcome in outcomes_of(seen).values():
        plain = outcome_plain(outcome)
        if plain["status"] == "not_evaluated":
            assert plain["value"] is None
            assert plain["reasons"]
        else:
            assert plain["reasons"] == []


def test_the_random_nights_do_let_every_check_pass_and_be_blind() -> None:
    """A property over nights that never pass would prove nothing."""
    reached: set[tuple[str, Status]] = set()

    @settings(deadline=None, max_examples=300, database=None, derandomize=True)
    @given(nights())
    def walk(seen: Snapshot) -> None:
        reached.update((check_id, outcome.status) for check_id, outcome in outcomes_of(seen).items())

    walk()
    assert {check_id for check_id, status in reached if status is Status.PASS} == set(CHECKS)
    assert {check_id for check_id, status in reached if status is Status.NOT_EVALUATED} == set(CHECKS)


def test_the_table_of_inputs_names_every_check() -> None:
    assert list(SEEN) == list(CHECKS)
