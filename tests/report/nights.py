"""Nights as a stage would have stored them, without a stage; and a page as a browser would read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any, Final

from console.sample.fleet import DESIGNED
from console.sample.story import SampleMerchant
from functions.audit.finding import Finding
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import audit_of, conclude
from functions.report.merchant_view import merchant_view
from functions.report.page import merchant_page
from functions.report.stored import Stored
from functions.report.view import MerchantView
from functions.store.audits import audit_item
from functions.store.items import from_item
from tests.builders import NIGHT, NOW, merchant, snapshot
from tests.console.sample_readings import snapshot_on
from tests.store.stories import TTL

VOID: Final = {"meta", "link", "img", "br", "hr", "input"}


def stored(seen: Snapshot, shop: Merchant | None = None, **changed: Any) -> Stored:
    """Return a night as the tables would give it: judged, and written and read as an item."""
    shop = shop or merchant()
    audit = audit_of(seen, shop, default_profile(), evaluated_at=NOW)
    findings: Mapping[str, Finding] = {one.check_id: one for one in conclude(audit, shop, {}).findings}
    usual: dict[str, Any] = {
        "merchant": shop,
        "night": seen.night,
        "row": from_item(audit_item(audit, ttl=TTL)),
        "findings": findings,
        "snapshot": seen,
        "nights": (),
        "today": NIGHT,
    }
    return Stored(**(usual | changed))


def view(seen: Snapshot, shop: Merchant | None = None, **changed: Any) -> MerchantView:
    return merchant_view(stored(seen, shop, **changed), default_profile())


def page(seen: Snapshot, shop: Merchant | None = None, **changed: Any) -> str:
    return merchant_page(view(seen, shop, **changed))


def samples() -> dict[str, SampleMerchant]:
    """Return the merchants of the demo that have a story."""
    return {one.id: one for one in DESIGNED}


def sample_page(one: SampleMerchant) -> str:
    """Return the report of one of them: its storefront as it is, its account in good order."""
    channel, account = snapshot_on(one, NIGHT), snapshot(merchant_id=one.id)
    parts = {name: getattr(account, name) for name in ("token", "scopes", "basic", "profile", "stats")}
    return page(Snapshot.model_validate(channel.model_dump() | parts), Merchant(id=one.id, name=one.name))


def earlier(of: Stored, nights: Sequence[int]) -> list[dict[str, Any]]:
    """Return the same audit as of so many nights before."""
    return [dict(of.row) | {"night": (of.night - timedelta(days=before)).isoformat()} for before in nights]


class Read(HTMLParser):
    """The elements of a page with their attributes, in order, and its text by the id that it stands under."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[tuple[str, str]] = []
        self._texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(html)
        self.close()
        assert self._open == [], "an element was left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in VOID:
            self._open.append((tag, found.get("id", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self._texts.append((tuple(name for _, name in self._open if name), data))

    def text(self, under: str = "") -> str:
        """Return what is read under an element of that id, or on the whole page, its style left out."""
        told = [text for names, text in self._texts if not under or under in names]
        return " ".join(" ".join(told).split())

    @property
    def structure(self) -> list[tuple[str, list[str]]]:
        """What the page consists of, whatever its texts say."""
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]


def on(day: str) -> date:
    return date.fromisoformat(day)
