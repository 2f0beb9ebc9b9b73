"""Runs the recipes of docs/data/cookbook.md as they stand there, each kind in its own way, to answers that compare."""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import boto3

from functions.store.items import from_item

COOKBOOK: Final = Path(__file__).parents[2] / "docs" / "data" / "cookbook.md"
KINDS: Final = ("sh", "sql", "python boto3", "python pynamodb")
_BLOCK: Final = re.compile(r"```([a-z0-9 ]+)\n(.*?)```", re.DOTALL)
_TYPES: Final = {"S", "N", "BOOL", "M", "L", "NULL"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One question, and the code that asks it, by kind. ``setup`` is what both Pythons run before."""

    question: str
    code: dict[str, str]
    setup: dict[str, str]


def recipes(prefix: str) -> list[Recipe]:
    """Return every recipe for the tables whose names begin with ``prefix``."""
    head, *sections = COOKBOOK.read_text(encoding="utf-8").replace("nightjar-prod-", prefix).split("\n## ")
    setup = dict(_BLOCK.findall(head))
    found = [Recipe(section.partition("\n")[0], dict(_BLOCK.findall(section)), setup) for section in sections]
    return [recipe for recipe in found if set(recipe.code) & set(KINDS)]  # the last section is for eyes


def answer(recipe: Recipe, kind: str) -> list[Any]:
    """Return what one kind of recipe answers: rows with numbers as plain texts, in no order, without what is absent."""
    code = recipe.code[kind]
    match kind:
        case "sh":
            rows = list(_by_cli(code))
        case "sql":
            rows = list(_by_partiql(code))
        case _:
            rows = list(_by_python(recipe.setup[kind] + code))
    return sorted((_plain(row) for row in rows), key=repr)


def _by_cli(code: str) -> Iterator[Any]:
    from awscli.clidriver import create_clidriver

    for line in code.replace("\\\n", " ").strip().splitlines():
        program, *words = shlex.split(line)
        assert program == "aws"
        out = io.StringIO()
        with redirect_stdout(out):
            status = create_clidriver().main(words)
        assert status == 0, line
        yield from json.loads(out.getvalue())


def _by_partiql(code: str) -> Iterator[Any]:
    client: Any = boto3.client("dynamodb")
    for statement in code.split(";"):
        request: dict[str, Any] = {"Statement": statement.strip()}
        while True:
            page = client.execute_statement(**request)
            found = [from_item(item) for item in page["Items"]]
            # One map that was asked for by its name alone is the answer itself, as in the other kinds.
            yield from (row["causes"] if set(row) == {"causes"} else row for row in found)
            if "NextToken" not in page:
                break
            request["NextToken"] = page["NextToken"]


def _by_python(code: str) -> Iterator[Any]:
    """Yield the rows of every expression that stands by itself."""
    names: dict[str, Any] = {"__name__": "cookbook"}
    for step in ast.parse(code).body:
        if isinstance(step, ast.Expr):
            yield from eval(compile(ast.Expression(step.value), "cookbook", "eval"), names)  # noqa: S307 - our own page
        else:
            exec(compile(ast.Module([step], []), "cookbook", "exec"), names)  # noqa: S102 - our own page


def _plain(value: Any) -> Any:
    match value:
        case dict() if len(value) == 1 and set(value) <= _TYPES:
            return _plain(from_item({"it": value})["it"])
        case dict():
            return {name: _plain(entry) for name, entry in sorted(value.items()) if entry is not None}
        case list() | set() | tuple():
            return sorted((_plain(entry) for entry in value), key=repr)
        case int() | float() | Decimal():
            return f"{Decimal(str(value)).normalize():f}"
        case _:
            return value
