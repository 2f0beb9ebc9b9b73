"""The README's picture: a real night of the demo, drawn by the code that draws it on a terminal.

Run as ``python -m console.demo.picture docs/demo.svg``.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from console.demo.rehearsal import rehearse
from console.demo.result import collect
from console.demo.show import show_messages, show_night
from console.sample.fleet import DEFAULT, fleet

NIGHT = date(2026, 11, 21)
MERCHANTS, SEED = DEFAULT, 7
MESSAGES_SHOWN = 2
# No font from anywhere: the picture asks no server for anything.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def picture() -> str:
    """Run a night and return its output as SVG; of the messages, the first email and SMS."""
    with rehearse(fleet(MERCHANTS, SEED)) as rehearsal:
        rehearsal.run(NIGHT, timeout=300)
        result = collect(rehearsal, NIGHT, seed=SEED)
    out = Console(record=True, width=120, file=StringIO(), force_terminal=True, color_system="truecolor")
    show_night(out, result)
    show_messages(out, result, most=MESSAGES_SHOWN)
    return out.export_svg(title="nightjar demo", code_format=_FORMAT, unique_id="demo")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
