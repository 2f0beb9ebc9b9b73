"""`nightjar report`, as a person types it: a file to look at, or a sentence that says why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from functions.audit.snapshot import Snapshot
from functions.store.verdicts import settle
from tests.builders import NIGHT, channel, merchant
from tests.cloud import Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.report.nights import Read
from tests.store.stories import TTL, audit, night_after

__all__ = ["cloud", "say"]  # fixtures


@pytest.fixture
def shop(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    """Give a stage with a merchant of two nights, and one that was never audited."""
    monkeypatch.chdir(tmp_path)
    for one in ("larkspur", "brasa"):
        cloud.tables.merchants.save(merchant(id=one, name=f"The {one}"))
    cloud.instead("scan", lambda **_: pytest.fail("a scan"))
    for night in (NIGHT, night_after(1)):
        seen = Snapshot.model_validate(channel(bounce_rate="81.2").model_dump() | {"night": night})
        cloud.tables.snapshots.put_once(seen, ttl=TTL)
        settle(cloud.tables, audit(seen), merchant(), ttl=TTL)
    return cloud


@pytest.mark.usefixtures("shop")
def test_the_last_audited_night_is_written_to_a_file(say: Say) -> None:
    said = say("report", "larkspur")

    assert (said.code, said.out, said.err) == (0, "", "Written to larkspur-2026-11-22.html.\n")
    read = Read(Path("larkspur-2026-11-22.html").read_text(encoding="utf-8"))
    assert "Open for 2 nights, since 21 November 2026; told on 21 November 2026." in read.text("open")
    assert "Sessions, day by day" in str(read.elements)


@pytest.mark.usefixtures("shop")
def test_a_night_and_a_place_can_be_named(say: Say, tmp_path: Path) -> None:
    target = tmp_path / "at.html"

    assert say("report", "larkspur", "--night", "2026-11-21", "--out", str(target)).code == 0
    read = Read(target.read_text(encoding="utf-8"))
    assert "night of 21 November 2026" in read.text()
    assert "As they stand after the night of 22 November 2026." in read.text("open")
    said = say("report", "larkspur", "--out", "-")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<!doctype html>")


def test_what_is_no_longer_stored_is_told(shop: Cloud, say: Say) -> None:
    for name in ({"S": "2026-11-21"}, {"S": "2026-11-22"}):
        shop.dynamodb.delete_item(
            TableName="nightjar-test-snapshots", Key={"merchant_id": {"S": "larkspur"}, "night": name}
        )

    assert "What that night saw is no longer stored" in Read(say("report", "larkspur", "--out", "-").out).text("days")


def test_a_snapshot_that_was_not_what_was_judged_is_not_shown(shop: Cloud, say: Say) -> None:
    where: dict[str, Any] = {"merchant_id": {"S": "larkspur"}, "night": {"S": "2026-11-22"}}
    shop.dynamodb.update_item(
        TableName="nightjar-test-audits",
        Key=where,
        UpdateExpression="SET snapshot_sha256 = :other",
        ExpressionAttributeValues={":other": {"S": "0" * 64}},
    )

    assert "is not what was judged" in Read(say("report", "larkspur", "--out", "-").out).text("days")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody",), "There is no merchant 'nobody' on stage test; nightjar merchants list shows all."),
        (("brasa",), "brasa has no finished audit in the last 30 nights. Start one: nightjar run --merchant brasa"),
        (("larkspur", "--night", "2026-11-20"), "larkspur has no finished audit for the night of 2026-11-20."),
        (("larkspur", "--night", "soon"), "'soon' is not a night"),
        (("larkspur", "--out", "/nowhere/at.html"), "/nowhere/at.html cannot be written: No such file or directory."),
    ],
)
def test_where_there_is_no_report_it_says_why(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("report", *words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err
