"""`nightjar backtest`, as a person types it: what a threshold would have done, and on which nights nobody can say."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.backtesting import Proposal, counted_up, tried
from functions.audit.checks import CATALOGUE
from functions.audit.merchant import Override
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.store.items import to_item
from tests.builders import NIGHT, NOW, channel, judged, merchant, overriding
from tests.cloud import Cloud
from tests.console.reading import asked, plain
from tests.console.test_stage_commands import Say, cloud, say
from tests.console.trying import BLIND, lived, nights_ago
from tests.store.stories import TTL, revoked
from tests.tables import PREFIX

__all__ = ["asked", "cloud", "say"]  # fixtures

BOUNCES = next(check for check in CATALOGUE if check.id == "bounce_rate")
OF_LARKSPUR = ("backtest", "--merchant", "larkspur", "--check", "bounce_rate")
# Today's thresholds warn above 60 and are critical above 75.
FOUR_NIGHTS = {4: "50", 3: "64", 2: None, 1: "66.5", 0: "80"}


def test_each_night_is_told_by_todays_thresholds_and_by_the_new_ones(cloud: Cloud, say: Say) -> None:
    lived(cloud, FOUR_NIGHTS)

    said = say(*OF_LARKSPUR, "--warn", "65")

    assert (said.code, said.err) == (0, "")
    rows = [line.split() for line in said.out.splitlines()]
    assert rows[0] == ["night", "value", "today", "new", "why"]
    assert rows[1] == [nights_ago(4).isoformat(), "50", "%", "pass", "pass"]
    assert rows[2] == [nights_ago(3).isoformat(), "64", "%", "warn", "pass"]
    assert rows[3][:6] == [nights_ago(2).isoformat(), "not", "evaluated", "not", "evaluated", "source_failed:"]
    assert rows[4] == [nights_ago(1).isoformat(), "66.5", "%", "warn", "warn"]
    assert rows[5] == [nights_ago(0).isoformat(), "80", "%", "critical", "critical"]
    assert plain(said.out).endswith(
        "It would have fired on 2 of 4 nights (1 warn, 1 critical); today's thresholds fire on 3 (2 warn, 1 critical). "
        "On 1 more night nobody can say."
    )


def test_programs_and_spreadsheets_get_the_same(cloud: Cloud, say: Say) -> None:
    lived(cloud, FOUR_NIGHTS)

    document = say(*OF_LARKSPUR, "--warn", "65", "--critical", "66", "--format", "json").plain
    rows = list(csv.DictReader(io.StringIO(say(*OF_LARKSPUR, "--warn", "65", "--format", "csv").out)))

    assert document["counts"] == {
        "judged": 4,
        "blind": 1,
        "warn": 0,
        "critical": 2,
        "warn_now": 2,
        "critical_now": 1,
    }
    assert [(one["today"], one["new"]) for one in document["nights"]] == [
        ("pass", "pass"),
        ("warn", "pass"),
        ("not_evaluated", "not_evaluated"),
        ("warn", "critical"),
        ("critical", "critical"),
    ]
    assert (rows[2]["value"], rows[2]["new"], rows[2]["why"]) == ("", "not_evaluated", "source_failed")


def test_a_night_without_a_snapshot_is_no_quiet_night(cloud: Cloud, say: Say) -> None:
    lived(cloud, {3: "80", 1: "80"})

    document = say(*OF_LARKSPUR, "--warn", "65", "--format", "json").plain

    assert [one["night"] for one in document["nights"]] == [nights_ago(ago).isoformat() for ago in (3, 2, 1)]
    assert document["nights"][1]["why"] == "no snapshot is stored"
    assert (document["counts"]["judged"], document["counts"]["blind"]) == (2, 1)


def test_where_nobody_could_look_on_any_night_nobody_can_say(cloud: Cloud, say: Say) -> None:
    lived(cloud, {1: None, 0: None})

    said = say(*OF_LARKSPUR, "--warn", "65")

    assert said.code == 3
    assert plain(said.out).endswith("Nobody can say: on none of 2 nights could bounce_rate be judged.")


def test_it_goes_over_what_the_merchant_has_set_itself(cloud: Cloud, say: Say) -> None:
    own = Override(warn="40", critical="70", reason="A shop of impulse buys.")
    lived(cloud, {1: "72", 0: "50"}, thresholds={"bounce_rate": own})

    document = say(*OF_LARKSPUR, "--warn", "55", "--format", "json").plain

    assert [(one["today"], one["new"]) for one in document["nights"]] == [("critical", "critical"), ("warn", "pass")]


def test_over_the_fleet_it_is_a_new_default_and_own_thresholds_stay(cloud: Cloud, say: Say, asked: list[str]) -> None:
    own = Override(warn="50", reason="A shop of impulse buys.")
    lived(cloud, {1: "64", 0: "64"})
    lived(cloud, {1: "64", 0: None}, merchant(id="brasa", thresholds={"bounce_rate": own}))
    lived(cloud, {}, merchant(id="newcomer"))
    cloud.tables.audits.expect("newcomer", nights_ago(0), at=NOW, ttl=TTL)
    cloud.tables.nights.open(nights_ago(0), at=NOW, ttl=TTL)
    asked.clear()

    document = say("backtest", "--check", "bounce_rate", "--warn", "65", "--format", "json").plain

    found = {one["merchant_id"]: one for one in document["merchants"]}
    told = ("judged", "blind", "warn", "warn_now", "why")
    assert {name: tuple(one[part] for part in told) for name, one in found.items()} == {
        "larkspur": (2, 0, 0, 2, None),
        "brasa": (1, 1, 1, 1, None),
        "newcomer": (0, 0, 0, 0, "no snapshot is stored"),
    }
    assert document["counts"] == {
        "judged": 3,
        "blind": 1,
        "warn": 1,
        "critical": 0,
        "warn_now": 3,
        "critical_now": 0,
    }
    assert not any(call.startswith("Scan") for call in asked)


def test_people_see_the_merchants_whom_it_changes_most_first(cloud: Cloud, say: Say) -> None:
    lived(cloud, {0: "80"}, merchant(id="brasa"))
    lived(cloud, {1: "64", 0: "64"})
    cloud.tables.nights.open(nights_ago(0), at=NOW, ttl=TTL)

    said = say("backtest", "--check", "bounce_rate", "--warn", "65")

    rows = [line.split() for line in said.out.splitlines()]
    assert rows[:3] == [
        ["merchant", "judged", "blind", "fires", "today", "why"],
        ["larkspur", "2", "0", "0", "2"],
        ["brasa", "1", "0", "1", "1"],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--check", "bounces", "--warn", "65"), "There is no check 'bounces'"),
        (("--check", "bounce_rate"), "Propose something for bounce_rate: --warn, --critical or --condition"),
        (("--check", "bounce_rate", "--warn", "many"), "--warn 'many' is not a number"),
        (("--check", "bounce_rate", "--warn", "NaN"), "--warn 'NaN' is not a number"),
        (("--check", "bounce_rate", "--warn", "650"), "650 is outside 0 to 100 percent"),
        (("--check", "bounce_rate", "--warn", "80"), "warn 80 can never fire before critical 75"),
        (("--check", "access_token", "--condition", "rejected"), "is not NAME=warn or NAME=critical"),
        (("--check", "access_token", "--condition", "bored=warn"), "there are no such conditions: bored"),
        (("--check", "bounce_rate", "--warn", "65", "--merchant", "nobody"), "There is no merchant 'nobody'"),
        (("--check", "bounce_rate", "--warn", "65"), "No night was opened in the last 7 days"),
        (("--check", "bounce_rate", "--warn", "65", "--merchant", "larkspur"), "no snapshot is stored"),
        (("--check", "bounce_rate", "--warn", "65", "--merchant", "brasa"), "can never fire before critical 62"),
    ],
)
def test_a_wrong_call_says_what_to_change(cloud: Cloud, say: Say, words: tuple[str, ...], said: str) -> None:
    lived(cloud, {})
    lived(cloud, {}, overriding("bounce_rate", warn="50", critical="62").model_copy(update={"id": "brasa"}))

    answer = say("backtest", *words)

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_condition_can_be_tried_too(cloud: Cloud, say: Say) -> None:
    seen = revoked()
    kept = Snapshot.model_validate(seen.model_dump() | {"night": nights_ago(0)})
    cloud.tables.merchants.save(merchant())
    cloud.tables.snapshots.put_once(kept, ttl=TTL)

    words = ("backtest", "--check", "access_token", "--condition", "rejected=warn", "--merchant", "larkspur")
    document = say(*words, "--format", "json").plain

    assert [(one["today"], one["new"]) for one in document["nights"]] == [("critical", "warn")]


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_a_back_test_says_what_the_night_would_have_come_to(bounce: int, warn: int, critical: int) -> None:
    warn, critical = sorted((warn, critical + 1))
    seen = channel(bounce_rate=Decimal(bounce) / 10)
    numbers = {"warn": Decimal(warn) / 10, "critical": Decimal(critical) / 10}

    (night,) = tried(
        Proposal(BOUNCES, warn=numbers["warn"], critical=numbers["critical"]),
        merchant(),
        {NIGHT: (1, seen)},
        default_profile(),
        first=NIGHT,
        last=NIGHT,
        for_all=False,
    )

    assert night.new is not None
    assert night.new.status is judged("bounce_rate", seen, overriding("bounce_rate", **numbers)).status
    assert night.now is not None
    assert night.now.status is judged("bounce_rate", seen).status


@given(st.lists(st.sampled_from(["50", "64", "80", None]), max_size=8))
def test_every_night_is_either_judged_or_blind(bounces: list[str | None]) -> None:
    nights = {NIGHT - timedelta(days=at): one for at, one in enumerate(bounces)}
    snapshots = {
        night: (1, BLIND if bounce is None else channel(bounce_rate=bounce)) for night, bounce in nights.items()
    }

    counts = counted_up(
        tried(
            Proposal(BOUNCES, warn=Decimal(65)),
            merchant(),
            snapshots,
            default_profile(),
            first=NIGHT - timedelta(days=9),
            last=NIGHT,
            for_all=False,
        )
    )

    assert counts["judged"] + counts["blind"] == 10
    assert (counts["critical"], counts["warn"], counts["pass"]) == (
        bounces.count("80"),
        0,
        bounces.count("50") + bounces.count("64"),
    )


def _damaged(cloud: Cloud, *rows: tuple[str, int]) -> None:
    """Have stored snapshots be others than those that were stored: by merchant, and how many nights ago."""
    for row in cloud.rows("snapshots"):
        if any((row["merchant_id"], row["night"]) == (who, nights_ago(ago).isoformat()) for who, ago in rows):
            cloud.dynamodb.put_item(TableName=f"{PREFIX}snapshots", Item=to_item({**row, "sha256": "0" * 64}))


def test_a_snapshot_that_cannot_be_read_is_no_quiet_night_wherever_it_stands(cloud: Cloud, say: Say) -> None:
    lived(cloud, {2: "90", 1: "50", 0: "90"})
    _damaged(cloud, ("larkspur", 2), ("larkspur", 0))

    document = say(*OF_LARKSPUR, "--warn", "65", "--format", "json").plain

    assert (document["counts"]["judged"], document["counts"]["blind"]) == (1, 2)
    assert [one["night"] for one in document["nights"]] == [nights_ago(ago).isoformat() for ago in (2, 1, 0)]
    assert document["nights"][2]["why"].endswith("is not the one that was stored.")


def test_where_no_snapshot_can_be_read_nobody_can_say(cloud: Cloud, say: Say) -> None:
    lived(cloud, {0: "90"})
    _damaged(cloud, ("larkspur", 0))

    said = say(*OF_LARKSPUR, "--warn", "65")

    assert said.code == 3
    assert "no snapshot is stored" not in plain(said.out)


def test_nights_since_the_last_snapshot_are_blind_but_for_tonight_which_may_be_to_come(cloud: Cloud, say: Say) -> None:
    lived(cloud, {4: "50", 3: "50"})

    document = say(*OF_LARKSPUR, "--warn", "65", "--format", "json").plain

    assert [one["night"] for one in document["nights"]] == [nights_ago(ago).isoformat() for ago in (4, 3, 2, 1)]
    assert (document["counts"]["judged"], document["counts"]["blind"]) == (2, 2)


def test_whom_nobody_could_look_at_is_not_called_less_changed(cloud: Cloud, say: Say) -> None:
    for number in range(40):
        lived(cloud, {0: "64"}, merchant(id=f"shop-{number}"))
    lived(cloud, {0: "90"}, merchant(id="unread"))
    _damaged(cloud, ("unread", 0))
    cloud.tables.nights.open(nights_ago(0), at=NOW, ttl=TTL)

    said = plain(say("backtest", "--check", "bounce_rate", "--warn", "65").out)

    assert "whom it changes less" not in said
    assert "and 1 more merchant, not all of whom could be judged on every night" in said
    assert said.endswith("Of 1 merchant no night could be judged.")
