"""How long a function's cold start takes: ours against a plain handler that builds the same AWS clients."""

from __future__ import annotations

import compileall
import os
import py_compile
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns
from typing import Final

from infra.bundling import Target, bundle
from tests.artefact.task import SUPPLIED, lambda_environment, supply, unpack
from tests.artefact.variables import environment_of
from tests.bench.result import CannotMeasureError, Measured, Side, Tell

ROOMS: Final = ("evaluator", "fetcher")  # a usual room, and the one that needs the most
GOAL: Final = 0.35
ROUNDS: Final = 11
WARM_UPS: Final = 1
# What the Tracer needs, in the version that requirements/dev.txt pins.
_TRACER: Final = ("aws_xray_sdk", "wrapt")
_SCRIPT: Final = Path(__file__).with_name("timed_start.py")
_PLAIN: Final = Path(__file__).with_name("plain_handler.py")
_PATIENCE: Final = 60


@dataclass(frozen=True, slots=True)
class Start:
    """A module to be imported by a fresh Python that imports from these folders only."""

    module: str
    folders: tuple[Path, ...]
    environment: Mapping[str, str]

    def milliseconds(self, note_clients: str = "") -> float:
        """Return how long the import took in a new process, which writes no bytecode: Lambda's disk takes none.

        Raises:
            CannotMeasureError: the module could not be imported.
        """
        folders = os.pathsep.join(map(str, self.folders))
        done = subprocess.run(  # noqa: S603  # this interpreter, and a script of ours
            [sys.executable, "-I", "-S", "-B", str(_SCRIPT), folders, self.module, note_clients],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            raise CannotMeasureError(f"{self.module} does not start:\n{done.stderr.strip()[-2000:]}")
        return int(done.stdout.split()[-1]) / 1e6


@dataclass(frozen=True, slots=True)
class Folders:
    """What the three sides import from, in this order; ``bare`` is the plain handler's without any bytecode."""

    ours: tuple[Path, ...]
    plain: tuple[Path, ...]
    bare: tuple[Path, ...]


def measure(tell: Tell, *, rounds: int = ROUNDS) -> list[Measured]:
    """Compare two rooms with a plain handler each: fresh processes, one of every side in turn."""
    with tempfile.TemporaryDirectory(prefix="nightjar-bench-") as folder:
        tell("cold start: unpacking the bundle")
        folders = _lay_out(Path(folder))
        lines: list[Measured] = []
        for room in ROOMS:
            noted = Path(folder) / f"{room}.clients"
            lines += _compare(room, folders, noted, rounds, tell)
        return lines


def _lay_out(folder: Path) -> Folders:
    """Unpack our bundle, and make the plain handler's of the very same packages, less our code, plus the Tracer's."""
    no_bytecode = ignore_patterns("__pycache__")
    code = unpack(bundle(Target.HOST).path, folder / "task")
    supplied = supply(folder / "runtime", SUPPLIED)
    tracer = supply(folder / "tracer", _TRACER)
    for package in (*supplied.iterdir(), *tracer.iterdir()):
        # Not every installer compiles; Lambda's own packages are compiled.
        compileall.compile_dir(package.resolve(), quiet=2)
    plain = folder / "plain"
    copytree(code, plain, ignore=ignore_patterns("functions"))
    copyfile(_PLAIN, plain / _PLAIN.name)
    py_compile.compile(str(plain / _PLAIN.name), doraise=True)
    bare = copytree(plain, folder / "bare", ignore=no_bytecode)
    bare_tracer = copytree(tracer, folder / "bare-tracer", ignore=no_bytecode)
    return Folders((code, supplied), (plain, tracer, supplied), (bare, bare_tracer, supplied))


def _compare(room: str, folders: Folders, noted: Path, rounds: int, tell: Tell) -> list[Measured]:
    environment = lambda_environment(f"nightjar-demo-{room}", room) | environment_of(room)
    ours = Start(f"functions.{room}.handler", folders.ours, environment)
    # The same clients on both sides, whatever the room comes to need: it is asked, not written down here.
    ours.milliseconds(str(noted))
    clients = noted.read_text(encoding="utf-8")
    starts = {
        "ours": ours,
        "plain": Start(_PLAIN.stem, folders.plain, environment | {"PLAIN_CLIENTS": clients}),
        "bare": Start(_PLAIN.stem, folders.bare, environment | {"PLAIN_CLIENTS": clients}),
    }
    samples: dict[str, list[float]] = {name: [] for name in starts}
    for turn in range(-WARM_UPS, rounds):
        tell(f"cold start of the {room}: {max(turn + 1, 0)} of {rounds} rounds")
        for name, start in starts.items():
            milliseconds = start.milliseconds()
            if turn >= 0:
                samples[name].append(milliseconds)
    own = Side(f"functions.{room}.handler, from the bundle", samples["ours"])
    what = f"boto3 ({clients.replace(',', ', ')}), Logger, Tracer, Metrics, parser, pydantic, httpx"
    line = Measured(
        f"cold start of the {room}",
        "ms",
        own,
        Side(f"{what}; with bytecode as ours", samples["plain"]),
        goal=f"≤ {GOAL} ×",
    )
    unpacked = Side("the same plain handler in a zip that carries no bytecode", samples["bare"])
    return [replace(line, met=line.ratio <= GOAL), Measured("… against a zip without bytecode", "ms", own, unpacked)]
