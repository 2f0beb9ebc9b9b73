"""How one language says what messages tell: texts from a catalogue, plurals, numbers and dates.

English is what stands in the code. Every other language is a catalogue of gettext in ``languages``, and all that it
needs is in there, its decimal mark and the form of its dates included: a further language is one more catalogue.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from typing import IO, Final

from functions.audit.wording import rounded

ENGLISH_TAG: Final = "en"


def marked(english: str) -> str:
    """Return the text as it is. The template of the catalogues takes it up from here, for a later ``say``."""
    return english


def plural(one: str, many: str) -> tuple[str, str]:
    """Return both forms as they are. The template of the catalogues takes them up from here."""
    return one, many


# How many of what a figure is. Units that are not here (%, seconds, currencies) stay as they are.
_UNITS: Final = {
    "pages": plural("{value} page", "{value} pages"),
    "days": plural("{value} day", "{value} days"),
    "candidates": plural("{value} candidate", "{value} candidates"),
    "sessions": plural("{value} session", "{value} sessions"),
    "users": plural("{value} user", "{value} users"),
    "goals": plural("{value} goal", "{value} goals"),
    "orders": plural("{value} order", "{value} orders"),
}


class Language:
    """One language. ``tag`` is the name by which a merchant asks for it, as in ``de``."""

    def __init__(self, tag: str, texts: NullTranslations) -> None:
        self.tag = tag
        self._texts = texts
        self._marks = str.maketrans({
            ",": self.name("mark between thousands", ","),
            ".": self.name("decimal mark", "."),
        })  # fmt: skip
        # Translators: how letters are written where only ASCII can be, in pairs: "ä ae ö oe". "-" for none.
        pairs = self.name("letters in ASCII", "-").split()
        self.ascii_letters = str.maketrans(dict(zip(pairs[::2], pairs[1::2], strict=False)))

    def say(self, english: str, /, **values: str) -> str:
        """Return a text of ours in this language with the values put in. A value is never looked at for braces."""
        said = self._texts.gettext(english) if english else ""
        return said.format(**values) if values else said

    def count(self, one: str, many: str, number: int, /, **values: str) -> str:
        """Return a text of ours about so many things, in the form that the number takes; ``{count}`` is the number."""
        return self._texts.ngettext(one, many, number).format(count=self.number(Decimal(number)), **values)

    def name(self, of: str, english: str) -> str:
        """Return a name or a mark; ``of`` says what of, since one English word may have several translations."""
        return self._texts.pgettext(of, english)

    def number(self, value: Decimal) -> str:
        """Return a number as it is written: at most two digits after the decimal mark."""
        return f"{rounded(value):,f}".translate(self._marks)

    def figure(self, value: Decimal, unit: str) -> str:
        """Return a figure with its unit: ``81,2 %``, ``1 Seite``."""
        number = self.number(value)
        if unit not in _UNITS:
            return f"{number} {unit}".rstrip()
        one, many = _UNITS[unit]
        # What is no whole number takes the form of many, as in 0.5 pages.
        shown = abs(rounded(value))
        whole = int(shown) if shown == shown.to_integral_value() else 2
        return self._texts.ngettext(one, many, whole).format(value=number)

    def day(self, day: date) -> str:
        """Return a date as it is written."""
        form = self.name("date", "{year}-{month}-{day}")
        return form.format(year=f"{day.year:04}", month=f"{day.month:02}", day=f"{day.day:02}")


ENGLISH: Final = Language(ENGLISH_TAG, NullTranslations())


@cache
def languages() -> frozenset[str]:
    """Return the tags of all languages that there are."""
    catalogues = resources.files("functions.audit").joinpath("languages").iterdir()
    return frozenset({ENGLISH_TAG, *(file.name[:-3] for file in catalogues if file.name.endswith(".mo"))})


@cache
def language(tag: str) -> Language:
    """Return a language; English where there is none of that tag: a message in English beats none at all."""
    if tag == ENGLISH_TAG or tag not in languages():
        return ENGLISH
    with resources.files("functions.audit").joinpath("languages", f"{tag}.mo").open("rb") as catalogue:
        return read_language(tag, catalogue)


def read_language(tag: str, catalogue: IO[bytes]) -> Language:
    """Return the language that a compiled catalogue holds."""
    return Language(tag, GNUTranslations(catalogue))
