"""One message about a night: an ASCII subject, an SMS of one part, an email, whatever the shop is called."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.audit.alert import Alert, AlertState, HeldBack, compose
from functions.audit.headline import ascii_line
from functions.audit.mail import counts_line
from functions.audit.news import News, Scene
from functions.audit.outcome import Origin, Outcome, Status
from functions.audit.telling import Held, Why
from tests.audit.hostile import LINK, hostile_text
from tests.audit.test_gsm7 import BASIC, EXTENSION
from tests.builders import CHECKS, NIGHT, NOW, merchant, outcome

COUNTS = {Status.PASS: 9, Status.INFO: 1, Status.WARN: 2, Status.CRITICAL: 1, Status.NOT_EVALUATED: 2}
SCENE = Scene(NIGHT, COUNTS)
# Every name that the merchant's model lets through.
NAMES = (hostile_text() | st.text(max_size=120)).filter(lambda name: 0 < len(name.strip()) <= 200)
NEWS = st.lists(
    st.tuples(
        st.sampled_from(list(CHECKS.values())),
        st.decimals(-(10**15), 10**15, places=3),
        st.sampled_from(list(Why)),
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda told: told[0].id,
)


def critical(check_id: str = "bounce_rate", **changed: Any) -> Outcome:
    return outcome(Status.CRITICAL, CHECKS[check_id], warn=Decimal(60), critical=Decimal(75), **changed)


def alert(*outcomes: Outcome, name: str = "Larkspur Candles", merchant_id: str = "larkspur") -> Alert:
    return telling(*[(one, Why.OPENED) for one in outcomes or (critical(),)], name=name, merchant_id=merchant_id)


def telling(*pairs: tuple[Outcome, Why], name: str = "Larkspur Candles", merchant_id: str = "larkspur") -> Alert:
    news = [News(one, why, NIGHT) for one, why in pairs]
    return compose(merchant(id=merchant_id, name=name), SCENE, news, created_at=NOW)


def septets(text: str) -> int:
    """Return the length of an SMS by the tables of the standard; fail on what they do not hold."""
    assert not set(text) - set(BASIC + EXTENSION)
    return len(text) + sum(char in EXTENSION for char in text)


def test_a_message_says_who_and_what() -> None:
    told = alert(critical(), critical("cart_abandonment_rate", value=Decimal(92)))

    assert told.subject == "Nightjar: Larkspur Candles: bounce rate 81.2 %, cart abandonment rate 92 %"
    assert told.sms == "Nightjar: Larkspur Candles is critical: bounce rate 81.2 %, cart abandonment rate 92 %"
    assert told.email.startswith("Larkspur Candles (larkspur), night of 2026-11-21\n")
    assert "\nCRITICAL: bounce rate 81.2 % (opened tonight)\n" in told.email
    assert "\nWhat to do: Let the video's promise and the landing page match: same\n" in told.email


def test_every_reason_reads_as_what_it_is() -> None:
    week = NIGHT - timedelta(days=7)
    good = outcome(Status.PASS, CHECKS["cart_abandonment_rate"], value=Decimal(70))
    told = compose(
        merchant(),
        SCENE,
        [
            News(good, Why.RESOLVED, None),
            News(critical(), Why.STILL_CRITICAL, week),
            News(critical("session_conversion_rate", value=Decimal("0.1")), Why.REOPENED, NIGHT),
            News(critical("returning_users", value=Decimal(0)), Why.WORSENED, NIGHT - timedelta(days=1)),
        ],
        created_at=NOW,
    )

    # What is new comes first, reminders then, good news last.
    assert [(one.check_id, one.why.value) for one in told.criticals] == [
        ("session_conversion_rate", "reopened"),
        ("returning_users", "worsened"),
        ("bounce_rate", "still_critical"),
        ("cart_abandonment_rate", "resolved"),
    ]
    assert told.sms == (
        "Nightjar: Larkspur Candles is critical: session conversion rate 0.1 %, returning users 0 %, "
        "bounce rate 81.2 % (still), cart abandonment rate 70 % (resolved)"
    )
    unwrapped = told.email.replace("\n", " ")
    assert "\nCRITICAL: session conversion rate 0.1 % (reopened tonight)\n" in told.email
    assert "CRITICAL: returning users 0 % (worsened on 2026-11-20, not told before) " in unwrapped
    assert "\nCRITICAL: bounce rate 81.2 % (still critical, since 2026-11-14)\n" in told.email
    assert "RESOLVED: cart abandonment rate 70 % (resolved tonight, after it had been critical) " in unwrapped
    assert told.email.count("What to do: ") == 3
    assert told.email.count("nightjar mute larkspur ") == 3


def test_good_news_alone_is_not_called_critical() -> None:
    told = telling((outcome(Status.PASS, value=Decimal(52)), Why.RESOLVED))

    assert told.subject == "Nightjar: Larkspur Candles: bounce rate 52 % (resolved)"
    assert told.sms == "Nightjar: Larkspur Candles: bounce rate 52 % (resolved)"


def test_a_condition_says_more_than_a_figure() -> None:
    broken = critical("access_token", conditions=("invalid_grant",), value=Decimal(200), unit="days")

    assert alert(broken).sms == "Nightjar: Larkspur Candles is critical: access token: login revoked or ended"


def test_news_that_fit_nowhere_are_counted() -> None:
    pairs = [(critical(check_id), Why.OPENED) for check_id in CHECKS]
    long = "https://shop.example/" * 9
    told = telling(*pairs[:3], (critical("viral_spike", value=Decimal(9)), Why.RESOLVED), name=long)

    assert len(told.subject) < 100
    assert told.subject.startswith("Nightjar: https[:]//shop[.]example")


def test_what_was_held_back_is_noted_and_nothing_is_written_where_there_is_nothing_to_say() -> None:
    held = HeldBack("bounce_rate", "traffic", Held.MUTED, Why.OPENED, "Too many leave.")
    noted = compose(merchant(), SCENE, [], created_at=NOW, held=[held])

    assert (noted.state, noted.criticals, noted.areas, noted.held) == (AlertState.HELD, (), (), (held,))
    assert (noted.subject, noted.email, noted.sms, noted.document) == ("", "", "", "")


def test_a_message_is_pending_until_it_left_and_knows_its_areas() -> None:
    told = alert(critical(), critical("cart_abandonment_rate"), critical("session_duration"))

    assert (told.state, told.areas) == (AlertState.PENDING, ("traffic", "audience"))
    assert [one.check_id for one in told.criticals] == ["bounce_rate", "cart_abandonment_rate", "session_duration"]


@pytest.mark.parametrize("status", list(Status))
def test_the_line_of_counts_always_holds_all_four(status: Status) -> None:
    line = counts_line(dict.fromkeys(Status, 0) | {status: 7})

    shown = {"info": "pass", "not_evaluated": "not evaluated"}.get(status.value, status.value)
    expected = [f"{7 if name == shown else 0} {name}" for name in ("pass", "warn", "critical", "not evaluated")]
    assert line == ", ".join(expected)


@given(NEWS)
def test_the_email_always_says_how_much_was_not_evaluated(news: Sequence[tuple[Any, Decimal, Why]]) -> None:
    told = telling(*[(critical(check.id, value=value), why) for check, value, why in news])

    assert "All checks of that night: 10 pass, 2 warn, 1 critical, 2 not evaluated.\n" in told.email


@given(NAMES, NEWS)
@example("🙂", [])
@example("\u0301\u0301", [])
@example("日本語の店", [])
def test_a_subject_is_ascii_below_100_characters_and_begins_with_a_letter(
    name: str, news: Sequence[tuple[Any, Decimal, Why]]
) -> None:
    news = news or [(CHECKS["bounce_rate"], Decimal(81), Why.OPENED)]
    subject = telling(*[(critical(check.id, value=value), why) for check, value, why in news], name=name).subject

    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) < 100
    assert subject[0].isalpha()
    assert subject == " ".join(subject.split())


@given(NAMES, NEWS)
@example("€" * 120, [])
@example("é" * 120, [])
@example("[" * 39 + "x", [])
def test_an_sms_is_one_part_for_any_name_and_any_number_of_criticals(
    name: str, news: Sequence[tuple[Any, Decimal, Why]]
) -> None:
    news = news or [(CHECKS["bounce_rate"], Decimal(81), Why.OPENED)]
    sms = telling(*[(critical(check.id, value=value), why) for check, value, why in news], name=name).sms

    assert septets(sms) <= 160
    assert sms.startswith("Nightjar: ")
    assert "\n" not in sms


def test_an_sms_that_cannot_hold_all_says_how_many_more_there_are() -> None:
    told = alert(*[critical(check_id) for check_id in CHECKS], name="Larkspur Candles")

    assert re.search(r", \+\d+ more$", told.sms)
    listed = told.sms.removeprefix("Nightjar: Larkspur Candles is critical: ").split(", ")
    assert len(listed) - 1 + int(listed[-1].removeprefix("+").removesuffix(" more")) == 15


def test_a_subject_that_cannot_hold_all_says_how_many_more_there_are() -> None:
    subject = alert(*[critical(check_id) for check_id in CHECKS], name="Larkspur Candles").subject

    listed = subject.removeprefix("Nightjar: Larkspur Candles: ").split(", ")
    assert all(re.fullmatch(r"[a-z ]+ 81\.2 %", one) for one in listed[:-1])
    assert len(listed) - 1 + int(listed[-1].removeprefix("+").removesuffix(" more")) == 15


def test_a_name_of_the_longest_kind_leaves_room_for_what_happened() -> None:
    told = alert(name="€" * 200)

    assert "is critical: bounce rate 81.2 %" in told.sms


@pytest.mark.parametrize("name", ["日本語の店", "🙂🙂", "магазин", "???", "\u202e\u200b!"])
def test_a_name_without_a_latin_letter_is_shown_by_its_id(name: str) -> None:
    told = alert(name=name)

    assert told.subject.startswith("Nightjar: larkspur: ")
    assert told.sms.startswith("Nightjar: larkspur is critical")


def test_a_name_that_is_nothing_visible_is_shown_by_its_id() -> None:
    assert alert(name="\u202e\u2066").email.startswith("larkspur (larkspur), ")


def test_a_name_keeps_its_accents_where_it_can() -> None:
    told = alert(name="Café Zoë")

    assert told.subject.startswith("Nightjar: Cafe Zoe: ")
    assert told.sms.startswith("Nightjar: Café Zoe is critical")
    assert told.email.startswith("Café Zoë (larkspur)")


@given(hostile_text().filter(lambda name: bool(name.strip()) and len(name.strip()) <= 200))
@example("evil\uff0ecom")
@example("evil.¡com")
@example("evil.\u0301com")
@example("https\uff1a\uff0f\uff0fevil")
def test_no_link_of_a_name_survives(name: str) -> None:
    told = alert(name=name)

    for text in (told.subject, told.sms, told.email):
        assert not LINK.search(text)


@given(hostile_text())
def test_no_link_and_no_hidden_character_of_a_page_or_a_reason_survives(text: str) -> None:
    told = alert(
        critical(
            "unconverting_pages",
            unit="pages",
            evidence={"pages": [{"name": text, "sessions": 3900}], "note": text, "deep": [[text], {"x": text}]},
            origin=Origin("merchant", text or "-", None),
        )
    )

    assert not LINK.search(told.email)
    hidden = {char for char in told.email if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert hidden <= {"\n"}


@given(NAMES)
def test_a_name_adds_no_line_and_no_hidden_character_to_the_email(name: str) -> None:
    email = alert(name=name).email

    assert email.count("\n") == alert().email.count("\n")
    assert {char for char in email if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} == {"\n"}


def test_the_same_night_always_makes_the_same_alert_and_another_night_another() -> None:
    again = telling((critical(), Why.WORSENED), name="Renamed")
    tomorrow = NIGHT + timedelta(days=1)
    other = compose(merchant(), Scene(tomorrow, COUNTS), [News(critical(), Why.OPENED, tomorrow)], created_at=NOW)

    assert alert().alert_id == again.alert_id == "2026-11-21#critical"
    assert other.alert_id != again.alert_id
    assert alert() == alert()


@given(hostile_text(), st.integers(0, 99))
def test_an_ascii_line_is_what_sns_takes(text: str, limit: int) -> None:
    line = ascii_line(text, limit=limit)

    assert line.isascii()
    assert len(line) <= limit
    assert line == line.strip()
    assert line == "" or line.isprintable()
