"""The night's summary: all clear is said only when it is; what is listed is named, and long lists are cut."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.absence import Reason
from functions.audit.night import AuditHead, Coverage, cover
from functions.audit.outcome import Status
from functions.audit.preflight import Checked, Preflight
from functions.audit.snapshot import Effort
from functions.audit.summary import Unsent, never_opened_text, summary_text
from functions.audit.verdict import AuditState
from tests.builders import NIGHT

DONE, FAILED, PENDING = AuditState.DONE, AuditState.FAILED, AuditState.PENDING
SEEN = Checked("alarms", Preflight.PASS, "3 alarms would tell the operators' topic.")
NEARLY = Checked("sms_spending", Preflight.WARN, "Text messages have cost USD 40.", "Ask AWS for a higher limit.")
BROKEN = Checked("operators", Preflight.FAIL, "Nobody would hear an alarm.", "Confirm the mail that SNS sends.")
UNSEEN = Checked("alarms", Preflight.COULD_NOT_LOOK, "Could not look at the alarms: refused.", "Look again.")
UNKNOWN = Checked("opt_outs", Preflight.COULD_NOT_LOOK, "Could not look at who stopped: refused.", "Look again.")
YESTERDAY = NIGHT - timedelta(days=1)


def head(name: str, state: AuditState = DONE, *, counts: dict[Status, int] | None = None, **more: Any) -> AuditHead:
    return AuditHead(name, state, counts or {}, more.pop("reasons", {}), **more)


def of(*states: AuditState) -> Coverage:
    return cover(NIGHT, [head(f"m{at:02}", state) for at, state in enumerate(states)])


def told(*heads: AuditHead, **more: Any) -> str:
    return summary(cover(NIGHT, heads), heads, **more)[1]


def summary(*about: Any, **more: Any) -> tuple[str, str]:
    return summary_text(*about, **({"checks": [SEEN]} | more))


def effort(seconds: str, requests: int) -> Effort:
    return Effort(seconds=Decimal(seconds), requests=requests)


@given(
    st.lists(st.sampled_from([DONE, FAILED, PENDING]), max_size=40),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
    st.lists(st.sampled_from([SEEN, NEARLY, BROKEN, UNSEEN]), max_size=3),
)
def test_all_clear_is_said_only_where_everybody_was_audited_and_nothing_is_wrong_blind_unsent_or_unseen(
    states: list[AuditState], critical: int, blind: int, unsent: int, checks: list[Checked]
) -> None:
    counts = {Status.CRITICAL: critical, Status.NOT_EVALUATED: blind}
    heads = [head(f"m{at}", state, counts=counts) for at, state in enumerate(states)]
    subject, body = summary(cover(NIGHT, heads), heads, unsent=[Unsent("m0", NIGHT)] * unsent, checks=checks)

    clear = bool(states) and set(states) == {DONE} and critical == blind == unsent == 0
    clear = clear and BROKEN not in checks and UNSEEN not in checks
    assert ("all clear" in subject) is clear
    assert "all clear" not in body


def test_it_says_how_many_of_how_many_and_why_not() -> None:
    heads = (
        head("a", counts={Status.CRITICAL: 1}, reasons={Reason.SOURCE_FAILED: 3}),
        head("b", FAILED),
        head("c", PENDING),
    )
    subject, body = summary(cover(NIGHT, heads), heads)

    assert subject == "Nightjar 2026-11-21: 1 of 3 audited, 1 critical"
    assert "1 of 3 expected merchants were audited (33.3 %)." in body
    assert "Not evaluated because of: source_failed 3." in body
    assert "No fetch came back for: b." in body
    assert "Still pending at the close: c." in body


def test_a_night_that_expected_nobody_asks_why() -> None:
    assert "Nobody was expected" in summary(of())[1]


def test_what_turned_critical_and_what_is_critical_no_more_is_named() -> None:
    heads = (
        head("wren", counts={Status.CRITICAL: 2}, new_criticals=("bounce_rate", "access_token")),
        head("brasa", counts={Status.CRITICAL: 1}, new_criticals=("bounce_rate",)),
        head("larkspur", ended_criticals=("cart_abandonment_rate",)),
    )
    subject, body = summary(cover(NIGHT, heads), heads)

    assert subject == "Nightjar 2026-11-21: 3 of 3 audited, 3 critical (3 new)"
    assert "New criticals: 3 at 2 merchants.\n- brasa: bounce_rate\n- wren: bounce_rate, access_token\n" in body
    assert "No longer critical: 1 at 1 merchant.\n- larkspur: cart_abandonment_rate\n" in body


def test_a_night_on_which_nothing_turned_says_nothing_of_it() -> None:
    body = told(head("a", counts={Status.CRITICAL: 1}))

    assert "New criticals" not in body
    assert "No longer critical" not in body


def test_of_many_merchants_with_new_criticals_twenty_are_listed() -> None:
    body = told(*(head(f"m{at:02}", new_criticals=("bounce_rate",)) for at in range(23)))

    assert "New criticals: 23 at 23 merchants." in body
    assert body.count("- m") == 20
    assert "- and 3 more" in body


def test_messages_that_have_not_left_are_named_with_their_night() -> None:
    one = told(head("a"), unsent=[Unsent("wren", NIGHT)])
    more = told(head("a"), unsent=[Unsent("wren", NIGHT, is_text=True), Unsent("brasa", YESTERDAY)])

    assert "1 message has not left yet: wren. It is tried again now." in one
    assert "2 messages have not left yet: brasa of 2026-11-20, wren (text message). They are tried again now." in more


def test_the_slowest_and_those_who_ask_most_are_told_the_worst_first() -> None:
    body = told(
        head("a", effort=effort("1.2", 9)),
        head("b", effort=effort("31.0", 7)),
        head("c", effort=effort("1.2", 61)),
        head("nobody-fetched", FAILED),
    )

    assert "Slowest: b 31.0 s, a 1.2 s, c 1.2 s." in body
    assert "Most requests: c 61, a 9, b 7." in body


def test_of_many_fetches_the_five_worst_are_told() -> None:
    body = told(*(head(f"m{at}", effort=effort(f"{at}.0", at)) for at in range(9)))

    assert "Slowest: m8 8.0 s, m7 7.0 s, m6 6.0 s, m5 5.0 s, m4 4.0 s." in body


def test_where_nothing_was_fetched_nothing_is_said_of_effort() -> None:
    assert "Slowest" not in told(head("a", FAILED))


@pytest.mark.parametrize(("missing", "rest"), [(50, ""), (51, " and 1 more")])
def test_many_missing_merchants_are_not_all_listed(missing: int, rest: str) -> None:
    body = summary(of(*[PENDING] * missing))[1]

    line = next(line for line in body.splitlines() if line.startswith("Still pending"))
    assert line.count("m") - line.count("more") == 50
    assert line.endswith(f"{rest}.")


@pytest.mark.parametrize(("ended", "rest"), [(50, []), (52, ["- and 2 more"])])
def test_many_mutes_that_ended_are_not_all_listed(ended: int, rest: list[str]) -> None:
    body = summary(of(DONE), unmuted=tuple(f"m{number}" for number in range(ended)))[1]

    listed = body.partition("Mutes that ended:\n")[2].splitlines()
    assert listed == [*(f"- m{number}" for number in range(50)), *rest]


def test_it_tells_which_connections_end_soon() -> None:
    body = told(head("untold"), head("larkspur", days_left=Decimal("6.5")), head("wren", days_left=Decimal(300)))

    assert body.splitlines()[-1] == "Connections that end within 30 days, the soonest first: larkspur in 6 days."


def test_where_no_connection_ends_it_says_nothing_of_it() -> None:
    assert "Connections" not in told(head("larkspur", days_left=Decimal(300)))


@pytest.mark.parametrize(("many", "rest"), [(10, "m09 in 9 days."), (12, "m09 in 9 days and 2 more.")])
def test_of_many_connections_that_end_ten_are_listed(many: int, rest: str) -> None:
    body = told(*(head(f"m{at:02}", days_left=Decimal(at)) for at in range(many)))

    assert body.splitlines()[-1].endswith(rest)


def test_what_the_preflight_found_is_told_the_worst_first_and_each_advice_once() -> None:
    subject, body = summary(of(DONE), checks=[SEEN, UNSEEN, NEARLY, BROKEN, UNKNOWN])

    assert subject == "Nightjar 2026-11-21: 1 of 1 audited, 0 critical, preflight: 1 failed"
    assert body.partition("Preflight")[2].splitlines() == [
        ", as nightjar doctor shows it:",
        "- Failed: Nobody would hear an alarm.",
        "  Confirm the mail that SNS sends.",
        "- Warning: Text messages have cost USD 40.",
        "  Ask AWS for a higher limit.",
        "- Could not look at the alarms: refused.",
        "- Could not look at who stopped: refused.",
        "  Look again.",
    ]


def test_a_preflight_on_which_all_is_well_is_not_mentioned() -> None:
    assert "Preflight" not in told(head("a"))


def test_ten_thousand_merchants_in_trouble_still_make_a_message_that_a_telephone_shows() -> None:
    heads = [
        head(f"merchant-{at:05}", FAILED, new_criticals=("bounce_rate",), days_left=Decimal(1), effort=effort("40", 99))
        for at in range(10_000)
    ]
    body = summary(cover(NIGHT, heads), heads, unsent=[Unsent(one.merchant_id, NIGHT) for one in heads])[1]

    assert len(body) < 5_000


def test_a_night_that_never_began_says_so_and_what_to_do() -> None:
    subject, body = never_opened_text(NIGHT, [SEEN])

    assert subject == "Nightjar 2026-11-21: nobody was audited, the night never began"
    assert "nightjar run --night 2026-11-21" in body
    assert "Failed: Nobody would hear an alarm." in never_opened_text(NIGHT, [BROKEN])[1]
