"""Did the revenue that is attributed to TikTok fall against the prior period?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, drop_percent, incomparable
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the drop of revenue."""
    sessions = seen.see(SESSIONS)
    now, before = sessions.current, sessions.before
    return Reading(
        value=drop_percent(before.revenue, now.revenue, of="revenue"),
        unit="%",
        samples={"prior_orders": before.orders},
        unseen=incomparable(*sessions.marks("revenue")),
        evidence={"currency": sessions.currency, "measured_by": sessions.measured_by("revenue")},
    )


CHECK = Check(
    id="attributed_revenue",
    area=Area.COMMERCE,
    good="TikTok earns as much as before",
    bad="TikTok earns less than before",
    advice=(
        "Compare the best-selling products of both periods: what sold before and is no longer shown, sold out or "
        "dearer? Bring the videos that sold back to the top of the profile."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="revenue is {value} below the prior period",
    formula="(revenue before - revenue now) / revenue before, in percent",
    inputs=("sessions.current.revenue", "sessions.prior.revenue", "sessions.prior.orders"),
    says_rise="revenue is {value} above the prior period",
    needs=(SESSIONS,),
    rate=True,
)
