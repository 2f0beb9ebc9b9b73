"""What much of the fleet shares is the operators' matter: from a share on, told when new and then every week."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.fleet import fleet_text, shared_failures
from functions.audit.night import AuditHead, FleetFailure
from functions.audit.profile import default_profile
from functions.audit.rootcause import Share
from functions.audit.verdict import AuditState
from tests.builders import NIGHT

SHARE = Share(percent=Decimal(10), merchants=10)
DEAD, DOWN = "access_token:rejected", "storefront sessions:source_failed"


def heads(expected: int, **failing: int) -> list[AuditHead]:
    names = {"dead": DEAD, "down": DOWN}
    return [
        AuditHead(
            f"shop-{at}",
            AuditState.DONE,
            {},
            {},
            failures=tuple(names[name] for name, count in failing.items() if at < count),
        )
        for at in range(expected)
    ]


def shared(expected: int, *before: FleetFailure, **failing: int) -> dict[str, int]:
    found = shared_failures(heads(expected, **failing), SHARE, night=NIGHT, before=before)
    return {one.failure: one.merchants for one in found}


def test_the_share_is_the_profiles() -> None:
    assert default_profile().share == SHARE


@pytest.mark.parametrize(
    ("expected", "dead", "is_the_fleets"),
    [
        (1000, 101, True),
        (1000, 100, False),  # a tenth is not more than a tenth
        (20, 10, True),
        (9, 9, False),  # too few to tell a wave from troubles of their own
        (0, 0, False),
    ],
)
def test_a_failure_is_the_fleets_from_a_share_and_a_number_on(expected: int, dead: int, *, is_the_fleets: bool) -> None:
    assert shared(expected, dead=dead) == ({DEAD: dead} if is_the_fleets else {})


def test_the_widest_comes_first_and_each_is_counted_once_a_merchant() -> None:
    twice = [AuditHead("shop", AuditState.DONE, {}, {}, failures=(DEAD, DEAD)) for _ in range(12)]

    assert list(shared(100, dead=20, down=60)) == [DOWN, DEAD]
    (found,) = shared_failures(twice, SHARE, night=NIGHT, before=())
    assert found.merchants == 12


def test_it_knows_since_when_and_is_due_when_new_and_then_every_week() -> None:
    known = FleetFailure(DEAD, 40, NIGHT - timedelta(days=3))
    old, new = shared_failures(heads(100, dead=30, down=20), SHARE, night=NIGHT, before=[known])

    assert (old.failure, old.merchants, old.since) == (DEAD, 30, NIGHT - timedelta(days=3))
    assert (new.failure, new.since) == (DOWN, NIGHT)
    assert [day for day in range(16) if new.is_due(NIGHT + timedelta(days=day), 7)] == [0, 7, 14]


def test_the_message_names_each_failure_and_its_share() -> None:
    failures = [FleetFailure(DEAD, 812, NIGHT), FleetFailure(DOWN, 1, NIGHT - timedelta(days=1))]
    subject, body = fleet_text(NIGHT, failures, 1000)

    assert subject == "Nightjar 2026-11-21: access_token:rejected at 812 of 1000 merchants"
    assert "- access_token:rejected: 812 merchants\n" in body
    assert "- storefront sessions:source_failed: 1 merchant, since 2026-11-20\n" in body
    assert "Is the TikTok app still approved" in body
    assert "Is the TikTok app still approved" not in fleet_text(NIGHT, failures[1:], 1000)[1]


@given(st.integers(0, 60), st.integers(0, 60))
def test_more_merchants_never_make_a_failure_less_the_fleets(expected: int, dead: int) -> None:
    if shared(expected, dead=min(dead, expected)):
        assert shared(expected, dead=min(dead + 1, expected))
