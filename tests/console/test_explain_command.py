"""`nightjar explain`: how a check came about, of what, by which threshold and whose, and what was missing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.explaining import explanation
from console.inputs import formula_of, inputs_of
from functions.audit.absence import Absent, Reason
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import BioLinkSeen, ClicksSeen, Snapshot
from functions.report.stored import CHECKS, Stored
from functions.store.audits import audit_item
from functions.store.items import from_item
from functions.store.tables import Tables
from functions.store.verdicts import settle
from tests.builders import NIGHT, absent, channel, merchant, overriding, sessions, snapshot, token
from tests.calls import GoOn, watch_calls
from tests.cloud import Cloud
from tests.console.reading import asked, fleet, plain, terminal, unsafe, widest
from tests.console.test_stage_commands import Say, say
from tests.store.stories import TTL, audit
from tests.tables import create_tables

__all__ = ["asked", "fleet", "say", "terminal"]  # fixtures

LINK = BioLinkSeen(status=200, host="larkspur.example", redirects=1, tagged=True, landed_tagged=True)
SAMPLE_NIGHT = snapshot(bio_link=LINK, clicks=ClicksSeen(bio_link=12000))
SERIES = {"days": 60, "unknown": 0}
# Of the sample night: what each check's figure was made of.
MADE_OF: dict[str, dict[str, Any]] = {
    "access_token": {"token days left": 300, "token rejected": False},
    "account_access": {"basic": "seen", "profile": "seen", "account type": "business"},
    "stats_scope": {"stats": "seen"},
    "bounce_rate": {"bounce rate, this period": 52, "sessions, this period": 8000},
    "pageviews_per_session": {"pageviews per session, this period": Decimal("1.9"), "sessions, this period": 8000},
    "session_duration": {
        "avg session duration, this period": 64,
        "avg session duration, the period before": 64,
        "sessions, this period": 8000,
        "sessions, the period before": 8000,
    },
    "sessions_trend": {"sessions, this period": 8000, "sessions, the period before": 8000},
    "session_conversion_rate": {
        "session conversion rate, this period": Decimal("1.4"),
        "sessions, this period": 8000,
    },
    "cart_abandonment_rate": {"cart abandonment rate, this period": 70, "carts, this period": 400},
    "returning_users": {"returning users, this period": 1000, "users, this period": 6900},
    "goal_completions": {
        "goal completions, day by day": {**SERIES, "least": 10, "median": Decimal("39.5"), "most": 69},
    },
    "attributed_revenue": {
        "revenue, this period": 3200,
        "revenue, the period before": 3200,
        "orders, the period before": 112,
    },
    "unconverting_pages": {"total sessions": 8000, "pages": {"listed": 1, "cut_short": False}},
    "amplify_candidates": {
        "session conversion rate, this period": Decimal("1.4"),
        "sessions, this period": 8000,
        "pages": {"listed": 1, "cut_short": False},
        "sources": {"listed": 1, "cut_short": False},
    },
    "viral_spike": {
        "sessions, day by day": {**SERIES, "least": 250, "median": 250, "most": 250},
        "goal completions, day by day": {**SERIES, "least": 10, "median": Decimal("39.5"), "most": 69},
        "revenue, day by day": {**SERIES, "least": 100, "median": 100, "most": 100},
    },
    "bio_link": {
        "bio link status": 200,
        "bio link host": "larkspur.example",
        "bio link redirects": 1,
        "bio link tagged": True,
        "bio link landed tagged": True,
    },
    "click_capture": {"clicks bio link": 12000, "sessions, this period": 8000},
}


@pytest.mark.parametrize("check_id", CHECKS)
def test_every_check_explains_itself_with_the_figures_of_a_night(check_id: str) -> None:
    check = CHECKS[check_id]
    formula = formula_of(check, default_profile().all_rules[check_id].parameters)
    inputs = inputs_of(check, SAMPLE_NIGHT)

    assert {one.name: one.value for one in inputs} == MADE_OF[check_id]
    assert all(one.source for one in inputs)
    assert formula
    assert "{" not in formula
    assert formula[0].islower() or formula.startswith("(")


@pytest.mark.parametrize("check_id", CHECKS)
def test_of_a_night_that_saw_nothing_every_input_says_why(check_id: str) -> None:
    why = absent(Reason.SOURCE_FAILED)
    blind = Snapshot.unseen(
        merchant_id="larkspur", night=NIGHT, taken_at=SAMPLE_NIGHT.taken_at, periods=SAMPLE_NIGHT.periods, why=why
    ).model_copy(update={"bio_link": why, "clicks": why})

    missing = [one.value for one in inputs_of(CHECKS[check_id], blind) if one.path != "account_type"]

    assert missing
    assert all(isinstance(value, Absent) and value.causes == why.causes for value in missing)


def test_the_numbers_of_a_formula_are_the_profiles() -> None:
    rule = default_profile().all_rules["unconverting_pages"]

    formula = formula_of(CHECKS["unconverting_pages"], rule.parameters)

    assert formula.startswith("how many landing pages have at least 100 sessions and 5 % of the channel's, and")
    assert formula.endswith("convert less than 0.5 % of them")


def test_each_input_names_who_measured_it() -> None:
    seen = snapshot(sessions=sessions(backend="ga4", origins={"revenue": "shopify", "orders": "shopify"}))

    revenue = inputs_of(CHECKS["attributed_revenue"], seen)
    bounces = inputs_of(CHECKS["bounce_rate"], seen)

    assert [(one.source, one.unit) for one in revenue] == [("shopify", "GBP"), ("shopify", "GBP"), ("shopify", "")]
    assert [(one.source, one.unit) for one in bounces] == [("ga4", "%"), ("ga4", "")]


def _explained(check_id: str, seen: Snapshot, shop: Merchant | None = None, **row: Any) -> dict[str, Any]:
    """Explain a check of a night as it is stored."""
    shop = shop or merchant()
    stored = from_item(audit_item(audit(seen, shop), ttl=TTL)) | row
    found = Stored(shop, NIGHT, stored, {}, seen, (), NIGHT)
    return explanation(CHECKS[check_id], found, default_profile())


def test_a_threshold_says_who_set_it_why_and_until_when() -> None:
    shop = overriding("bounce_rate", warn=65, expires=date(2026, 12, 31))

    warn, critical = _explained("bounce_rate", channel(bounce_rate="70"), shop)["thresholds"]

    assert (warn["value"], warn["set_by"], warn["reason"], warn["expires"]) == (
        Decimal(65),
        "merchant",
        "the shop's own traffic",
        "2026-12-31",
    )
    assert (critical["value"], critical["set_by"], critical["expires"]) == (Decimal(75), "default", None)
    assert critical["reason"].startswith("Three of four visitors gone at once")


def test_of_another_profile_version_no_reason_is_made_up() -> None:
    told = _explained("bounce_rate", channel(bounce_rate="70"), profile_version="2020.01")

    assert [one["reason"] for one in told["thresholds"]] == [None, None]
    assert told["judged_by"] == {**told["judged_by"], "profile_version": "2020.01", "explained_by": "2026.11"}


def test_too_small_a_sample_says_what_was_seen_and_what_is_needed() -> None:
    told = _explained("cart_abandonment_rate", channel(carts=12, cart_abandonment_rate="99"))

    (sample,) = told["samples"]
    assert (told["status"], told["value"]) == ("not_evaluated", None)
    assert (sample["of"], sample["seen"], sample["needed"]) == ("carts", 12, 30)
    assert [one["reason"] for one in told["causes"]] == ["sample_too_small"]


def test_what_was_found_by_name_says_how_bad_that_is() -> None:
    (found,) = _explained("access_token", snapshot(token=token(rejected="banned")))["conditions"]

    assert (found["says"], found["severity"], found["set_by"]) == (
        "TikTok has banned the account",
        "critical",
        "default",
    )
    assert found["reason"].startswith("The shop's channel is closed")


def test_how_bad_a_condition_is_may_be_the_merchants_own_word() -> None:
    shop = overriding("account_access", conditions={"personal_account": "critical"})

    (found,) = _explained("account_access", snapshot(account_type="personal"), shop)["conditions"]

    assert (found["severity"], found["set_by"], found["reason"]) == ("critical", "merchant", "the shop's own traffic")


def test_a_threshold_of_ones_own_that_is_the_default_is_ones_own_all_the_same() -> None:
    told = _explained("bounce_rate", channel(bounce_rate="70"), overriding("bounce_rate", warn=60, critical=80))

    assert [(one["level"], one["set_by"]) for one in told["thresholds"]] == [
        ("warn", "merchant"),
        ("critical", "merchant"),
    ]


def test_of_an_audit_from_before_thresholds_were_noted_the_number_tells_whose_it_is() -> None:
    told = _explained("bounce_rate", channel(bounce_rate="70"), overriding("bounce_rate", warn=65), overrides={})

    assert [(one["level"], one["set_by"]) for one in told["thresholds"]] == [
        ("warn", "merchant"),
        ("critical", "default"),
    ]


@pytest.mark.usefixtures("fleet")
def test_a_person_reads_it_from_top_to_bottom(say: Say) -> None:
    said = say("explain", "larkspur", "bounce_rate", "--night", "2026-11-21")

    told = plain(said.out)
    assert (said.code, said.err, unsafe(said.out)) == (0, "", [])
    for sentence in (
        "larkspur, bounce_rate, night of 2026-11-21 critical. Too many visitors from TikTok leave at once: 81.2 %",
        "How it comes about: sessions that bounced, as the source defines a bounce, in percent of all sessions",
        "Period: 2026-10-23 to 2026-11-19; before that 2026-09-25 to 2026-10-22",
        "bounce rate, this period 81.2 % storefront sessions, this period 8,000 storefront",
        "warn above 60 % default Healthy shops see 45 to 60 percent from social traffic.",
        "sessions 8,000 100 Below a hundred sessions",
        "Now critical, open since 2026-11-19, 3 nights as of 2026-11-21",
        "Judged by profile 2026.11",
    ):
        assert sentence in told


@pytest.mark.usefixtures("fleet")
def test_programs_get_figures_as_numbers(say: Say) -> None:
    document = say("explain", "larkspur", "bounce_rate", "--night", "2026-11-21", "--format", "json").plain

    assert (document["status"], document["value"], document["finding"]["severity"]) == ("critical", 81.25, "critical")
    assert [(one["name"], one["value"], one["source"]) for one in document["inputs"]] == [
        ("bounce rate, this period", 81.25, "storefront"),
        ("sessions, this period", 8000, "storefront"),
    ]


def test_without_a_night_it_is_the_last_that_was_audited(fleet: Cloud, say: Say) -> None:
    create_tables(fleet.dynamodb, "nightjar-recent-")
    tables = Tables(fleet.dynamodb, "nightjar-recent-")
    tables.merchants.save(merchant())
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    settle(tables, audit(channel(bounce_rate="66"), night=yesterday), merchant(), ttl=TTL)

    document = say("explain", "larkspur", "bounce_rate", "--stage", "recent", "--format", "json").plain

    assert (document["night"], document["value"], document["inputs"]) == (yesterday.isoformat(), 66, [])
    assert "no longer stored" in document["inputs_unseen"]


@pytest.mark.usefixtures("fleet", "terminal")
def test_a_night_that_could_not_look_says_why_and_sends_no_control_character(say: Say) -> None:
    said = say("explain", "larkspur", "bounce_rate", "--night", "2026-11-20")

    told = plain(said.out)
    assert "could not look: source_failed: =1+1[red][31m [/]evil" in told
    assert "Why it was not evaluated" in told
    assert set(unsafe(said.out)) == {"\x1b"}  # our own colours
    assert "\x1b[31m" not in said.out
    assert widest(said.out) <= 60


@pytest.mark.usefixtures("fleet")
def test_a_spreadsheet_gets_a_row_for_each_part(say: Say) -> None:
    said = say("explain", "larkspur", "bounce_rate", "--night", "2026-11-20", "--format", "csv")

    rows = [(row["part"], row["name"], row["value"]) for row in csv.DictReader(io.StringIO(said.out))]
    assert rows == [
        ("outcome", "not_evaluated", ""),
        ("formula", "sessions that bounced, as the source defines a bounce, in percent of all sessions", ""),
        ("input", "bounce rate, this period", ""),
        ("input", "sessions, this period", ""),
        ("threshold", "warn", "60"),
        ("threshold", "critical", "75"),
        ("cause", "source_failed", ""),
    ]
    assert "'=1+1" in said.out


@pytest.mark.usefixtures("fleet")
def test_it_is_read_by_keys_alone(say: Say, asked: list[str]) -> None:
    say("explain", "larkspur", "bounce_rate", "--night", "2026-11-21")

    assert {one.split()[0] for one in asked} == {"GetItem", "Query"}
    assert [one for one in asked if len(one.split()) > 2] == []  # no index
    assert asked.count("Query findings") > 1


@pytest.mark.usefixtures("fleet")
def test_who_may_not_read_snapshots_is_told_the_rest(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(go_on: GoOn, operation: str, parameters: dict[str, Any]) -> Any:
        if parameters.get("TableName", "").endswith("snapshots"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, operation)
        return go_on(operation, parameters)

    watch_calls(monkeypatch, refused)

    said = say("explain", "larkspur", "bounce_rate", "--night", "2026-11-21")

    assert said.code == 0
    assert "Inputs: These credentials may not read what that night saw" in plain(said.out)
    assert "warn above 60 %" in plain(said.out)


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody", "bounce_rate"), "There is no merchant 'nobody' on stage test"),
        (("larkspur", "bounces"), "There is no check 'bounces'; the checks are access_token"),
        (("larkspur", "bounce_rate", "--night", "soon"), "'soon' is not a night"),
        (("larkspur", "bounce_rate", "--night", "9999-01-01"), "9999-01-01 lies in the future."),
        (
            ("larkspur", "bounce_rate", "--night", "2026-11-01"),
            "larkspur has no audit of the night 2026-11-01; there are audits from 2026-11-19 to 2026-11-21.",
        ),
        (("brasa", "bio_link", "--night", "2026-11-21"), "bio_link was not asked for on the night of 2026-11-21"),
    ],
)
def test_a_wrong_call_says_what_to_change(say: Say, words: tuple[str, ...], says: str) -> None:
    said = say("explain", *words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err
