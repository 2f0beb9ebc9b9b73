"""Synthesise the demo's stage: a program of its own, so that the CDK's Node is gone before the night begins.

Run by ``rehearsal`` as ``python -m console.demo.synthesis OUTDIR EMAIL PHONE OPERATOR``; each line on stdout is a step.
In a session of its own, a Ctrl-C on the terminal does not reach it (or Node, which would print a traceback): whoever
started it ends it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from infra.app import build
from infra.bundling import Target
from infra.stages import choose


def main(outdir: str, email: str, phone: str, operator: str) -> None:
    """Write the cloud assembly of the stage ``demo``, its functions bundled for this machine."""
    stage = choose("demo", recipients={"emails": [email], "phones": [phone], "operators": [operator]})
    build(stage, Path(outdir), target=Target.HOST, progress=lambda step: print(step, flush=True))  # noqa: T201 - a program's output


if __name__ == "__main__":
    main(*sys.argv[1:])
