"""The bundle is the same each time, carries no rubbish, and its bytecode is what really runs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.bundling import BUILD_DIR, ROOT, Bundle, BundleError, Target, bundle

MAGIC_3_13 = (3571).to_bytes(2, "little") + b"\r\n"
UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # PEP 552: hash-based, and the source is not to be checked

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project: one of our packages, one pinned dependency."""
    room = tmp_path / "functions" / "room"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text("", encoding="utf-8")
    (room / "handler.py").write_text('WHO = {"compiled", "at", "home"}\n', encoding="utf-8")
    (tmp_path / "functions" / "__init__.py").write_text("", encoding="utf-8")
    lock = (ROOT / "requirements" / "lambda.txt").read_text(encoding="utf-8")
    start = lock.index("annotated-types==")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "lambda.txt").write_text(lock[start : lock.index("\nanyio==")], encoding="utf-8")
    return tmp_path


def _contents(made: Bundle) -> dict[str, bytes]:
    with zipfile.ZipFile(made.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_input_makes_the_same_zip_wherever_it_is_built(project: Path, tmp_path: Path) -> None:
    first = bundle(Target.HOST, root=project, build_dir=tmp_path / "one")
    second = bundle(Target.HOST, root=project, build_dir=tmp_path / "two")
    assert first.digest == second.digest
    assert first.path.read_bytes() == second.path.read_bytes()


def test_a_changed_line_makes_another_asset_and_a_stray_file_does_not(project: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    before = bundle(Target.HOST, root=project, build_dir=build)
    stray = project / "functions" / "room" / "__pycache__"
    stray.mkdir()
    (stray / "handler.cpython-311.pyc").write_bytes(b"left over")
    (project / "functions" / "room" / ".handler.py.swp").write_bytes(b"an editor's")
    assert bundle(Target.HOST, root=project, build_dir=build).digest == before.digest
    (project / "functions" / "room" / "handler.py").write_text("WHO = 1\n", encoding="utf-8")
    assert bundle(Target.HOST, root=project, build_dir=build).digest != before.digest


def test_two_at_once_do_no_harm_to_each_other(project: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        made = list(both.map(lambda _: bundle(Target.HOST, root=project, build_dir=tmp_path / "build"), range(2)))
    assert made[0] == made[1]
    assert "functions/room/handler.py" in _contents(made[0])


def test_a_module_that_does_not_compile_stops_the_build(project: Path, tmp_path: Path) -> None:
    (project / "functions" / "room" / "handler.py").write_text("def broken(:\n", encoding="utf-8")
    with pytest.raises(BundleError, match=r"functions/room/handler\.py"):
        bundle(Target.HOST, root=project, build_dir=tmp_path / "build")


def test_a_pin_whose_hash_is_wrong_is_refused(project: Path, tmp_path: Path) -> None:
    lock = project / "requirements" / "lambda.txt"
    lock.write_text(f"annotated-types==0.7.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(BundleError, match=r"pip could not install lambda\.txt"):
        bundle(Target.HOST, root=project, build_dir=tmp_path / "build")


def test_the_host_runs_the_bytecode_and_not_the_source(project: Path, tmp_path: Path) -> None:
    made = bundle(Target.HOST, root=project, build_dir=tmp_path / "build")
    unpacked = tmp_path / "task"
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(unpacked)
    # Bytecode that is checked against its source, or not used at all, would now come to another answer.
    (unpacked / "functions" / "room" / "handler.py").write_text('WHO = {"source"}\n', encoding="utf-8")
    code = "from functions.room.handler import WHO; print(sorted(WHO), WHO.__class__.__name__)"
    said = subprocess.run(  # noqa: S603  # this interpreter, and a line written here
        [sys.executable, "-c", code], cwd=unpacked, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "['at', 'compiled', 'home'] set"


@pytest.mark.parametrize("target", list(Target))
def test_every_module_has_bytecode_for_the_python_that_it_will_run_on(target: Target) -> None:
    made = bundle(target)
    if made.not_compiled:
        pytest.skip(made.not_compiled)
    contents = _contents(made)
    tag, magic = (
        ("cpython-313", MAGIC_3_13)
        if target is Target.LAMBDA
        else (sys.implementation.cache_tag, importlib.util.MAGIC_NUMBER)
    )
    modules = [Path(name) for name in contents if name.endswith(".py")]
    assert Path("functions/__init__.py") in modules
    for module in modules:
        compiled = contents[f"{(module.parent / '__pycache__').as_posix()}/{module.stem}.{tag}.pyc"]
        assert compiled[:8] == magic + UNCHECKED_HASH, module


def test_lambda_gets_packages_for_its_own_platform_and_none_of_the_dead_weight() -> None:
    names = _contents(bundle(Target.LAMBDA)).keys()
    libraries = [name for name in names if name.endswith(".so")]
    assert libraries
    assert all("cpython-313-aarch64-linux-gnu" in name or name.endswith("_rust.abi3.so") for name in libraries)
    assert not [name for name in names if name.startswith(("boto3/", "botocore/", "bin/", "pyasn1/", "pycparser/"))]
    assert not [name for name in names if "/tests/" in name or name.endswith((".js", ".pyi"))]
    assert "functions/audit/profile.toml" in names
    assert "functions/report/templates/style.j2" in names
    assert sum(path.stat().st_size for path in [bundle(Target.LAMBDA).path]) < 14_500_000


def test_what_was_made_long_ago_is_not_kept(project: Path, tmp_path: Path) -> None:
    build_dir = tmp_path / "build"
    made = []
    for edit in range(8):
        (project / "functions" / "room" / "handler.py").write_text(f"EDIT = {edit}\n", encoding="utf-8")
        made.append(bundle(Target.HOST, root=project, build_dir=build_dir).path)
        os.utime(made[-1], (edit, edit))  # as if it had been made so many seconds after the first

    assert sorted(build_dir.glob("*.zip")) == sorted(made[2:])


def test_pip_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle(Target.HOST)

    def refuse(*_: object, **__: object) -> Callable[..., object]:
        raise AssertionError("a finished bundle was built again")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert bundle(Target.HOST).path.is_relative_to(BUILD_DIR)
