"""What is uploaded for Lambda fits Lambda: arm64, Python 3.13, within its limits, the same bytes every time."""

from __future__ import annotations

import re
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from functions.audit.language import language, languages, read_language
from infra.bundling import BUILD_DIR, Bundle, Target, bundle
from infra.bytecode import PYODIDE
from tests.artefact.task import SUPPLIED

pytestmark = pytest.mark.slow

# "Lambda quotas": a deployment package may have 50 MB zipped and 250 MB unzipped, with all layers.
ZIPPED, UNZIPPED = 50 * 1024**2, 250 * 1024**2
# What it should not grow to unnoticed: every byte is loaded at a cold start.
USUAL = 40 * 1024**2
AARCH64 = 183  # e_machine of the ELF header
GLIBC = 34  # Amazon Linux 2023, which Lambda's python3.13 is built on, has glibc 2.34


@pytest.fixture(scope="module")
def made() -> Bundle:
    return bundle(Target.LAMBDA)


@pytest.fixture(scope="module")
def contents(made: Bundle) -> dict[str, bytes]:
    with zipfile.ZipFile(made.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_compiled_extension_is_for_arm64_and_python_3_13(contents: dict[str, bytes]) -> None:
    libraries = {name: body for name, body in contents.items() if body.startswith(b"\x7fELF")}
    assert {Path(name).name.partition(".")[0] for name in libraries} == {
        *("_pydantic_core", "_cffi_backend", "_rust"),
        "_speedups",  # markupsafe, which escapes what a report quotes
    }
    for name, body in libraries.items():
        bits, order = body[4], body[5]
        (machine,) = struct.unpack_from("<H", body, 18)
        assert (bits, order, machine) == (2, 1, AARCH64), name  # 64 bits, little endian
        # cryptography's fits every Python from 3.11 on: it keeps to the stable interface.
        assert name.endswith((".cpython-313-aarch64-linux-gnu.so", "cryptography/hazmat/bindings/_rust.abi3.so"))


def test_no_extension_asks_for_a_newer_c_library_than_lambda_has(contents: dict[str, bytes]) -> None:
    for name, body in contents.items():
        if body.startswith(b"\x7fELF"):
            asked = {int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", body)}
            assert asked, name
            assert max(asked) <= GLIBC, name


def test_there_is_no_other_binary_in_it(contents: dict[str, bytes]) -> None:
    other = (".so", ".dylib", ".dll", ".pyd", ".exe", ".a")
    assert [name for name, body in contents.items() if name.endswith(other) and body[:4] != b"\x7fELF"] == []


def test_it_carries_bytecode(made: Bundle, contents: dict[str, bytes]) -> None:
    if made.not_compiled:
        pytest.skip(made.not_compiled)
    for room in ("dispatcher", "fetcher", "evaluator", "notifier", "closer", "webhook", "reporter", "viewer"):
        assert f"functions/{room}/__pycache__/handler.cpython-313.pyc" in contents


def test_it_carries_nothing_that_lambda_supplies_and_nothing_of_the_workshop(contents: dict[str, bytes]) -> None:
    roots = {Path(name).parts[0].removesuffix(".py") for name in contents}
    # Powertools pins jmespath for itself; it is small, and then at least the version is known.
    assert roots & set(SUPPLIED) == {"jmespath"}
    assert roots.isdisjoint({"tests", "console", "infra", "events", "docs"})
    assert roots.isdisjoint({"pytest", "moto", "aws_cdk", "aws_xray_sdk"})
    assert {"functions", "aws_lambda_powertools", "httpx", "pydantic", "tzdata"} <= roots
    assert "functions/audit/profile.toml" in contents


def test_it_carries_every_language_that_there_is_here_and_speaks_it(contents: dict[str, bytes]) -> None:
    folder = "functions/audit/languages/"
    carried = {name.removeprefix(folder) for name in contents if name.startswith(folder)}
    assert carried == {f"{tag}.mo" for tag in languages() - {"en"}}
    for name in carried:
        spoken = read_language(Path(name).stem, BytesIO(contents[folder + name]))
        assert spoken.say("opened tonight") == language(spoken.tag).say("opened tonight") != "opened tonight"


def test_it_is_within_lambdas_limits_and_small(made: Bundle, contents: dict[str, bytes]) -> None:
    unzipped = sum(map(len, contents.values()))
    assert made.path.stat().st_size < ZIPPED
    assert unzipped < UNZIPPED
    assert unzipped < USUAL


def test_building_it_again_from_nothing_makes_the_same_bytes(made: Bundle, tmp_path: Path) -> None:
    compiler = BUILD_DIR / f"pyodide-{PYODIDE}"
    if compiler.is_dir():
        (tmp_path / compiler.name).symlink_to(compiler)
    again = bundle(Target.LAMBDA, build_dir=tmp_path)
    assert again.digest == made.digest
    assert again.path.read_bytes() == made.path.read_bytes()
