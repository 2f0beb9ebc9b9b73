"""Did a day of sudden attention bring goals and revenue too?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median

from functions.audit.absence import Absent, Cause, Reason, causes_of, distinct
from functions.audit.check import HUNDRED, SESSIONS, Breach, Check, Facts, Reading, Unseen, measured
from functions.audit.outcome import Area, EvidenceValue
from functions.audit.snapshot import Series

LISTED = 5
FOLLOWING_DAYS = 2


@dataclass(frozen=True, slots=True)
class _Rise:
    """By how many percent a figure rose against an ordinary day; ``None`` when there is no ordinary day's worth."""

    percent: Decimal | None
    grew_from_nothing: bool = False

    def reaches(self, percent: Decimal) -> bool:
        return self.grew_from_nothing or (self.percent is not None and self.percent >= percent)


def measure(seen: Facts) -> Reading:
    """Count the days of at least so many times the median traffic whose goals and revenue hardly rose."""
    series = measured(seen.see(SESSIONS).series)
    samples = {"series_days": len(series.sessions)}
    daily = [day for day in series.sessions if day is not None]
    if len(daily) < len(series.sessions):
        unknown = f"sessions are unknown on {len(series.sessions) - len(daily)} days"
        return Reading(value=Absent.because(Reason.NOT_MEASURED, unknown), unit="days", samples=samples)
    typical = Decimal(median(daily)) if daily else Decimal()
    if typical == 0:
        nothing = Absent.because(Reason.SAMPLE_TOO_SMALL, "the median day has no sessions: nothing to compare with")
        return Reading(value=nothing, unit="days", samples=samples)
    spikes = [at for at, day in enumerate(daily) if day >= typical * seen.parameters["times_median"]]
    untranslated: list[EvidenceValue] = []
    unseen: tuple[Cause, ...] = ()
    for at in spikes:
        try:
            report = _untranslated(series, at, spikes, typical, seen.parameters["rise_percent"])
        except Unseen as blind:
            unseen = distinct((*unseen, *blind.causes))
            continue
        if report is not None:
            untranslated.append(report)
    return Reading(
        value=Decimal(len(untranslated)) if untranslated or not unseen else Absent(unseen),
        unit="days",
        samples=samples,
        evidence={"spikes": untranslated[:LISTED]} if untranslated else {},
    )


def _untranslated(
    series: Series, at: int, spikes: list[int], typical: Decimal, enough: Decimal
) -> dict[str, EvidenceValue] | None:
    """Return the report of a spike that neither goals nor revenue followed; ``None`` when one of them did.

    Raises:
        Unseen: goals or revenue cannot be compared; carries what is missing of both.
    """
    goals = _rise(series.goal_completions, at, spikes, of="goal completions")
    revenue = _rise(series.revenue, at, spikes, of="revenue")
    if isinstance(goals, Absent) or isinstance(revenue, Absent):
        raise Unseen(causes_of(goals, revenue))
    if goals.reaches(enough) or revenue.reaches(enough):
        return None
    if goals.percent is None and revenue.percent is None:
        raise Unseen((Cause(Reason.SAMPLE_TOO_SMALL, "neither goals nor revenue exist to compare with"),))
    sessions = series.sessions[at]
    return {
        "date": (series.start + timedelta(days=at)).isoformat(),
        "sessions": sessions,
        "times_median": None if sessions is None else round(Decimal(sessions) / typical, 1),
        "goals_rose_percent": None if goals.percent is None else round(goals.percent, 1),
        "revenue_rose_percent": None if revenue.percent is None else round(revenue.percent, 1),
    }


def _rise(days: Sequence[Decimal | None], at: int, spikes: list[int], *, of: str) -> _Rise | Absent:
    """Return how the spike's day and the two after it stand against the mean of the days outside every spike.

    Absent when the figure was not measured on one of the days that count, or no day is ordinary.
    """
    follow = range(at, min(at + FOLLOWING_DAYS + 1, len(days)))
    shadow = {day for spike in spikes for day in range(spike, spike + FOLLOWING_DAYS + 1)}
    after = [days[day] for day in follow]
    ordinary = [value for day, value in enumerate(days) if day not in shadow]
    known_after, known_ordinary = [x for x in after if x is not None], [x for x in ordinary if x is not None]
    if len(known_after) < len(after) or len(known_ordinary) < len(ordinary):
        return Absent.because(Reason.NOT_MEASURED, f"{of}: unknown on days that the spike needs")
    if not ordinary:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, "every day lies in the wake of a spike: none is ordinary")
    # Means times both numbers of days: one division at the end, so that a rise of exactly 20 % is not seen as less.
    level = sum(known_after, Decimal()) * len(known_ordinary)
    base = sum(known_ordinary, Decimal()) * len(known_after)
    if base <= 0:
        return _Rise(percent=None, grew_from_nothing=level > 0)
    return _Rise(percent=(level - base) * HUNDRED / base)


CHECK = Check(
    id="viral_spike",
    area=Area.COMMERCE,
    good="Attention turns into goals and revenue",
    bad="A spike of attention brought nothing in",
    advice=(
        "Use the attention while it lasts: pin the video, answer its comments with the product link, put the product "
        "of the video first on the landing page, and check that it is in stock."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="{value} of at least three times the usual traffic brought no more goals or revenue",
    formula=(
        "how many days have at least {times_median} times the sessions of the median day, and on them and the two "
        "days after neither goals nor revenue {rise_percent} % above those of ordinary days"
    ),
    inputs=("sessions.series.sessions", "sessions.series.goal_completions", "sessions.series.revenue"),
    needs=(SESSIONS,),
    parameters=frozenset({"times_median", "rise_percent"}),
)
