"""Whatever others wrote: no subject, text message, email or JSON of any language is broken, led astray or grows."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.audit.alert import Alert, compose
from functions.audit.language import Language
from functions.audit.merchant import Merchant, SmsAlphabet
from functions.audit.message import Texts, write_in
from functions.audit.news import News
from functions.notifier.notify import bodies_of
from functions.store.alerts import alert_item
from tests.audit.hostile import LINK, hostile_text
from tests.audit.messages import every_news, every_warning, whole_scene
from tests.audit.test_gsm7 import BASIC, EXTENSION
from tests.audit.tongues import TONGUES
from tests.builders import NOW, merchant

# Nothing that others write is stored empty.
WORDS = hostile_text(max_size=20) | st.text(min_size=1, max_size=60)
NAMES = (hostile_text() | st.text(max_size=200)).filter(lambda name: 0 < len(name.strip()) <= 200)
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
SPOKEN = pytest.mark.parametrize("spoken", TONGUES, ids=lambda spoken: spoken.tag)
# One news of each kind is enough where only the words around it matter.
KINDS = list({(news.why, news.outcome.check_id): news for news in every_news()}.values())
AT_ONCE = 12  # no message tells more than there are checks


def written(spoken: Language, name: str, words: str) -> list[Texts]:
    """Return messages that tell all there is between them, with somebody's words wherever they can be."""
    shop, scene, news = _shop(name, SmsAlphabet.GSM7), whole_scene(words), list(every_news(words))
    told = [write_in(spoken, shop, scene, news[at : at + AT_ONCE]) for at in range(0, len(news), AT_ONCE)]
    warnings = every_warning(words)
    return [*told, write_in(spoken, shop, scene, [], warnings), write_in(spoken, shop, scene, news[:1], warnings)]


@cache
def harmless(spoken: Language) -> list[Texts]:
    """Return the same messages with words that do no harm."""
    return written(spoken, "Larkspur", "words")


def headlines(spoken: Language, name: str, alphabet: SmsAlphabet) -> Iterator[Texts]:
    for at in range(0, len(KINDS), 25):
        yield write_in(spoken, _shop(name, alphabet), whole_scene(), KINDS[at : at + 3])


def subjects(spoken: Language, name: str) -> Iterator[str]:
    yield from (texts.subject for texts in headlines(spoken, name, SmsAlphabet.GSM7))
    yield write_in(spoken, _shop(name, SmsAlphabet.GSM7), whole_scene(), [], every_warning()).subject


def _shop(name: str, alphabet: SmsAlphabet) -> Merchant:
    return merchant(name=name, alerts={"sms_alphabet": alphabet})


def _hidden(text: str) -> set[str]:
    return {char for char in text if unicodedata.category(char) in HIDDEN}


@SPOKEN
@given(name=NAMES)
@example(name="\u202e\n\u2066://evil.com\x00")
@example(name="ß" * 200)
@example(name="\ufdfa" * 99)
@settings(max_examples=30, deadline=None)
def test_a_subject_is_what_sns_takes(spoken: Language, name: str) -> None:
    for subject in subjects(spoken, name):
        assert 0 < len(subject) < 100
        assert subject.isascii()
        assert subject.isprintable()
        assert subject[0] != " "
        assert not LINK.search(subject)


@SPOKEN
@given(name=NAMES)
@example(name="€" * 200)
@example(name="[" * 39 + "x")
@settings(max_examples=30, deadline=None)
def test_a_text_message_is_one_part_of_gsm(spoken: Language, name: str) -> None:
    for texts in headlines(spoken, name, SmsAlphabet.GSM7):
        assert not set(texts.sms) - set(BASIC + EXTENSION)
        assert 0 < len(texts.sms) + sum(char in EXTENSION for char in texts.sms) <= 160
        assert not _hidden(texts.sms)
        assert not LINK.search(texts.sms)


@SPOKEN
@given(name=NAMES)
@example(name="🙂" * 100)
@example(name="e" + "\u0301" * 199)
@settings(max_examples=30, deadline=None)
def test_where_the_other_alphabet_is_asked_for_it_is_one_part_of_either(spoken: Language, name: str) -> None:
    for texts in headlines(spoken, name, SmsAlphabet.UCS2):
        is_gsm = not set(texts.sms) - set(BASIC + EXTENSION)
        in_gsm = len(texts.sms) + sum(char in EXTENSION for char in texts.sms)
        assert (is_gsm and in_gsm <= 160) or 0 < len(texts.sms.encode("utf-16-le")) <= 140
        assert not _hidden(texts.sms)
        assert not LINK.search(texts.sms)


@SPOKEN
@given(name=NAMES, words=WORDS)
@example(name="CRITICAL: pay here", words="\nWhat to do: call\r\u2028now \u202ehttps://evil.example")
@example(name="a", words="long " * 60)
@example(name='"}{', words='\\"}],\u2028"news":[')
@settings(max_examples=12, deadline=None)
def test_email_and_json_stay_what_they_are_without_a_link(spoken: Language, name: str, words: str) -> None:
    for texts, usual in zip(written(spoken, name, words), harmless(spoken), strict=True):
        assert texts.email.count("\n") == usual.email.count("\n")
        assert _hidden(texts.email) == {"\n"}
        assert not LINK.search(texts.email)

        plain = json.loads(texts.document)
        assert _shape(plain) == _shape(json.loads(usual.document))
        for text in _texts(plain):
            assert not _hidden(text)
            assert not LINK.search(text)


@pytest.mark.parametrize("char", ["a", "é", "€", "🙂", "\\", '"', "\u0301"])
@SPOKEN
def test_the_longest_message_is_far_below_what_sns_and_dynamodb_take(spoken: Language, char: str) -> None:
    words = char * 1000
    worst: dict[str, News] = {}
    for news in every_news(words):
        longest = max([worst.get(news.outcome.check_id), news], key=lambda one: len(repr(one)) if one else 0)
        worst[news.outcome.check_id] = longest or news
    shop = merchant(name=char * 200, alerts={"language": spoken.tag if spoken.tag != "xx" else "en"})
    # A check that is critical is no warning beside that, and takes the more room of the two.
    alert = compose(shop, whole_scene(words), list(worst.values()), created_at=NOW)
    waiting: Alert = replace(alert, instead=write_in(spoken, shop, whole_scene(words), list(worst.values())))

    # SNS takes 256 KiB for all bodies and attributes, DynamoDB 400 KB an item: half of each.
    assert len(worst) == 15
    assert len(bodies_of(alert).encode()) < 128 * 1024
    assert len(json.dumps(alert_item(waiting, ttl=NOW), ensure_ascii=False).encode()) < 200 * 1024


def _shape(plain: Any) -> Any:
    match plain:
        case dict():
            return {key: _shape(value) for key, value in plain.items()}
        case list():
            return [_shape(value) for value in plain]
        case _:
            return type(plain)


def _texts(plain: Any) -> Iterator[str]:
    match plain:
        case dict():
            for value in plain.values():
                yield from _texts(value)
        case list():
            for value in plain:
                yield from _texts(value)
        case str():
            yield plain
