"""Does TikTok still accept the merchant's access token, and for how long can it be renewed?"""

from decimal import Decimal

from functions.audit.absence import Absent
from functions.audit.check import TOKEN, Breach, Check, Facts, Reading
from functions.audit.grant import ends_on, milestone
from functions.audit.outcome import Area, Evidence
from functions.audit.snapshot import TokenSeen

REJECTED = "rejected"


def measure(seen: Facts) -> Reading:
    """Measure the days that the refresh token still lives; a rejection is a condition of its own."""
    token = seen.see(TOKEN)
    # Without a refresh token there is no end to warn of: the acceptance alone is the answer. And one that TikTok takes
    # no longer has no days left, whatever was promised.
    dead = token.rejected not in {None, REJECTED}
    days_left = None if dead or isinstance(token.days_left, Absent) else token.days_left
    return Reading(
        value=days_left,
        unit="days",
        conditions=(token.rejected,) if token.rejected else (),
        evidence={**_account(token), **_end(seen, days_left)},
    )


def _account(token: TokenSeen) -> Evidence:
    return {} if isinstance(token.open_id, Absent) else {"open_id": token.open_id}


def _end(seen: Facts, days_left: Decimal | None) -> Evidence:
    """Return when the connection ends and the milestone that it has passed, once the end is near."""
    near = None if days_left is None else milestone(days_left)
    if days_left is None or near is None:
        return {}
    return {"ends_on": ends_on(seen.snapshot.taken_at, days_left).isoformat(), "reconnect_within": near}


CHECK = Check(
    id="access_token",
    area=Area.ACCESS,
    good="TikTok accepts the access token",
    bad="The TikTok connection is broken or about to end",
    advice="Connect the TikTok account again: log in to TikTok as the shop and grant every permission asked for.",
    measure=measure,
    breach=Breach.BELOW,
    says="the connection can be renewed for {value} more",
    formula=(
        "the days from when the night looked until the refresh token ends; that TikTok takes a token no longer "
        "counts by itself"
    ),
    inputs=("token.days_left", "token.rejected"),
    needs=(TOKEN,),
    conditions={
        REJECTED: "TikTok rejects the access token",
        "invalid_grant": "TikTok says that the refresh token is revoked or has ended",
        "lost_rotation": (
            "the answer to a token refresh was lost and TikTok no longer takes the old token: connect again"
        ),
        "disconnected_by_user": "somebody removed this app in the TikTok account's settings",
        "account_deleted": "the TikTok account was deleted",
        "age_changed": "TikTok ended the connection because the account's age was changed",
        "banned": "TikTok has banned the account",
        "developer_revoked": "the connection was revoked for this app, by its operator's own request",
        "removed": "TikTok removed the connection without saying why",
    },
)
