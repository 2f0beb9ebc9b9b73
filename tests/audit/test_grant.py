"""A grant is printed without its tokens, says when its end is near, and gives a rejection its name."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr

from functions.audit.grant import Grant, ends_on, milestone, rejection

NIGHTFALL = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)


def test_printing_a_grant_shows_no_token() -> None:
    grant = Grant(merchant_id="larkspur", access_token=SecretStr("act.secret"), refresh_token=SecretStr("rft.secret"))

    for shown in (repr(grant), str(grant), grant.model_dump_json(), str(grant.model_dump())):
        assert "secret" not in shown.replace("SecretStr", "")
        assert "larkspur" in shown


@pytest.mark.parametrize(
    ("days_left", "nearest"),
    [
        ("365", None),
        ("30", None),
        ("29.9", 30),
        ("14", 30),
        ("13.9", 14),
        ("7", 14),
        ("6.9", 7),
        ("2", 7),
        ("1.9", 2),
        ("0", 2),
        ("-5", 2),
    ],
)
def test_the_milestones_are_thirty_fourteen_seven_and_two_days_ahead(days_left: str, nearest: int | None) -> None:
    assert milestone(Decimal(days_left)) == nearest


@pytest.mark.parametrize(
    ("days_left", "day"),
    [("0", date(2026, 11, 21)), ("0.90624", date(2026, 11, 21)), ("0.90625", date(2026, 11, 22))],
)
def test_a_connection_ends_on_the_day_of_its_last_second(days_left: str, day: date) -> None:
    assert ends_on(NIGHTFALL, Decimal(days_left)) == day


def test_an_end_before_all_dates_is_long_over() -> None:
    assert ends_on(NIGHTFALL, Decimal("-1e30")).year == 1926


@pytest.mark.parametrize(
    ("state", "reason", "said", "name"),
    [
        ("connected", None, "rejected", "rejected"),
        ("connected", None, "invalid_grant", "invalid_grant"),
        ("lost_rotation", None, "invalid_grant", "lost_rotation"),
        ("lost_rotation", None, "rejected", "rejected"),
        ("reconnect_needed", "lost_rotation", "invalid_grant", "lost_rotation"),
        ("reconnect_needed", "invalid_grant", "invalid_grant", "invalid_grant"),
        ("removed", "banned", "invalid_grant", "banned"),
        ("removed", "disconnected_by_user", "rejected", "disconnected_by_user"),
        ("removed", "something that TikTok may add", "rejected", "removed"),
        ("removed", None, "rejected", "removed"),
    ],
)
def test_a_rejection_is_called_by_what_explains_it(state: str, reason: str | None, said: str, name: str) -> None:
    grant = Grant.model_validate({"merchant_id": "larkspur", "state": state, "state_reason": reason})

    assert rejection(grant, said) == name


def test_where_nothing_is_stored_a_rejection_is_called_as_tiktok_calls_it() -> None:
    assert rejection(None, "invalid_grant") == "invalid_grant"
