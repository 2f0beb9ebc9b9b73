"""The JSON for programs: the published schema is the model's, and every message that is composed keeps to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, ValidationError

from console import alert_schema
from functions.audit.alert import compose
from functions.audit.digest import Change, Warned
from functions.audit.document import document
from functions.audit.document_form import schema
from functions.audit.language import ENGLISH, Language, language
from functions.audit.merchant import Merchant
from functions.audit.news import News, Scene
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from functions.audit.telling import Why
from functions.audit.verdict import audit_of, conclude
from tests.audit.hostile import hostile_text
from tests.audit.messages import SCENE, bad_night, critical, every_news, every_warning, whole_scene
from tests.audit.tongues import TONGUES
from tests.builders import NIGHT, NOW, channel, merchant, outcome, overriding

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas" / "alert.schema.json"
VALIDATOR = Draft202012Validator(
    json.loads(PUBLISHED.read_text(encoding="utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def made(
    *news: News,
    warnings: Sequence[Warned] = (),
    scene: Scene = SCENE,
    spoken: Language = ENGLISH,
    shop: Merchant | None = None,
    name: str = "Larkspur",
) -> Any:
    told = news or [News(critical(), Why.OPENED, NIGHT)]
    text = document(name, shop or merchant(), scene, told, warnings, spoken, "Nightjar")
    assert "\n" not in text
    plain = json.loads(text)
    VALIDATOR.validate(plain)
    return plain


def test_the_published_schema_is_that_of_the_model() -> None:
    Draft202012Validator.check_schema(schema())

    assert PUBLISHED.read_text(encoding="utf-8") == alert_schema.text()


def test_a_message_as_a_whole() -> None:
    shop = overriding("bounce_rate", warn=55, critical=70, reason="long-form landing pages")

    alert = conclude(audit_of(channel(bounce_rate="81.25"), shop, default_profile(), evaluated_at=NOW), shop, {}).alert

    assert alert is not None
    plain = json.loads(alert.document)
    VALIDATOR.validate(plain)
    (told,) = plain.pop("news")
    assert plain == {
        "schema_version": 1,
        "kind": "alert",
        "merchant_id": "larkspur",
        "merchant_name": "Larkspur Candles",
        "alert_id": alert.alert_id,
        "night": "2026-11-21",
        "language": "en",
        "subject": "Nightjar: Larkspur Candles: bounce rate 81.2 %",
        "counts": {"pass": 14, "info": 0, "warn": 0, "critical": 1, "not_evaluated": 0},
        "coverage": {"checks": 15, "looked": 15},
        "not_evaluated": [],
        "warnings": [],
        "periods": {
            "current": {"start": "2026-10-23", "end": "2026-11-19"},
            "prior": {"start": "2026-09-25", "end": "2026-10-22"},
        },
        "sources": ["tiktok", "storefront"],
    }
    assert told.pop("advice").startswith("Let the video's promise")
    assert told == {
        "check_id": "bounce_rate",
        "area": "traffic",
        "why": "opened",
        "status": "critical",
        "since": "2026-11-21",
        "value": 81.25,
        "unit": "%",
        "warn": 55,
        "critical": 70,
        "threshold": {"set_by": "merchant", "reason": "long-form landing pages", "expires": None},
        "conditions": [],
        "prior": 52,
        "prior_unit": "%",
        "explains": 0,
        "evidence": {"prior_period": 52},
        "text": "Too many visitors from TikTok leave at once: 81.2 % of sessions bounce "
        "(warn above 55 %, critical above 70 %).",
    }


def test_words_for_people_are_in_the_shops_language_and_names_for_programs_in_english() -> None:
    plain = made(spoken=language("de"))

    assert plain["language"] == "de"
    assert plain["news"][0]["check_id"] == "bounce_rate"
    assert plain["news"][0]["text"].startswith("Zu viele Besucher von TikTok springen sofort ab: 81,2 %")
    assert plain["news"][0]["advice"].startswith("Zeigen Sie auf der Landeseite")


def test_what_could_not_look_is_told_with_every_reason() -> None:
    plain = made(scene=whole_scene())

    assert plain["not_evaluated"][0] == {"check_id": "access_token", "reasons": ["scope_missing"]}
    assert plain["coverage"] == {"checks": 15, "looked": 13}


def test_good_news_come_with_no_advice() -> None:
    (told,) = made(News(outcome(Status.PASS), Why.RESOLVED, None))["news"]

    assert (told["status"], told["since"], told["advice"]) == ("pass", None, None)


def test_evidence_has_bounds_of_its_own() -> None:
    nested: Any = {"rows": [{"name": "x" * 500}] * 30, "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}}, "truth": True}

    (told,) = made(News(critical(evidence=nested), Why.OPENED, NIGHT))["news"]

    assert len(told["evidence"]["rows"]) == 10
    assert told["evidence"]["rows"][0]["name"] == "x" * 117 + "..."
    assert told["evidence"]["deep"] == {"a": {"b": {"c": {"d": None}}}}
    assert told["evidence"]["truth"] is True


def test_a_document_of_another_version_is_refused_by_the_schema() -> None:
    with pytest.raises(ValidationError):
        VALIDATOR.validate(made() | {"schema_version": 2})


@pytest.mark.parametrize("spoken", TONGUES, ids=lambda spoken: spoken.tag)
def test_all_that_can_be_told_keeps_to_the_schema(spoken: Language) -> None:
    plain = made(*every_news(), warnings=every_warning(), scene=whole_scene(), spoken=spoken)

    assert {told["why"] for told in plain["news"]} == {why.value for why in Why}
    assert {told["change"] for told in plain["warnings"]} == {change.value for change in Change}


@given(hostile_text())
@settings(max_examples=12, deadline=None)
def test_whatever_others_wrote_keeps_to_the_schema(words: str) -> None:
    made(*every_news(words), warnings=every_warning(words), scene=whole_scene(words), name=words)


def test_a_merchant_chooses_the_language_of_all_forms_at_once() -> None:
    shop = merchant(alerts={"language": "de"})

    alert = compose(shop, SCENE, [News(critical(), Why.OPENED, NIGHT)], created_at=NOW)

    assert json.loads(alert.document)["language"] == "de"
    assert json.loads(alert.document)["subject"] == alert.subject
    assert "Absprungrate" in alert.subject
    assert "Absprungrate" in alert.sms
    assert "Absprungrate" in alert.email
    # The ledger's own words stay those of the tables.
    assert alert.criticals[0].summary.startswith("Too many visitors")


def test_a_night_of_which_nothing_else_is_known_has_no_periods() -> None:
    assert made()["periods"] is None


def test_the_worst_night_says_all_that_it_saw() -> None:
    shop = merchant()

    alert = conclude(audit_of(bad_night(), shop, default_profile(), evaluated_at=NOW), shop, {}).alert

    assert alert is not None
    assert [told["check_id"] for told in json.loads(alert.document)["news"]] == ["bounce_rate", "cart_abandonment_rate"]
