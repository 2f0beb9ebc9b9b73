"""A small Lambda Runtime API on loopback, and one function process that is served by it.

Lambda asks for events at ``/2018-06-01/runtime/invocation/next`` and posts what came of them: see "Using the Lambda
runtime API for custom runtimes" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from types import TracebackType
from typing import Any, Final, Self

from tests.artefact.task import Task, handler_of, lambda_environment

_VERSION: Final = "/2018-06-01/runtime"
_PATIENCE: Final = 60.0  # seconds; a busy build machine gets room
_BOOT: Final = "from awslambdaric.__main__ import main; sys.argv.insert(0, 'awslambdaric'); main(sys.argv)"


@dataclass(frozen=True, slots=True)
class Posted:
    """What the runtime client told the API. ``what``: ready, response, error or init-error."""

    what: str
    body: Any = None
    error_type: str = ""


class FunctionDiedError(AssertionError):
    """The process ended, or said nothing in time. The text holds what it wrote."""


class RuntimeApi:
    """Hands out events one at a time and keeps what comes back."""

    def __init__(self) -> None:
        self.events: Queue[bytes | None] = Queue()
        self.posted: Queue[Posted] = Queue()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="runtime-api", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port, as ``AWS_LAMBDA_RUNTIME_API`` has them."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """End the server and whoever still waits for an event."""
        self.events.put(None)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Function:
    """A room's handler in a process of its own, run by ``awslambdaric`` as on Lambda."""

    def __init__(self, task: Task, room: str, environment: Mapping[str, str]) -> None:
        self._api = RuntimeApi()
        name = f"nightjar-demo-{room}"
        own = lambda_environment(name, room) | {"AWS_LAMBDA_RUNTIME_API": self._api.address}
        self._process = task.start(_BOOT, handler_of(room), environment=own | dict(environment))
        self._written: list[str] = []
        # Read all the time: a full pipe would stop the function.
        self._reader = threading.Thread(target=self._read, name=f"{room}-log", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._api.close()

    @property
    def log(self) -> str:
        """Everything that the process wrote so far."""
        return "".join(self._written)

    def initialised(self) -> Posted:
        """Wait until the handler is imported: ``ready`` when it asks for its first event, else ``init-error``."""
        return self._next_post()

    def invoke(self, event: object) -> Posted:
        """Let it handle one event; returns the response, or the error as Lambda would show it."""
        self._api.events.put(json.dumps(event).encode())
        posted = self._next_post()
        while posted.what == "ready":
            posted = self._next_post()
        return posted

    def _next_post(self) -> Posted:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                return self._api.posted.get(timeout=0.05)
            except Empty:
                if self._process.poll() is not None and self._api.posted.empty():
                    break
        raise FunctionDiedError(f"no word from the function (exit {self._process.poll()}):\n{self.log}")

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            with stream:
                self._written.extend(stream)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a function that is killed leaves its connection half-way."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{_VERSION}/invocation/next":
            self._answer(404)
            return
        self.server.api.posted.put(Posted("ready"))
        event = self.server.api.events.get()
        if event is None:
            self.close_connection = True
            return
        name = "nightjar-demo-function"
        self._answer(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _PATIENCE) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
                "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        # .../invocation/<id>/response, .../invocation/<id>/error, .../init/error
        what = "init-error" if self.path == f"{_VERSION}/init/error" else self.path.rsplit("/", 1)[1]
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        self.server.api.posted.put(Posted(what, json.loads(body), error_type))
        self._answer(202, b'{"status":"OK"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Say nothing: what was posted is in ``posted``."""

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
