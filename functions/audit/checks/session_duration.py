"""Did the time that visitors from TikTok spend collapse against the prior period?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, drop_percent, incomparable, ratio
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the drop of the average session duration."""
    sessions = seen.see(SESSIONS)
    now, before = sessions.current, sessions.before
    return Reading(
        value=drop_percent(
            ratio(before.avg_session_duration, over=before.sessions),
            ratio(now.avg_session_duration, over=now.sessions),
            of="the average duration",
        ),
        unit="%",
        samples={"sessions": now.sessions, "prior_sessions": before.sessions},
        unseen=incomparable(*sessions.marks("avg_session_duration")),
    )


CHECK = Check(
    id="session_duration",
    area=Area.TRAFFIC,
    good="Visits from TikTok last as long as before",
    bad="Visits from TikTok have become much shorter",
    advice=(
        "Look at what changed in the period: a new landing page, a pop-up, a slower theme, or a video that reached "
        "people who were not looking for the product."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="the average visit is {value} shorter than in the prior period",
    formula="(average duration before - average duration now) / average duration before, in percent",
    inputs=(
        "sessions.current.avg_session_duration",
        "sessions.prior.avg_session_duration",
        "sessions.current.sessions",
        "sessions.prior.sessions",
    ),
    says_rise="the average visit is {value} longer than in the prior period",
    needs=(SESSIONS,),
    rate=True,
)
