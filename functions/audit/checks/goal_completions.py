"""Do the goals that visitors from TikTok reach grow over the last thirty days?"""

from decimal import Decimal

from functions.audit.absence import Absent, Reason
from functions.audit.check import HUNDRED, SESSIONS, Breach, Check, Facts, Reading, measured
from functions.audit.outcome import Area
from functions.audit.snapshot import Figure


def measure(seen: Facts) -> Reading:
    """Measure by how much the fitted line rises from the first to the last day, in percent of the daily mean."""
    series = measured(seen.see(SESSIONS).series)
    window = int(seen.parameters["trend_days"])
    missing_at_end = (seen.periods.series.end - series.start).days + 1 - len(series.goal_completions)
    days = series.goal_completions[max(len(series.goal_completions) + missing_at_end - window, 0) :]
    return Reading(value=_rise(days), unit="%", samples={"series_days": len(days)}, evidence={"days": len(days)})


def _rise(days: tuple[Decimal | None, ...]) -> Figure:
    known = [day for day in days if day is not None]
    if len(known) < len(days):
        unknown = len(days) - len(known)
        return Absent.because(Reason.NOT_MEASURED, f"goal completions are unknown on {unknown} of {len(days)} days")
    total, count = sum(known, Decimal()), len(known)
    if count < 2 or total <= 0:  # noqa: PLR2004 - a line needs two points
        return Absent.because(Reason.SAMPLE_TOO_SMALL, f"{total} goal completions on {count} days")
    # Least squares with x = 0, 1, … n-1: slope = 12·Σ(x - x̄)y / (n·(n² - 1)); it rises slope·(n - 1) over the window.
    # Everything is multiplied before the one division, so that a rise of exactly 5 % is not seen as a little less.
    covariance = sum((Decimal(2 * x - count + 1) * y for x, y in enumerate(known)), Decimal())
    return covariance * 6 * HUNDRED / (Decimal(count + 1) * total)


CHECK = Check(
    id="goal_completions",
    area=Area.AUDIENCE,
    good="Goals reached from TikTok are growing",
    bad="Goals reached from TikTok are flat or falling",
    advice=(
        "Say in each video what the viewer should do next, and let the bio link lead straight to it. Check that the "
        "goal is still being counted."
    ),
    measure=measure,
    breach=Breach.BELOW,
    says="the fitted trend over the last 30 days is {value} of the daily mean",
    formula=(
        "a straight line fitted to the goals of each of the last {trend_days} days: its rise from the first day to "
        "the last, in percent of the daily mean"
    ),
    inputs=("sessions.series.goal_completions",),
    needs=(SESSIONS,),
    parameters=frozenset({"trend_days"}),
)
