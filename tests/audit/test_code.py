"""The fingerprint of the code that judges: the same wherever it lies, another when anything changes."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import functions.audit
from functions.audit.code import code_version


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Copy the package as a deployed function has it: bytecode beside the sources."""
    return shutil.copytree(functions.audit.__path__[0], tmp_path / "audit")


def _version_of(package: Path) -> str:
    spec = importlib.util.spec_from_file_location("code_of_a_copy", package / "code.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    version: Callable[[], str] = module.code_version
    return version()


def test_a_copy_has_the_same_version(elsewhere: Path) -> None:
    assert _version_of(elsewhere) == code_version()
    assert re.fullmatch(r"[0-9a-f]{12}", code_version())


@pytest.mark.parametrize("changed", ["judge.py", "checks/bounce_rate.py", "extra_checks/bio_link.py", "profile.toml"])
def test_another_judge_check_or_profile_is_another_version(elsewhere: Path, changed: str) -> None:
    with (elsewhere / changed).open("a", encoding="utf-8") as source:
        source.write("\n# changed\n")

    assert _version_of(elsewhere) != code_version()


def test_a_source_that_moves_is_another_version(elsewhere: Path) -> None:
    (elsewhere / "judge.py").rename(elsewhere / "judges.py")

    assert _version_of(elsewhere) != code_version()


def test_bytecode_and_translations_judge_nothing(elsewhere: Path) -> None:
    shutil.rmtree(elsewhere / "languages")
    shutil.rmtree(elsewhere / "__pycache__", ignore_errors=True)

    assert _version_of(elsewhere) == code_version()
