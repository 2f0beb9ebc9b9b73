"""How many of the visits that TikTok sends leave at once?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, before, ratio
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the share of sessions that bounced, as the source defines a bounce."""
    sessions = seen.see(SESSIONS)
    now = sessions.current
    return Reading(
        value=ratio(now.bounce_rate, over=now.sessions),
        unit="%",
        samples={"sessions": now.sessions},
        evidence=before(sessions.prior, lambda prior: prior.bounce_rate),
    )


CHECK = Check(
    id="bounce_rate",
    area=Area.TRAFFIC,
    good="Visitors from TikTok stay",
    bad="Too many visitors from TikTok leave at once",
    advice=(
        "Let the video's promise and the landing page match: same product, same words, above the fold. Check that the "
        "page loads within three seconds inside TikTok's own browser."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="{value} of sessions bounce",
    formula="sessions that bounced, as the source defines a bounce, in percent of all sessions",
    inputs=("sessions.current.bounce_rate", "sessions.current.sessions"),
    needs=(SESSIONS,),
    rate=True,
)
