"""`nightjar report`, as a person types it: a file to look at, or a sentence that says why there is none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from functions.audit.snapshot import Snapshot
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant
from tests.cloud import Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.report.nights import Read
from tests.store.stories import TTL, audit, night_after

TO_STDOUT = ("report", "larkspur", "--night", "2026-11-22", "--out", "-")
__all__ = ["cloud", "say"]  # fixtures


@pytest.fixture
def shop(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    """Give a stage with a merchant of two nights, and one that was never audited."""
    monkeypatch.chdir(tmp_path)
    for one in ("larkspur", "brasa"):
        cloud.tables.merchants.save(merchant(id=one, name=f"The {one}"))
    cloud.instead("scan", lambda **_: pytest.fail("a scan"))
    for night in (NIGHT, night_after(1)):
        audited(cloud, night)
    return cloud


def audited(cloud: Cloud, night: date) -> None:
    seen = Snapshot.model_validate(channel(bounce_rate="81.2").model_dump() | {"night": night})
    cloud.tables.snapshots.put_once(seen, ttl=TTL)
    settle(cloud.tables, audit(seen), merchant(), ttl=TTL)


def test_the_last_audited_night_is_written_to_a_file(shop: Cloud, say: Say) -> None:
    lately = datetime.now(UTC).date()
    audited(shop, lately)

    said = say("report", "larkspur")

    assert (said.code, said.out, said.err) == (0, "", f"Written to larkspur-{lately}.html.\n")
    read = Read(Path(f"larkspur-{lately}.html").read_text(encoding="utf-8"))
    assert "since 21 November 2026; told on 21 November 2026." in read.text("open")
    assert "Sessions, day by day" in str(read.elements)


@pytest.mark.usefixtures("shop")
def test_a_night_and_a_place_can_be_named(say: Say, tmp_path: Path) -> None:
    target = tmp_path / "at.html"

    assert say("report", "larkspur", "--night", "2026-11-21", "--out", str(target)).code == 0
    read = Read(target.read_text(encoding="utf-8"))
    assert "night of 21 November 2026" in read.text()
    assert "As they stand after the night of 22 November 2026." in read.text("open")
    said = say(*TO_STDOUT)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<!doctype html>")


def test_what_is_no_longer_stored_is_told(shop: Cloud, say: Say) -> None:
    for name in ({"S": "2026-11-21"}, {"S": "2026-11-22"}):
        shop.dynamodb.delete_item(
            TableName="nightjar-test-snapshots", Key={"merchant_id": {"S": "larkspur"}, "night": name}
        )

    assert "What that night saw is no longer stored" in Read(
        say("report", "larkspur", "--night", "2026-11-22", "--out", "-").out
    ).text("days")


def test_a_snapshot_that_was_not_what_was_judged_is_not_shown(shop: Cloud, say: Say) -> None:
    where: dict[str, Any] = {"merchant_id": {"S": "larkspur"}, "night": {"S": "2026-11-22"}}
    shop.dynamodb.update_item(
        TableName="nightjar-test-audits",
        Key=where,
        UpdateExpression="SET snapshot_sha256 = :other",
        ExpressionAttributeValues={":other": {"S": "0" * 64}},
    )

    assert "is not what was judged" in Read(say("report", "larkspur", "--night", "2026-11-22", "--out", "-").out).text(
        "days"
    )


def test_the_fleet_is_one_page_with_names_and_what_is_critical(shop: Cloud, say: Say) -> None:
    shop.tables.nights.open(night_after(1), at=NOW, ttl=TTL)
    shop.tables.audits.expect("brasa", night_after(1), at=NOW, ttl=TTL)

    said = say("report", "--fleet", "--night", "2026-11-22")

    assert (said.code, said.err) == (0, "Written to fleet-2026-11-22.html.\n")
    read = Read(Path("fleet-2026-11-22.html").read_text(encoding="utf-8"))
    assert "1 of 2 merchants audited; 1 critical finding open." in read.text()
    assert "The larkspur Bounce rate 21 November 2026 Too many visitors" in read.text("critical")
    assert "The brasa brasa not audited no verdict" in read.text("merchants")
    assert "This night is not closed" in read.text()


@pytest.mark.usefixtures("shop")
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
