"""Run ministack, which emulates AWS, on a thread of this process."""

import asyncio
import atexit
import contextlib
import contextvars
import shutil
import socket
import tempfile
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from console.embedded.emulator import HOST, Emulator, LogTail, without_user_settings
from console.embedded.errors import EmbeddedAwsError
from console.embedded.opt_outs import OptOuts
from console.embedded.outbox import Outbox
from console.embedded.streams import StreamReader
from console.embedded.workers import WorkerProcesses

_START_SECONDS = 20.0
_GRACE_SECONDS = 0.5
_STOP_SECONDS = 10.0

# ministack keeps its state in module globals, so a process has room for one.
_ONE_AT_A_TIME = threading.Lock()
# Which server a request belongs to; threads that ministack starts for a request inherit it.
_SERVER: contextvars.ContextVar["Server | None"] = contextvars.ContextVar("embedded_aws", default=None)


class Server:
    """A running ministack: `endpoint` answers until `stop`.

    ministack's own start-up is left out on purpose: it looks for Docker containers to remove, runs scripts
    from ``/etc`` and ``/docker-entrypoint-initaws.d``, and starts clocks that would fire a deployed schedule
    when a test happens to run at a quarter past two. None of that belongs into somebody's own process.

    What remains after `stop` are a few sleeping daemon threads of ministack, which the next start uses again.
    """

    def __init__(self) -> None:
        self._cleanup = contextlib.ExitStack()
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise EmbeddedAwsError("an embedded AWS is already running in this process; stop that one first")
        self._cleanup.callback(_ONE_AT_A_TIME.release)
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the server, its workers and its files; a second call does nothing."""
        atexit.unregister(self.stop)
        self._cleanup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="nightjar-aws-"))
        self._cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        listening = self._cleanup.enter_context(socket.create_server((HOST, 0)))
        port: int = listening.getsockname()[1]
        self.endpoint = f"http://{HOST}:{port}"
        self.log = LogTail()
        self._cleanup.enter_context(self.log.quiet())
        self._cleanup.enter_context(without_user_settings(port))
        self.emulator = Emulator(port)
        self.log.follow_ministack()
        self.outbox = Outbox(self.emulator.sns)
        self.outbox.install()
        self._cleanup.callback(self.outbox.remove)
        self.opt_outs = OptOuts(self.emulator.sns)
        self.opt_outs.install()
        self._cleanup.callback(self.opt_outs.remove)
        streams = StreamReader(self.emulator.lambda_service)
        streams.install()
        self._cleanup.callback(streams.remove)
        self.workers = WorkerProcesses(folder, endpoint=self.endpoint, may_start=self._is_current)
        self.emulator.lambda_runtime.subprocess = self.workers
        self.emulator.lambda_runtime.tempfile = self.workers
        self._cleanup.callback(self.emulator.reset)
        self._serve(listening)

    def functions_running(self) -> bool:
        """Whether an invocation runs, or an asynchronous one is about to start or waits for its retry."""
        pending = (getattr(thread, "_target", None) for thread in threading.enumerate())
        return self.emulator.lambda_runtime.workers_in_use() > 0 or any(
            isinstance(context := getattr(target, "__self__", None), contextvars.Context)
            and context.get(_SERVER) is self
            for target in pending
        )

    def _is_current(self) -> bool:
        """Whether the calling thread works for this server, not for an earlier one of this process."""
        return _SERVER.get() in (None, self)

    def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.new_event_loop()
        self._finish = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(listening.detach(),), name="embedded-aws", daemon=True)
        self._thread.start()
        self._cleanup.callback(self._end_thread)
        # Runs before the thread is ended: a request that waits for a function is answered, with an error.
        self._cleanup.callback(self.workers.close)
        if not self._ready.wait(_START_SECONDS) or self._failure is not None:
            raise EmbeddedAwsError(f"the embedded AWS did not start: {self._failure}") from self._failure

    def _run(self, descriptor: int) -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        config = Config()
        # The socket is ours and listens already: no other program can take the port in between.
        config.bind = [f"fd://{descriptor}"]
        config.accesslog = None
        config.errorlog = None
        config.keep_alive_timeout = 75
        config.graceful_timeout = 0.2
        self._loop.set_default_executor(ThreadPoolExecutor(64, thread_name_prefix="embedded-aws"))
        self.emulator.app._MAIN_LOOP = self._loop  # noqa: SLF001  # its own start-up, left out, sets this
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(serve(self._answer, config, shutdown_trigger=self._finish.wait))
        except BaseException as error:  # noqa: BLE001  # the end of the thread: `_serve` passes it on
            self._failure = error
        finally:
            self._ready.set()

    async def _answer(
        self,
        scope: Any,  # noqa: ANN401  # ASGI's dictionaries
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        if scope["type"] != "lifespan":
            _SERVER.set(self)
            await self.emulator.app.app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        self._ready.set()
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def _end_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended by itself, with a failure
            self._loop.call_soon_threadsafe(self._finish.set)
            self._thread.join(_GRACE_SECONDS)
            # From Python 3.12 on, a server that closes waits for everybody who is still connected.
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._cancel_everything)
        self._thread.join(_STOP_SECONDS)

    def _cancel_everything(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
