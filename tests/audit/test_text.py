"""Text that others wrote: one line, capped, without hidden characters, its links broken."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.audit.text import defanged, one_line, untrusted
from tests.audit.hostile import LINK, hostile_text

ANY = st.text(st.characters(), max_size=400)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Larkspur Candles", "Larkspur Candles"),
        ("a\nb\r\nc\td\u2028e\u2029f\x0bg\x85h", "a b c d e f g h"),
        ("  much \u00a0\u3000 space  ", "much space"),
        ("pay\u202egnp.exe", "paygnp.exe"),
        ("\u2066hidden\u2069 \u200bzero\u200d\ufeff", "hidden zero"),
        ("bell\x07 null\x00 esc\x1b[31m", "bell null esc[31m"),
        ("caf\u00e9 中文 🙂", "caf\u00e9 中文 🙂"),
        ("\x00\u202e", ""),
    ],
)
def test_hidden_characters_go_and_white_space_becomes_one_space(text: str, line: str) -> None:
    assert one_line(text, limit=60) == line


@pytest.mark.parametrize(
    ("length", "kept"), [(9, "a" * 9), (10, "a" * 10), (11, "a" * 7 + "..."), (5000, "a" * 7 + "...")]
)
def test_a_long_text_is_cut_and_says_so(length: int, kept: str) -> None:
    assert one_line("a" * length, limit=10) == kept


@given(ANY, st.integers(0, 80))
def test_a_line_is_one_line_of_visible_characters_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit=limit)

    assert len(line) <= limit
    assert line == line.strip()
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not re.search(r"[^\S ]|  ", line)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/x", "https[:]//evil[.]example/x"),
        ("HTTP://EVIL.EXAMPLE", "HTTP[:]//EVIL[.]EXAMPLE"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("mail me@evil.example", "mail me@evil[.]example"),
        ("1https://evil", "1https[:]//evil"),
        ("日本https://evil", "日本https[:]//evil"),
        ("пример.рф", "пример[.]рф"),
        ("example.भारत", "example[.]भारत"),
        ("evil\uff0eexample", "evil[.]example"),
        ("evil\u3002example", "evil[.]example"),
        ("evil\uff61example", "evil[.]example"),
        ("見て。次の", "見て。次の"),
        ("http://192.168.1.1/", "http[:]//192.168.1.1/"),
        ("J.K. Rowling & Sons Ltd. since 1.5 years", "J.K. Rowling & Sons Ltd. since 1.5 years"),
        ("/products/amber-candle", "/products/amber-candle"),
    ],
)
def test_links_are_broken_and_other_dots_stay(text: str, shown: str) -> None:
    assert defanged(text) == shown


@given(hostile_text() | ANY)
@example("evil.com")
def test_no_link_survives_and_defanging_twice_changes_nothing(text: str) -> None:
    once = defanged(text)

    assert not LINK.search(once)
    assert defanged(once) == once


@given(hostile_text() | ANY)
@example("evil\u200b.\u202ecom")
@example("https:\u200b//evil")
def test_no_link_comes_together_from_what_was_hidden(text: str) -> None:
    assert not LINK.search(untrusted(text, limit=60))


@given(ANY)
def test_untrusted_text_is_one_line_and_capped(text: str) -> None:
    shown = untrusted(text, limit=60)

    assert len(shown) <= 80
    assert shown == one_line(shown, limit=80)
