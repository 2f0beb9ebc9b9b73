"""How many pages does a visit from TikTok see?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, before, ratio
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the pages per session."""
    sessions = seen.see(SESSIONS)
    now = sessions.current
    return Reading(
        value=ratio(now.pageviews_per_session, over=now.sessions),
        unit="pages",
        samples={"sessions": now.sessions},
        evidence=before(sessions.prior, lambda prior: prior.pageviews_per_session),
    )


CHECK = Check(
    id="pageviews_per_session",
    area=Area.TRAFFIC,
    good="Visitors from TikTok look around",
    bad="Visitors from TikTok see hardly more than one page",
    advice="Lead on from the landing page: related products, a short collection, a visible way to the best sellers.",
    measure=measure,
    breach=Breach.BELOW,
    says="{value} per session",
    formula="pages seen, divided by sessions",
    inputs=("sessions.current.pageviews_per_session", "sessions.current.sessions"),
    needs=(SESSIONS,),
)
