"""A Python that sees what a Lambda function sees: the unpacked zip, what the runtime supplies, the standard library."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What AWS puts beside the code: its runtime client, and boto3 with all that it needs.
SUPPLIED: Final = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
)
# -I and -S: no PYTHON* variables, no current folder, no site-packages, no .pth files.
_ISOLATED: Final = ("-I", "-S")
_LAUNCH: Final = (
    "import sys; task, supplied, *sys.argv = sys.argv[1:]; sys.path.insert(0, task); sys.path.append(supplied); "
)


@dataclass(frozen=True, slots=True)
class Task:
    """An unpacked bundle (``/var/task``), and a folder with what Lambda supplies (``/var/runtime``)."""

    code: Path
    supplied: Path

    def command(self, statement: str, *arguments: str) -> list[str]:
        """Return the command of a fresh Python that runs ``statement`` with this path; ``arguments`` are its argv."""
        return [sys.executable, *_ISOLATED, "-c", _LAUNCH + statement, str(self.code), str(self.supplied), *arguments]

    def start(self, statement: str, *arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start such a Python inside the code's folder, with this environment and nothing of ours."""
        return subprocess.Popen(  # noqa: S603  # this interpreter, on code that was packaged here
            self.command(statement, *arguments),
            cwd=self.code,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def unpack(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle into ``folder``."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return folder


def supply(folder: Path, packages: Sequence[str] = SUPPLIED) -> Path:
    """Fill a new folder with links to these packages of our own environment, and with nothing else."""
    folder.mkdir(parents=True)
    for name in packages:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"{name} is not installed, and Lambda supplies it: make venv", name=name)
        place = Path(found.origin)
        package = place.parent if found.submodule_search_locations else place
        (folder / package.name).symlink_to(package)
    return folder


def lambda_environment(name: str, room: str) -> dict[str, str]:
    """Return the variables that Lambda itself sets, with keys that open nothing."""
    environment = {
        "_HANDLER": handler_of(room),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LAMBDA_TASK_ROOT": "/var/task",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "sample",
        "AWS_SECRET_ACCESS_KEY": "sample",
        # A developer's own profile must not play a part.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    # Some builds of Python find their own library by this one.
    return environment | {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def handler_of(room: str) -> str:
    """Return the handler setting of a room, as the CDK app has it."""
    return f"functions.{room}.handler.handler"
