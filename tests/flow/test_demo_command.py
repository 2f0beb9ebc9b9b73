"""`nightjar demo` as a person runs it: one process that leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SECONDS = 240


@contextmanager
def demo(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start the demo in a process group of its own, with ``folder`` for its temporary files."""
    program = [sys.executable, "-c", "from console.cli import main; main()", "demo", *words]
    with subprocess.Popen(  # noqa: S603 - our own command
        program,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def left_of(group: int) -> list[str]:
    """Return the command lines of what still runs in a process group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(status.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (OSError, IndexError):
            continue  # it ended while we looked
    return found


def test_a_program_reads_one_object_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "--merchants", "4", "--format", "json") as process:
        out, err = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, err
    night = json.loads(out)
    assert (night["coverage"]["expected"], night["coverage"]["audited"]) == (4, 4)
    assert "Everything is stopped again" in err
    assert left_of(process.pid) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else "",
)
def test_whoever_ends_it_half_way_ends_all_of_it(tmp_path: Path, said: signal.Signals, code: int) -> None:
    with demo(tmp_path, "--merchants", "4") as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first step is done: the embedded AWS is up
        # As a terminal does it: everybody in the group hears it.
        os.killpg(process.pid, said)
        _, err = process.communicate(timeout=SECONDS)

    assert process.returncode == code, err
    assert "Traceback" not in err
    assert left_of(process.pid) == []
    assert list(tmp_path.iterdir()) == []
