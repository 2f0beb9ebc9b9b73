"""How many of the clicks on the bio link become sessions from TikTok?"""

from decimal import Decimal

from functions.audit.absence import Absent, Reason
from functions.audit.check import CLICKS, HUNDRED, SESSIONS, Breach, Check, Facts, Reading, measured
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the channel's sessions in percent of the clicks that TikTok counted in the same period.

    Sessions from other places than the bio are among them: above 100 % is no mistake, far below it visits are missing.
    """
    clicks, sessions = measured(seen.see(CLICKS).bio_link, seen.see(SESSIONS).current.sessions)
    nothing = Absent.because(Reason.SAMPLE_TOO_SMALL, "nobody clicked")
    return Reading(
        value=Decimal(sessions) * HUNDRED / clicks if clicks else nothing,
        unit="%",
        samples={"clicks": clicks},
        evidence={"clicks": clicks, "sessions": sessions},
    )


CHECK = Check(
    id="click_capture",
    area=Area.TRAFFIC,
    good="Clicks on the bio link arrive as sessions",
    bad="Clicks on the bio link do not arrive as sessions",
    advice=(
        "Where the bio link works, the measuring is lost: tag the link, and check that the analytics tag fires on the "
        "landing page inside TikTok's own browser and after the cookie banner. Where it does not, mend the link first."
    ),
    measure=measure,
    breach=Breach.BELOW,
    says="sessions come to {value} of the clicks",
    formula="sessions of the channel, in percent of the clicks on the bio link",
    inputs=("clicks.bio_link", "sessions.current.sessions"),
    needs=(CLICKS, SESSIONS),
)
