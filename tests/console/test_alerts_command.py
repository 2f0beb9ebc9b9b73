"""`nightjar alerts`, as a person types it: was anyone told?"""

from __future__ import annotations

import pytest

from functions.store.unreached import hold_unreached, record_operators_told
from tests.builders import NIGHT, NOW, merchant
from tests.cloud import Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.store.stories import night_after
from tests.store.test_ledger import ID, TOPIC, sick

__all__ = ["cloud", "say"]  # fixtures


@pytest.fixture
def fleet(cloud: Cloud) -> Cloud:
    """Give a night on which larkspur was told of a critical, and nobody was there to hear of brasa's."""
    for shop in ("larkspur", "brasa"):
        cloud.tables.merchants.save(merchant(id=shop))
        sick(cloud, shop)
    cloud.tables.alerts.record_published("larkspur", ID, at=NOW, message_id="m-1", topic_arn=TOPIC)
    alert = cloud.tables.alerts.get("brasa", ID)
    assert alert is not None
    hold_unreached(cloud.tables, alert)
    record_operators_told(cloud.tables, alert, at=NOW)
    return cloud


@pytest.mark.usefixtures("fleet")
def test_a_night_shows_who_was_told_and_who_was_not(say: Say) -> None:
    said = say("alerts", "--night", str(NIGHT))

    assert said.code == 0
    assert said.err == "2 messages on stage test.\n"
    told = " ".join(said.out.split())
    assert "2026-11-21 larkspur bounce_rate" in told
    assert "m-1" in told
    assert "recipient unreachable" in told
    assert "operators" in told


@pytest.mark.usefixtures("fleet")
def test_programs_get_every_way_with_its_time_and_id(say: Say) -> None:
    (row,) = say("alerts", "larkspur", "--night", str(NIGHT), "--format", "json").plain["alerts"]

    assert (row["merchant_id"], row["night"], row["state"]) == ("larkspur", "2026-11-21", "published")
    assert [(one["check_id"], one["why"]) for one in row["criticals"]] == [("bounce_rate", "opened")]
    assert row["ways"][0] == {
        "channel": "read",
        "audience": "fleet",
        "state": "published",
        "at": NOW.isoformat(),
        "message_id": "m-1",
        "held_for": None,
        "held_until": None,
    }
    assert (row["ways"][1]["channel"], row["ways"][1]["state"]) == ("sms", "due")


@pytest.mark.usefixtures("fleet")
def test_where_there_was_nothing_to_say_it_says_so(say: Say) -> None:
    said = say("alerts", "larkspur", "--night", str(night_after(-1)))

    assert (said.code, said.err) == (0, "0 messages on stage test. There was nothing to say.\n")


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody",), "There is no merchant 'nobody' on stage test"),
        (("larkspur", "--night", "soon"), "'soon' is not a night"),
    ],
)
def test_a_wrong_call_says_what_to_change(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("alerts", *words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err
