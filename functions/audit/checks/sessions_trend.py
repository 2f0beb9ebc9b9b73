"""Does TikTok send fewer visits than in the prior period?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, drop_percent, incomparable
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the drop of sessions."""
    sessions = seen.see(SESSIONS)
    now, before = sessions.current, sessions.before
    return Reading(
        value=drop_percent(before.sessions, now.sessions, of="the number of sessions"),
        unit="%",
        samples={"sessions": now.sessions, "prior_sessions": before.sessions},
        unseen=incomparable(*sessions.marks("sessions")),
    )


CHECK = Check(
    id="sessions_trend",
    area=Area.TRAFFIC,
    good="TikTok sends as many visits as before",
    bad="TikTok sends fewer visits than before",
    advice=(
        "Check that the link in the bio works and still carries its utm tags, then post in the rhythm and formats of "
        "the better period."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="sessions are {value} below the prior period",
    formula="(sessions before - sessions now) / sessions before, in percent",
    inputs=("sessions.current.sessions", "sessions.prior.sessions"),
    says_rise="sessions are {value} above the prior period",
    needs=(SESSIONS,),
    rate=True,
)
