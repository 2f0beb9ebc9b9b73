"""A critical that no recipient was there to get goes to the operators, once, and is owed on the next night."""

from __future__ import annotations

from typing import Any

import pytest

from functions.audit.unreached import unreached, unreached_text
from functions.store.unreached import hold_unreached
from tests.builders import NIGHT, NOW
from tests.cloud import Cloud
from tests.rooms.test_closer import CLOSING, Stage
from tests.store.stories import TTL

ID = f"{NIGHT}#critical"


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    """Give a night on which nobody could be told of larkspur, and brasa's message left."""
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    stage = Stage(cloud)
    stage.audited("larkspur", "brasa", bounce_rate="81.2", session_conversion_rate="0.1")
    alert = cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    assert hold_unreached(cloud.tables, alert)
    return stage


def of_unreached(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in stage.sns.published if "reached nobody" in one["Subject"]]


def test_the_operators_are_told_what_nobody_else_was_and_what_to_do(stage: Stage) -> None:
    stage.close()

    (told,) = of_unreached(stage)
    assert told["TopicArn"].endswith("operators")
    assert told["Subject"] == "Nightjar 2026-11-21: criticals of 1 merchant reached nobody"
    assert (
        "- larkspur, night of 2026-11-21: bounce_rate (opened), session_conversion_rate (opened)\n" in told["Message"]
    )
    assert "nightjar recipients add email ADDRESS --merchant ID" in told["Message"]
    assert "brasa" not in told["Message"]
    (row,) = (one for one in stage.cloud.rows("alerts") if one["merchant_id"] == "larkspur")
    assert row["operators_told_at"] == CLOSING.isoformat()
    assert "unsent_night" not in row


def test_another_close_tells_them_nothing_new(stage: Stage) -> None:
    stage.close()
    stage.close()

    assert len(of_unreached(stage)) == 1


def test_a_crash_before_it_is_noted_tells_them_again_and_not_never(stage: Stage) -> None:
    def die() -> None:
        if of_unreached(stage):
            raise MemoryError

    stage.sns.after = die
    with pytest.raises(MemoryError):
        stage.close()
    stage.sns.after = lambda: None

    stage.close()

    assert len(of_unreached(stage)) == 2
    stage.close()
    assert len(of_unreached(stage)) == 2


def test_a_long_list_is_cut_and_says_how_many_more_there_are(stage: Stage) -> None:
    alert = stage.cloud.tables.alerts.get("brasa", ID)
    assert alert is not None

    subject, body = unreached_text(NIGHT, [unreached(alert)] * 53)

    assert (subject.isascii(), len(subject) < 100) == (True, True)
    assert body.count("- brasa, night of") == 50
    assert "- and 3 more\n" in body
