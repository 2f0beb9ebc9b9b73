"""Late figures: whether a night that is over is read again, and who is told when that changes what was said of it.

A source goes on counting for days. Each night's daily series shows the days of the nights before it once more; where
they differ from what those nights saw, these are asked for again and judged anew, beside what was said first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.alert import Alert, HeldBack, compose
from functions.audit.finding import Finding
from functions.audit.merchant import Merchant
from functions.audit.mute import Mute
from functions.audit.news import News, Scene
from functions.audit.outcome import Outcome, Status
from functions.audit.snapshot import Series, Snapshot
from functions.audit.telling import Decision, Held, Hold, Send, Why
from functions.audit.verdict import Audit

NIGHTS: Final = 3  # that are looked back to
_FIGURES: Final = 3  # of a day: sessions, goals, revenue
MOST_VERSIONS: Final = 1 + NIGHTS  # of a night's snapshot: each later night may bring one


def is_outdated(then: Snapshot, now: Snapshot, *, change_percent: Decimal) -> bool:
    """Say whether ``now`` shows other figures for days that ``then`` was judged on, or figures that were late then.

    Other figures are those that move a period's sum of sessions, goals or revenue by more than ``change_percent``.
    Another source or currency is no late figure, and a figure that is not shown any more says nothing.
    """
    if now.taken_at <= then.taken_at or isinstance(now.sessions, Absent):
        return False
    if isinstance(then.sessions, Absent):
        return all(cause.reason is Reason.SOURCE_STALE for cause in then.sessions.causes)
    if (then.sessions.backend, then.sessions.currency) != (now.sessions.backend, now.sessions.currency):
        return False
    old, new = then.sessions.series, now.sessions.series
    if isinstance(old, Absent) or isinstance(new, Absent):
        return False
    before, after = dict(_days(old)), dict(_days(new))
    for period in (then.periods.current, then.periods.prior):
        both = [(before[day], after[day]) for day in period if day in before and day in after]
        for at in range(_FIGURES):
            was = _sum(one[at] for one, _ in both)
            # What is not shown any more counts as it was.
            is_now = _sum(one[at] if other[at] is None else other[at] for one, other in both)
            if abs(is_now - was) * 100 > change_percent * was:
                return True
    return False


def _sum(figures: Iterable[Decimal | int | None]) -> Decimal:
    return sum((Decimal(figure or 0) for figure in figures), Decimal())


def _days(series: Series) -> Iterator[tuple[date, tuple[Decimal | int | None, ...]]]:
    for at, figures in enumerate(zip(series.sessions, series.goal_completions, series.revenue, strict=True)):
        yield series.start + timedelta(days=at), figures


def read_again(then: Snapshot, seen: Snapshot) -> Snapshot | None:
    """Return the night as it is now known: the channel read again, everything else as that night saw it.

    ``None`` where the channel could not be seen whole this time: what was seen first is then the better knowledge. How
    the connection stood that night nobody can ask any more.
    """
    if seen.periods != then.periods or isinstance(seen.sessions, Absent):
        return None
    for part in ("pages", "sources"):
        if isinstance(getattr(seen, part), Absent) and not isinstance(getattr(then, part), Absent):
            return None
    fields = {name: getattr(then, name) for name in type(then).model_fields}
    channel = {name: getattr(seen, name) for name in ("sessions", "pages", "sources", "taken_at")}
    return Snapshot.model_validate(fields | channel)


def is_same(old: Audit, new: Audit) -> bool:
    """Say whether two audits of a night, judged by the same rules, say the same."""
    return (old.outcomes, old.kpis) == (new.outcomes, new.kpis)


def correction(
    old: Audit,
    new: Audit,
    merchant: Merchant,
    *,
    version: int,
    told: Sequence[str],
    findings: Mapping[str, Finding],
    mutes: Sequence[Mute] = (),
    stage: str = "",
) -> Alert | None:
    """Return the message that corrects what was said of a night; ``None`` where nobody has to hear of anything.

    ``told``: the checks that messages about that night told of; ``findings`` as they stand now.
    """
    before = {outcome.check_id: outcome.status for outcome in old.outcomes}
    news: list[News] = []
    held: list[HeldBack] = []
    for outcome in new.outcomes:
        match _decide(before.get(outcome.check_id), outcome, new.night, told, findings, mutes):
            case Send(why):
                news.append(News(outcome, why, None))
            case Hold(because, wanted) if because.is_noted:
                held.append(HeldBack(outcome.check_id, outcome.area.value, because, wanted, outcome.summary))
    if not news and not held:
        return None
    scene = Scene(new.night, new.counts, new.outcomes, new.kpis, new.periods, version=version, stage=stage)
    return compose(merchant, scene, news, created_at=new.evaluated_at, held=held)


def _decide(
    before: Status | None,
    outcome: Outcome,
    night: date,
    told: Sequence[str],
    findings: Mapping[str, Finding],
    mutes: Sequence[Mute],
) -> Decision:
    """Return whether somebody is told that the severity was another one. Only criticals are ever told of.

    That it was not critical is said to whoever was told that it was; that it was, unless a later night has said so.
    """
    is_bad, was_bad = outcome.status is Status.CRITICAL, before is Status.CRITICAL
    if is_bad is was_bad or outcome.status is Status.NOT_EVALUATED:
        return Hold(Held.NOT_CRITICAL)
    finding = findings.get(outcome.check_id)
    known = finding is not None and finding.told_night is not None and finding.told_night >= night
    if (is_bad and known) or (was_bad and outcome.check_id not in told):
        return Hold(Held.NOTHING_NEW)
    if any(mute.hides(outcome.check_id, night) for mute in mutes):
        return Hold(Held.MUTED, Why.CORRECTED)
    return Send(Why.CORRECTED)
