"""The documents say what is so: commands exist, tables match the code, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.catalogue import markdown
from console.cli import app
from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.digest import METRIC as DIGEST_METRIC
from functions.audit.hosts import HostPolicy
from functions.audit.profile import default_profile
from functions.audit.telling import Held, Why

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted({ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")})


def test_the_checks_in_the_readme_are_those_of_the_catalogue() -> None:
    table = README.partition("a test compares -->\n")[2].partition("<!-- /checks -->")[0]

    assert table == markdown()


def test_every_threshold_of_the_profile_stands_in_the_readme_table() -> None:
    rows = {row.split("`")[1]: row for row in markdown().splitlines() if row.startswith("| `")}

    assert list(rows) == [check.id for check in CATALOGUE]
    for check_id, rule in default_profile().plain_rules.items():
        for number in (rule.warn, rule.critical):
            assert number is None or f" {number.normalize():f}" in rows[check_id]


def test_every_reason_is_explained_in_the_readme() -> None:
    assert [reason.value for reason in Reason if f"`{reason.value}`" not in README] == []


def test_the_merchants_file_of_the_readme_can_be_read() -> None:
    from console.merchants_file import parse_merchants

    written = README.partition("```toml\n")[2].partition("```")[0]

    (entry,) = parse_merchants(
        written,
        source="README.md",
        environment={"LARKSPUR_TIKTOK": "act.sample"},
        hosts=HostPolicy(),
        profile=default_profile(),
    )

    assert entry.merchant.id == "larkspur"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s]|$)", README)) - {"it"}))
def test_every_make_target_that_the_readme_names_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"nightjar ((?:merchants )?[a-z]+)(?=[ `\n])", README))))
def test_every_command_that_the_readme_names_exists(command: str) -> None:
    with pytest.raises(SystemExit) as end:
        app([*command.split(), "--help"])

    assert end.value.code == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


def test_the_page_of_metrics_names_every_metric_and_no_other() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "functions").glob("*/*.py"))]
    counted = {name for source in sources for name in re.findall(r'add_metric\(\s*"(\w+)"', source)}
    counted |= {why.metric for why in Why} | {held.metric for held in Held if held.is_noted} | {DIGEST_METRIC}

    named = [name for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(counted)


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
