"""The page that the browser shows at the end of a login: one file, nothing from outside, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Final

# The address of the page holds the code: nobody may keep it, and no link may tell it.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}
_FRAME: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --text: #1f2328; --soft: #59636e; --back: #ffffff; --line: {colour} }}
@media (prefers-color-scheme: dark) {{ :root {{ --text: #e6edf3; --soft: #9198a1; --back: #14171c }} }}
body {{ margin: 0; background: var(--back); color: var(--text); font: 17px/1.55 system-ui, sans-serif }}
main {{ max-width: 34rem; margin: 14vh auto 0; padding: 0 1.5rem; border-left: 4px solid var(--line) }}
h1 {{ margin: 0 0 .6rem; font-size: 1.5rem; line-height: 1.25 }}
p {{ margin: .5rem 0; overflow-wrap: anywhere }}
footer {{ margin-top: 1.6rem; color: var(--soft); font-size: .9rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{paragraphs}
<footer>{footer}</footer>
</main>
</body>
</html>
"""
_GOOD, _WARNING, _BAD = "#1a7f37", "#9a6700", "#cf222e"


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser is told. ``doubtful``: it went well, and something is missing all the same."""

    status: HTTPStatus
    title: str
    paragraphs: tuple[str, ...] = ()
    footer: str = "You can close this window and go back to the terminal."
    doubtful: bool = False

    def encoded(self) -> bytes:
        """Return the page as it is sent."""
        good = self.status is HTTPStatus.OK
        return _FRAME.format(
            title=escape(self.title),
            colour=(_WARNING if self.doubtful else _GOOD) if good else _BAD,
            paragraphs="\n".join(f"<p>{escape(text)}</p>" for text in self.paragraphs),
            footer=escape(self.footer),
        ).encode("utf-8", "replace")


def failed(why: str) -> Page:
    """Return the page of a login that came to nothing."""
    return Page(HTTPStatus.BAD_REQUEST, "Not connected", (why,))
