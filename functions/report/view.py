"""What a report says of one merchant, as it stands on the page: words and drawings, nothing left to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from functions.audit.merchant import Severity
from functions.audit.outcome import Status
from functions.report.drawing import Chart
from functions.report.gauge import Gauge, Spark


@dataclass(frozen=True, slots=True)
class KpiCard:
    """One figure of the channel. ``unseen``: why there is none, in words; then ``value`` is empty."""

    name: str
    title: str
    value: str
    unit: str
    prior: str
    change: str
    arrow: str
    sentiment: str
    source: str
    unseen: str
    spark: Spark | None


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check: what it came to and everything that it was judged by."""

    id: str
    title: str
    status: Status
    summary: str
    limits: str
    origin: str
    rests_on: str
    evidence: tuple[str, ...]
    advice: str
    gauge: Gauge | None


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one area."""

    id: str
    title: str
    question: str
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class Unseen:
    """A cause that kept checks from looking."""

    why: str
    details: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    advice: str


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """What is open, and since when. ``hushed`` says who does not want to hear of it, and why."""

    id: str
    title: str
    severity: Severity
    summary: str
    age: str
    since: str
    told: str
    state: str
    hushed: str
    advice: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page or source with its figures."""

    name: str
    sessions: str
    rate: str
    revenue: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Pages or sources; ``said`` where there are none to list: why. ``more``: how many are not listed."""

    rows: tuple[Listed, ...]
    said: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class MerchantView:
    """The whole report of a merchant. ``stale`` says so where the night is not the last one.

    ``nothing_open`` stands where nothing is; ``is_blind``: it may be because not everything could be looked at.
    """

    id: str
    name: str
    night: date
    headline: str
    worst: Status
    stale: str
    counts: tuple[tuple[Status, int, str], ...]
    facts: tuple[tuple[str, str], ...]
    findings_as_of: str
    open: tuple[OpenFinding, ...]
    nothing_open: str
    is_blind: bool
    kpis: tuple[KpiCard, ...]
    charts: tuple[Chart, ...]
    charts_unseen: str
    fix: Listing
    amplify: Listing
    groups: tuple[Group, ...]
    unseen: tuple[Unseen, ...]
    made_of: tuple[tuple[str, str], ...]
