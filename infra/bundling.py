"""Builds the zip that all functions run from, without Docker: hashed pins, our package, compiled bytecode.

The same lock, sources and target make the same zip and the same asset hash, on every machine. Finished work is kept
under ``.build`` by the hash of what it was made from, and moved there in one step, so that a second synth takes no time
and two processes at once do no harm.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from infra import bytecode
from infra.bytecode import LAMBDA_PYTHON, Compiler, CompilerMissing, Progress, publish

ROOT: Final = Path(__file__).parent.parent
BUILD_DIR: Final = ROOT / ".build"

# Lambda's python3.13 is Amazon Linux 2023 with glibc 2.34, so wheels for 2.28 and older run there.
_LAMBDA_PLATFORMS: Final = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")

# Nothing at run time reads these; of a message catalogue it reads the compiled .mo. METADATA and entry points stay:
# pydantic looks for plugins through them.
_DEAD_FOLDERS: Final = frozenset({"tests", "test", "bin", "__pycache__"})
_DEAD_SUFFIXES: Final = frozenset({".pyc", ".pyi", ".pth", ".js", ".css", ".po", ".pot"})
# cryptography comes compiled, so google-auth has no use for what else reads keys, nor cffi for its own compiler.
_DEAD_PACKAGES: Final = frozenset({"cffi", "pyasn1", "pyasn1_modules", "pycparser"})
_KEPT_METADATA: Final = frozenset({"METADATA", "entry_points.txt"})
# Others may be at work on the same folder: what they use is among the last that were made.
_KEPT_ZIPS: Final = 6
_KEPT_PACKAGES: Final = 3
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can say


class BundleError(RuntimeError):
    """The bundle cannot be built. The message says what to do."""


class Target(Enum):
    """What a bundle is for: Lambda (arm64, Python 3.13), or this interpreter, on which the embedded AWS runs it."""

    LAMBDA = "lambda"
    HOST = "host"

    @property
    def tag(self) -> str:
        """The interpreter and platform that compiled packages and bytecode must fit."""
        if self is Target.LAMBDA:
            return f"cpython-{LAMBDA_PYTHON}-{'-'.join(_LAMBDA_PLATFORMS)}"
        return f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A zip, the hash of all that it was made from, and why it has no bytecode if it has none."""

    path: Path
    digest: str
    not_compiled: str | None = None


def bundle(
    target: Target, *, root: Path = ROOT, build_dir: Path = BUILD_DIR, progress: Progress = lambda _: None
) -> Bundle:
    """Return the bundle of ``root``'s functions for ``target``, from ``build_dir`` if it is there already.

    Raises:
        BundleError: a package cannot be installed, or a module does not compile.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    compiler, not_compiled = _compiler(target, build_dir, progress)
    lock = root / "requirements" / "lambda.txt"
    recipe = [Path(__file__), Path(bytecode.__file__), Path(__file__).with_name("compile_tree.py")]
    made_by = f"{target.tag} {compiler.name if compiler else 'uncompiled'}"
    dependencies_digest = _digest(made_by, [(path.name, path) for path in [*recipe, lock]])
    sources = sorted(_sources(root / "functions"))
    digest = _digest(dependencies_digest, [(path.relative_to(root).as_posix(), path) for path in sources])
    place = build_dir / f"nightjar-{target.value}-{digest[:16]}.zip"
    if not place.exists():
        try:
            dependencies = _dependencies(
                build_dir / f"packages-{target.value}-{dependencies_digest[:16]}", lock, target, compiler, progress
            )
            progress(f"bundling the functions for {target.value}")
            _bundle_into(place, sources, root, dependencies, compiler)
        except bytecode.CompileError as error:
            raise BundleError(str(error)) from error
        _forget_old(build_dir, target)
    return Bundle(place, digest, not_compiled)


def _compiler(target: Target, build_dir: Path, progress: Progress) -> tuple[Compiler | None, str | None]:
    if target is Target.HOST:
        return bytecode.host_compiler(), None
    try:
        return bytecode.lambda_compiler(build_dir, progress), None
    except CompilerMissing as error:
        # The functions run without bytecode all the same, they only start slower: say so, and go on.
        return None, str(error)


def _dependencies(place: Path, lock: Path, target: Target, compiler: Compiler | None, progress: Progress) -> Path:
    if place.is_dir():
        return place
    progress(f"installing the functions' packages for {target.value} (first time only)")
    with tempfile.TemporaryDirectory(dir=place.parent) as temporary:
        folder = Path(temporary) / "packages"
        _install(folder, lock, target)
        _trim(folder)
        if compiler:
            compiler.compile(folder)
        publish(folder, place)
    return place


def _forget_old(build_dir: Path, target: Target) -> None:
    """Keep what was made last, not everything that was ever made: each edit of a function makes another zip."""
    for kind, keep in ((f"nightjar-{target.value}-*.zip", _KEPT_ZIPS), (f"packages-{target.value}-*", _KEPT_PACKAGES)):
        for path in sorted(build_dir.glob(kind), key=lambda made: made.stat().st_mtime, reverse=True)[keep:]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _install(folder: Path, lock: Path, target: Target) -> None:
    """Install the pins with pip, which, unlike uv, honours the mirrors and certificates of the machine's pip.conf."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--target", str(folder)]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(lock)]
    if target is Target.LAMBDA:
        command += ["--implementation", "cp", "--python-version", LAMBDA_PYTHON]
        command += [part for platform in _LAMBDA_PLATFORMS for part in ("--platform", platform)]
    done = subprocess.run(  # noqa: S603  # a fixed command; every package is checked against its hash
        command,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = re.sub(r"//[^/@\s]+@", "//***@", done.stderr.strip())[-2000:]  # a mirror's address may carry a password
        raise BundleError(
            f"pip could not install {lock.name} for {target.value}:\n{said}\n"
            "Check that `pip download` reaches its index; after a change to lambda.in, lock it again."
        )


def _trim(folder: Path) -> None:
    for parent, names, files in os.walk(folder):
        here = Path(parent)
        dead = _DEAD_FOLDERS | _DEAD_PACKAGES if here == folder else _DEAD_FOLDERS
        for name in [name for name in names if name in dead]:
            shutil.rmtree(here / name)
            names.remove(name)
        is_metadata = here.suffix == ".dist-info"
        for file in files:
            if Path(file).suffix in _DEAD_SUFFIXES or (is_metadata and file not in _KEPT_METADATA):
                (here / file).unlink()


def _sources(package: Path) -> Iterator[Path]:
    """Yield the files of our package, leaving out whatever running or editing it has left lying about."""
    for path in package.rglob("*"):
        parts = path.relative_to(package).parts
        hidden = any(part.startswith(".") or part in _DEAD_FOLDERS for part in parts)
        if path.is_file() and not hidden and path.suffix not in _DEAD_SUFFIXES:
            yield path


def _bundle_into(place: Path, sources: list[Path], root: Path, dependencies: Path, compiler: Compiler | None) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent) as temporary:
        own = Path(temporary) / "own"
        for source in sources:
            copy = own / source.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        if compiler:
            compiler.compile(own)
        made = Path(temporary) / "bundle.zip"
        _write_zip(made, [dependencies, own])
        made.replace(place)


def _write_zip(place: Path, folders: list[Path]) -> None:
    """Write a zip in which nothing depends on the machine: sorted, one date, one mode."""
    entries = {path.relative_to(folder).as_posix(): path for folder in folders for path in folder.rglob("*")}
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(entries.items()):
            if path.is_file():
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())


def _digest(first: str, files: list[tuple[str, Path]]) -> str:
    digest = hashlib.sha256(first.encode())
    for name, path in files:
        content = path.read_bytes()
        digest.update(f"\0{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
