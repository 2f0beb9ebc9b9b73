"""The catalogue: fifteen checks in report order; id = file = profile section = test."""

from importlib import import_module
from pathlib import Path

import pytest

from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.outcome import Area, Status
from functions.audit.profile import default_profile
from tests.builders import outcomes_of, snapshot

# The design's table, in its order.
IDS = {
    "access_token": Area.ACCESS,
    "account_access": Area.ACCESS,
    "stats_scope": Area.ACCESS,
    "bounce_rate": Area.TRAFFIC,
    "pageviews_per_session": Area.TRAFFIC,
    "session_duration": Area.TRAFFIC,
    "sessions_trend": Area.TRAFFIC,
    "session_conversion_rate": Area.AUDIENCE,
    "cart_abandonment_rate": Area.AUDIENCE,
    "returning_users": Area.AUDIENCE,
    "goal_completions": Area.AUDIENCE,
    "attributed_revenue": Area.COMMERCE,
    "unconverting_pages": Area.COMMERCE,
    "amplify_candidates": Area.COMMERCE,
    "viral_spike": Area.COMMERCE,
}
ROOT = Path(__file__).parents[3]


def test_the_catalogue_is_the_designs_table_in_its_order() -> None:
    assert [(check.id, check.area) for check in CATALOGUE] == list(IDS.items())


def test_every_file_is_a_check_and_every_check_a_file() -> None:
    files = {path.stem for path in (ROOT / "functions/audit/checks").glob("*.py") if not path.stem.startswith("_")}

    assert files == IDS.keys()
    assert default_profile().checks.keys() == IDS.keys()


def test_every_check_has_its_own_test_file() -> None:
    assert {path.stem for path in Path(__file__).parent.glob("test_*.py")} == {
        *(f"test_{check_id}" for check_id in IDS),
        "test_catalogue",
    }


@pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.id)
def test_a_check_is_defined_in_the_file_of_its_name(check: Check) -> None:
    assert import_module(f"functions.audit.checks.{check.id}").CHECK is check


@pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.id)
def test_a_check_has_words_for_both_states_and_says_what_to_do(check: Check) -> None:
    assert check.good != check.bad
    assert len(check.advice) > 60
    assert check.advice.endswith(".")
    assert not check.good.endswith(".")


def test_a_healthy_shop_passes_everything() -> None:
    assert {check_id: one.status for check_id, one in outcomes_of(snapshot()).items()} == dict.fromkeys(
        IDS, Status.PASS
    )
