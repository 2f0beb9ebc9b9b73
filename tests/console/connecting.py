"""Connecting shops as a person does: the command in a process of its own or in this one, and a browser that clicks."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from console.cli import main
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET

COMMAND = str(Path(sys.executable).with_name("nightjar"))
SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats")
WEB = "https://agency.example/tiktok/callback"
KEYS = {"NIGHTJAR_TIKTOK_CLIENT_KEY": CLIENT_KEY, "NIGHTJAR_TIKTOK_CLIENT_SECRET": CLIENT_SECRET}
# What must never be said: the beginnings of every sample token, and the app's secret.
SECRETS = ("act.", "rft.", CLIENT_SECRET, "MARKED")


@dataclass(frozen=True, slots=True)
class Said:
    """What the command said, and how it ended. No secret is in it: that was checked."""

    code: int
    out: str
    err: str

    @property
    def address(self) -> str:
        """The authorise address: the first line of stdout."""
        return self.out.partition("\n")[0]


def said(code: int, out: str, err: str, *secrets: str) -> Said:
    """Return what was said.

    Raises:
        AssertionError: a secret was said.
    """
    for secret in (*SECRETS, *secrets):
        assert secret not in out + err
    assert "Traceback" not in err
    return Said(code, out, err)


class Browser:
    """A browser that a script drives: it sees TikTok's page, decides, and goes where it is sent."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def allow(self, address: str, *scopes: str, account: str = "larkspur") -> str:
        """Allow what is ticked; return where TikTok sends the browser."""
        return self._decide(address, account=account, decision="allow", scopes=list(scopes or SCOPES))

    def cancel(self, address: str) -> str:
        """Say no; return where TikTok sends the browser."""
        return self._decide(address, decision="deny")

    def visit(self, address: str) -> httpx.Response:
        """Open an address and wait for the page."""
        return self._client.get(address)

    def _decide(self, address: str, **form: str | list[str]) -> str:
        answer = self._client.get(address)
        if answer.status_code == 303:  # it was all allowed before, and the app does not want it asked again
            return answer.headers["location"]
        assert answer.status_code == 200, answer.text
        answer = self._client.post(address, data={"request": urlsplit(address).query, **form})
        return answer.headers["location"]


def sent_back(address: str, **values: str) -> str:
    """Return the callback address for an authorise address, without any TikTok: its own state, and these values."""
    asked = {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}
    return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **values})}"


@dataclass
class Running:
    """The command while it waits. ``address`` is what it asks to open."""

    process: subprocess.Popen[str]
    address: str

    def finish(self, typed: str | None = None, *secrets: str) -> Said:
        """Type something, wait for the end, and return what was said, the address included."""
        out, err = self.process.communicate(typed, timeout=60)
        return said(self.process.returncode, f"{self.address}\n{out}", err, *secrets)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


@dataclass
class Place:
    """A merchants file, a token store beside it, and the command that works on both."""

    folder: Path
    base_url: str
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    running: list[Running] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The merchants file."""
        return self.folder / "merchants.toml"

    @property
    def store(self) -> Path:
        """The token store."""
        return self.folder / "tokens.json"

    @property
    def page(self) -> str:
        """The authorise page of whoever plays TikTok."""
        return f"{self.base_url}/v2/auth/authorize/"

    def write(self, *, open_id: str | None = "open-larkspur", more: str = "") -> None:
        """Write the file with one merchant, who never connected."""
        lines = ["[[merchant]]", 'id = "larkspur"', 'name = "Larkspur [b]Candles[/b]"']
        if open_id is not None:
            lines += ["[merchant.tiktok]", f'open_id = "{open_id}"', f'base_url = "{self.base_url}"']
        self.file.write_text("\n".join([*lines, more, ""]), encoding="utf-8")

    def words(self, *options: str, command: str = "connect") -> tuple[str, ...]:
        """Return what is typed."""
        page = ("--authorize-url", self.page) if command == "connect" else ()
        files = ("--merchants", str(self.file), "--store", str(self.store))
        return (command, "larkspur", *files, *page, *options)

    def say(self, *options: str, command: str = "connect", typed: str = "", secrets: tuple[str, ...] = ()) -> Said:
        """Run the command in this process, with only this to read on stdin."""
        for name, value in {**KEYS, "XDG_STATE_HOME": str(self.folder / "state")}.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(sys, "argv", ["nightjar", *self.words(*options, command=command)])
        self.monkeypatch.setattr("signal.signal", lambda *_: None)
        self.capture.readouterr()
        with pytest.raises(SystemExit) as left, stdin_of(self.folder / "typed", typed):
            main()
        out, err = self.capture.readouterr()
        return said(int(left.value.code or 0), out, err, *secrets)

    def start(self, *options: str, environment: dict[str, str] | None = None) -> Running:
        """Start the command in a process of its own; it waits then, or has ended."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTJAR_")}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            kept.pop(name, None)
        process = subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, *self.words(*options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**kept, **KEYS, "XDG_STATE_HOME": str(self.folder / "state"), **(environment or {})},
        )
        assert process.stdout is not None
        running = Running(process, process.stdout.readline().rstrip("\n"))
        self.running.append(running)
        return running

    def stop(self) -> None:
        """End what a failed story left running."""
        for running in self.running:
            if running.process.poll() is None:
                running.process.kill()
            running.process.communicate()

    def kept(self) -> dict[str, Any]:
        """Return what the store holds of the merchant; nothing when there is no store."""
        if not self.store.exists():
            return {}
        assert stat.S_IMODE(self.store.stat().st_mode) == 0o600
        plain: dict[str, dict[str, Any]] = json.loads(self.store.read_text(encoding="utf-8"))
        return plain.get("larkspur", {})

    def waiting(self) -> list[Path]:
        """Return the logins that wait for a later run."""
        folder = self.folder / "state" / "nightjar"
        return sorted(folder.iterdir()) if folder.exists() else []


@contextmanager
def stdin_of(file: Path, typed: str) -> Iterator[None]:
    """Have stdin hold this and be at its end then, whatever the test runner does with it."""
    file.write_text(typed, encoding="utf-8")
    before, stdin = os.dup(0), sys.stdin
    with file.open(encoding="utf-8") as opened:
        os.dup2(opened.fileno(), 0)
        sys.stdin = opened
        try:
            yield
        finally:
            os.dup2(before, 0)
            os.close(before)
            sys.stdin = stdin
