"""May Nightjar read the account's follower, like and video counts?"""

from functions.audit.absence import Absent, Reason
from functions.audit.check import STATS, Breach, Check, Facts, Reading
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Name the missing scope; any other absence means that nobody could look."""
    stats = seen.look(STATS)
    if not isinstance(stats, Absent):
        return Reading(value=None)
    if any(cause.reason is Reason.SCOPE_MISSING for cause in stats.causes):
        return Reading(value=None, conditions=("stats_scope_missing",))
    return Reading(value=None, unseen=stats.causes)


CHECK = Check(
    id="stats_scope",
    area=Area.ACCESS,
    good="Follower, like and video counts can be read",
    bad="Follower, like and video counts cannot be read",
    advice="Connect the TikTok account again and leave the permission for account statistics ticked.",
    measure=measure,
    breach=Breach.ABOVE,
    says="",
    formula="no figure: the permission that was not granted counts by itself",
    inputs=("stats",),
    looks_at=(STATS,),
    conditions={"stats_scope_missing": "the permission user.info.stats is missing"},
)
