"""The processes in which the embedded AWS runs Lambda functions: what they see, and that they end."""

import contextlib
import importlib.util
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# What the Python runtime of Lambda brings along; everything else must be in the function's own zip.
_RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")

# Taken from our own environment: what a process needs on any machine, nothing that steers Python or AWS.
_INHERITED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")

# What ministack adds for the function; the function's own variables reach the worker on its first line.
_ADDED_FOR_FUNCTION = ("AWS_LAMBDA_", "LAMBDA_", "_LAMBDA_")
_ADDED_FOR_SDK = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_DISABLE_HOST_PREFIX_INJECTION")

_GRACE_SECONDS = 5.0


class WorkerProcesses:
    """Stands in for the ``subprocess`` module in ministack's Lambda runtime.

    ministack starts a worker with the whole environment and all installed packages of its host. On AWS a
    function has its zip, the runtime's boto3 and its own variables. So each worker is started without
    ``site-packages`` (``-S``) and with an environment built here: credentials, profiles, proxies and
    ``PYTHONPATH`` of the host stay out, and a dependency missing from the zip is missed here as well.
    """

    PIPE = subprocess.PIPE
    STDOUT = subprocess.STDOUT
    DEVNULL = subprocess.DEVNULL

    def __init__(self, folder: Path, *, endpoint: str, may_start: Callable[[], bool]) -> None:
        """Keep all files under `folder`, point functions to `endpoint`; `may_start` is asked each time."""
        self._endpoint = endpoint
        self._may_start = may_start
        self._home = folder / "home"
        self._packages = folder / "runtime"
        self._scratch = folder / "tmp"
        for path in (self._home, self._packages, self._scratch):
            path.mkdir()
        _link_runtime_packages(self._packages)
        self._lock = threading.Lock()
        self._closed = False
        self._running: list[subprocess.Popen[str]] = []
        self._names: dict[int, str] = {}
        self._ended: list[subprocess.Popen[str]] = []

    def Popen(  # noqa: N802  # the name that ministack calls
        self, command: Sequence[str], *, env: Mapping[str, str], **options: object
    ) -> "subprocess.Popen[str]":
        """Start a worker as ministack asks for it, in a function's environment.

        Raises:
            OSError: the embedded AWS has stopped; a retry that was still waiting must not start anything.
        """
        binary, *arguments = command
        with self._lock:
            if self._closed or not self._may_start():
                raise OSError("the embedded AWS has stopped")
            self._close_pipes_of_the_dead()
            worker: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603  # ministack's own command and options
                [binary, "-S", *arguments],
                env=self._environment(env),
                # A Ctrl-C at the terminal is for us: we then end the workers, in order.
                start_new_session=True,
                **options,
            )
            self._running.append(worker)
            self._names[worker.pid] = env.get("AWS_LAMBDA_FUNCTION_NAME", "")
            return worker

    def mkdtemp(self, *, prefix: str) -> str:
        """Give ministack a folder for a worker's code, inside our own."""
        path = self._scratch / f"{prefix}{os.urandom(6).hex()}"
        path.mkdir(mode=0o700)
        return str(path)

    def count(self) -> int:
        """How many worker processes are alive."""
        with self._lock:
            return sum(worker.poll() is None for worker in self._running)

    def kill(self, function_name: str) -> None:
        """End the processes of a function at once, in the middle of whatever they do, and wait until they are gone."""
        with self._lock:
            workers = [worker for worker in self._running if self._names[worker.pid] == function_name]
        for worker in workers:
            _kill(worker)
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(_GRACE_SECONDS)

    def close(self) -> None:
        """End every worker and whatever it started; nothing can be started afterwards."""
        with self._lock:
            self._closed = True
            workers = self._running + self._ended
            self._running, self._ended = [], []
        for worker in workers:
            _kill(worker)
        for worker in workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(_GRACE_SECONDS)
            _close_pipes(worker)

    def _environment(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """What ministack added for this function; it put that on top of our whole environment."""
        added = {
            name: value
            for name, value in wanted.items()
            if name.startswith(_ADDED_FOR_FUNCTION) or name in _ADDED_FOR_SDK
        }
        return {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            **added,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": str(self._home),
            "TMPDIR": str(self._scratch),
            "PYTHONPATH": str(self._packages),
            "PYTHONTZPATH": "",  # Lambda has no time zone data of its own: it must come with the zip
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_SESSION_TOKEN": "embedded",
            "AWS_CONFIG_FILE": str(self._home / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._home / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _close_pipes_of_the_dead(self) -> None:
        """Close what ministack leaves open, one start later: it may still be reading the last lines."""
        for worker in self._ended:
            _close_pipes(worker)
        self._ended = [worker for worker in self._running if worker.poll() is not None]
        self._running = [worker for worker in self._running if worker.poll() is None]


def _kill(worker: "subprocess.Popen[str]") -> None:
    # poll() first: the id of a process that was already reaped may belong to somebody else.
    if worker.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.pid, signal.SIGKILL)


def _close_pipes(worker: "subprocess.Popen[str]") -> None:
    for pipe in (worker.stdin, worker.stdout, worker.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.close()


def _link_runtime_packages(folder: Path) -> None:
    for name in _RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source, target_is_directory=source.is_dir())
