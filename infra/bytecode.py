"""Finds an interpreter of the version that the functions will run on, and compiles a bundle with it.

Bytecode is only read by the Python version that wrote it, but by any platform. Lambda runs 3.13; the machine that
deploys may have another. Pyodide is CPython 3.13 built for WebAssembly, from the npm registry, and runs on the Node
that the CDK needs anyway: every machine then compiles with the same interpreter (docs/decisions/0011-bytecode.md).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.node import use_own_node

LAMBDA_PYTHON: Final = "3.13"

# The npm package's version and the SHA-512 of its archive. 0.28 is CPython 3.13.
PYODIDE: Final = "0.28.3"
PYODIDE_SHA512: Final = (
    "aed0acc93539e68346a4bcd256e01de7966faee243117f28ea479275628df633"
    "de05548d9729da2851bb791aa4888814ee2d8ce8712062d9b46ad084417deee0"
)
_PYODIDE_FILES: Final = frozenset(
    {"package.json", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip"}
)
_SCRIPT: Final = Path(__file__).with_name("compile_tree.py")
_WRAPPER: Final = Path(__file__).with_name("compile_tree.mjs")
_DOWNLOAD_SECONDS: Final = 120
_COMPILE_SECONDS: Final = 300  # it takes two; a small build machine gets room

Progress = Callable[[str], None]


class CompileError(RuntimeError):
    """A module of the bundle does not compile for the Python that it will run on."""


class CompilerMissing(RuntimeError):
    """There is no interpreter of that version here. The message says what was tried."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A command that takes a folder as its last argument but ``tail``; ``name`` tells compilers' output apart."""

    name: str
    command: tuple[str, ...]
    tail: tuple[str, ...] = ()

    def compile(self, folder: Path) -> None:
        """Compile everything below ``folder``, in a fresh process so that the same source makes the same bytes.

        Raises:
            CompileError: a module has a syntax error, or the compiler itself failed.
        """
        try:
            # PYTHONHASHSEED: nothing in the bytecode may depend on the order of a set.
            done = subprocess.run(  # noqa: S603  # our own script, run by an interpreter that we chose
                [*self.command, str(folder), *self.tail],
                env={**os.environ, "PYTHONHASHSEED": "0"},
                capture_output=True,
                text=True,
                timeout=_COMPILE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CompileError(f"{self.name} did not finish within {_COMPILE_SECONDS} s.") from error
        if done.returncode:
            raise CompileError(f"{self.name} could not compile the bundle:\n{done.stderr.strip()[-2000:]}")


def host_compiler() -> Compiler:
    """Return this very interpreter."""
    return _cpython(sys.executable, sys.implementation.cache_tag or "python")


def lambda_compiler(build_dir: Path, progress: Progress) -> Compiler:
    """Return a compiler for Lambda's Python: Pyodide, or a Python of that version if npm cannot be reached.

    Raises:
        CompilerMissing: neither is there.
    """
    use_own_node()
    try:
        pyodide = _fetch_pyodide(build_dir, progress)
    except (OSError, subprocess.SubprocessError, tarfile.TarError, CompilerMissing) as error:
        tried = str(error)
    else:
        node = shutil.which("node") or "node"
        return Compiler(f"pyodide-{PYODIDE}", (node, str(_WRAPPER), str(pyodide)), (str(_SCRIPT),))
    if f"{sys.version_info.major}.{sys.version_info.minor}" == LAMBDA_PYTHON:
        return host_compiler()
    if python := shutil.which(f"python{LAMBDA_PYTHON}"):
        return _cpython(python, f"python{LAMBDA_PYTHON}")
    raise CompilerMissing(
        f"No Python {LAMBDA_PYTHON} to compile with: {tried} And there is no python{LAMBDA_PYTHON} in PATH. "
        f"Let npm reach its registry or install Python {LAMBDA_PYTHON}."
    )


def _cpython(executable: str, name: str) -> Compiler:
    return Compiler(name, (executable, "-S", "-B", str(_SCRIPT)))


def _fetch_pyodide(build_dir: Path, progress: Progress) -> Path:
    folder = build_dir / f"pyodide-{PYODIDE}"
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise CompilerMissing("npm is not in PATH, so Pyodide cannot be fetched.")
    progress(f"fetching CPython {LAMBDA_PYTHON} for WebAssembly (Pyodide, first time only)")
    build_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build_dir) as temporary:
        # Node trusts only the authorities that it carries unless told otherwise; pip trusts the machine's.
        done = subprocess.run(  # noqa: S603  # a fixed command; the result is checked against its hash
            [
                npm,
                "pack",
                f"pyodide@{PYODIDE}",
                "--silent",
                "--ignore-scripts",
                "--fetch-retries=1",
                "--fetch-retry-mintimeout=1000",
            ],
            cwd=temporary,
            env={"NODE_USE_SYSTEM_CA": "1", **os.environ},
            capture_output=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
        archive = next(Path(temporary).glob("*.tgz"), None)
        if done.returncode or archive is None:
            raise CompilerMissing(f"npm could not fetch pyodide@{PYODIDE} (exit {done.returncode}).")
        if hashlib.sha512(archive.read_bytes()).hexdigest() != PYODIDE_SHA512:
            raise CompilerMissing(f"The pyodide@{PYODIDE} that npm fetched is not the one that is pinned.")
        unpacked = Path(temporary) / "unpacked"
        unpacked.mkdir()
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                name = Path(member.name).name
                content = tar.extractfile(member) if name in _PYODIDE_FILES else None
                if content is not None:
                    (unpacked / name).write_bytes(content.read())
        publish(unpacked, folder)
    return folder


def publish(made: Path, place: Path) -> None:
    """Move a finished folder to its place at once; when another process was quicker, keep what that one made."""
    try:
        made.rename(place)
    except OSError:
        if not place.is_dir():
            raise
