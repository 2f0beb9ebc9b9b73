"""What the stories about `nightjar audit` share: one server a worker, a world and a desk a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.console.auditing")  # its assertions are the tests' own

from tests.console.auditing import Desk  # noqa: E402 - after its registration, or it is not rewritten
from tests.console.scenarios import Server, World, serving  # noqa: E402 - as above


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def world(server: Server) -> World:
    return server.world()


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("KEY", "SECRET"):
        monkeypatch.delenv(f"NIGHTJAR_TIKTOK_CLIENT_{name}", raising=False)
    for name in ("RESEARCH", "BUSINESS_APP_ID", "BUSINESS_APP_SECRET"):
        monkeypatch.delenv(f"NIGHTJAR_TIKTOK_{name}", raising=False)
    desk = Desk(tmp_path, capsys, monkeypatch)
    desk.limits()
    return desk
