"""Which landing pages get much of TikTok's traffic and hardly sell?"""

from decimal import Decimal

from functions.audit.absence import Absent
from functions.audit.check import HUNDRED, PAGES, Breach, Check, Facts, Reading
from functions.audit.checks._ranking import cut_short, line, nothing_listed, with_traffic
from functions.audit.outcome import Area, EvidenceValue

LISTED = 10


def measure(seen: Facts) -> Reading:
    """Count the high-traffic pages whose conversion rate is below the limit."""
    listing = seen.see(PAGES)
    total = listing.total_sessions
    at_least = seen.parameters["min_sessions"]
    if not isinstance(total, Absent):
        at_least = max(at_least, seen.parameters["min_share"] * total / HUNDRED)
    busy, unseen = with_traffic(listing.pages, at_least)
    bad = [entry for entry in busy if entry[2] < seen.parameters["converting_below"]]
    unseen += cut_short(listing.pages, at_least, truncated=listing.truncated)
    unseen += nothing_listed(listing.pages, of="page")
    if isinstance(total, Absent):
        return Reading(value=total, unit="pages", unseen=unseen)
    pages: list[EvidenceValue] = [line(page.path, page, sessions, rate) for page, sessions, rate in bad[:LISTED]]
    return Reading(
        value=Decimal(len(bad)) if bad or not unseen else Absent(unseen),
        unit="pages",
        samples={"sessions": total},
        evidence={"pages": pages} if pages else {},
    )


CHECK = Check(
    id="unconverting_pages",
    area=Area.COMMERCE,
    good="Every busy landing page sells",
    bad="Busy landing pages do not sell",
    advice=(
        "Improve the listed pages, or point the bio link and the videos at pages that sell: these get much of the "
        "traffic from TikTok and turn almost none of it into orders."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="with much traffic and hardly a sale: {value}",
    formula=(
        "how many landing pages have at least {min_sessions} sessions and {min_share} % of the channel's, and "
        "convert less than {converting_below} % of them"
    ),
    inputs=("pages.total_sessions", "pages.pages"),
    needs=(PAGES,),
    parameters=frozenset({"min_sessions", "min_share", "converting_below"}),
)
