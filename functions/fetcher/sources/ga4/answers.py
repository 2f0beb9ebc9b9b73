"""All that one night brought back from a property, and the questions that go across its reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Self, TypeVar

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import Analytics
from functions.audit.periods import Periods
from functions.fetcher.sources.ga4.failures import Refusal
from functions.fetcher.sources.ga4.plan import GOAL_DAYS, GOALS, KEY_EVENTS, TRACKED
from functions.fetcher.sources.ga4.property import Reports
from functions.fetcher.sources.ga4.reading import Cell
from functions.fetcher.sources.ga4.report import Report

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """Every report by name, or why it is missing."""

    reports: Reports
    settings: Analytics
    periods: Periods

    @classmethod
    def of(cls, reports: Reports, settings: Analytics, periods: Periods) -> Self:
        """Return the answers. What the role may not see in one report it may see in none: there it would read 0."""
        hidden: frozenset[str] = frozenset().union(*(report.worth.restricted for report in _read(reports.values())))
        return cls(
            {
                name: replace(came, worth=replace(came.worth, restricted=hidden)) if isinstance(came, Report) else came
                for name, came in reports.items()
            },
            settings,
            periods,
        )

    def report(self, name: str) -> Report | Absent:
        """Return a report, or why there is none."""
        came = self.reports[name]
        if isinstance(came, Report):
            return came
        return self._not_key_events(came) if name in {GOALS, GOAL_DAYS} and came.for_its_content else came.absent

    def cell(self, name: str, within: str, **keys: str) -> Cell:
        """Return the place in a report where a row with these dimensions stands, or would."""
        report = self.report(name)
        return Cell(report, None if isinstance(report, Absent) else report.row(**keys), within)

    def refused(self, name: str) -> bool:
        """Say whether GA4 does not take this report, so that something else has to stand in for it."""
        came = self.reports[name]
        return isinstance(came, Refusal) and came.for_its_content

    def told(self, figure: T | Absent, event: str) -> T | Absent:
        """Return a figure that rests on an event. A 0 of what nobody tells the property is not measured."""
        if figure != 0:
            return figure
        report = self.reports[TRACKED]
        if isinstance(report, Refusal):
            return figure if report.for_its_content else report.absent
        if report.worth.hushed or report.row(eventName=event) is not None:
            return figure
        since = self.periods.prior.start
        return Absent.because(
            Reason.NOT_MEASURED,
            f"since {since} the property was told of no {event} by anybody: the shop does not send it",
        )

    def flags(self, *names: str) -> tuple[str, ...]:
        """Return the warnings on these reports, each once."""
        return tuple(dict.fromkeys(flag for report in self._these(names) for flag in report.worth.flags))

    def first(self, *names: str, said: str) -> str | None:
        """Return what the first of these reports says that says anything: its ``currency`` or ``time_zone``."""
        return next((value for report in self._these(names) if (value := getattr(report.worth, said))), None)

    @property
    def any_came(self) -> bool:
        """Whether there is any report at all."""
        return bool(_read(self.reports.values()))

    @property
    def known_from(self) -> date | None:
        """The first day that GA4 still has, where any report says that older ones are cut off."""
        return max(filter(None, (report.worth.known_from for report in _read(self.reports.values()))), default=None)

    def _these(self, names: Iterable[str]) -> list[Report]:
        return _read(self.reports[name] for name in names if name in self.reports)

    def _not_key_events(self, refusal: Refusal) -> Absent:
        """Return which of the chosen events is none of the property's key events: Google's message names it."""
        chosen = self.settings.key_events
        named = [event for event in chosen if f"{KEY_EVENTS}:{event}".lower() in refusal.message] or chosen
        which = " or ".join(named)
        return Absent.because(Reason.NOT_MEASURED, f"{which} is no key event of the GA4 property")


def _read(came: Iterable[object]) -> list[Report]:
    return [report for report in came if isinstance(report, Report)]
