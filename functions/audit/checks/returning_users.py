"""Does anybody whom TikTok once sent come back?"""

from functions.audit.absence import Absent, Reason
from functions.audit.check import HUNDRED, SESSIONS, Breach, Check, Facts, Reading, measured
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the share of returning users among all users."""
    now = seen.see(SESSIONS).current
    users, returning = measured(now.users, now.returning_users)
    share = (
        HUNDRED * returning / users if users else Absent.because(Reason.SAMPLE_TOO_SMALL, "there were no users at all")
    )
    return Reading(value=share, unit="%", samples={"users": users}, evidence={"returning_users": returning})


CHECK = Check(
    id="returning_users",
    area=Area.AUDIENCE,
    good="Some visitors from TikTok come back",
    bad="Nobody whom TikTok sent has come back",
    advice="Give a reason to return: a newsletter with a first-order offer, a restock notice, a series of videos.",
    measure=measure,
    breach=Breach.AT_MOST,
    says="{value} of users are returning ones",
    needs=(SESSIONS,),
    rate=True,
)
