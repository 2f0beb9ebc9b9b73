"""The report as people have it: in a real browser, on a phone, in the dark, on paper, with axe looking for barriers."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from functions.report.page import fleet_page
from tests.flow.browser import axe, printed, shown
from tests.report.nights import Read, sample_page, samples
from tests.report.test_fleet_page import critical, head
from tests.report.test_fleet_page import view as fleet

pytestmark = pytest.mark.slow

PHONE = "--window-size=390,844"
# Looks at the page as it is, then as it is in the dark, and leaves what it found where a dump of the page has it.
LOOK = """
(async () => {
  const seen = async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    (one) => [one.id, one.impact, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))]);
  const asks = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
  const found = {light: await seen(), first: asks[0].className, jumps: document.querySelectorAll("[tabindex]").length
    - document.querySelectorAll("[tabindex='0'], [tabindex='-1']").length};
  found.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  found.back = [getComputedStyle(document.body).backgroundColor];
  for (const rule of document.styleSheets[0].cssRules) {
    if (rule.media && rule.media.mediaText.includes("dark")) rule.media.mediaText = "all";
  }
  found.back.push(getComputedStyle(document.body).backgroundColor);
  found.dark = await seen();
  const note = document.createElement("pre");
  note.id = "found";
  note.textContent = JSON.stringify(found);
  document.body.append(note);
})();
"""


@contextmanager
def served(pages: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Serve these pages on this machine; give the address and, as it grows, the list of what was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def looked_at(document: str) -> str:
    """Return the page with axe in it, which its own policy would not let in."""
    open_to_axe = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", document)
    return open_to_axe.replace("</body>", f"<script>{axe()}</script><script>{LOOK}</script></body>")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {
        "/brasa": sample_page(samples()["brasa"]),
        "/hostile": sample_page(samples()["copper-kettle"]),
        "/fleet": fleet_page(
            fleet(
                [head("brasa", critical=2), head("dark", not_evaluated=15), head("well")],
                [critical("brasa", nights=3, summary="Too many visitors leave.")],
                names={"brasa": "Brasa Salsas"},
            )
        ),
    }


@pytest.mark.parametrize("which", ["/brasa", "/fleet"])
def test_axe_finds_nothing_serious_by_day_or_night_and_nothing_sticks_out_of_a_phone(
    pages: dict[str, str], which: str, tmp_path: Path
) -> None:
    with served({which: looked_at(pages[which])}) as (address, _):
        dom = shown(address + which, tmp_path, PHONE)

    noted = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert noted is not None
    found = json.loads(html.unescape(noted[1]))
    for light in ("light", "dark"):
        assert [one for one in found[light] if one[1] in {"serious", "critical"}] == [], light
    assert found["back"] == ["rgb(245, 244, 241)", "rgb(19, 21, 25)"]
    assert found["wide"] <= 0
    # The first thing that the tabulator reaches leads past the rest, and the order is that of the page.
    assert (found["first"], found["jumps"]) == ("skip", 0)


def test_a_hostile_page_runs_nothing_asks_for_nothing_and_prints(pages: dict[str, str], tmp_path: Path) -> None:
    document = pages["/hostile"]
    bait = '<script src="/bait.js"></script><img src="/bait.png"><link rel="stylesheet" href="/bait.css">'
    opened = document.replace("</main>", f"{bait}<script>document.title = 'ran'</script></main>")
    with served({"/hostile": document, "/opened": opened}) as (address, asked):
        paper = printed(f"{address}/hostile", tmp_path)
        # Were the escaping to fail, the policy would still hold.
        dom = shown(f"{address}/opened", tmp_path)

    assert set(asked) - {"/favicon.ico"} == {"/hostile", "/opened"}
    assert "<title>ran" not in dom
    assert paper.startswith(b"%PDF-")
    assert "Copper Kettle Roasters" in Read(document).text()
