"""Keeps the message catalogues in step with the code: `python -m console.languages` after a text was changed.

It writes the template ``messages.pot`` anew, merges it into each language's ``.po`` and compiles that to the ``.mo``
that is read at run time. A new language begins as a copy of the template, named by its tag: ``fr.po``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import functions.audit
from functions.audit.called import condition_name
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.language import languages

AUDIT: Final = Path(functions.audit.__file__).parent
FOLDER: Final = AUDIT / "languages"
TEMPLATE: Final = FOLDER / "messages.pot"
# How the code marks a text of ours: functions/audit/language.py. "1c" is a context.
_KEYWORDS: Final = {"say": None, "marked": None, "plural": (1, 2), "count": (1, 2), "name": ((1, "c"), 2)}


def template() -> Catalog:
    """Return all texts that messages are made of: those marked in the code, then what each check says."""
    catalog = Catalog(fuzzy=False)
    found = extract_from_dir(AUDIT, keywords=_KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True)
    for file, _, english, comments, context in sorted(found, key=lambda text: text[:2]):
        catalog.add(english, locations=[(f"functions/audit/{file}", 0)], auto_comments=comments, context=context)
    for check_id, english, what, context in _of_checks():
        folder = "extra_checks" if check_id in {check.id for check in EXTRAS} else "checks"
        where = [(f"functions/audit/{folder}/{check_id}.py", 0)]
        catalog.add(english, locations=where, auto_comments=[f"{check_id}: {what}"], context=context)
    return catalog


def _of_checks() -> Iterator[tuple[str, str, str, str | None]]:
    """Yield the id of each check, a text of it, what that is, and its context."""
    for check in (*CATALOGUE, *EXTRAS):
        yield check.id, check.id.replace("_", " "), "its name in a headline", "check"
        for what in ("good", "bad", "advice", "says", "says_rise"):
            if english := getattr(check, what):
                yield check.id, english, what, None
        for condition, english in check.conditions.items():
            yield check.id, condition_name(condition), "a condition in a headline", "condition"
            yield check.id, english, "a condition in a sentence", None


def written(catalog: Catalog, *, header: bool = True) -> bytes:
    """Return a catalogue as a file: places without line numbers, so that a moved line changes nothing."""
    file = BytesIO()
    write_po(file, catalog, width=100, omit_header=not header, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as it is read at run time."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def merged(tag: str, po: bytes, fresh: Catalog) -> Catalog:
    """Return a language's catalogue with exactly the texts of the template. What is new is not translated yet."""
    catalog = read_po(BytesIO(po), locale=tag)
    catalog.update(fresh, no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    return catalog


def files() -> Iterator[tuple[Path, bytes]]:
    """Yield every file that follows from the code and the translations, and what is to stand in it."""
    fresh = template()
    yield TEMPLATE, written(fresh, header=False)
    for path in sorted(FOLDER.glob("*.po")):
        catalog = merged(path.stem, path.read_bytes(), fresh)
        yield path, written(catalog)
        yield path.with_suffix(".mo"), compiled(catalog)


def main() -> None:
    """Write the files and say which texts are still to be translated."""
    for path, content in files():
        path.write_bytes(content)
    languages.cache_clear()
    for path in sorted(FOLDER.glob("*.po")):
        catalog = read_po(BytesIO(path.read_bytes()))
        missing = [text.id for text in catalog if text.id and not (text.string and all(text.string))]
        sys.stdout.write(f"{path.name}: {len(catalog) - len(missing)} of {len(catalog)} texts\n")
        sys.stdout.writelines(f"  missing: {text}\n" for text in missing)


if __name__ == "__main__":
    main()
