"""A message in one line: the subject of an email and a text message of one part."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from functions.audit import gsm7, ucs2
from functions.audit.called import condition_name
from functions.audit.digest import Warned
from functions.audit.language import ENGLISH, Language
from functions.audit.merchant import SmsAlphabet
from functions.audit.news import News
from functions.audit.telling import Why
from functions.audit.text import defanged

SUBJECT_LIMIT: Final = 99  # SNS: fewer than 100 characters
_NAME_SEPTETS: Final = 40
_NAME_UNITS: Final = 20
# Letters that no accent was put on, and that would vanish.
_ASCII: Final = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
})  # fmt: skip


def ascii_line(text: str, *, limit: int, language: Language = ENGLISH) -> str:
    """Return ``text`` as SNS takes a subject: one line of printable ASCII, at most ``limit`` characters."""
    return _ascii(text, language)[:limit].rstrip()


def label(news: News | Warned, language: Language) -> str:
    """Return what is told in a few words: ``bounce rate 81.2 %``, ``access token: rejected``."""
    outcome = news.outcome
    name = language.name("check", outcome.check_id.replace("_", " "))
    if not news.is_good and outcome.conditions:
        named = (language.name("condition", condition_name(condition)) for condition in outcome.conditions)
        return f"{name}: {', '.join(named)}"
    return name if outcome.value is None else f"{name} {language.figure(outcome.value, outcome.unit)}"


def subject(name: str, merchant_id: str, news: Sequence[News], language: Language) -> str:
    """Return the subject of an email: as many of the news as fit, the first in any case or all in numbers."""
    shown = ascii_line(name, limit=40, language=language)
    return _longest(
        _who(shown, merchant_id),
        news,
        language,
        critical=False,
        write=lambda text: _ascii(text, language),
        fits=lambda text: len(text) <= SUBJECT_LIMIT,
        cut=lambda text: text[:SUBJECT_LIMIT].rstrip(),
    )


def digest_subject(name: str, merchant_id: str, warnings: Sequence[Warned], language: Language) -> str:
    """Return the subject of an email that tells of warnings alone, in numbers: which they are changes every day."""
    over = sum(one.is_good for one in warnings)
    new = sum(one.change.is_new for one in warnings)
    parts = (
        language.count("{count} warning", "{count} warnings", len(warnings) - over) if over < len(warnings) else "",
        language.count("{count} new", "{count} new", new) if new else "",
        language.count("{count} resolved", "{count} resolved", over) if over else "",
    )
    who = _who(ascii_line(name, limit=40, language=language), merchant_id)
    text = language.say("Nightjar: {who}: {news}", who=who, news=", ".join(part for part in parts if part))
    return ascii_line(text, limit=SUBJECT_LIMIT, language=language)


def sms(name: str, merchant_id: str, news: Sequence[News], language: Language, alphabet: SmsAlphabet) -> str:
    """Return the text message: the longest listing that fits one part; at the very least, how many news there are."""
    critical = any(not one.is_good for one in news)
    if alphabet is SmsAlphabet.UCS2:
        return _longest(
            _who(ucs2.cut(name, _NAME_UNITS), merchant_id),
            news,
            language,
            critical=critical,
            write=str,
            fits=lambda text: (gsm7.is_gsm7(text) and gsm7.septets(text) <= gsm7.PART) or ucs2.units(text) <= ucs2.PART,
            cut=ucs2.cut,
        )
    shown = gsm7.cut(defanged(gsm7.to_gsm7(name)), _NAME_SEPTETS)
    return _longest(
        _who(shown, merchant_id),
        news,
        language,
        critical=critical,
        write=gsm7.to_gsm7,
        fits=lambda text: gsm7.septets(text) <= gsm7.PART,
        cut=gsm7.cut,
    )


def _ascii(text: str, language: Language) -> str:
    spelt = gsm7.to_gsm7(text.translate(language.ascii_letters).translate(_ASCII))
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    # What was dropped may have stood between a dot and a host's ending: looked at anew, in its final letters.
    return defanged(re.sub(r"[^\x20-\x7e]+|\s+", " ", plain).strip())


def _longest(
    who: str,
    news: Sequence[News],
    language: Language,
    *,
    critical: bool,
    write: Callable[[str], str],
    fits: Callable[[str], bool],
    cut: Callable[[str], str],
) -> str:
    for count in range(len(news), 0, -1):
        listed = _listing(news, count, language)
        text = write(
            language.say("Nightjar: {who} is critical: {news}", who=who, news=listed)
            if critical
            else language.say("Nightjar: {who}: {news}", who=who, news=listed)
        )
        if fits(text):
            return text
    return cut(write(language.say("Nightjar: {who}: {news}", who=who, news=_sum(news, language))))


def _who(shown: str, merchant_id: str) -> str:
    # A name without a single letter that can be sent would read as question marks: the id says more.
    return shown if any(char.isalnum() for char in shown) else merchant_id


def _listing(news: Sequence[News], shown: int, language: Language) -> str:
    listed = ", ".join(_told(one, language) for one in news[:shown])
    rest = len(news) - shown
    return language.count("{listed}, +{count} more", "{listed}, +{count} more", rest, listed=listed) if rest else listed


def _told(news: News, language: Language) -> str:
    told = label(news, language)
    if news.blinds:
        told = language.count(
            "{told} ({count} check could not run)", "{told} ({count} checks could not run)", news.blinds, told=told
        )
    match news.why:
        case Why.STILL_CRITICAL:
            return language.say("{told} (still)", told=told)
        case Why.RESOLVED:
            return language.say("{told} (resolved)", told=told)
        case Why.CORRECTED:
            return language.say("{told} (corrected)", told=told)
        case _:
            return told


def _sum(news: Sequence[News], language: Language) -> str:
    good = sum(one.is_good for one in news)
    bad = len(news) - good
    parts = (
        language.count("{count} critical", "{count} critical", bad) if bad else "",
        language.count("{count} resolved", "{count} resolved", good) if good else "",
    )
    return ", ".join(part for part in parts if part)
