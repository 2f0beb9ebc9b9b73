"""What a person types against a deployed stage, what comes back, and what the exit code says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.cli import main
from console.stage import Stage
from functions.store.verdicts import settle
from tests.builders import channel, merchant
from tests.cloud import Cloud, pretended_aws
from tests.store.stories import TTL, audit
from tests.tables import PREFIX

FILE = """
[[merchant]]
id = "larkspur"
name = "Larkspur Candles"
timezone = "Europe/London"
currency = "GBP"
  [merchant.tiktok]
  open_id = "723f24d7"
  access_token = "act.MARKED"
  refresh_token = "rft.MARKED"
  [merchant.analytics]
  provider = "ga4"
  property_id = "312345678"
  [merchant.commerce]
  provider = "shopify"
  shop = "larkspur.myshopify.com"
  access_token = "shpat_MARKED"

[[merchant]]
id = "brasa"
name = "Brasa Salsas"
"""


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)


Say = Callable[..., Said]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with pretended_aws() as stage:
        stage.kms.create_alias(AliasName="alias/nightjar-test", TargetKeyId=stage.key_arn)
        yield stage


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Type a command against the stage ``test``."""
    monkeypatch.setenv("NIGHTJAR_STAGE", "test")
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def typed(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["nightjar", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        seen = capsys.readouterr()
        return Said(code, seen.out, seen.err)

    return typed


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "merchants.toml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_importing_says_what_it_did_and_a_second_time_does_nothing(cloud: Cloud, say: Say, file: str) -> None:
    first, second = say("merchants", "import", file), say("merchants", "import", file)

    assert (first.code, first.out) == (0, "2 added, 0 updated, 0 unchanged on stage test.\n")
    assert (second.code, second.out) == (0, "0 added, 0 updated, 2 unchanged on stage test.\n")
    assert [row["merchant_id"] for row in cloud.rows("merchants")] == ["brasa", "larkspur"]


def test_importing_again_makes_a_merchant_findable_whose_row_is_older_than_the_index(
    cloud: Cloud, say: Say, file: str
) -> None:
    say("merchants", "import", file)
    row = {"merchant_id": {"S": "larkspur"}}
    cloud.dynamodb.update_item(TableName=f"{PREFIX}merchants", Key=row, UpdateExpression="REMOVE open_id")
    assert list(cloud.tables.merchants.with_open_id("723f24d7")) == []

    again = say("merchants", "import", file)

    assert list(cloud.tables.merchants.with_open_id("723f24d7")) == ["larkspur"]
    assert again.out == "0 added, 0 updated, 2 unchanged on stage test.\n"


def test_each_provider_has_a_token_row_of_its_own_and_no_token_is_readable(cloud: Cloud, say: Say, file: str) -> None:
    say("merchants", "import", file)

    assert [(row["merchant_id"], row["provider"]) for row in cloud.rows("tokens")] == [
        ("larkspur", "shopify"),
        ("larkspur", "tiktok"),
    ]
    assert "MARKED" not in repr(cloud.everything())


def test_a_file_with_one_bad_merchant_changes_nothing(cloud: Cloud, say: Say, file: str) -> None:
    Path(file).write_text(FILE.replace('currency = "GBP"', 'currency = "pounds"'), encoding="utf-8")

    said = say("merchants", "import", file)

    assert said.code == 2
    assert "larkspur: currency: 'pounds' is not a currency" in said.err
    assert cloud.rows("merchants") == []


def test_importing_again_keeps_the_tokens_that_were_rotated_meanwhile(cloud: Cloud, say: Say, file: str) -> None:
    say("merchants", "import", file)
    before = cloud.tokens.get("larkspur")
    assert before is not None
    cloud.tokens.replace(before, before.model_copy(update={"refresh_token": before.access_token}))

    say("merchants", "import", file)
    kept = cloud.tokens.get("larkspur")
    say("merchants", "import", file, "--replace-tokens")
    replaced = cloud.tokens.get("larkspur")

    assert kept is not None
    assert kept.refresh_token == before.access_token
    assert replaced is not None
    assert replaced.refresh_token == before.refresh_token


def test_the_list_names_every_merchant_and_its_sources(cloud: Cloud, say: Say, file: str) -> None:
    say("merchants", "import", file)
    cloud.dynamodb.put_item(TableName="nightjar-test-merchants", Item={"merchant_id": {"S": "odd"}, "name": {"N": "7"}})

    table, plain = say("merchants", "list"), say("merchants", "list", "--format", "json").plain

    assert table.code == 0
    assert [line.split()[0] for line in table.out.splitlines()[1:4]] == ["brasa", "larkspur", "odd"]
    assert "ga4" in table.out
    assert "unreadable" in table.out
    assert table.err == "3 merchants on stage test.\n"
    assert {row["id"] for row in plain["merchants"]} == {"brasa", "larkspur", "odd"}


@pytest.mark.usefixtures("cloud")
def test_one_merchant_is_shown_with_its_connections_and_without_a_token(say: Say, file: str) -> None:
    say("merchants", "import", file)

    shown = say("merchants", "show", "larkspur", "--format", "json")

    assert shown.plain["connections"]["tiktok"]["has_refresh_token"] is True
    assert shown.plain["connections"]["shopify"]["has_access_token"] is True
    assert "MARKED" not in shown.out + say("merchants", "show", "larkspur").out


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("words", [("show",), ("disable",), ("enable",), ("remove", "--yes")])
def test_a_merchant_that_is_not_there_is_a_wrong_call(say: Say, words: tuple[str, ...]) -> None:
    said = say("merchants", words[0], "nobody", *words[1:])

    assert said.code == 2
    assert "There is no merchant 'nobody' on stage test; nightjar merchants list shows all." in said.err


def test_a_merchant_is_switched_off_and_on_again(cloud: Cloud, say: Say, file: str) -> None:
    say("merchants", "import", file)

    off = say("merchants", "disable", "brasa")
    stored = cloud.tables.merchants.get("brasa")
    on = say("merchants", "enable", "brasa")
    again = cloud.tables.merchants.get("brasa")

    assert (off.out, on.out) == ("brasa is switched off on stage test.\n", "brasa is switched on on stage test.\n")
    assert stored is not None
    assert again is not None
    assert (stored.enabled, again.enabled) == (False, True)


def test_a_removed_merchant_leaves_neither_settings_nor_tokens(cloud: Cloud, say: Say, file: str) -> None:
    say("merchants", "import", file)

    said = say("merchants", "remove", "larkspur", "--yes")

    assert (said.code, said.out) == (0, "larkspur is removed from stage test.\n")
    assert [row["merchant_id"] for row in cloud.rows("merchants")] == ["brasa"]
    assert cloud.rows("tokens") == []


def test_a_merchant_that_nobody_can_read_can_still_be_removed(cloud: Cloud, say: Say) -> None:
    cloud.dynamodb.put_item(TableName="nightjar-test-merchants", Item={"merchant_id": {"S": "odd"}, "name": {"N": "7"}})

    assert say("merchants", "remove", "odd", "--yes").code == 0
    assert cloud.rows("merchants") == []


@pytest.fixture
def judged(cloud: Cloud) -> Cloud:
    """Give a stage on which one merchant's visitors bounce critically, and another is well."""
    for shop, bounces in (("larkspur", "81.2"), ("brasa", "52")):
        settled = merchant(id=shop)
        cloud.tables.merchants.save(settled)
        settle(cloud.tables, audit(channel(bounce_rate=bounces), settled, merchant_id=shop), settled, ttl=TTL)
    return cloud


@pytest.mark.usefixtures("judged")
def test_open_findings_are_shown_worst_first(say: Say) -> None:
    table, plain = say("findings"), say("findings", "--format", "json").plain

    assert table.code == 0
    assert table.err == "1 finding on stage test.\n"
    assert [(row["merchant_id"], row["check_id"], row["severity"]) for row in plain["findings"]] == [
        ("larkspur", "bounce_rate", "critical")
    ]
    assert plain["findings"][0]["value"] == 81.2


@pytest.mark.usefixtures("judged")
def test_one_merchants_findings_are_all_fifteen(say: Say) -> None:
    plain = say("findings", "--merchant", "brasa", "--format", "json").plain

    assert len(plain["findings"]) == 15
    assert {row["merchant_id"] for row in plain["findings"]} == {"brasa"}


@pytest.mark.usefixtures("judged")
def test_one_check_is_shown_over_the_fleet(say: Say) -> None:
    plain = say("findings", "--check", "bounce_rate", "--format", "json").plain

    assert {(row["merchant_id"], row["status"]) for row in plain["findings"]} == {
        ("larkspur", "critical"),
        ("brasa", "pass"),
    }


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("findings", "--check", "bounces"), "There is no check 'bounces'; the checks are access_token"),
        (("findings", "--merchant", "nobody"), "There is no merchant 'nobody'"),
        (("findings", "--endpoint-url", "nonsense"), "'nonsense' is not the address of an AWS"),
        (("findings", "--region", "mars"), "'mars' is not an AWS region"),
        (("findings", "--stage", "Prod!"), "'Prod!' is not the name of a stage"),
        (("findings", "--profile", "nobody-has-this"), "Name one of yours with --profile."),
        (("findings", "--stage", "other"), "Stage 'other' is not deployed in this account and region"),
        (("run", "--stage", "other"), "Stage 'other' is not deployed in this account and region"),
        (("run", "--night", "yesterday"), "'yesterday' is not a night"),
        (("run", "--night", "9999-01-01"), "lies in the future"),
        (("merchants", "import", "no-such-file.toml"), "There is no file no-such-file.toml"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_code_2(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("nightjar: ")
    assert says in said.err


@pytest.mark.usefixtures("cloud")
def test_tomorrows_night_may_be_run_since_it_may_be_tomorrow_already(say: Say) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    assert "is not deployed" in say("run", "--night", tomorrow).err


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDeniedException", "Use credentials that may do it."),
        ("ExpiredTokenException", "Use credentials that may do it."),
        ("ThrottlingException", "AWS answered Query with ThrottlingException"),
    ],
)
def test_what_aws_refuses_says_what_to_do(code: str, says: str) -> None:
    stage = Stage("test", lambda _: None)
    refused = ClientError({"Error": {"Code": code, "Message": "No."}}, "Query")

    with pytest.raises(Exception, match=says), stage.explained():
        raise refused
