"""`nightjar connect` and `disconnect` against a stage: its keys, its encryption, its merchants table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from pydantic import SecretStr

from console import stage as console_stage
from console.cli import main
from console.embedded import EmbeddedAws
from console.places import StagePlace
from console.sample.fleet import fleet
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET
from console.sample.server import SampleServer
from functions.audit.errors import Conflict
from functions.audit.grant import Grant, State
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Merchant, TikTok
from functions.store.tables import Tables
from tests.cloud import REGION, Cloud, pretended_aws
from tests.console.connecting import COMMAND, WEB, Browser, Said, said, stdin_of
from tests.tables import create_tables

NOW = datetime.now(UTC)
AWS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}


@dataclass
class Stage:
    """The stage ``test``, the sample TikTok, and somebody who types."""

    cloud: Cloud
    sample: SampleServer
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    browser: Browser

    def merchant(self, **changes: Any) -> Merchant:
        """Store the merchant."""
        tiktok = TikTok(open_id="open-larkspur", base_url=self.sample.url)
        merchant = Merchant.model_validate({"id": "larkspur", "name": "Larkspur Candles", "tiktok": tiktok} | changes)
        return self.cloud.tables.merchants.save(merchant)

    def secret(self, text: str) -> None:
        """Store the TikTok app's keys."""
        secrets: Any = boto3.client("secretsmanager", region_name=REGION)
        secrets.create_secret(Name="nightjar-test-tiktok-app", SecretString=text)

    def say(self, command: str, *options: str) -> Said:
        """Type a command against the stage."""
        page = ("--authorize-url", f"{self.sample.url}/v2/auth/authorize/") if command == "connect" else ()
        self.monkeypatch.setattr(sys, "argv", ["nightjar", command, "larkspur", *page, *options])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as left, stdin_of(self.folder / "typed", ""):
            main()
        out, err = self.capture.readouterr()
        return said(int(left.value.code or 0), out, err)

    def log_in(self, *options: str, account: str = "larkspur") -> Said:
        """Log in by way of a website, and finish in a later run."""
        begun = self.say("connect", "--redirect-uri", WEB, *options)
        return self.say("connect", *options, "--code", self.browser.allow(begun.address, account=account))


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    for name in ("NIGHTJAR_TIKTOK_CLIENT_KEY", "NIGHTJAR_TIKTOK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**AWS, "NIGHTJAR_STAGE": "test", "XDG_STATE_HOME": str(tmp_path / "state")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with (
        pretended_aws() as cloud,
        SampleServer(fleet(3, seed=21)) as sample,
        httpx.Client(trust_env=False, timeout=30) as client,
    ):
        cloud.kms.create_alias(AliasName="alias/nightjar-test", TargetKeyId=cloud.key_arn)
        yield Stage(cloud, sample, tmp_path, monkeypatch, capsys, Browser(client))
    assert sample.errors == []


@pytest.fixture
def keyed(stage: Stage) -> Stage:
    """Return the stage with the app's keys in its secret."""
    stage.secret(json.dumps({"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET}))
    return stage


def test_the_pair_is_stored_encrypted_and_the_settings_stay(keyed: Stage) -> None:
    before = keyed.merchant()

    ended = keyed.log_in()

    assert ended.code == 0, ended.err
    assert "larkspur (Larkspur Candles) is connected on stage test." in ended.out
    stored = keyed.cloud.tokens.get("larkspur")
    assert stored is not None
    assert stored.access_token is not None
    assert stored.access_token.get_secret_value().startswith("act.sample")
    assert (stored.open_id, stored.state, stored.version) == ("open-larkspur", State.CONNECTED, 1)
    assert stored.scopes == ("user.info.basic", "user.info.profile", "user.info.stats")
    assert "act." not in repr(keyed.cloud.everything())
    assert "rft." not in repr(keyed.cloud.everything())
    assert keyed.cloud.tables.merchants.get("larkspur") == before


def test_a_login_ends_every_trouble_of_the_connection_before(keyed: Stage) -> None:
    keyed.merchant()
    old = keyed.cloud.tokens.connect(
        Grant(merchant_id="larkspur", refresh_token=SecretStr("rft.old"), connected_at=NOW - timedelta(days=9))
    )
    keyed.cloud.tokens.note(old, State.RECONNECT_NEEDED, "invalid_grant", at=NOW)

    keyed.log_in()

    stored = keyed.cloud.tokens.get("larkspur")
    assert stored is not None
    assert (stored.state, stored.state_reason, stored.version) == (State.CONNECTED, None, 2)


def test_another_account_takes_over_only_when_somebody_says_so(keyed: Stage) -> None:
    before = keyed.merchant(currency="GBP", timezone="Europe/London")

    refused = keyed.log_in(account="brasa")
    assert refused.code == 2
    assert keyed.cloud.rows("tokens") == []
    assert keyed.cloud.tables.merchants.get("larkspur") == before

    accepted = keyed.log_in("--accept-account", account="brasa")
    assert accepted.code == 0, accepted.err
    after = keyed.cloud.tables.merchants.get("larkspur")
    assert before.tiktok is not None
    tiktok = before.tiktok.model_copy(update={"open_id": "open-brasa"})
    assert after == before.model_copy(update={"tiktok": tiktok, "version": 2})
    assert list(keyed.cloud.tables.merchants.with_open_id("open-brasa")) == ["larkspur"]


def test_a_merchant_without_an_account_gets_the_one_that_logs_in(keyed: Stage) -> None:
    keyed.merchant(tiktok=None)
    assert "--accept-account" in keyed.say("connect").err

    assert keyed.log_in("--accept-account").code == 0

    after = keyed.cloud.tables.merchants.get("larkspur")
    assert after is not None
    assert after.tiktok == TikTok(open_id="open-larkspur", base_url=keyed.sample.url)


def test_settings_that_somebody_else_changes_meanwhile_are_kept(keyed: Stage) -> None:
    keyed.merchant()
    real = keyed.cloud.dynamodb.put_item
    others = iter(["Larkspur & Daughters"])

    def put(**request: Any) -> Any:
        if (name := next(others, None)) is not None:
            row = keyed.cloud.tables.merchants.get("larkspur")
            assert row is not None
            keyed.cloud.tables.merchants.save(row.model_copy(update={"name": name}))
        return real(**request)

    at = console_stage.Stage("test", lambda _: _Putting(keyed.cloud.dynamodb, put))
    place = StagePlace(at, "larkspur", HostPolicy())

    assert place.accept(TikTok(open_id="open-brasa", base_url=keyed.sample.url)) == ""

    after = keyed.cloud.tables.merchants.get("larkspur")
    assert after is not None
    assert after.tiktok is not None
    assert (after.name, after.tiktok.open_id, after.version) == ("Larkspur & Daughters", "open-brasa", 3)


class _Putting:
    """A client whose writes of whole items somebody else is quicker than, once."""

    def __init__(self, client: Any, put: Callable[..., Any]) -> None:
        self._client = client
        self._put = put

    def __getattr__(self, name: str) -> Any:
        if name == "put_item":
            return self._put
        return getattr(self._client, name)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ('{"client_key": "", "client_secret": ""}', "Nobody has stored the TikTok app's keys on stage test yet"),
        ('{"client_key": ["MARKED"]}', "cannot be read"),
        (None, "is not deployed"),
    ],
)
def test_without_the_apps_keys_nobody_is_asked_to_log_in(stage: Stage, secret: str | None, told: str) -> None:
    stage.merchant()
    if secret is not None:
        stage.secret(secret)

    ended = stage.say("connect")

    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_keys_of_the_environment_are_taken_before_the_stages(stage: Stage) -> None:
    stage.merchant()
    stage.monkeypatch.setenv("NIGHTJAR_TIKTOK_CLIENT_KEY", CLIENT_KEY)
    stage.monkeypatch.setenv("NIGHTJAR_TIKTOK_CLIENT_SECRET", CLIENT_SECRET)

    assert stage.log_in().code == 0


def test_a_key_that_may_not_be_used_is_found_out_before_anybody_logs_in(keyed: Stage) -> None:
    keyed.merchant()
    keyed.cloud.kms.delete_alias(AliasName="alias/nightjar-test")

    ended = keyed.say("connect")

    assert (ended.code, ended.out) == (2, "")


def test_a_merchant_that_is_not_there_is_said(keyed: Stage) -> None:
    for command in ("connect", "disconnect"):
        ended = keyed.say(command)
        assert (ended.code, ended.out) == (2, "")
        assert "There is no merchant 'larkspur' on stage test" in ended.err


def test_the_files_of_a_local_audit_do_not_go_with_a_stage_alone(keyed: Stage) -> None:
    ended = keyed.say("connect", "--merchants", "merchants.toml")

    assert ended.code == 2
    assert "give both" in ended.err


def test_disconnecting_leaves_a_row_that_says_why_and_no_token(keyed: Stage) -> None:
    before = keyed.merchant()
    keyed.log_in()

    ended = keyed.say("disconnect", "--yes")

    assert ended.code == 0, ended.err
    (row,) = keyed.cloud.rows("tokens")
    assert {"access_token", "refresh_token", "expires_at", "scopes"}.isdisjoint(row)
    assert (row["state"], row["state_reason"], row["version"]) == ("removed", "developer_revoked", 2)
    assert keyed.cloud.tables.merchants.get("larkspur") == before
    assert keyed.sample.count("/v2/oauth/revoke/", "larkspur") == 1


def test_a_fetch_that_was_under_way_does_not_bring_the_tokens_back(keyed: Stage) -> None:
    keyed.merchant()
    keyed.log_in()
    read = keyed.cloud.tokens.get("larkspur")
    assert read is not None

    assert keyed.say("disconnect", "--yes").code == 0

    with pytest.raises(Conflict):
        keyed.cloud.tokens.replace(read, read, owner="a fetch")
    assert "refresh_token" not in keyed.cloud.rows("tokens")[0]


@pytest.mark.slow
def test_a_stage_of_an_embedded_aws_is_connected_and_disconnected_from_a_shell(tmp_path: Path) -> None:
    with EmbeddedAws.start() as aws, SampleServer(fleet(3, seed=21)) as sample:
        create_tables(aws.client("dynamodb"))
        key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
        aws.client("kms").create_alias(AliasName="alias/nightjar-test", TargetKeyId=key)
        aws.client("secretsmanager").create_secret(
            Name="nightjar-test-tiktok-app",
            SecretString=json.dumps({"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET}),
        )
        merchants = Tables(aws.client("dynamodb"), "nightjar-test-").merchants
        merchants.save(
            Merchant(id="larkspur", name="Larkspur", tiktok=TikTok(open_id="open-larkspur", base_url=sample.url))
        )
        where = ("--stage", "test", "--region", aws.region, "--endpoint-url", aws.endpoint)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NIGHTJAR_", "AWS_"))}
        environment = {**kept, **AWS, "AWS_EC2_METADATA_DISABLED": "true", "XDG_STATE_HOME": str(tmp_path)}
        page = ("--authorize-url", f"{sample.url}/v2/auth/authorize/")
        process = subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, "connect", "larkspur", "--no-browser", "--port", "0", *page, *where],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )
        assert process.stdout is not None
        with process, closing(httpx.Client(trust_env=False, timeout=30)) as client:
            browser = Browser(client)
            browser.visit(browser.allow(process.stdout.readline().rstrip("\n")))
            connected = said(process.wait(60), process.stdout.read(), (process.stderr or process.stdout).read())
        parted = subprocess.run(  # noqa: S603 - our own command
            [COMMAND, "disconnect", "larkspur", "--yes", *where],
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            env=environment,
        )

    assert (connected.code, connected.err.count("\n")) == (0, 1)
    assert "is connected on stage test" in connected.out
    assert (parted.returncode, parted.stderr) == (0, "")
    assert "TikTok ended the connection" in parted.stdout
