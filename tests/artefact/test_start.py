"""Each function starts from the zip alone; a package or a variable that is missing is said at once, by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.artefact.runtime_api import Function
from tests.artefact.task import Task

pytestmark = pytest.mark.slow

QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/nightjar-demo"
TOPIC = "arn:aws:sns:us-east-1:000000000000:nightjar-demo"
COMMON = {
    "NIGHTJAR_STAGE": "demo",
    "NIGHTJAR_TABLE_PREFIX": "nightjar-demo-",
    "POWERTOOLS_METRICS_NAMESPACE": "Nightjar/demo",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
OWN = {
    "dispatcher": {"NIGHTJAR_FETCH_QUEUE_URL": f"{QUEUE}-fetch", "NIGHTJAR_AUDIT_DAYS": "400"},
    "fetcher": {
        "NIGHTJAR_EVALUATE_QUEUE_URL": f"{QUEUE}-evaluate",
        "NIGHTJAR_MAX_RECEIVES": "5",
        "NIGHTJAR_TOKENS_KEY_ID": "arn:aws:kms:us-east-1:000000000000:key/1234",
        "NIGHTJAR_TIKTOK_SECRET_ID": "arn:aws:secretsmanager:us-east-1:000000000000:secret:nightjar-demo-tiktok-app",
        "NIGHTJAR_ALLOWED_HOSTS": "open.tiktokapis.com",
        "NIGHTJAR_ALLOW_LOOPBACK_HTTP": "0",
        "NIGHTJAR_SNAPSHOT_DAYS": "90",
    },
    "evaluator": {"NIGHTJAR_AUDIT_DAYS": "400"},
    "notifier": {"NIGHTJAR_ALERTS_TOPIC_ARN": f"{TOPIC}-alerts"},
    "closer": {"NIGHTJAR_OPERATORS_TOPIC_ARN": f"{TOPIC}-operators", "NIGHTJAR_AUDIT_DAYS": "400"},
}
ROOMS = list(OWN)
# Without these a function cannot work, and nothing could stand in for them.
NEEDED = [(room, name) for room in ROOMS for name in ("NIGHTJAR_TABLE_PREFIX", *OWN[room]) if "LOOPBACK" not in name]


def _environment(room: str) -> dict[str, str]:
    return COMMON | OWN[room] | {"POWERTOOLS_SERVICE_NAME": room}


def _without(task: Task, package: str, folder: Path) -> Task:
    """Return the same task, one package short; links instead of copies, so that it costs no time."""
    code = folder / "task"
    shutil.copytree(task.code, code, copy_function=os.link)
    shutil.rmtree(code / package)
    return Task(code, task.supplied)


@pytest.mark.parametrize("room", ROOMS)
def test_a_function_starts_from_the_zip_alone(task: Task, room: str) -> None:
    with Function(task, room, _environment(room)) as function:
        assert function.initialised().what == "ready", function.log


def test_nothing_of_the_build_machine_can_be_imported(task: Task) -> None:
    look = "import importlib.util as u; print([n for n in sys.argv if u.find_spec(n)])"
    process = task.start(look, "pytest", "moto", "typer", "aws_cdk", "console", "tests", environment={})
    said, _ = process.communicate(timeout=60)
    assert said.strip() == "[]"


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
    with Function(_without(task, folder, tmp_path), room, _environment(room)) as function:
        said = function.initialised()
    assert (said.what, said.error_type) == ("init-error", "Runtime.ImportModuleError")
    assert said.body["errorMessage"] == (
        f"Unable to import module 'functions.{room}.handler': No module named '{package}'"
    )


@pytest.mark.parametrize(("room", "name"), NEEDED)
def test_a_variable_that_is_missing_is_named_at_the_start(task: Task, room: str, name: str) -> None:
    environment = {key: value for key, value in _environment(room).items() if key != name}
    with Function(task, room, environment) as function:
        said = function.initialised()
    assert (said.what, said.error_type) == ("init-error", "InvalidInput")
    assert said.body["errorMessage"] == (
        f"The environment variable {name} is not set; the CDK app sets it, so deploy again."
    )
