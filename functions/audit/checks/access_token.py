"""Does TikTok still accept the merchant's access token, and for how long can it be renewed?"""

from functions.audit.absence import Absent
from functions.audit.check import TOKEN, Breach, Check, Facts, Reading
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the days that the refresh token still lives; a rejection is a condition of its own."""
    token = seen.see(TOKEN)
    return Reading(
        # Without a refresh token there is no end to warn of: the acceptance alone is the answer.
        value=None if isinstance(token.days_left, Absent) else token.days_left,
        unit="days",
        conditions=(token.rejected,) if token.rejected else (),
        evidence={} if isinstance(token.open_id, Absent) else {"open_id": token.open_id},
    )


CHECK = Check(
    id="access_token",
    area=Area.ACCESS,
    good="TikTok accepts the access token",
    bad="The TikTok connection is broken or about to end",
    advice="Connect the TikTok account again: log in to TikTok as the shop and grant every permission asked for.",
    measure=measure,
    breach=Breach.BELOW,
    says="the connection can be renewed for {value} more",
    needs=(TOKEN,),
    conditions={
        "rejected": "TikTok rejects the access token",
        "invalid_grant": "TikTok says that the refresh token is revoked or has ended",
    },
)
