"""Writes the file: one page of HTML that asks nobody for anything and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from functions.report import words
from functions.report.fleet_view import FleetView
from functions.report.gauge import GAUGE_WIDTH, SPARK_HEIGHT, SPARK_WIDTH
from functions.report.scale import BOTTOM, HEIGHT, LEFT, TOP, WIDTH
from functions.report.view import MerchantView

_SENTIMENTS: Final = {"good": "better", "bad": "worse", "neutral": "the same", "unknown": ""}
_SYMBOLS: Final = {"critical": "✕", "warn": "!", "not_evaluated": "?", "info": "i", "pass": "✓"}


def merchant_page(view: MerchantView) -> str:
    """Return the report of a merchant as HTML."""
    return _templates().get_template("merchant.html.j2").render(view=view)


def fleet_page(view: FleetView) -> str:
    """Return the report of a fleet as HTML."""
    return _templates().get_template("fleet.html.j2").render(view=view)


@cache
def _templates() -> Environment:
    # Everything is escaped unless it is ours, and what a view lacks is an error: a page never has a silent hole.
    templates = Environment(
        loader=PackageLoader("functions.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = templates.get_template("style.j2").render()
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    templates.globals |= {
        "style": Markup(style),  # noqa: S704 - a file of ours without a value in it
        # Nothing may be loaded, run, sent or framed; of styles, this one alone.
        "policy": f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'",
        "day": words.day,
        "statuses": {status.value: said for status, said in words.STATUSES.items()},
        "sentiments": _SENTIMENTS,
        "symbols": _SYMBOLS,
        "drawing": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP, "bottom": BOTTOM},
        "small": {"gauge": GAUGE_WIDTH, "spark": SPARK_WIDTH, "spark_height": SPARK_HEIGHT},
    }
    return templates
