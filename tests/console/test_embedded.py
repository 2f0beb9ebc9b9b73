"""The embedded AWS: it starts, stops, stays alone, and leaves nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from console.embedded import EmbeddedAws, EmbeddedAwsError, WaitTimeoutError
from tests.console.embedded_assemblies import echo_assembly

pytestmark = pytest.mark.slow

# Starts one, warms up a function, says where it is, and runs until its input ends.
ELSEWHERE = """
import sys
from pathlib import Path
from console.embedded import EmbeddedAws
with EmbeddedAws.start() as aws:
    aws.deploy(Path(sys.argv[1]))
    aws.client("lambda").invoke(FunctionName="echo", Payload="{}")
    print(aws.endpoint, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _temporary_files_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what is left where nobody else leaves anything: other tests may run an AWS at the same time."""
    folder = str(tmp_path_factory.mktemp("tmp"))
    monkeypatch.setenv("TMPDIR", folder)
    monkeypatch.setattr(tempfile, "tempdir", folder)


def processes(*which: str) -> list[int]:
    """Living processes that `ps` lists, without itself; a dead one that nobody collected does not count."""
    command = ["ps", *which, "-o", "pid=,stat=,comm="]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603  # fixed
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return [int(pid) for pid, state, name in rows if not state.startswith("Z") and name != "ps"]


def children_of(parent: int) -> list[int]:
    return processes("--ppid", str(parent))


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not processes("-p", ",".join(map(str, pids))):
            return True
        time.sleep(0.05)
    return False


def address(endpoint: str) -> tuple[str, int]:
    host, port = endpoint.removeprefix("http://").split(":")
    return host, int(port)


def leftovers() -> set[str]:
    names = {path.name for path in Path(tempfile.gettempdir()).iterdir()}
    return {name for name in names if "nightjar-aws-" in name or "ministack" in name}


@contextmanager
def running_elsewhere(assembly: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", ELSEWHERE, str(assembly)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_it_starts_twice_in_one_process_and_the_second_knows_nothing_of_the_first(tmp_path: Path) -> None:
    before, files = children_of(os.getpid()), leftovers()
    assembly = echo_assembly(tmp_path)
    endpoints = []
    for _ in range(2):
        with EmbeddedAws.start() as aws:
            endpoints.append(aws.endpoint)
            assert aws.client("dynamodb").list_tables()["TableNames"] == []
            aws.deploy(assembly)
            assert aws.client("lambda").invoke(FunctionName="echo", Payload=b"{}")["StatusCode"] == 200
            assert aws.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"].startswith(aws.endpoint)
            assert aws.worker_processes() == 1
    assert endpoints[0] != endpoints[1]
    assert children_of(os.getpid()) == before
    assert leftovers() <= files
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address(endpoints[1]))


def test_a_process_has_room_for_one_at_a_time() -> None:
    with EmbeddedAws.start(), pytest.raises(EmbeddedAwsError, match="already running in this process"):
        EmbeddedAws.start()
    EmbeddedAws.start().stop()


def test_an_exception_inside_ends_it_too(tmp_path: Path) -> None:
    before, files = children_of(os.getpid()), leftovers()

    def night() -> None:
        with EmbeddedAws.start() as aws:
            aws.deploy(echo_assembly(tmp_path))
            aws.client("lambda").invoke(FunctionName="echo", Payload=b"{}")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        night()
    assert children_of(os.getpid()) == before
    assert leftovers() <= files


def test_it_stops_at_once_though_somebody_is_still_connected_and_a_function_still_runs(tmp_path: Path) -> None:
    before = children_of(os.getpid())
    with EmbeddedAws.start() as aws, socket.create_connection(address(aws.endpoint)) as connection:
        aws.deploy(echo_assembly(tmp_path))
        connection.sendall(b"GET /_ministack/health HTTP/1.1\r\nHost: here\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        payload = b'{"say": "import time; time.sleep(60)"}'
        aws.client("lambda").invoke(FunctionName="echo", InvocationType="Event", Payload=payload)
        aws.wait_until(aws.worker_processes, timeout=10, what="the function to start")
        assert not aws.is_idle()
        began = time.monotonic()
        aws.stop()
        assert time.monotonic() - began < 9
    assert children_of(os.getpid()) == before


def test_another_one_runs_in_another_process_at_the_same_time(tmp_path: Path) -> None:
    assembly = echo_assembly(tmp_path)
    with EmbeddedAws.start() as aws, running_elsewhere(assembly) as (other, endpoint):
        assert endpoint != aws.endpoint
        assert aws.client("dynamodb").list_tables()["TableNames"] == []
        theirs = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name=aws.region,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        assert theirs.list_tables()["TableNames"] == ["done"]
        theirs.close()
        out, err = other.communicate(input="", timeout=20)
        assert (out, err, other.returncode) == ("", "", 0)


def test_ctrl_c_ends_its_functions_and_removes_its_files(tmp_path: Path) -> None:
    files = leftovers()
    with running_elsewhere(echo_assembly(tmp_path)) as (process, _):
        workers = children_of(process.pid)
        assert workers
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert gone(workers)
    assert leftovers() <= files


def test_functions_end_even_when_the_process_is_killed(tmp_path: Path) -> None:
    files = leftovers()
    with running_elsewhere(echo_assembly(tmp_path)) as (process, _):
        workers = children_of(process.pid)
        process.kill()
        process.communicate(timeout=20)
    assert gone(workers)
    for name in leftovers() - files:  # nobody was left who could have removed these
        shutil.rmtree(Path(tempfile.gettempdir()) / name)


def test_the_users_own_aws_settings_are_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "AWS_PROFILE": "no-such-profile",
        "AWS_ACCESS_KEY_ID": "AKIAREALKEY",
        "AWS_SECRET_ACCESS_KEY": "real-secret",
        "AWS_SESSION_TOKEN": "real-token",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "USE_SSL": "1",
        "MINISTACK_REGION": "eu-west-1",
        "MINISTACK_ACCOUNT_ID": "123456789012",
        "PYTHONPATH": "/somewhere",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with EmbeddedAws.start() as aws:
        aws.deploy(echo_assembly(tmp_path))
        answer = aws.client("lambda").invoke(FunctionName="echo", Payload=b'{"say": "environment"}')
        seen = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, seen
    for value in ("AKIAREALKEY", "real-", "eu-west-1", ":9", "123456789012", "/somewhere", "no-such-profile"):
        assert value not in seen
    assert {name: os.environ[name] for name in settings} == settings
    assert "GATEWAY_PORT" not in os.environ


def test_a_function_imports_from_its_zip_and_the_runtime_only(tmp_path: Path) -> None:
    with EmbeddedAws.start() as aws:
        aws.deploy(echo_assembly(tmp_path))
        invoke = aws.client("lambda").invoke
        assert b"ok" in invoke(FunctionName="echo", Payload=b'{"say": "import boto3"}')["Payload"].read()
        refused = invoke(FunctionName="echo", Payload=b'{"say": "import pydantic"}')["Payload"].read()
    assert b"No module named" in refused


def test_it_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with EmbeddedAws.start() as aws:
        aws.deploy(echo_assembly(tmp_path))
        aws.client("lambda").invoke(FunctionName="echo", Payload=b'{"say": "import nothing_of_the_kind"}')
    assert capfd.readouterr() == ("", "")


def test_waiting_in_vain_says_for_what(tmp_path: Path) -> None:
    with EmbeddedAws.start() as aws:
        aws.deploy(echo_assembly(tmp_path))
        with pytest.raises(WaitTimeoutError, match=r"0\.1 s for rain, in vain; queues: .*jobs"):
            aws.wait_until(lambda: False, timeout=0.1, what="rain")
