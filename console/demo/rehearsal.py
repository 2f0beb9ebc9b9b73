"""A whole night on an embedded AWS: the real template, the five real functions, a sample server that answers them.

The demo and the tests of the whole pipeline use this one, so that what is shown is what is tested.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from console.commands.merchants import import_entries
from console.embedded import EmbeddedAws
from console.errors import Unusable
from console.merchants_file import parse_merchants
from console.sample.fleet import SampleMerchant
from console.sample.server import SampleServer
from console.sample.toml import CLIENT_KEY, CLIENT_SECRET, merchants_toml
from console.stage import Stage
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Provider
from functions.audit.night import AuditHead
from functions.audit.profile import default_profile
from functions.audit.verdict import AuditState

STAGE = "demo"
# Numbers and names that are reserved for examples: nobody can be reached by them.
EMAIL = "marketing@shop.example"
PHONE = "+447700900123"
OPERATOR = "operators@agency.example"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A deployed stage inside this process, its fleet imported, ready for nights."""

    aws: EmbeddedAws
    server: SampleServer
    stage: Stage
    fleet: Sequence[SampleMerchant]

    def dispatch(self, night: date) -> None:
        """Let the nightly schedule come due on that date."""
        self.aws.fire_schedule(f"{self.stage.prefix}nightly", at=_at(night, hour=2, minute=15))

    def close(self, night: date) -> None:
        """Let the closing schedule come due on that date."""
        self.aws.fire_schedule(f"{self.stage.prefix}closing", at=_at(night, hour=6, minute=15))

    def heads(self, night: date) -> list[AuditHead]:
        """Return every audit of the night as far as it has come."""
        return list(self.stage.tables.audits.heads(night))

    def run(self, night: date, *, timeout: float, on_progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Run a whole night: start it, wait until everybody is audited and everything is sent, close it.

        Raises:
            Unusable: the night did not end in time; the text holds what the functions logged last.
        """
        self.dispatch(night)

        def audited() -> bool:
            heads = self.heads(night)
            on_progress(sum(head.state is not AuditState.PENDING for head in heads), len(self.fleet))
            return len(heads) == len(self.fleet) and all(head.state is not AuditState.PENDING for head in heads)

        self._wait(audited, timeout, "every merchant to be audited")
        self.settle(timeout=timeout)
        self.close(night)

        def closed() -> bool:
            row = self.stage.tables.nights.get(night)
            return row is not None and row.closed_at is not None

        self._wait(closed, timeout, "the night to be closed")
        self.settle(timeout=timeout)

    def settle(self, *, timeout: float) -> None:
        """Wait until nothing moves any more: queues and streams are read to their end."""
        self._wait(self.aws.is_idle, timeout, "queues and streams to be read to their end")

    def _wait(self, done: Callable[[], bool], timeout: float, what: str) -> None:
        try:
            self.aws.wait_until(done, timeout=timeout, what=what)
        except TimeoutError as error:
            rooms = ("dispatcher", "fetcher", "evaluator", "notifier", "closer")
            said = [f"{room}: {line}" for room in rooms for line in self.aws.logs(f"{self.stage.prefix}{room}")[-3:]]
            raise Unusable("\n".join((str(error), *self.aws.problems()[-5:], *said))) from error


@contextmanager
def rehearse(fleet: Sequence[SampleMerchant], *, tell: Tell = lambda _: None) -> Iterator[Rehearsal]:
    """Build, deploy and fill a stage in this process; take everything down at the end, whatever happens."""
    with ExitStack() as stack:
        outdir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nightjar-demo-")))
        tell("Synthesising the CDK app")
        _synthesise(outdir, tell)
        tell("Starting an AWS inside this process, and the sample TikTok and storefront server")
        aws = stack.enter_context(EmbeddedAws.start())
        server = stack.enter_context(SampleServer(fleet))
        tell("Deploying the templates")
        aws.deploy(outdir)
        stage = Stage(STAGE, aws.client)
        tell(f"Importing {len(fleet)} merchants")
        _fill(aws, stage, fleet, server)
        yield Rehearsal(aws, server, stage, fleet)


def _synthesise(outdir: Path, tell: Tell) -> None:
    """Synthesise in a process and session of its own; end both if we are interrupted meanwhile.

    Raises:
        Unusable: the bundle or the templates could not be made; the text is what the program said.
    """
    program = [sys.executable, "-m", "console.demo.synthesis", str(outdir), EMAIL, PHONE, OPERATOR]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603 - our own module
            program, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        ) as synthesis,
    ):
        try:
            for step in synthesis.stdout or ():
                tell(step.strip())
        except BaseException:
            os.killpg(synthesis.pid, signal.SIGKILL)
            raise
        if synthesis.wait():
            errors.seek(0)
            raise Unusable(f"The CDK app could not be synthesised:\n{errors.read().strip()[-2000:]}")


def _fill(aws: EmbeddedAws, stage: Stage, fleet: Sequence[SampleMerchant], server: SampleServer) -> None:
    aws.client("secretsmanager").put_secret_value(
        SecretId=f"{stage.prefix}tiktok-app",
        SecretString=json.dumps({"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET}),
    )
    if any(merchant.analytics is Provider.GA4 for merchant in fleet):
        aws.client("secretsmanager").put_secret_value(
            SecretId=f"{stage.prefix}google", SecretString=json.dumps(server.google_key_file())
        )
    entries = parse_merchants(
        merchants_toml(fleet, server.url),
        source="the sample fleet",
        environment={},
        hosts=HostPolicy(loopback_http=True),
        profile=default_profile(),
    )
    import_entries(stage, entries)


def _at(night: date, *, hour: int, minute: int) -> datetime:
    return datetime(night.year, night.month, night.day, hour, minute, tzinfo=UTC)
