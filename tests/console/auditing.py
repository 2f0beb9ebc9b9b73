"""Running the real `nightjar audit` against scripted worlds, and saying what must come out of it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.cli import main
from functions.fetcher.http import Http, Limits
from tests.console.healthy import NIGHT
from tests.console.scenarios import World

ACCESS = ("access_token", "account_access", "stats_scope")
OF_SESSIONS = (
    "bounce_rate",
    "pageviews_per_session",
    "session_duration",
    "sessions_trend",
    "session_conversion_rate",
    "cart_abandonment_rate",
    "returning_users",
    "goal_completions",
    "attributed_revenue",
    "amplify_candidates",
    "viral_spike",
)
OF_PAGES = ("unconverting_pages", "amplify_candidates")
OF_SOURCES = ("amplify_candidates",)
ANALYTICS = (*OF_SESSIONS, "unconverting_pages")
# The report's order and the areas, as DESIGN §4 lists them.
AREAS = {
    "access_token": "access",
    "account_access": "access",
    "stats_scope": "access",
    "bounce_rate": "traffic",
    "pageviews_per_session": "traffic",
    "session_duration": "traffic",
    "sessions_trend": "traffic",
    "session_conversion_rate": "audience",
    "cart_abandonment_rate": "audience",
    "returning_users": "audience",
    "goal_completions": "audience",
    "attributed_revenue": "commerce",
    "unconverting_pages": "commerce",
    "amplify_candidates": "commerce",
    "viral_spike": "commerce",
}
LIMITS = {
    "access_token": (14, None),
    "bounce_rate": (60, 75),
    "pageviews_per_session": (1.5, None),
    "session_duration": (50, None),
    "sessions_trend": (20, None),
    "session_conversion_rate": (1, 0.5),
    "cart_abandonment_rate": (75, 85),
    "goal_completions": (5, None),
    "attributed_revenue": (5, None),
}
STATS = ("followers", "following", "likes", "videos")
CHANNEL = (
    "sessions",
    "users",
    "new_users",
    "returning_users",
    "bounce_rate",
    "pageviews_per_session",
    "avg_session_duration",
    "session_conversion_rate",
    "cart_abandonment_rate",
    "goal_completions",
    "orders",
    "revenue",
)
OUTCOME_KEYS = {
    "check_id",
    "area",
    "status",
    "value",
    "unit",
    "warn",
    "critical",
    "reasons",
    "summary",
    "evidence",
}
KPI_KEYS = {"value", "prior", "change_percent", "unit", "sentiment", "reason"}

# What an outcome must be: a status, or the reasons why it was not evaluated.
Due = str | tuple[str, ...]


def blind(checks: tuple[str, ...], *reasons: str) -> dict[str, Due]:
    """Return that these checks are not evaluated, for these reasons."""
    return dict.fromkeys(checks, reasons)


@dataclass(frozen=True, slots=True)
class Shop:
    """One merchant of the file. ``tokens``, ``tiktok`` and ``more`` are TOML lines."""

    world: World
    id: str = "larkspur"
    tokens: str = 'access_token = "act.file"'
    scopes: tuple[str, ...] | None = ("basic", "profile", "stats")
    account_type: str | None = "business"
    tiktok: bool = True
    analytics: bool = True
    more: str = ""

    def toml(self) -> str:
        """Return the merchant as DESIGN §9 writes it."""
        lines = ["[[merchant]]", f'id = "{self.id}"', 'name = "Larkspur Candles"']
        lines += ['timezone = "Europe/London"', 'currency = "GBP"']
        if self.tiktok:
            lines += ["[merchant.tiktok]", 'open_id = "723f24d7"', f'base_url = "{self.world.base_url}"', self.tokens]
            if self.account_type is not None:
                lines.append(f'account_type = "{self.account_type}"')
            if self.scopes is not None:
                lines.append(f"scopes = {json.dumps([f'user.info.{scope}' for scope in self.scopes])}")
        if self.analytics:
            lines += ["[merchant.analytics]", 'provider = "storefront"', f'base_url = "{self.world.base_url}"']
        return "\n".join([*lines, self.more, ""])


@dataclass(frozen=True, slots=True)
class Result:
    """What the command said."""

    code: int
    out: str
    err: str

    @property
    def audits(self) -> list[dict[str, Any]]:
        """The audits of the JSON report, whose frame is checked on the way."""
        plain = json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert list(plain) == ["night", "audits"]
        for audit in plain["audits"]:
            assert set(audit) == {"merchant_id", "outcomes", "kpis"}
            assert {o["check_id"]: o["area"] for o in audit["outcomes"]} == AREAS
            assert [o["check_id"] for o in audit["outcomes"]] == list(AREAS)
            assert all(set(outcome) == OUTCOME_KEYS for outcome in audit["outcomes"])
            assert set(audit["kpis"]) == {*STATS, *CHANNEL}
            assert all(set(kpi) == KPI_KEYS for kpi in audit["kpis"].values())
        audits: list[dict[str, Any]] = plain["audits"]
        return audits

    def outcome(self, check_id: str, *, of: int = 0) -> dict[str, Any]:
        """Return one outcome of one merchant."""
        found: dict[str, Any] = next(o for o in self.audits[of]["outcomes"] if o["check_id"] == check_id)
        return found

    def kpi(self, name: str, *, of: int = 0) -> dict[str, Any]:
        """Return one KPI of one merchant."""
        kpi: dict[str, Any] = self.audits[of]["kpis"][name]
        return kpi


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a test sits: a folder, and the command within this process. Backing off takes milliseconds here."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def limits(self, **limits: Any) -> None:
        """Let waiting be short: the seam is ``Http``'s own ``limits`` argument."""
        short = {"backoff": 0.001, "longest_backoff": 0.002, **limits}
        self.monkeypatch.setattr("console.local_audit.Http", partial(Http, limits=Limits(**short)))

    def run(self, *arguments: str) -> Result:
        """Run the command."""
        self.monkeypatch.setattr(sys, "argv", ["nightjar", *arguments])
        self.capture.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        with pytest.raises(SystemExit) as left:
            main()
        signal.signal(signal.SIGTERM, before)  # the command takes it over for the rest of its process
        out, err = self.capture.readouterr()
        return Result(left.value.code if isinstance(left.value.code, int) else 0, out, err)

    def audit(self, *shops: Shop, night: str = NIGHT, options: tuple[str, ...] = ()) -> Result:
        """Audit the shops of a file."""
        file = self.folder / "merchants.toml"
        file.write_text("\n".join(shop.toml() for shop in shops), encoding="utf-8")
        return self.run("audit", "--merchants", str(file), "--format", "json", "--night", night, *options)

    def keys(self) -> None:
        """Have the app's keys in the environment, so that tokens are refreshed."""
        self.monkeypatch.setenv("NIGHTJAR_TIKTOK_CLIENT_KEY", "the-key")
        self.monkeypatch.setenv("NIGHTJAR_TIKTOK_CLIENT_SECRET", "the-secret")


def expect(result: Result, due: Mapping[str, Due] | None = None, *, of: int = 0, only: bool = True) -> None:
    """Assert that everything passes except what is named, that reasons are exactly these, and the exit code."""
    due = due or {}
    assert set(due) <= set(AREAS), "a check of that name does not exist"
    audit = result.audits[of]
    said = {o["check_id"]: tuple(sorted(o["reasons"])) or o["status"] for o in audit["outcomes"]}
    wanted: dict[str, Due] = {}
    for check_id in AREAS:
        wish = due.get(check_id, "pass")
        wanted[check_id] = wish if isinstance(wish, str) else tuple(sorted(wish))
    assert said == wanted
    for outcome in audit["outcomes"]:
        assert (outcome["status"] == "not_evaluated") is bool(outcome["reasons"])
        assert outcome["summary"]
        if outcome["status"] == "not_evaluated":
            assert outcome["value"] is None
        if outcome["check_id"] in LIMITS:
            assert (outcome["warn"], outcome["critical"]) == LIMITS[outcome["check_id"]]
    if only:
        assert result.code == code_of(wanted)


def code_of(wanted: Mapping[str, Due]) -> int:
    """Return the exit code that DESIGN §9 gives for these outcomes."""
    if "critical" in wanted.values():
        return 1
    return 3 if any(isinstance(wish, tuple) for wish in wanted.values()) else 0
