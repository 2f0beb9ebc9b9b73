"""Does anybody whom TikTok once sent come back?"""

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.check import HUNDRED, SESSIONS, Breach, Check, Facts, Reading
from functions.audit.outcome import Area
from functions.audit.snapshot import Count, Figure


def measure(seen: Facts) -> Reading:
    """Measure the share of returning users among all users."""
    now = seen.see(SESSIONS).current
    share = _share(now.returning_users, now.users)
    evidence = {} if isinstance(now.returning_users, Absent) else {"returning_users": now.returning_users}
    return Reading(value=share, unit="%", samples={"users": now.users}, evidence=evidence)


def _share(returning: Count, users: Count) -> Figure:
    if users == 0:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, "there were no users at all")
    if isinstance(returning, Absent) or isinstance(users, Absent):
        return Absent(causes_of(users, returning))
    return HUNDRED * returning / users


CHECK = Check(
    id="returning_users",
    area=Area.AUDIENCE,
    good="Some visitors from TikTok come back",
    bad="Nobody whom TikTok sent has come back",
    advice="Give a reason to return: a newsletter with a first-order offer, a restock notice, a series of videos.",
    measure=measure,
    breach=Breach.AT_MOST,
    says="{value} of users are returning ones",
    formula="returning users, in percent of all users",
    inputs=("sessions.current.returning_users", "sessions.current.users"),
    needs=(SESSIONS,),
    rate=True,
)
