"""`nightjar demo`: watch a whole night, without an AWS account."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status as Spinner

from console.options import Format, FormatOption, NightOption, night_of
from console.sample.fleet import DEFAULT
from console.show import console_for_people, output, print_json

SECONDS_FOR_A_NIGHT = 300.0
LARGEST_FLEET = 5_000


def demo(
    night: NightOption = None,
    seed: Annotated[int, typer.Option("--seed", help="Shapes the sample figures; the same seed, the same night.")] = 7,
    merchants: Annotated[
        int, typer.Option("--merchants", metavar="N", min=1, max=LARGEST_FLEET, help="How many sample merchants.")
    ] = DEFAULT,
    form: FormatOption = Format.TABLE,
    keep: Annotated[  # noqa: FBT002 - how typer spells a flag
        bool,
        typer.Option("--keep", help="Stay up afterwards, so that other tools can read the tables. Ends on Ctrl-C."),
    ] = False,
) -> None:
    """Run a night on an AWS embedded in this process: the synthesised stacks, the real functions, sample merchants."""
    # Synthesis and the embedded AWS are heavy to import: only this command pays for them.
    from console.demo.rehearsal import rehearse
    from console.demo.result import collect
    from console.demo.show import show_messages, show_night
    from console.sample.fleet import fleet as sample_fleet

    on = night_of(night)
    started = time.monotonic()
    err = Console(stderr=True)
    with err.status("Starting") as spinner:
        tell = _teller(err, spinner, started)
        with rehearse(sample_fleet(merchants, seed), tell=tell) as rehearsal:
            tell(f"The schedule starts the night of {on.isoformat()}")
            rehearsal.run(
                on,
                timeout=SECONDS_FOR_A_NIGHT,
                on_progress=lambda done, of: spinner.update(f"{done} of {of} merchants audited"),
            )
            tell("The night is closed")
            result = collect(rehearsal, on, seed=seed)
            spinner.stop()
            with output():
                if form is Format.JSON:
                    print_json(result.plain())
                else:
                    out = console_for_people()
                    show_night(out, result)
                    show_messages(out, result)
            if keep:
                _keep(err, rehearsal.aws.endpoint, rehearsal.aws.region, rehearsal.stage.prefix, on)
    err.print(f"[dim]Everything is stopped again; {time.monotonic() - started:.1f} s in all.[/]")


def _teller(err: Console, spinner: Spinner, started: float) -> Callable[[str], None]:
    """Return what shows each step: as the spinner's text on a terminal, as a line with its time in a pipe."""

    def tell(step: str) -> None:
        spinner.update(step)
        err.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {step}", highlight=False, soft_wrap=True)

    return tell


def _keep(err: Console, endpoint: str, region: str, prefix: str, night: date) -> None:
    """Say how to look around, and stay until Ctrl-C."""
    err.print(
        f"\nThe embedded AWS stays up at [bold]{endpoint}[/] (region {region}, any keys) until Ctrl-C. Look around:\n"
        f"  nightjar findings --stage demo --region {region} --endpoint-url {endpoint}\n"
        f"  AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --region {region} --endpoint-url {endpoint} \\\n"
        f"    dynamodb query --table-name {prefix}audits --index-name by_night \\\n"
        "    --key-condition-expression 'night = :n' "
        f'--expression-attribute-values \'{{":n": {{"S": "{night.isoformat()}"}}}}\'',
        highlight=False,
        soft_wrap=True,
    )
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        err.print("Stopping.")
