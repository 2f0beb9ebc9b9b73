"""What a merchant's report says: everything that was judged, every absence by its reason, and nobody else's code."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.kpi import KPI_NAMES
from functions.audit.snapshot import Snapshot
from functions.report.view import MerchantView
from tests.builders import (
    NIGHT,
    NOW,
    PERIODS,
    absent,
    channel,
    figures,
    merchant,
    mute,
    overriding,
    pages,
    sessions,
    snapshot,
)
from tests.builders import page as landing_page
from tests.report.nights import Read, earlier, page, sample_page, samples, stored, view
from tests.store.stories import NEVER_CAME

HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}{%x%}"
DUD = {"sessions": 2000, "conversion_rate": "0.1", "revenue": "12.50"}


def night_of_nobody() -> Snapshot:
    return Snapshot.unseen(merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=NEVER_CAME)


def with_page_called(name: str) -> Snapshot:
    return snapshot(pages=pages(landing_page(f"/{name}", title=name, **DUD)))


@pytest.mark.parametrize(
    "seen", [snapshot(), channel(bounce_rate="81.2"), night_of_nobody()], ids=["well", "bouncing", "nobody"]
)
def test_every_check_is_there_with_its_status_and_so_is_every_kpi(seen: Snapshot) -> None:
    read = Read(page(seen))

    for check in CATALOGUE:
        assert read.text(f"check-{check.id}"), check.id
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert read.text().count("No figure:") + read.text().count(" by ") >= len(KPI_NAMES)


def test_what_is_open_comes_first_with_evidence_age_and_advice() -> None:
    read = Read(page(channel(bounce_rate="81.2", prior=figures(bounce_rate="55"))))

    told = read.text("open")
    assert "Too many visitors from TikTok leave at once: 81.2 % of sessions bounce" in told
    assert "prior period: 55" in told
    assert "Open for 1 night, since 21 November 2026" in told
    assert "first three seconds" in told or "landing page" in told
    assert read.text("check-bounce_rate").startswith("Bounce rate ✕ critical")
    assert "Judged by: warn above 60 %, critical above 75 %." in read.text("check-bounce_rate")
    assert "Rests on 8,000 sessions." in read.text("check-bounce_rate")


def test_a_mute_and_an_acknowledgement_are_shown_where_they_hush_something() -> None:
    hushes = [
        mute(check_id="cart_abandonment_rate", until=NIGHT - timedelta(days=1)),
        mute(check_id="bounce_rate", until=NIGHT),
        mute(check_id="all", kind="ack", episode=NIGHT, reason="the agency knows"),
    ]
    seen = channel(bounce_rate="81.2", cart_abandonment_rate="90", pageviews_per_session="1.1")

    said = {one.id: one.hushed for one in view(seen, mutes=hushes).open}

    assert said == {
        "bounce_rate": "Muted until 21 November 2026 by Anna: new theme",
        "cart_abandonment_rate": "Acknowledged by Anna: the agency knows",
        "pageviews_per_session": "Acknowledged by Anna: the agency knows",
    }
    assert {one.hushed for one in view(seen, mutes=hushes, today=NIGHT + timedelta(days=1)).open} != set(said.values())


def test_a_night_without_anything_wrong_says_so_and_nothing_is_open() -> None:
    of = view(snapshot())

    assert of.headline == "All is well: every check could look, and none found anything bad."
    assert (of.open, of.nothing_open) == ((), "Nothing is open.")
    assert of.unseen == ()


def test_an_own_threshold_is_shown_with_its_reason() -> None:
    told = Read(page(channel(bounce_rate="62"), overriding("bounce_rate", warn="65", expires="2026-12-31")))

    said = "warn above 65 %, critical above 75 %, the merchant's own: the shop's own traffic (until 31 December 2026)."
    assert said in told.text("check-bounce_rate")


def test_a_night_that_nobody_came_back_from_has_no_figure_at_all() -> None:
    of = view(night_of_nobody())

    assert of.headline == "Nobody could look that night."
    assert (of.nothing_open, of.is_blind) == ("Nothing is known to be open, but 15 could not be looked at.", True)
    assert {check.limits for group in of.groups for check in group.checks} == {""}
    assert [kpi.value for kpi in of.kpis] == [""] * len(KPI_NAMES)
    assert {kpi.unseen for kpi in of.kpis} == {"the source failed"}
    assert (of.charts, of.charts_unseen) == ((), "Could not look: the fetch never came back.")
    (cause,) = of.unseen
    assert (cause.why, cause.details) == ("The source failed", ("the fetch never came back",))
    assert [check_id for check_id, _ in cause.checks] == [check.id for check in CATALOGUE]


def test_every_cause_is_named_with_its_checks_and_what_to_do() -> None:
    failed = absent(Reason.SOURCE_FAILED, Reason.RATE_LIMITED, detail="the shop is away")
    of = view(snapshot(pages=failed))

    assert [cause.why for cause in of.unseen] == ["The source failed", "The source was asked too often"]
    for cause in of.unseen:
        assert [title for _, title in cause.checks] == ["Unconverting pages", "Amplify candidates"]
    assert of.headline == "Nothing bad was seen, but 2 could not be looked at."
    assert (of.fix.rows, of.fix.said[:15]) == ((), "Could not look:")


def test_a_check_that_an_audit_lacks_is_told_as_not_looked_at() -> None:
    of = stored(snapshot())
    row = {**of.row, "outcomes": {name: one for name, one in of.row["outcomes"].items() if name != "viral_spike"}}

    shown = view(snapshot(), row=row)

    assert shown.headline == "Nothing bad was seen, but 1 could not be looked at."
    assert "This night's audit has no such check." in [
        check.summary for group in shown.groups for check in group.checks if check.id == "viral_spike"
    ]


def test_pages_to_fix_are_listed_with_what_they_earn() -> None:
    shown = view(with_page_called("dud"), merchant(currency="USD")).fix

    assert [(row.name, row.sessions, row.rate, row.revenue) for row in shown.rows] == [
        ("/dud", "2,000", "0.1 %", "12.50 GBP")
    ]


def test_pages_are_counted_in_the_shops_own_money_where_nobody_else_says_in_which() -> None:
    blind = with_page_called("dud").model_copy(update={"sessions": absent()})

    assert view(blind, merchant(currency="JPY")).fix.rows[0].revenue == "12.50 JPY"


def test_a_measured_zero_is_a_zero_and_an_absent_figure_is_none() -> None:
    seen = snapshot(sessions=sessions(current=figures(orders=0, revenue=absent()), prior=figures()))
    cards = {card.name: card for card in view(seen).kpis}

    assert (cards["orders"].value, cards["orders"].change, cards["orders"].sentiment) == ("0", "−100 %", "bad")
    assert (cards["revenue"].value, cards["revenue"].unseen) == ("", "the source does not measure it")


def test_a_kpis_course_has_gaps_where_nobody_looked() -> None:
    of = stored(snapshot())

    shown = view(snapshot(), nights=earlier(of, [6, 5, 3, 2, 1]))
    (card,) = (card for card in shown.kpis if card.name == "sessions")

    assert card.spark is not None
    assert (card.spark.nights, len(card.spark.lines)) == (7, 2)


@pytest.mark.parametrize(
    ("zone", "judged"),
    [("Pacific/Auckland", "21 November 2026, 15:15"), ("America/Los_Angeles", "20 November 2026, 18:15")],
)
def test_times_are_the_merchants(zone: str, judged: str) -> None:
    assert dict(view(snapshot(), merchant(timezone=zone)).made_of)["Judged"] == f"{judged} ({zone})"


def test_a_night_that_is_not_the_last_one_says_how_old_it_is() -> None:
    assert view(snapshot(), today=NIGHT + timedelta(days=1)).stale == ""
    assert view(snapshot(), today=NIGHT + timedelta(days=4)).stale == "These figures are 4 nights old."


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.strip()) | st.just(HOSTILE))
@settings(max_examples=30, deadline=None)
def test_whatever_a_merchant_writes_the_page_is_built_alike(text: str) -> None:
    name = text.strip()[:100]
    harmless = Read(page(with_page_called("candle"), merchant(name="Larkspur")))

    read = Read(page(with_page_called(name), merchant(name=name)))

    assert read.structure == harmless.structure


def test_hostile_text_is_read_as_text() -> None:
    read = Read(page(with_page_called(HOSTILE), merchant(name=HOSTILE)))

    assert "<script>alert(1)</script>" in read.text("pages")
    assert "{{7*7}}" in read.text("pages")
    assert [tag for tag, _ in read.elements if tag in {"script", "img"}] == []


@pytest.mark.parametrize("seen", [channel(bounce_rate="81.2"), night_of_nobody()], ids=["seen", "unseen"])
def test_a_page_asks_nobody_for_anything(seen: Snapshot) -> None:
    html = page(seen, merchant(name="https://evil.example/x.png"))
    read = Read(html)

    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    known = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policies = [attrs["content"] for _, attrs in read.elements if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"]
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    asking = {"src", "srcset", "action", "data", "poster", "background", "style", "xlink:href"}
    assert [
        attrs for _, attrs in read.elements if asking & attrs.keys() or any(name[:2] == "on" for name in attrs)
    ] == []
    assert {attrs["href"][0] for _, attrs in read.elements if "href" in attrs} == {"#"}
    ids = {attrs["id"] for _, attrs in read.elements if "id" in attrs}
    assert {attrs["href"][1:] for _, attrs in read.elements if "href" in attrs} <= ids


def test_every_story_of_the_demo_has_a_report_with_all_its_checks() -> None:
    for one in samples().values():
        read = Read(sample_page(one))

        assert [check.id for check in CATALOGUE if not read.text(f"check-{check.id}")] == [], one.id
        assert read.elements[0][0] == "html"
        assert {tag for tag, _ in read.elements}.isdisjoint({"script", "img", "link", "iframe"}), one.id


def test_the_same_night_is_the_same_page() -> None:
    assert page(channel(bounce_rate="81.2")) == page(channel(bounce_rate="81.2"))


def test_a_restated_verdict_says_that_it_is_one() -> None:
    of = stored(snapshot())

    shown: MerchantView = view(snapshot(), row={**of.row, "version": 2})

    assert dict(shown.made_of)["Verdict"] == "version 2: late figures changed an earlier one"
