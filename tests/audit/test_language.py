"""Languages: figures and dates in their own form, catalogues that are whole, a further one that is only a file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from console import languages as catalogues
from functions.audit.language import ENGLISH, Language, language, languages
from functions.audit.wording import figure
from tests.audit.hostile import LINK
from tests.audit.tongues import forms, pseudo_catalog

ROOT = Path(__file__).parents[2]
GERMAN = language("de")
TRANSLATED = sorted(languages() - {"en"})
TEXTS = [
    pytest.param(text, id=f"{path.stem}: {text.id}")
    for path in sorted(catalogues.FOLDER.glob("*.po"))
    for text in read_po(BytesIO(path.read_bytes()))
    if text.id
]


@given(st.decimals(-(10**15), 10**15, places=3), st.sampled_from(["%", "pages", "days", "candidates", "GBP", ""]))
def test_english_figures_read_as_everywhere_else(value: Decimal, unit: str) -> None:
    assert ENGLISH.figure(value, unit) == figure(value, unit)


@pytest.mark.parametrize(
    ("value", "unit", "english", "german"),
    [
        ("81.25", "%", "81.2 %", "81,2 %"),
        ("1234567.5", "GBP", "1,234,567.5 GBP", "1.234.567,5 GBP"),
        ("0.35", "%", "0.35 %", "0,35 %"),
        ("-3900", "", "-3,900", "-3.900"),
        ("1", "pages", "1 page", "1 Seite"),
        ("1.0004", "pages", "1 page", "1 Seite"),
        ("0", "pages", "0 pages", "0 Seiten"),
        ("0.5", "pages", "0.5 pages", "0,5 Seiten"),
        ("13", "days", "13 days", "13 Tage"),
    ],
)
def test_a_figure_reads_as_the_language_writes_it(value: str, unit: str, english: str, german: str) -> None:
    assert [tongue.figure(Decimal(value), unit) for tongue in (ENGLISH, GERMAN)] == [english, german]


def test_a_date_reads_as_the_language_writes_it() -> None:
    assert [tongue.day(date(2026, 3, 9)) for tongue in (ENGLISH, GERMAN)] == ["2026-03-09", "09.03.2026"]


def test_a_value_is_put_in_as_it_is_whatever_braces_it_holds() -> None:
    assert ENGLISH.say("{told} (still)", told="{told} {0} {x!r} }{") == "{told} {0} {x!r} }{ (still)"


def test_of_a_language_that_is_not_there_english_is_spoken() -> None:
    assert language("tlh") is ENGLISH
    assert language("../de") is ENGLISH


def test_a_language_is_read_once() -> None:
    assert language("de") is GERMAN


@pytest.mark.parametrize("path_and_content", list(catalogues.files()), ids=lambda pair: pair[0].name)
def test_the_catalogues_are_those_that_the_code_and_the_translations_make(path_and_content: tuple[Path, bytes]) -> None:
    path, content = path_and_content

    assert path.read_bytes() == content, "run `python -m console.languages`"


def test_every_translation_is_there_compiled_and_there_is_none_without_its_source() -> None:
    assert TRANSLATED == ["de"]
    assert sorted(path.stem for path in catalogues.FOLDER.glob("*.po")) == TRANSLATED


@pytest.mark.parametrize("text", TEXTS)
def test_a_translation_is_whole_says_the_same_values_and_is_one_line_without_a_link(text: Message) -> None:
    english, said = forms(text.id), forms(text.string)

    assert all(said)
    assert not text.fuzzy
    for one in said:
        assert _places(one) == _places(english[-1])
        assert "\n" not in one
        assert one == one.strip()
        # A scope's name is broken where it is sent, as it is in English.
        assert not LINK.search(re.sub(r"user\.info\.\w+", "", one))


def test_a_text_that_the_template_does_not_hold_is_seen() -> None:
    fresh = catalogues.template()
    fresh.add("a text that nobody has translated")

    merged = catalogues.merged("de", (catalogues.FOLDER / "de.po").read_bytes(), fresh)

    assert [text.id for text in merged if text.id and not text.string] == ["a text that nobody has translated"]


def test_a_further_language_is_one_more_file(tmp_path: Path) -> None:
    for part in ("functions", "console"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "functions" / "audit" / "languages"
    (folder / "fr.po").write_bytes(catalogues.written(pseudo_catalog()))

    _python(tmp_path, "-m", "console.languages")
    said = _python(
        tmp_path,
        "-c",
        "from functions.audit.merchant import Merchant\n"
        "from functions.audit.language import language\n"
        "shop = Merchant.model_validate({'id': 'a', 'name': 'A', 'alerts': {'language': 'fr'}})\n"
        "print(language(shop.alerts.language).say('opened tonight'))",
    )

    assert said == "xxxxxx xxxxxxx\n"


@pytest.mark.parametrize("tongue", [ENGLISH, GERMAN], ids=lambda tongue: tongue.tag)
def test_one_and_many_are_told_apart(tongue: Language) -> None:
    told = [tongue.count("{count} warn", "{count} warn", number) for number in (0, 1, 2, 1200)]

    assert (
        told
        == {
            "en": ["0 warn", "1 warn", "2 warn", "1,200 warn"],
            "de": ["0 Warnungen", "1 Warnung", "2 Warnungen", "1.200 Warnungen"],
        }[tongue.tag]
    )


def _places(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


def _python(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(  # noqa: S603 - this interpreter, and lines written here
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
