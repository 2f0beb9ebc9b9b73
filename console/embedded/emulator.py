"""Load ministack so that it takes no settings from the user and prints nothing."""
# ruff: noqa: SLF001  # an emulator has no public hooks for being embedded; its version is pinned

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from types import ModuleType
from typing import Any

HOST = "127.0.0.1"

# What a Nightjar stack uses. The rest of ministack loads itself when somebody calls it.
_MODULES = (
    "app", "core.lambda_runtime", "services.cloudformation", "services.lambda_svc", "services.sqs",
    "services.sns", "services.s3", "services.dynamodb", "services.dynamodb_streams", "services.kms",
    "services.secretsmanager", "services.ssm", "services.iam", "services.sts", "services.cloudwatch",
    "services.cloudwatch_logs", "services.scheduler", "services.eventbridge",
)  # fmt: skip

# Settings are read from the environment, some at import, some at every call, under names that may mean
# something else to whoever runs us: ministack sees these values and none of the user's.
_SETTINGS = {"BIND_HOST": HOST, "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "WARNING"}
_NEEDED_TO_IMPORT = ("PATH", "HOME", "SYSTEMROOT", "LD_LIBRARY_PATH")
_READ_AT_EVERY_CALL = ("CLOUDTRAIL_RECORDING", "DOCKER_HOST", "EDGE_PORT", "GATEWAY_PORT", "USE_SSL")
_READ_AT_EVERY_CALL_PREFIXES = ("MINISTACK_", "LOCALSTACK_")
_FIRST_LINE_REST_AND_LIMIT_SECONDS = (0.010, 0.005, 0.250)
# Somebody's containers are none of our business, and ministack would tidy up those that look like its own.
_NO_DOCKER = "unix:///nonexistent/docker.sock"


class Emulator:
    """The modules of ministack, loaded, empty of state, and told which port they are reached on."""

    def __init__(self, port: int) -> None:
        # One of its services writes a key into its state folder at import, whatever the settings.
        with (
            tempfile.TemporaryDirectory(prefix="nightjar-aws-") as folder,
            _only({**_SETTINGS, "GATEWAY_PORT": str(port), "STATE_DIR": folder}),
        ):
            loaded = {name: importlib.import_module(f"ministack.{name}") for name in _MODULES}
        self._services: list[Any] = [loaded[name] for name in _MODULES if name.startswith("services.")]
        self.app: Any = loaded["app"]
        self.lambda_runtime: Any = loaded["core.lambda_runtime"]
        self.lambda_service: Any = loaded["services.lambda_svc"]
        self._dynamodb: Any = loaded["services.dynamodb"]
        sns: Any = loaded["services.sns"]
        sqs: Any = loaded["services.sqs"]
        # Read once at import, so a second start in this process would still answer with the first port.
        sns._HOST = sqs.DEFAULT_HOST = HOST
        sns._PORT = sqs.DEFAULT_PORT = str(port)
        sqs._CANONICAL_NETLOC = f"{HOST}:{port}"
        self.sns = sns
        # After each invocation ministack waits for log lines: 50 ms when there are none, and streams are read
        # on the thread that also hands out queue messages. With 10 ms a night of 200 takes a third of the time.
        self.lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = _FIRST_LINE_REST_AND_LIMIT_SECONDS
        self.reset()

    def reset(self) -> None:
        """Forget all state of the services that we use.

        ``POST /_ministack/reset`` goes further, and asks Docker for containers of services that we do not.
        """
        for service in self._services:
            if hasattr(service, "reset"):
                service.reset()

    def stream_records_waiting(self, mapping_id: str, stream_arn: str) -> int:
        """How many records of a table's stream an event source mapping has not dealt with yet."""
        table = stream_arn.split("/")[1]
        done: int = self.lambda_service._dynamodb_stream_positions.get(mapping_id, 0)
        end: int = self._dynamodb.stream_end_position(table)
        start: int = self._dynamodb.stream_start_position(table)
        return end - max(done, start)


@contextlib.contextmanager
def without_user_settings(port: int) -> Iterator[None]:
    """While this lasts, hide what ministack would read at every call."""
    hidden = {
        name: value
        for name, value in os.environ.items()
        if name in _READ_AT_EVERY_CALL or name.startswith(_READ_AT_EVERY_CALL_PREFIXES)
    }
    seen = {"GATEWAY_PORT": str(port), "DOCKER_HOST": _NO_DOCKER}
    for name in hidden:
        del os.environ[name]
    os.environ.update(seen)
    try:
        yield
    finally:
        for name in seen:
            os.environ.pop(name, None)
        os.environ.update(hidden)


@contextlib.contextmanager
def _only(settings: dict[str, str]) -> Iterator[None]:
    """Show `settings` as nearly the whole environment, for the moment of an import."""
    former = dict(os.environ)
    kept = {name: former[name] for name in _NEEDED_TO_IMPORT if name in former}
    os.environ.clear()
    os.environ.update(kept | settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


class LogTail(logging.Handler):
    """Keeps ministack's last warnings instead of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[str] = deque(maxlen=200)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self._lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")

    def lines(self) -> list[str]:
        """The warnings so far, oldest first."""
        return list(self._lines)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """While this lasts, no logger without a handler prints on stderr.

        The first import of ministack sets logging up for the whole process, unless that was done before.
        """
        root = logging.getLogger()
        silence = logging.NullHandler()
        root.addHandler(silence)
        try:
            yield
        finally:
            root.removeHandler(silence)

    def follow_ministack(self) -> None:
        """Take over the loggers of all of ministack that is loaded."""
        for module in _loaded():
            logger = getattr(module, "logger", None)
            if isinstance(logger, logging.Logger):
                logger.handlers = [self]
                logger.setLevel(logging.WARNING)
                logger.propagate = False


def _loaded() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.startswith("ministack.")]
