"""How many of the carts that visitors from TikTok fill are left behind?"""

from functions.audit.check import SESSIONS, Breach, Check, Facts, Reading, ratio
from functions.audit.outcome import Area


def measure(seen: Facts) -> Reading:
    """Measure the share of carts that were left."""
    now = seen.see(SESSIONS).current
    return Reading(value=ratio(now.cart_abandonment_rate, over=now.carts), unit="%", samples={"carts": now.carts})


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
    needs=(SESSIONS,),
    rate=True,
)
