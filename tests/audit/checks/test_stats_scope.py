"""stats_scope: warn when user.info.stats was not granted, never critical by itself."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, judged, outcomes_of, overriding, snapshot, stats

NO_SCOPE = absent(Reason.SCOPE_MISSING)


def test_a_granted_scope_passes() -> None:
    assert judged("stats_scope", snapshot()).status is Status.PASS


def test_a_granted_scope_passes_although_a_count_is_unknown() -> None:
    assert judged("stats_scope", snapshot(stats=stats(followers=absent()))).status is Status.PASS


def test_a_missing_scope_is_a_warning_and_no_other_check_minds() -> None:
    found = outcomes_of(snapshot(stats=NO_SCOPE))

    assert (found["stats_scope"].status, found["stats_scope"].conditions) == (Status.WARN, ("stats_scope_missing",))
    assert [one.check_id for one in found.values() if one.status is not Status.PASS] == ["stats_scope"]


def test_a_missing_scope_stands_among_other_causes() -> None:
    seen = snapshot(stats=absent(Reason.SOURCE_FAILED, Reason.SCOPE_MISSING))

    assert judged("stats_scope", seen).status is Status.WARN


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.SCOPE_MISSING])
def test_every_other_absence_means_that_nobody_could_look(reason: Reason) -> None:
    outcome = judged("stats_scope", snapshot(stats=absent(reason)))

    assert outcome.status is Status.NOT_EVALUATED
    assert outcome.reasons == (reason,)


def test_a_shop_may_make_it_critical() -> None:
    shop = overriding("stats_scope", conditions={"stats_scope_missing": "critical"})

    assert judged("stats_scope", snapshot(stats=NO_SCOPE), shop).status is Status.CRITICAL
