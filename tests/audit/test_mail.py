"""The email: short lines, the most important first, who set the limits, the period before, what could not look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.audit.digest import Warned
from functions.audit.language import ENGLISH, Language, language
from functions.audit.mail import email
from functions.audit.news import News, Scene
from functions.audit.outcome import Origin, Status
from functions.audit.profile import default_profile
from functions.audit.telling import Why
from functions.audit.verdict import audit_of, conclude
from tests.audit.messages import (
    COUNTS,
    SCENE,
    bad_night,
    critical,
    every_news,
    every_warning,
    muted,
    whole_scene,
)  # fmt: skip
from tests.audit.tongues import PSEUDO, TONGUES
from tests.builders import CHECKS, NIGHT, NOW, absent, figures, judged, merchant, outcome, overriding, sessions

GERMAN = language("de")


def mail(
    *news: News,
    warnings: Sequence[Warned] = (),
    scene: Scene = SCENE,
    spoken: Language = ENGLISH,
    name: str = "Larkspur Candles",
) -> str:
    return email(name, merchant(name=name), scene, news or [News(critical(), Why.OPENED, NIGHT)], warnings, spoken)


def test_an_email_as_a_whole() -> None:
    shop = overriding("bounce_rate", warn=55, critical=70, reason="long-form landing pages", expires=date(2026, 12, 31))
    seen = bad_night(sessions=sessions(current=figures(bounce_rate="81.25"), series=absent(Reason.SOURCE_FAILED)),
                     account_type="business")  # fmt: skip

    alert = conclude(audit_of(seen, shop, default_profile(), evaluated_at=NOW), shop, {}).alert

    assert alert is not None
    assert alert.email == (
        "Larkspur Candles (larkspur), night of 2026-11-21\n"
        "\n"
        "CRITICAL: bounce rate 81.2 % (opened tonight)\n"
        "Too many visitors from TikTok leave at once: 81.2 % of sessions bounce.\n"
        "Limits: warn above 55 %, critical above 70 %.\n"
        "The threshold is the shop's own until 2026-12-31: long-form landing pages\n"
        "Prior period: 52 %, now 81.2 %.\n"
        "What to do: Let the video's promise and the landing page match: same\n"
        "product, same words, above the fold. Check that the page loads within\n"
        "three seconds inside TikTok's own browser.\n"
        "To mute it for a week:\n"
        'nightjar mute larkspur bounce_rate --until 2026-11-28 --reason "WHY"\n'
        "\n"
        "All checks of that night: 9 pass, 3 warn, 1 critical, 2 not evaluated.\n"
        "13 of 15 checks could look. Of the others nobody knows whether they are\n"
        "good or bad.\n"
        "- the source failed: goal completions, viral spike\n"
        "Period: 2026-10-23 to 2026-11-19.\n"
        "Prior period: 2026-09-25 to 2026-10-22.\n"
        "Sources: the storefront.\n"
    )


def test_the_same_in_german() -> None:
    news = [
        News(critical("cart_abandonment_rate", value=Decimal("91.5")), Why.STILL_CRITICAL, date(2026, 11, 14)),
        News(outcome(Status.PASS, value=Decimal(52)), Why.RESOLVED, None),
    ]

    assert mail(*news, spoken=GERMAN, name="Blütenzauber") == (
        "Blütenzauber (larkspur), Nacht vom 21.11.2026\n"
        "\n"
        "KRITISCH: Warenkorbabbrüche 91,5 % (weiterhin kritisch, seit 14.11.2026)\n"
        "Zu viele Warenkörbe von TikTok bleiben liegen: 91,5 % der Warenkörbe\n"
        "bleiben liegen.\n"
        "Schwellen: Warnung über 60 %, kritisch über 75 % (Vorgabe von Nightjar).\n"
        "Was Sie tun können: Gehen Sie die Kasse auf einem Handy im\n"
        "TikTok-Browser durch: Nennen Sie die Versandkosten vor dem letzten\n"
        "Schritt, erlauben Sie den Kauf ohne Kundenkonto und erinnern Sie an\n"
        "liegen gebliebene Warenkörbe.\n"
        "Eine Woche lang stummschalten:\n"
        'nightjar mute larkspur cart_abandonment_rate --until 2026-11-28 --reason "GRUND"\n'
        "\n"
        "BEHOBEN: Absprungrate 52 % (in dieser Nacht behoben, war zuvor kritisch)\n"
        "Besucher von TikTok bleiben: 52 % der Sitzungen enden sofort.\n"
        "\n"
        "Alle Prüfungen dieser Nacht: 10 bestanden, 2 Warnungen, 1 kritisch, 2\n"
        "nicht geprüft.\n"
        "Möglich: 13 von 15 Prüfungen. Bei den übrigen ist offen, ob alles in\n"
        "Ordnung ist.\n"
    )


@pytest.mark.parametrize("spoken", TONGUES, ids=lambda spoken: spoken.tag)
def test_our_own_lines_fit_a_small_screen(spoken: Language) -> None:
    theirs = "9" * 200
    told = mail(*every_news(theirs), warnings=every_warning(theirs), scene=whole_scene(theirs), spoken=spoken, name="9")
    lines = told.splitlines()

    assert [line for line in lines if len(line) > 72 and "999" not in line and "nightjar mute " not in line] == []


def test_evidence_names_pages_and_sources_the_first_five() -> None:
    rows: list[Any] = [{"name": f"/p{at}", "sessions": 3900, "conversion_rate": Decimal("0.2"), "revenue": None}
                       for at in range(7)]  # fmt: skip
    told = mail(News(critical("unconverting_pages", unit="pages", value=Decimal(7), evidence={"pages": rows}),
                     Why.OPENED, NIGHT))  # fmt: skip

    assert "\npages:\n- /p0: sessions 3,900, conversion rate 0.2 %\n" in told
    assert "\n- /p4: sessions 3,900, conversion rate 0.2 %\n- and 2 more\n" in told


def test_evidence_of_any_kind_is_told_in_a_line() -> None:
    told = mail(News(critical(evidence={"plan": "old", "verified": False, "gone": None, "visits": 1200,
                                        "ends_on": "2026-11-26", "date": "soon", "deep": [[1], {"x": {"y": 2}}]}),
                     Why.OPENED, NIGHT))  # fmt: skip

    assert "\nplan: old\nverified: no\nvisits: 1,200\nends on: 2026-11-26\ndate: soon\n" in told
    assert "\ndeep:\n- 1 entry\n- x 1 entry\n" in told
    assert "gone" not in told


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (Origin(), "Limits: warn above 60 %, critical above 75 % (Nightjar's default).\n"),
        (Origin("merchant", "long pages"), "critical above 75 %.\nThe threshold is the shop's own: long pages\n"),
    ],
)
def test_it_says_who_set_the_limits(origin: Origin, line: str) -> None:
    assert line in mail(News(critical(origin=origin), Why.OPENED, NIGHT))


def test_a_condition_has_no_limits_but_may_be_of_the_shops_own_making() -> None:
    broken = critical("account_access", value=None, conditions=("personal_account",), origin=Origin("merchant", "rule"))

    told = mail(News(broken, Why.OPENED, NIGHT))

    assert "Limits" not in told
    assert "\nThe threshold is the shop's own: rule\n" in told


@pytest.mark.parametrize(
    ("check_id", "before"),
    [
        ("bounce_rate", "Prior period: 52 %, now 81.2 %."),
        ("sessions_trend", "Prior period: 8,000 sessions, now 3,000 sessions."),
        ("attributed_revenue", "Prior period: 3,200 GBP, now 1,200.5 GBP."),
        ("session_duration", "Prior period: 64 s, now 64 s."),
        ("access_token", None),
        ("unconverting_pages", None),
    ],
)
def test_it_tells_the_period_before_of_what_has_one(check_id: str, before: str | None) -> None:
    told = mail(News(critical(check_id), Why.OPENED, NIGHT), scene=replace(whole_scene(), periods=None))

    assert re.findall(r"^Prior period: .*$", told, re.MULTILINE) == ([before] if before else [])


def test_where_there_is_no_prior_period_it_says_so() -> None:
    seen = bad_night(sessions=sessions(prior=absent(Reason.NO_PRIOR)))
    scene = Scene(NIGHT, COUNTS, kpis=audit_of(seen, None, default_profile(), evaluated_at=NOW).kpis)

    assert "\nPrior period: nothing to compare with.\n" in mail(scene=scene)


def test_when_all_could_look_it_says_so() -> None:
    told = mail(scene=Scene(NIGHT, COUNTS | {Status.NOT_EVALUATED: 0}))

    assert told.endswith("10 pass, 2 warn, 1 critical, 0 not evaluated.\nAll 13 checks could look.\n")


def test_a_mute_that_has_ended_is_announced_with_what_it_hid() -> None:
    told = mail(News(critical(), Why.STILL_CRITICAL, NIGHT, ended=(muted("new theme", "all"),)), spoken=GERMAN)

    assert (
        "\nDie Stummschaltung von allen Prüfungen durch new theme (new theme) ist beendet; "
        "sie galt bis zur Nacht vom 21.11.2026.\n"
    ) in told


def test_a_scope_is_not_taken_for_the_address_of_a_site() -> None:
    broken = critical("account_access", value=None, conditions=("basic_scope_missing",))

    assert "user[.]info[.]basic" in mail(News(broken, Why.OPENED, NIGHT))


def test_a_token_about_to_end_says_when() -> None:
    told = mail(News(judged("access_token", bad_night())._replace(status=Status.CRITICAL), Why.OPENED, NIGHT))

    assert "\nends on: 2026-11-26\n" in told
    assert "open id" not in told


def test_every_text_of_ours_comes_from_the_catalogue() -> None:
    """In a language whose every word is a row of x, what is left of the alphabet stands in the code."""
    told = mail(*every_news("9"), warnings=every_warning("9"), scene=whole_scene("9"), spoken=PSEUDO, name="9")

    # A command is typed as it is; currencies and seconds are signs; a check's id is what the mute was set with.
    foreign = re.sub(r"^nightjar mute .*$|\bGBP\b|\bs\b|bounce_rate|larkspur", "", told, flags=re.MULTILINE)
    assert set(re.findall(r"[^\W\d_]", foreign)) == {"x"}


def test_every_key_of_evidence_has_a_name_in_the_catalogue() -> None:
    told = mail(*every_news(), scene=whole_scene(), spoken=GERMAN)

    assert len(CHECKS) == len({news.outcome.check_id for news in every_news()})
    for english in ("pages:", "candidates:", "spikes:", "returning users", "account type", "channel conversion"):
        assert english not in told


def test_a_week_of_silence_is_offered_over_the_end_of_a_month() -> None:
    told = mail(scene=replace(SCENE, night=NIGHT + timedelta(days=8)))

    assert "--until 2026-12-06 " in told
