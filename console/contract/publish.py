"""Everything of the contract that is published, as files under docs/data; a change that breaks readers is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from console.contract.athena import ddl
from console.contract.compatible import breaks
from console.contract.pages import page
from console.contract.schema import Schema, schema_file, schema_of
from console.contract.workbench import model
from console.errors import Unusable
from functions.store.contract.catalogue import TABLES
from functions.store.items import SCHEMA_VERSION

FOLDER: Final = Path(__file__).parents[2] / "docs" / "data"


def examples(folder: Path = FOLDER) -> dict[str, list[dict[str, Any]]]:
    """Return the example items by table, in plain values, as they were written by hand beside the pages."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        for path in sorted((folder / "examples").glob("*.json"))
    }


def files(folder: Path = FOLDER) -> dict[Path, str]:
    """Return every file that is made from the declarations, by its path below ``folder``."""
    shown = examples(folder)
    made = {schema_file(table.name): _text(schema_of(table)) for table in TABLES}
    made |= {Path(f"{table.name}.md"): page(table, _readable(shown.get(table.name, []))) for table in TABLES}
    made |= {Path("athena", f"{table.name}.sql"): ddl(table) for table in TABLES if table.readable}
    return made | {Path("nightjar.workbench.json"): _text(model(TABLES, shown))}


def broken(folder: Path = FOLDER) -> Iterator[str]:
    """Yield what the declarations break of what is published for the same version, a sentence each."""
    for table in TABLES:
        path = folder / schema_file(table.name)
        if path.exists():
            published: Schema = json.loads(path.read_text(encoding="utf-8"))
            yield from (f"{table.name}: {sentence}" for sentence in breaks(published, schema_of(table)))


def publish(folder: Path = FOLDER) -> list[Path]:
    """Write what has changed; return which files.

    Raises:
        Unusable: the declarations break what is published: nothing was written.
    """
    if found := list(broken(folder)):
        raise Unusable(
            f"This breaks whoever reads the tables as schema_version {SCHEMA_VERSION} promised:\n  "
            + "\n  ".join(found)
            + "\nKeep what is there and add beside it, or raise SCHEMA_VERSION in functions/store/items.py."
        )
    changed = []
    for path, text in files(folder).items():
        target = folder / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _readable(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    readable: list[dict[str, Any]] = json.loads(json.dumps(items, default=float))
    return readable


def _text(document: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
