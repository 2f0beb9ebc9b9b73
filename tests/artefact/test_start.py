"""Each function starts from the zip alone; a package or a variable that is missing is said at once, by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from functions.audit.code import code_version
from tests.artefact.runtime_api import Function
from tests.artefact.task import Task
from tests.artefact.variables import OWN, environment_of

pytestmark = pytest.mark.slow

ROOMS = list(OWN)
# Switches have a default, which is no; so has the sender of text messages, which is nobody; TikTok has its own host.
OPTIONAL = {
    "NIGHTJAR_ALLOW_LOOPBACK_HTTP",
    "NIGHTJAR_RESEARCH_API",
    "NIGHTJAR_SMS_SENDER_ID",
    "NIGHTJAR_TIKTOK_HOSTS",
}
NEEDED = [(room, name) for room in ROOMS for name in OWN[room] if name not in OPTIONAL]
NEEDED += [(room, "NIGHTJAR_TABLE_PREFIX") for room in ROOMS if room != "viewer"]  # which reads no table


def _without(task: Task, package: str, folder: Path) -> Task:
    """Return the same task, one package short; links instead of copies, so that it costs no time."""
    code = folder / "task"
    shutil.copytree(task.code, code, copy_function=os.link)
    shutil.rmtree(code / package)
    return Task(code, task.supplied)


@pytest.mark.parametrize("room", ROOMS)
def test_a_function_starts_from_the_zip_alone(task: Task, room: str) -> None:
    with Function(task, room, environment_of(room)) as function:
        assert function.initialised().what == "ready", function.log


def test_nothing_of_the_build_machine_can_be_imported(task: Task) -> None:
    look = "import importlib.util as u; print([n for n in sys.argv if u.find_spec(n)])"
    process = task.start(look, "pytest", "moto", "typer", "aws_cdk", "console", "tests", environment={})
    said, _ = process.communicate(timeout=60)
    assert said.strip() == "[]"


def test_the_code_in_the_zip_knows_itself_by_the_name_that_the_console_knows_it_by(task: Task) -> None:
    process = task.start("from functions.audit.code import code_version; print(code_version())", environment={})
    said, _ = process.communicate(timeout=60)
    assert said.strip() == code_version()


@pytest.mark.parametrize(
    ("room", "package", "folder"),
    [
        ("fetcher", "httpx", "httpx"),
        ("evaluator", "pydantic", "pydantic"),
        ("closer", "functions.store", "functions/store"),
    ],
)
def test_a_package_that_is_missing_from_the_zip_shows(
    task: Task, tmp_path: Path, room: str, package: str, folder: str
) -> None:
    with Function(_without(task, folder, tmp_path), room, environment_of(room)) as function:
        said = function.initialised()
    assert (said.what, said.error_type) == ("init-error", "Runtime.ImportModuleError")
    assert said.body["errorMessage"] == (
        f"Unable to import module 'functions.{room}.handler': No module named '{package}'"
    )


@pytest.mark.parametrize(("room", "name"), NEEDED)
def test_a_variable_that_is_missing_is_named_at_the_start(task: Task, room: str, name: str) -> None:
    environment = {key: value for key, value in environment_of(room).items() if key != name}
    with Function(task, room, environment) as function:
        said = function.initialised()
    assert (said.what, said.error_type) == ("init-error", "InvalidInput")
    assert said.body["errorMessage"] == (
        f"The environment variable {name} is not set; the CDK app sets it, so deploy again."
    )
