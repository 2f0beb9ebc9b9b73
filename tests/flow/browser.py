"""A real browser, headless, and what it runs or looks at: `make test` installs those, CI the browser too."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

ADMIN: Final = Path(__file__).parents[2] / ".build/tools/node_modules/dynamodb-admin/dist/dynamodb-admin.js"
AXE: Final = Path(__file__).parents[2] / ".build/tools/node_modules/axe-core/axe.min.js"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_SECONDS: Final = 60


@contextmanager
def dynamodb_admin(session: Mapping[str, str]) -> Iterator[str]:
    """Run it with the rights of a session, on a free port of this machine; give its address."""
    if not ADMIN.exists():
        _missing("dynamodb-admin", "make .build/tools/.ready")
    node = next(path for path in Path(sys.executable).parent.glob("node") if path.exists())
    words = [node, ADMIN, "-H", "127.0.0.1", "-p", "0", "--dynamo-endpoint", session["AWS_ENDPOINT_URL"]]
    with subprocess.Popen(  # noqa: S603 - our own tool
        [*map(str, words), "--skip-default-credentials"],
        env={**os.environ, **session, "AWS_REGION": session["AWS_DEFAULT_REGION"]},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # the command `node` starts another process, which is to end with it
    ) as admin:
        try:
            said = (re.search(r"listening on (http://\S+)", line) for line in admin.stdout or ())
            yield next(found[1] for found in said if found)
        finally:
            os.killpg(admin.pid, signal.SIGTERM)


def shown(address: str, folder: Path, *more: str) -> str:
    """Return the page as the browser has it after its scripts have run. ``more``: further options of Chromium."""
    return _chromium(folder, "--virtual-time-budget=10000", *more, "--dump-dom", address)


def printed(address: str, folder: Path) -> bytes:
    """Return the page on paper, as PDF."""
    paper = folder / "page.pdf"
    _chromium(folder, "--no-pdf-header-footer", f"--print-to-pdf={paper}", address)
    return paper.read_bytes()


def axe() -> str:
    """Return the script that looks for what keeps people out."""
    if not AXE.exists():
        _missing("axe-core", "make .build/tools/.ready")
    return AXE.read_text(encoding="utf-8")


def _chromium(folder: Path, *words: str) -> str:
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        _missing("Chromium", "apt install chromium")
    done = subprocess.run(  # noqa: S603 - our own address
        [
            str(browser),
            "--headless=new",
            "--no-sandbox",  # the tests may run as root, and look at nothing but this machine
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            f"--user-data-dir={folder}",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    return done.stdout


def _missing(what: str, how: str) -> None:
    """Leave the test out where a person runs it; in CI, which installs all, it fails."""
    sentence = f"{what} is not there: {how}"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
