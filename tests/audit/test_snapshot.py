"""A snapshot survives being stored, absences and all, and is closed to what it does not know."""

import pytest
from pydantic import ValidationError

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.snapshot import PeriodFigures, SessionsSeen, Snapshot
from tests.builders import NIGHT, NOW, PERIODS, absent, figures, sessions, snapshot

GONE = absent(Reason.SOURCE_FAILED, Reason.RATE_LIMITED)
PARTS = ["token", "basic", "profile", "stats", "sessions", "pages", "sources"]


@pytest.mark.parametrize("part", PARTS)
def test_every_absence_comes_back_from_storage_with_all_its_causes(part: str) -> None:
    seen = snapshot(**{part: GONE})
    back = Snapshot.model_validate_json(seen.encoded)

    assert back == seen
    assert getattr(back, part) == GONE


def test_every_absent_figure_comes_back_and_a_zero_stays_a_zero() -> None:
    for name in PeriodFigures.model_fields:
        seen = snapshot(sessions=sessions(current=figures(**{name: GONE}), prior=figures(**{name: 0})))
        back = Snapshot.model_validate_json(seen.encoded).sessions
        assert isinstance(back, SessionsSeen)
        assert isinstance(back.prior, PeriodFigures)
        assert getattr(back.current, name) == GONE
        assert getattr(back.prior, name) == 0


def test_the_hash_changes_with_what_was_seen() -> None:
    assert snapshot().sha256 == snapshot().sha256
    assert snapshot().sha256 != snapshot(stats=GONE).sha256


def test_a_night_of_nothing_is_absent_in_every_part_and_was_not_fetched() -> None:
    nothing = Snapshot.unseen(merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=GONE)

    assert not nothing.fetched
    assert {part: getattr(nothing, part) for part in PARTS} == dict.fromkeys(PARTS, GONE)
    assert nothing.scopes is None


def test_without_a_prior_period_each_of_its_figures_is_absent_for_that_reason() -> None:
    before = sessions(prior=absent(Reason.NO_PRIOR)).before

    assert causes_of(before.revenue) == causes_of(before.sessions) == absent(Reason.NO_PRIOR).causes
    assert all(isinstance(getattr(before, name), Absent) for name in PeriodFigures.model_fields)
    assert sessions().before == figures()


@pytest.mark.parametrize(
    "wrong", [{"bounce_rate": None}, {"bounce_rate": "NaN"}, {"sessions": None}, {"sessions": "many"}, {"colour": 1}]
)
def test_nothing_stands_in_for_an_absence(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        figures(**wrong)
