"""Who may import whom: proven over the syntax of every module, imports inside functions included."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"dispatcher", "fetcher", "evaluator", "notifier", "closer", "webhook", "reporter", "viewer"}
OURS = {"functions", "console", "infra", "tests"}
MODULES = sorted(
    path.relative_to(ROOT) for top in ("functions", "console", "infra") for path in (ROOT / top).rglob("*.py")
)

# What a part may import of the project. Everything else that is ours is forbidden.
ALLOWED = {
    "functions": set[str](),
    "functions.audit": {"functions.audit"},
    "functions.store": {"functions.audit", "functions.store"},
    "functions.runtime": {"functions.audit", "functions.runtime"},
    "functions.report": {"functions.audit", "functions.store", "functions.report"},
    **{
        f"functions.{room}": {"functions.audit", "functions.store", "functions.runtime", f"functions.{room}"}
        for room in ROOMS
    },
    # The one room that makes a page.
    "functions.reporter": {
        *("functions.audit", "functions.store", "functions.runtime", "functions.report", "functions.reporter")
    },
    "console": {"functions", "console", "infra"},
    "infra": {"infra"},
}

# Who may use what talks to the outside; the domain uses the standard library and pydantic alone.
USERS_OF = {
    "httpx": {"functions.fetcher", "console"},
    "httpcore": {"functions.fetcher"},
    "google": {"functions.fetcher"},
    "cryptography": {"console"},
    "jinja2": {"functions.report"},
    "markupsafe": {"functions.report"},
}
PURE = {*sys.stdlib_module_names, "pydantic"}


def part_of(module: Path) -> str:
    """Return the part that a module belongs to: ``functions.audit`` and its like, ``console`` or ``infra``."""
    top, *rest = module.with_suffix("").parts
    return f"functions.{rest[0]}" if top == "functions" and rest[0] != "__init__" else top


def imported(source: str, module: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, relative imports resolved."""
    package = module.parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *([node.module] if node.module else [])))
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def within(name: str, parts: set[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def offences(source: str, module: Path) -> list[str]:
    """Return what a module imports or reads against the rule."""
    part = part_of(module)
    found: list[str] = []
    for name in imported(source, module):
        top = name.split(".", maxsplit=1)[0]
        if top in OURS:
            if not within(name, ALLOWED[part]):
                found.append(f"imports {name}")
        elif part not in USERS_OF.get(top, {part}) or (part == "functions.audit" and top not in PURE):
            found.append(f"imports {name}")
        elif part in {"functions.audit", "functions.store"} and name in {"os.environ", "os.getenv", "os.environb"}:
            found.append(f"reads {name}")
    if part in {"functions.audit", "functions.store"}:
        found += [
            f"reads os.{node.attr}"
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv", "environb"}
            and isinstance(node.value, ast.Name)
        ]
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_what_its_part_may(module: Path) -> None:
    assert offences((ROOT / module).read_text(encoding="utf-8"), module) == []


def test_every_part_is_known_and_every_room_is_there() -> None:
    parts = {part_of(module) for module in MODULES}

    assert parts == set(ALLOWED)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("functions/audit/x.py", "import boto3"),
        ("functions/audit/x.py", "from functions.store.items import Item"),
        ("functions/audit/x.py", "from functions import store"),
        ("functions/audit/x.py", "from ..store import items"),
        ("functions/audit/checks/x.py", "def f():\n    import httpx"),
        ("functions/audit/x.py", "import os\nos.environ['A']"),
        ("functions/audit/x.py", "from os import environ"),
        ("functions/store/x.py", "import os\nos.getenv('A')"),
        ("functions/store/x.py", "from functions.runtime import settings"),
        ("functions/store/x.py", "from functions.fetcher import collect"),
        ("functions/runtime/x.py", "from functions.store import tables"),
        ("functions/runtime/x.py", "import httpx"),
        ("functions/closer/x.py", "from functions.notifier.notify import publish"),
        ("functions/closer/x.py", "from ..notifier import notify"),
        ("functions/closer/x.py", "import httpx"),
        ("functions/closer/x.py", "import jinja2"),
        ("functions/evaluator/x.py", "from functions.report.page import merchant_page"),
        ("functions/report/x.py", "from functions.evaluator.evaluate import evaluate"),
        ("functions/webhook/x.py", "from functions.fetcher.sources.oauth import AppKeys"),
        ("functions/closer/x.py", "import console.cli"),
        ("functions/fetcher/sources/x.py", "from infra.stages import choose"),
        ("functions/fetcher/x.py", "from tests.builders import NIGHT"),
        ("functions/__init__.py", "from functions.audit import errors"),
        ("infra/x.py", "from functions.audit.checks import CATALOGUE"),
        ("infra/x.py", "if True:\n    import console"),
        ("infra/x.py", "import httpx"),
        ("console/x.py", "from tests.builders import NIGHT"),
    ],
)
def test_the_rule_sees_an_offence(module: str, source: str) -> None:
    assert len(offences(source, Path(module))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("functions/audit/x.py", "import re\nfrom pydantic import Field\nfrom functions.audit.errors import Conflict"),
        ("functions/audit/checks/x.py", "from .. import check"),
        ("functions/store/x.py", "import os\nimport boto3\nfrom functions.audit.night import Night\nos.path"),
        ("functions/fetcher/sources/x.py", "import httpx\nfrom functions.store import tables\nfrom ..http import Http"),
        ("functions/closer/x.py", "import os\nos.environ\nfrom functions.runtime import settings"),
        ("console/x.py", "import httpx\nfrom functions.fetcher.fetch import fetch\nfrom infra.app import build"),
        ("infra/x.py", "from aws_cdk import Stack\nfrom infra.stages import choose"),
    ],
)
def test_the_rule_lets_the_rest_be(module: str, source: str) -> None:
    assert offences(source, Path(module)) == []
