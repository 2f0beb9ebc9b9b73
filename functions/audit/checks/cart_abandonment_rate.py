"""How many of the carts that visitors from TikTok fill are left behind?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, before, ratio
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the share of carts that were left."""
    sessions = seen.see(SESSIONS)
    now = sessions.current
    return Reading(
        value=ratio(now.cart_abandonment_rate, over=now.carts),
        unit="%",
        samples={"carts": now.carts},
        evidence=before(sessions.prior, lambda prior: prior.cart_abandonment_rate),
    )


CHECK = Check(
    id="cart_abandonment_rate",
    area=Area.AUDIENCE,
    good="Carts filled from TikTok are bought",
    bad="Too many carts filled from TikTok are left",
    advice=(
        "Go through the checkout on a phone inside TikTok's browser: name the shipping cost before the last step, "
        "allow buying without an account, and remind people of the cart they left."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="{value} of carts are left",
    formula="carts that were left, in percent of all carts",
    inputs=("sessions.current.cart_abandonment_rate", "sessions.current.carts"),
    needs=(SESSIONS,),
    rate=True,
)
