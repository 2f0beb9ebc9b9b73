"""Outcomes, KPIs and findings as plain data: the names that scripts rely on, numbers rounded only now."""

from datetime import timedelta
from decimal import Decimal

from functions.audit.absence import Reason
from functions.audit.finding import move
from functions.audit.kpi import kpis_of
from functions.audit.outcome import Status
from functions.audit.plain import evidence_plain, finding_plain, kpi_plain, outcome_plain
from functions.audit.profile import default_profile
from tests.builders import NIGHT, absent, channel, figures, judged, outcome, overriding, snapshot


def test_an_outcome_has_the_contracts_names() -> None:
    shop = overriding("bounce_rate", warn=65, expires=NIGHT)
    plain = outcome_plain(judged("bounce_rate", channel(bounce_rate="81.2500001"), shop))

    assert plain["summary"].startswith("Too many visitors from TikTok leave at once")
    assert {name: value for name, value in plain.items() if name != "summary"} == {
        "check_id": "bounce_rate",
        "area": "traffic",
        "status": "critical",
        "value": Decimal("81.25"),
        "unit": "%",
        "warn": 65,
        "critical": 75,
        "reasons": [],
        "causes": [],
        "samples": {"sessions": 8000},
        "conditions": [],
        "evidence": {"prior_period": 52},
        "threshold": {"set_by": "merchant", "reason": "the shop's own traffic", "expires": "2026-11-21"},
    }


def test_what_was_not_evaluated_has_its_reasons_and_causes() -> None:
    plain = outcome_plain(judged("bounce_rate", channel(sessions=5, bounce_rate=absent(detail="null"))))

    assert (plain["status"], plain["value"]) == ("not_evaluated", None)
    assert plain["reasons"] == ["not_measured", "sample_too_small"]
    assert plain["causes"] == [
        {"reason": "not_measured", "detail": "null (not_measured)"},
        {"reason": "sample_too_small", "detail": "needs at least 100 sessions, saw 5"},
    ]


def test_a_kpi_has_the_contracts_names() -> None:
    found = {kpi.name: kpi_plain(kpi) for kpi in kpis_of(channel(figures(orders=111), orders=112))}

    assert found["orders"] == {
        "value": 112,
        "prior": 111,
        "change_percent": Decimal("0.900901"),
        "unit": "orders",
        "good_when": "higher",
        "sentiment": "good",
        "reason": None,
        "source": "storefront",
    }
    gone = {kpi.name: kpi_plain(kpi) for kpi in kpis_of(snapshot(stats=absent(Reason.SCOPE_MISSING)))}["followers"]
    assert (gone["value"], gone["reason"], gone["sentiment"]) == (None, "scope_missing", "unknown")


def test_a_finding_has_the_tables_names() -> None:
    pace, tomorrow = default_profile().pace, NIGHT + timedelta(days=1)
    opened, _ = move(None, outcome(Status.CRITICAL), merchant_id="larkspur", night=NIGHT, pace=pace)
    blind, _ = move(opened, outcome(Status.NOT_EVALUATED), merchant_id="larkspur", night=tomorrow, pace=pace)
    plain = finding_plain(blind)

    assert {name: plain[name] for name in ("status", "severity", "value", "reason", "nights_open")} == {
        "status": "not_evaluated",
        "severity": "critical",
        "value": None,
        "reason": "source_failed",
        "nights_open": 2,
    }
    assert (plain["opened_on"], plain["last_night"]) == ("2026-11-21", "2026-11-22")
    assert (plain["blinded_since"], plain["resolved_on"]) == ("2026-11-22", None)
    assert (plain["critical_since"], plain["calmed_on"], plain["returned_on"]) == ("2026-11-21", None, None)
    assert (plain["good_nights"], plain["calm_nights"]) == (0, 0)


def test_numbers_within_evidence_are_rounded_at_any_depth() -> None:
    third = Decimal(1) / 3

    assert evidence_plain({"a": third, "b": [{"c": third, "d": "x"}], "e": 7, "f": None, "g": True}) == {
        "a": Decimal("0.333333"),
        "b": [{"c": Decimal("0.333333"), "d": "x"}],
        "e": 7,
        "f": None,
        "g": True,
    }
