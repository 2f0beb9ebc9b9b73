"""GSM 03.38: which characters a text message can hold, and how many septets they take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit import gsm7

# GSM 03.38 / 3GPP TS 23.038, 6.2.1: the basic table in its own order, sixteen characters a row; position 0x1B escapes.
BASIC_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
BASIC = BASIC_TABLE.replace("\x1b", "")
# 6.2.1.1: the extension table, each after an escape.
EXTENSION = "\f^{}\\[~]|€"


def test_the_table_is_whole() -> None:
    assert len(BASIC_TABLE) == 128
    assert len(set(BASIC)) == 127


@pytest.mark.parametrize("char", BASIC)
def test_a_basic_character_takes_one_septet_and_stays(char: str) -> None:
    assert (gsm7.septets(char), gsm7.is_gsm7(char), gsm7.to_gsm7(char)) == (1, True, char)


@pytest.mark.parametrize("char", EXTENSION)
def test_an_extension_character_takes_two_septets_and_stays(char: str) -> None:
    assert (gsm7.septets(char), gsm7.is_gsm7(char), gsm7.to_gsm7(char)) == (2, True, char)


@pytest.mark.parametrize("char", "êâîôûçáíóúÀÈÊẞ`“’–…\u00a0ΑДЖ中🙂\x1b\t\u200b")
def test_everything_else_is_outside(char: str) -> None:
    assert not gsm7.is_gsm7(char)
    assert gsm7.is_gsm7(gsm7.to_gsm7(char))


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("é", "é"),
        ("ê", "e"),
        ("ç", "c"),
        ("Š", "S"),
        ("e\u0301", "e"),
        ("“Zoë’s” – café…", '"Zoe\'s" - café...'),
        ("10\u00a0€", "10 €"),
        ("2×", "2x"),
        ("中文", "??"),
        ("🙂", "?"),
        ("ﬁne", "fine"),
    ],
)
def test_a_text_keeps_what_it_can(text: str, sent: str) -> None:
    assert gsm7.to_gsm7(text) == sent


@given(st.text(st.characters()))
def test_whatever_is_given_comes_out_in_the_alphabet_and_stays_so(text: str) -> None:
    sent = gsm7.to_gsm7(text)

    assert gsm7.is_gsm7(sent)
    assert gsm7.to_gsm7(sent) == sent


@given(st.text(st.sampled_from(BASIC + EXTENSION)), st.integers(0, 200))
def test_a_cut_is_the_longest_beginning_that_fits(text: str, limit: int) -> None:
    kept = gsm7.cut(text, limit)

    assert text.startswith(kept)
    assert gsm7.septets(kept) <= limit
    assert kept == text or gsm7.septets(text[: len(kept) + 1]) > limit


def test_a_part_holds_160_septets_and_never_half_a_character() -> None:
    assert gsm7.PART == 160
    assert gsm7.cut("a" * 161) == "a" * 160
    assert gsm7.cut("€" * 81) == "€" * 80
    assert gsm7.cut("a" + "€" * 80) == "a" + "€" * 79
