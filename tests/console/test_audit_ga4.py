"""`nightjar audit` of a shop with a GA4 property: with Google's key, without one, and with one that is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.sample.fleet import fleet
from console.sample.ga4_story import Ga4Conduct
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET
from console.sample.server import SampleServer
from console.sample.toml import merchants_toml
from functions.audit.merchant import Provider

COMMAND = str(Path(sys.executable).with_name("nightjar"))
SHOP = next(merchant for merchant in fleet(seed=3) if merchant.id == "kathmandu-knits")
MERCHANT = replace(SHOP, analytics=Provider.GA4, conduct=replace(SHOP.conduct, ga4=Ga4Conduct()))


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer([MERCHANT]) as running:
        yield running
    assert running.errors == []


def audit(folder: Path, server: SampleServer, **environment: str) -> subprocess.CompletedProcess[str]:
    file = folder / "shops.toml"
    file.write_text(merchants_toml([MERCHANT], server.url), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTJAR_")}
    keys = {"NIGHTJAR_TIKTOK_CLIENT_KEY": CLIENT_KEY, "NIGHTJAR_TIKTOK_CLIENT_SECRET": CLIENT_SECRET}
    return subprocess.run(  # noqa: S603 - our own command
        [COMMAND, "audit", "--merchants", str(file), "--format", "json", "--night", "2026-11-21"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**kept, **keys, **environment},
    )


def test_with_googles_key_everything_is_seen_and_says_who_measured_it(tmp_path: Path, server: SampleServer) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(server.google_key_file()), encoding="utf-8")

    done = audit(tmp_path, server, NIGHTJAR_GOOGLE_CREDENTIALS=str(path))

    (only,) = json.loads(done.stdout)["audits"]
    assert {outcome["status"] for outcome in only["outcomes"]} == {"pass"}
    assert {name: kpi["source"] for name, kpi in only["kpis"].items()} == {
        name: "tiktok" if name in {"followers", "following", "likes", "videos"} else "ga4" for name in only["kpis"]
    }
    assert done.returncode == 0
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    assert "ya29" not in done.stdout + done.stderr


def test_without_it_the_channel_cannot_be_seen_and_the_guide_is_named(tmp_path: Path, server: SampleServer) -> None:
    done = audit(tmp_path, server)

    (only,) = json.loads(done.stdout)["audits"]
    channel = [outcome for outcome in only["outcomes"] if outcome["area"] != "access"]
    assert {tuple(outcome["reasons"]) for outcome in channel} == {("not_connected",)}
    assert "docs/guides/ga4.md" in channel[0]["summary"]
    assert done.returncode == 3


def test_a_key_that_is_none_is_a_wrong_call(tmp_path: Path, server: SampleServer) -> None:
    done = audit(tmp_path, server, NIGHTJAR_GOOGLE_CREDENTIALS=str(tmp_path / "nowhere.json"))

    assert (done.returncode, done.stdout) == (2, "")
    assert "NIGHTJAR_GOOGLE_CREDENTIALS" in done.stderr
    assert server.requests == []
