"""Languages to write messages in: those that there are, and one in which every text of ours is a row of x."""

import re
from io import BytesIO
from typing import Final

from babel.messages import Catalog

from console.languages import compiled, template
from functions.audit.language import Language, language, languages, read_language

_PLACEHOLDER: Final = re.compile(r"(\{[a-z]+\})")


def x_ed(text: str) -> str:
    """Return the text with an x for each letter; what stands for a value stays."""
    return "".join(
        part if _PLACEHOLDER.fullmatch(part) else re.sub(r"[^\W\d_]", "x", part) for part in _PLACEHOLDER.split(text)
    )


def forms(text: object) -> list[str]:
    """Return the forms of a text of a catalogue: one, or as many as the numbers of the language ask for."""
    return [str(form) for form in text] if isinstance(text, (tuple, list)) else [str(text or "")]


def pseudo_catalog() -> Catalog:
    """Return a catalogue made from the template: what a translator would begin with, filled in."""
    catalog = Catalog(locale="fr")
    for text in template():
        if text.id:
            said = tuple(map(x_ed, forms(text.id)))
            catalog.add(text.id, said if len(said) > 1 else said[0], context=text.context)
    return catalog


PSEUDO: Final = read_language("xx", BytesIO(compiled(pseudo_catalog())))
TONGUES: Final[tuple[Language, ...]] = (*(language(tag) for tag in sorted(languages())), PSEUDO)
