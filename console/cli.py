"""The `nightjar` command: its subcommands, and what its exit code says."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback

import typer
from rich.console import Console

from console.commands import (
    alerts,
    audit,
    backtest,
    connect,
    demo,
    disconnect,
    doctor,
    explain,
    export,
    findings,
    history,
    merchants,
    mutes,
    night,
    recipients,
    replay,
    report,
    run,
    thresholds,
)
from console.errors import Exit
from functions.audit.errors import NightjarError

app = typer.Typer(
    name="nightjar",
    help="Audits the organic TikTok channel of many merchants, every night.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("audit")(audit.audit)
app.add_typer(merchants.app, name="merchants")
app.command("connect")(connect.connect)
app.command("disconnect")(disconnect.disconnect)
app.command("run")(run.run)
app.command("findings")(findings.findings)
app.command("history")(history.history)
app.command("explain")(explain.explain)
app.command("night")(night.night)
app.command("replay")(replay.replay)
app.command("backtest")(backtest.backtest)
app.add_typer(thresholds.app, name="thresholds")
app.command("export")(export.export)
app.command("report")(report.report)
app.command("mute")(mutes.mute)
app.command("unmute")(mutes.unmute)
app.command("ack")(mutes.ack)
app.command("mutes")(mutes.mutes)
app.add_typer(recipients.app, name="recipients")
app.command("alerts")(alerts.alerts)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command and leave with its exit code. An error is one sentence on stderr that says what to do."""
    # A polite kill takes the same way out as an error: what was started is stopped, what was made is removed.
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, lambda *_: sys.exit(Exit.TERMINATED))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a page's title in Greek must not end the audit on a Latin terminal
    complain = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        app()
    except NightjarError as error:
        complain.print(f"nightjar: {error}", style="red")
        sys.exit(Exit.UNUSABLE)
    except KeyboardInterrupt:
        complain.print("nightjar: interrupted.")
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last door: a traceback's exit code 1 would read as "critical"
        if os.environ.get("NIGHTJAR_DEBUG"):
            traceback.print_exc()
        complain.print(
            f"nightjar: this is a bug in Nightjar, not in your call ({type(error).__name__}). "
            "Run again with NIGHTJAR_DEBUG=1 for the traceback, and report it.",
            style="red",
        )
        sys.exit(Exit.OUR_BUG)
