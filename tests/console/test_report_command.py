"""`nightjar report`, as a person types it: a file to look at, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from functions.audit.snapshot import Snapshot
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant
from tests.cloud import Cloud, pretended_aws
from tests.console.test_stage_commands import Say, say
from tests.report.nights import Read
from tests.store.stories import TTL, audit, night_after
from tests.tables import PREFIX

LAST = night_after(1)
LONG_AGO = date(2026, 10, 3)
__all__ = ["say"]  # a fixture


@pytest.fixture(scope="module")
def shop() -> Iterator[Cloud]:
    """Give a stage whose merchants have a story each, so that all tests may share it."""
    with pretended_aws() as cloud:
        for one in ("larkspur", "brasa", "forgotten", "altered", "lately", "once"):
            cloud.tables.merchants.save(merchant(id=one, name=f"The {one}"))
        audited(cloud, "larkspur", NIGHT)
        for one in ("larkspur", "forgotten", "altered"):
            audited(cloud, one, LAST)
        audited(cloud, "once", LONG_AGO)
        cloud.instead("scan", lambda **_: pytest.fail("a scan"))
        yield cloud


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(shop: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert shop
    monkeypatch.chdir(tmp_path)


def audited(cloud: Cloud, merchant_id: str, night: date) -> None:
    seen = channel(bounce_rate="81.2").model_dump() | {"merchant_id": merchant_id, "night": night}
    snapshot = Snapshot.model_validate(seen)
    cloud.tables.snapshots.put_once(snapshot, ttl=TTL)
    settle(cloud.tables, audit(snapshot), merchant(id=merchant_id), ttl=TTL)


def days_of(say: Say, merchant_id: str) -> str:
    return Read(say("report", merchant_id, "--night", str(LAST), "--out", "-").out).text("days")


def test_the_last_audited_night_is_written_to_a_file(shop: Cloud, say: Say) -> None:
    today = datetime.now(UTC).date()
    for night in (today - timedelta(days=3), today - timedelta(days=1)):
        audited(shop, "lately", night)

    said = say("report", "lately")

    assert (said.code, said.out, said.err) == (0, "", f"Written to lately-{night}.html.\n")
    read = Read(Path(f"lately-{night}.html").read_text(encoding="utf-8"))
    assert "Open for 3 nights" in read.text("open")
    assert "Sessions, day by day" in str(read.elements)


def test_a_night_and_a_place_can_be_named(say: Say, tmp_path: Path) -> None:
    target = tmp_path / "at.html"

    assert say("report", "larkspur", "--night", "2026-11-21", "--out", str(target)).code == 0
    read = Read(target.read_text(encoding="utf-8"))
    assert "night of 21 November 2026" in read.text()
    assert "As they stand after the night of 22 November 2026." in read.text("open")
    said = say("report", "larkspur", "--night", str(LAST), "--out", "-")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<!doctype html>")


def test_what_is_no_longer_stored_is_told(shop: Cloud, say: Say) -> None:
    where = {"merchant_id": {"S": "forgotten"}, "night": {"S": str(LAST)}}
    shop.dynamodb.delete_item(TableName=f"{PREFIX}snapshots", Key=where)

    assert "What that night saw is no longer stored" in days_of(say, "forgotten")


def test_a_snapshot_that_was_not_what_was_judged_is_not_shown(shop: Cloud, say: Say) -> None:
    shop.dynamodb.update_item(
        TableName=f"{PREFIX}audits",
        Key={"merchant_id": {"S": "altered"}, "night": {"S": str(LAST)}},
        UpdateExpression="SET snapshot_sha256 = :other",
        ExpressionAttributeValues={":other": {"S": "0" * 64}},
    )

    assert "is not what was judged" in days_of(say, "altered")


def test_the_fleet_is_one_page_with_names_and_what_is_critical(shop: Cloud, say: Say) -> None:
    shop.tables.nights.open(LONG_AGO, at=NOW, ttl=TTL)
    shop.tables.audits.expect("brasa", LONG_AGO, at=NOW, ttl=TTL)

    said = say("report", "--fleet", "--night", str(LONG_AGO))

    assert (said.code, said.err) == (0, "Written to fleet-2026-10-03.html.\n")
    read = Read(Path("fleet-2026-10-03.html").read_text(encoding="utf-8"))
    assert "1 of 2 merchants audited;" in read.text()
    assert "The once Bounce rate 3 October 2026 Too many visitors" in read.text("critical")
    assert "The brasa brasa not audited no verdict" in read.text("merchants")
    assert "This night is not closed" in read.text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Name a merchant, or give --fleet for all of them on one page: one of the two."),
        (("larkspur", "--fleet"), "one of the two."),
        (("--fleet",), "No night was opened in the last 7 days. Start one: nightjar run."),
        (("--fleet", "--night", "2026-11-20"), "The night of 2026-11-20 was never opened."),
        (("nobody",), "There is no merchant 'nobody' on stage test; nightjar merchants list shows all."),
        (("brasa",), "brasa has no finished audit in the last 30 nights. Start one: nightjar run --merchant brasa"),
        (("larkspur", "--night", "2026-11-20"), "larkspur has no finished audit for the night of 2026-11-20."),
        (("larkspur", "--night", "soon"), "'soon' is not a night"),
        (
            ("larkspur", "--night", "2026-11-22", "--out", "/nowhere/at.html"),
            "/nowhere/at.html cannot be written: No such file or directory.",
        ),
    ],
)
def test_where_there_is_no_report_it_says_why(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("report", *words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err
