"""How many of the visits that TikTok sends convert?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, before, ratio
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the share of sessions that converted."""
    sessions = seen.see(SESSIONS)
    now = sessions.current
    return Reading(
        value=ratio(now.session_conversion_rate, over=now.sessions),
        unit="%",
        samples={"sessions": now.sessions},
        evidence=before(sessions.prior, lambda prior: prior.session_conversion_rate),
    )


CHECK = Check(
    id="session_conversion_rate",
    area=Area.AUDIENCE,
    good="Visitors from TikTok convert",
    bad="Too few visitors from TikTok convert",
    advice=(
        "Send the bio link to the product that the videos show, show price and delivery at once, and offer one-step "
        "payment: most visits from TikTok are on a phone."
    ),
    measure=measure,
    breach=Breach.BELOW,
    says="{value} of sessions convert",
    formula="sessions that converted, in percent of all sessions",
    inputs=("sessions.current.session_conversion_rate", "sessions.current.sessions"),
    needs=(SESSIONS,),
    rate=True,
)
