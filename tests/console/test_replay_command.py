"""`nightjar replay`, as a person types it: a stored night judged once more comes to the same, or says what does not."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.replaying import replays
from console.sample.fleet import DESIGNED
from console.sample.story import SampleMerchant
from functions.audit.absence import Reason
from functions.audit.code import code_version
from functions.audit.merchant import Override
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.store.audits import audit_item
from functions.store.items import from_item, to_item
from functions.store.restatements import supersede
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, absent, channel, merchant, snapshot
from tests.cloud import Cloud
from tests.console.reading import asked, unsafe
from tests.console.sample_readings import snapshot_on
from tests.console.test_stage_commands import Say, cloud, say
from tests.store.stories import TTL, audit
from tests.tables import PREFIX

__all__ = ["asked", "cloud", "say"]  # fixtures

THAT_NIGHT = ("replay", "larkspur", "--night", NIGHT.isoformat())
BOUNCES = Override(warn="50", critical="60", reason="A shop of impulse buys.")


def _lived(cloud: Cloud, seen: Snapshot | None = None, **thresholds: Override) -> None:
    """Have larkspur's night seen, judged and stored."""
    shop = merchant(thresholds=thresholds)
    seen = seen or channel(bounce_rate="57.5")
    cloud.tables.merchants.save(shop)
    cloud.tables.snapshots.put_once(seen, ttl=TTL)
    settle(cloud.tables, audit(seen, shop), shop, ttl=TTL)


def _tampered(cloud: Cloud, **attributes: Any) -> None:
    """Write over attributes of the night's audit, past everything that guards it."""
    row = {**cloud.rows("audits")[0], **attributes}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}audits", Item=to_item(row))


@pytest.mark.parametrize(
    "seen", [channel(bounce_rate="57.5"), channel(bounce_rate="81.25"), snapshot(sessions=absent(Reason.SOURCE_FAILED))]
)
def test_a_night_that_nobody_touched_comes_to_the_same(cloud: Cloud, say: Say, seen: Snapshot) -> None:
    _lived(cloud, seen)

    said = say(*THAT_NIGHT)

    assert (said.code, said.out, said.err) == (0, "the verdict: the same, bit for bit\n", "")


def test_it_reads_what_it_needs_by_key_and_writes_nothing(cloud: Cloud, say: Say, asked: list[str]) -> None:
    _lived(cloud)
    asked.clear()

    say(*THAT_NIGHT)

    assert asked == ["GetItem merchants", "GetItem audits", "GetItem snapshots"]


class _Kept:
    """Snapshots as they come back from where they are stored: as text."""

    def __init__(self, seen: Snapshot) -> None:
        self._encoded = seen.encoded

    def get(self, merchant_id: str, night: date, version: int) -> Snapshot | None:
        seen = Snapshot.model_validate_json(self._encoded)
        return seen if (merchant_id, night, version) == (seen.merchant_id, seen.night, 1) else None


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(DESIGNED), st.dates(date(2025, 6, 1), date(2031, 1, 1)))
def test_whatever_a_sample_night_saw_comes_to_the_same(sample: SampleMerchant, night: date) -> None:
    seen, shop = snapshot_on(sample, night), merchant(id=sample.id)
    row = from_item(audit_item(audit(seen, shop), ttl=TTL))

    (again,) = replays(row, _Kept(seen), shop, default_profile())

    assert (again.differences, again.notes, again.unseen) == ((), (), None)


@pytest.mark.parametrize(
    ("path", "stored", "again"),
    [
        ("counts.pass", 3, 15),
        ("outcomes.bounce_rate.status", "critical", "pass"),
        ("outcomes.bounce_rate.value", 58, 57.5),
        ("outcomes.bounce_rate.threshold.set_by", "merchant", "default"),
        ("kpis.sessions.unit", "visits", "sessions"),
        ("periods.current.start", "2020-01-01", "2026-10-23"),
        ("snapshot_sha256", "0" * 64, channel(bounce_rate="57.5").sha256),
    ],
)
def test_one_attribute_that_is_another_is_named(cloud: Cloud, say: Say, path: str, stored: Any, again: Any) -> None:
    _lived(cloud)
    row = cloud.rows("audits")[0]
    *steps, last = path.split(".")
    inside = row
    for step in steps:
        inside = inside[step]
    inside[last] = stored
    _tampered(cloud, **row)

    said = say(*THAT_NIGHT, "--format", "json")

    (verdict,) = said.plain["verdicts"]
    assert (said.code, verdict["came_to"]) == (1, "differs")
    assert verdict["differences"] == [{"what": path, "stored": stored, "again": again}]


def test_an_outcome_that_is_not_there_and_one_too_many_are_named(cloud: Cloud, say: Say) -> None:
    _lived(cloud)
    outcomes = dict(cloud.rows("audits")[0]["outcomes"])
    outcomes["of_old"] = outcomes.pop("bounce_rate")
    _tampered(cloud, outcomes=outcomes)

    said = say(*THAT_NIGHT)

    assert said.code == 1
    assert said.out.startswith("the verdict: differs in 2 attributes\n")
    assert [line.split()[0] for line in said.out.splitlines()[2:]][:1] == ["outcomes.bounce_rate"]
    assert "outcomes.of_old" in said.out


def test_thresholds_that_were_changed_since_change_nothing(cloud: Cloud, say: Say) -> None:
    _lived(cloud, bounce_rate=BOUNCES)
    (row,) = cloud.rows("audits")
    cloud.tables.merchants.save(merchant(version=1, thresholds={"session_duration": BOUNCES}))

    said = say(*THAT_NIGHT)

    assert (row["outcomes"]["bounce_rate"]["status"], row["overrides"]["bounce_rate"]["warn"]) == ("warn", 50)
    assert (said.code, said.out.splitlines()) == (
        0,
        [
            "the verdict: the same, bit for bit",
            "  thresholds that the merchant changed since: bounce_rate, session_duration; judged by those of then",
        ],
    )


def test_other_code_and_another_profile_are_named_and_need_not_matter(cloud: Cloud, say: Say) -> None:
    _lived(cloud)
    _tampered(cloud, code_version="abcdef012345", profile_version="2020.01")

    said = say(*THAT_NIGHT, "--format", "json")

    (verdict,) = said.plain["verdicts"]
    assert (said.code, verdict["came_to"], verdict["differences"]) == (0, "same", [])
    assert verdict["notes"] == [
        f"judged by code abcdef012345; here it is {code_version()}",
        f"judged by profile 2020.01; here it is {default_profile().version}",
    ]


def test_an_audit_that_does_not_say_its_thresholds_is_judged_by_those_of_today(cloud: Cloud, say: Say) -> None:
    _lived(cloud, bounce_rate=BOUNCES)
    row = cloud.rows("audits")[0]
    del row["code_version"], row["overrides"]
    cloud.dynamodb.put_item(TableName=f"{PREFIX}audits", Item=to_item(row))

    (verdict,) = say(*THAT_NIGHT, "--format", "json").plain["verdicts"]

    assert verdict["came_to"] == "same"
    assert verdict["notes"] == [
        "it does not say by which thresholds of the merchant's own; judged by those of today",
        f"judged by code that did not say which; here it is {code_version()}",
    ]


def test_both_verdicts_of_a_night_that_was_read_again_are_judged_by_what_each_rests_on(cloud: Cloud, say: Say) -> None:
    _lived(cloud)
    later = channel(bounce_rate="81.2")
    cloud.tables.snapshots.add_version(later, 2)
    supersede(cloud.tables, cloud.rows("audits")[0], audit(later), None, snapshot_version=2, alert_ends=TTL)

    said = say(*THAT_NIGHT)

    assert (said.code, said.out) == (0, "version 1: the same, bit for bit\nversion 2: the same, bit for bit\n")


def test_a_snapshot_that_is_gone_or_another_is_could_not_look_and_never_the_same(cloud: Cloud, say: Say) -> None:
    _lived(cloud)
    (item,) = cloud.raw("snapshots")
    cloud.dynamodb.put_item(TableName=f"{PREFIX}snapshots", Item={**item, "sha256": {"S": "0" * 64}})
    another = say(*THAT_NIGHT, "--format", "json")
    cloud.dynamodb.delete_item(
        TableName=f"{PREFIX}snapshots", Key={name: item[name] for name in ("merchant_id", "night")}
    )
    gone = say(*THAT_NIGHT)

    assert (another.code, another.plain["verdicts"][0]["came_to"]) == (3, "could_not_look")
    assert (
        another.plain["verdicts"][0]["why"] == f"The snapshot of larkspur for {NIGHT} is not the one that was stored."
    )
    assert gone.code == 3
    assert gone.out.startswith("the verdict: could not look: the snapshot that it rests on is not stored")


def test_what_others_wrote_does_nothing_to_a_terminal_or_a_spreadsheet(cloud: Cloud, say: Say) -> None:
    _lived(cloud)
    _tampered(cloud, outcomes={**cloud.rows("audits")[0]["outcomes"], "=1+1\u202e[red]\x1b[31m": "=cmd()"})

    table, sheet = say(*THAT_NIGHT), say(*THAT_NIGHT, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(sheet.out))

    assert unsafe(table.out) == []
    assert (row["version"], row["came_to"], row["stored"], row["again"]) == ("1", "differs", "'=cmd()", "absent")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "--night", "2026-11-21"), "There is no merchant 'nobody' on stage test"),
        (("larkspur", "--night", "2026-11-01"), "larkspur has no audit of the night 2026-11-01; there are audits from"),
        (("larkspur", "--night", "21.11.2026"), "not a night"),
    ],
)
def test_a_wrong_call_says_what_to_change(cloud: Cloud, say: Say, words: tuple[str, ...], said: str) -> None:
    _lived(cloud)
    answer = say("replay", *words)

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_night_that_is_still_to_come_is_said_to_be(cloud: Cloud, say: Say) -> None:
    cloud.tables.merchants.save(merchant())
    cloud.tables.audits.expect("larkspur", NIGHT, at=TTL, ttl=TTL)

    said = say(*THAT_NIGHT)

    assert (said.code, said.err) == (
        2,
        f"nightjar: The night {NIGHT} of larkspur is not judged (yet): look at nightjar night {NIGHT}.\n",
    )


def test_a_night_that_failed_is_said_to_have_and_never_the_same(cloud: Cloud, say: Say) -> None:
    shop = cloud.tables.merchants.save(merchant())
    never = Snapshot.unseen(
        merchant_id=shop.id,
        night=NIGHT,
        taken_at=NOW,
        periods=default_profile().periods_of(NIGHT),
        why=absent(Reason.SOURCE_FAILED),
    )
    settle(cloud.tables, audit(never, None), shop, ttl=TTL)

    said = say(*THAT_NIGHT)

    assert said.code == 3
    assert "the night failed: no fetch came back before it was closed" in said.out


@pytest.mark.parametrize(
    ("attribute", "code", "said"),
    [
        ("evaluated_at", 0, "the same, bit for bit"),
        ("profile_version", 0, "judged by a profile that it does not name"),
        ("state", 1, "state"),
        ("periods", 1, "periods"),
        ("outcomes", 1, "outcomes"),
    ],
)
def test_an_attribute_that_is_gone_is_named_and_nothing_breaks(
    cloud: Cloud, say: Say, attribute: str, code: int, said: str
) -> None:
    _lived(cloud)
    row = cloud.rows("audits")[0]
    kept = {name: value for name, value in row.items() if name != attribute}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}audits", Item=to_item(kept))

    answer = say(*THAT_NIGHT)

    assert answer.code == code
    assert said in answer.out


def test_thresholds_that_cannot_be_read_are_could_not_look(cloud: Cloud, say: Say) -> None:
    _lived(cloud)
    _tampered(cloud, overrides={"bounce_rate": {"warn": "many"}})

    said = say(*THAT_NIGHT)

    assert said.code == 3
    assert "the thresholds that it was judged by cannot be read" in said.out
