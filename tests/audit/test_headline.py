"""A message in one line: subjects in ASCII, text messages of one part in either alphabet, in every language."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit import ucs2
from functions.audit.headline import ascii_line, sms, subject
from functions.audit.language import ENGLISH, language
from functions.audit.merchant import SmsAlphabet
from functions.audit.news import News
from functions.audit.outcome import Status
from functions.audit.telling import Why
from tests.audit.messages import critical, every_news
from tests.audit.tongues import PSEUDO
from tests.builders import CHECKS, NIGHT, outcome

GERMAN = language("de")
OPENED = News(critical(), Why.OPENED, NIGHT)
ALL = [News(critical(check_id), Why.OPENED, NIGHT) for check_id in CHECKS]
RESOLVED = News(outcome(Status.PASS, value=Decimal(52)), Why.RESOLVED, None)


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units, by the codec."""
    return len(text.encode("utf-16-le")) // 2


def test_german_umlauts_are_spelt_out_where_only_ascii_can_be() -> None:
    assert subject("Blütenzauber Groß", "b", [OPENED], GERMAN) == ("Nightjar: Bluetenzauber Gross: Absprungrate 81,2 %")
    assert subject("Zoë Öl", "b", [OPENED], ENGLISH).startswith("Nightjar: Zoe Ol: ")
    assert ascii_line("Straße, Łódź, Søren", limit=99) == "Strasse, Lodz, Soren"


def test_german_text_messages_keep_their_umlauts_which_gsm_has() -> None:
    broken = News(critical("access_token", conditions=("invalid_grant",)), Why.OPENED, NIGHT, blinds=14)

    assert sms("Blütenzauber", "b", [broken], GERMAN, SmsAlphabet.GSM7) == (
        "Nightjar: Blütenzauber, kritisch: TikTok-Zugang: Freigabe erloschen (14 Prüfungen nicht möglich)"
    )


def test_reminders_and_good_news_read_as_what_they_are() -> None:
    still = News(critical(), Why.STILL_CRITICAL, NIGHT)

    assert sms("L", "l", [still], GERMAN, SmsAlphabet.GSM7) == (
        "Nightjar: L, kritisch: Absprungrate 81,2 % (weiterhin)"
    )
    assert sms("L", "l", [RESOLVED], GERMAN, SmsAlphabet.GSM7) == "Nightjar: L: Absprungrate 52 % (behoben)"
    assert sms("L", "l", [OPENED, RESOLVED], ENGLISH, SmsAlphabet.GSM7) == (
        "Nightjar: L is critical: bounce rate 81.2 %, bounce rate 52 % (resolved)"
    )


def test_the_first_is_told_and_the_rest_counted() -> None:
    text = sms("L" * 40, "l", ALL, GERMAN, SmsAlphabet.GSM7)

    assert text.startswith(f"Nightjar: {'L' * 40}, kritisch: TikTok-Zugang 81,2 %, ")
    assert re.search(r", \+\d+ weitere$", text)


def test_the_gsm_alphabet_is_kept_unless_the_other_is_asked_for() -> None:
    shop = "магазин Свеча"

    assert sms(shop, "svecha", [OPENED], ENGLISH, SmsAlphabet.GSM7) == (
        "Nightjar: svecha is critical: bounce rate 81.2 %"
    )
    assert sms(shop, "svecha", [OPENED], ENGLISH, SmsAlphabet.UCS2) == (
        "Nightjar: магазин Свеча is critical: bounce rate 81.2 %"
    )


def test_what_is_gsm_anyway_has_the_room_of_gsm_also_where_the_other_alphabet_is_asked_for() -> None:
    text = sms("Café", "c", ALL[:4], ENGLISH, SmsAlphabet.UCS2)

    assert text == sms("Café", "c", ALL[:4], ENGLISH, SmsAlphabet.GSM7)
    assert 70 < len(text) <= 160


def test_a_part_of_the_other_alphabet_holds_70_units_and_says_how_many_more_there_are() -> None:
    text = sms("日本語の店", "n", ALL, ENGLISH, SmsAlphabet.UCS2)

    assert text == "Nightjar: 日本語の店 is critical: access token 81.2 %, +14 more"
    assert units(text) <= 70


def test_where_not_one_fits_they_are_counted() -> None:
    broken = News(critical("access_token", conditions=("invalid_grant",)), Why.OPENED, NIGHT, blinds=14)

    assert sms("日本語の店" * 9, "n", [broken, RESOLVED], ENGLISH, SmsAlphabet.UCS2) == (
        f"Nightjar: {('日本語の店' * 9)[:20]}: 1 critical, 1 resolved"
    )


def test_every_word_of_a_headline_comes_from_the_catalogue() -> None:
    for one in every_news("9"):
        told = subject("9", "9", [one], PSEUDO) + sms("9", "9", [one, OPENED] * 9, PSEUDO, SmsAlphabet.GSM7)
        assert set(re.findall(r"[^\W\d_]", told)) == {"x"}


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("ab🙂", 3, "ab"),
        ("ab🙂", 4, "ab🙂"),
        ("abe\u0301x", 4, "abe\u0301"),
        ("abe\u0301x", 3, "ab"),
        ("\u0301\u0301\u0301", 2, ""),
    ],
)
def test_a_cut_leaves_no_half_of_a_letter(text: str, limit: int, kept: str) -> None:
    assert ucs2.cut(text, limit) == kept


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 80))
def test_a_cut_is_a_beginning_that_fits(text: str, limit: int) -> None:
    kept = ucs2.cut(text, limit)

    assert text.startswith(kept)
    assert ucs2.units(kept) == units(kept) <= limit
    assert kept == text or units(text) > limit


def test_a_part_holds_70_units() -> None:
    assert ucs2.cut("д" * 71) == "д" * 70
    assert ucs2.cut("🙂" * 36) == "🙂" * 35
