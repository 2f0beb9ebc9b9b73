"""Does the link in the bio lead somewhere, and does the visit still carry its tags when it arrives?"""

from functions.audit.check import BIO_LINK, Breach, Check, Facts, Reading
from functions.audit.outcome import Area, Evidence


def measure(seen: Facts) -> Reading:
    """Name what is wrong with the link. Where it leads nowhere, nobody knows what would become of its tags."""
    link = seen.see(BIO_LINK)
    found = [link.problem] if link.problem else []
    if not (link.tagged or link.landed_tagged):
        found.append("untagged")
    elif link.problem is None and not link.landed_tagged:
        found.append("tags_lost")
    evidence: Evidence = {"host": link.host, "status": link.status, "redirects": link.redirects}
    return Reading(value=None, conditions=tuple(found), evidence=evidence)


CHECK = Check(
    id="bio_link",
    area=Area.TRAFFIC,
    good="The link in the bio leads to the shop and keeps its tags",
    bad="The link in the bio loses visits",
    advice=(
        "Open the link in TikTok's own browser. Put the shop's address with utm_source=tiktok&utm_medium=social into "
        "the bio, and let redirects keep what stands behind the question mark."
    ),
    measure=measure,
    breach=Breach.ABOVE,
    says="",
    formula="no figure: each thing that is wrong with the link counts by itself",
    inputs=("bio_link.status", "bio_link.host", "bio_link.redirects", "bio_link.tagged", "bio_link.landed_tagged"),
    needs=(BIO_LINK,),
    conditions={
        "broken": "the link leads to a page that is not there",
        "loop": "the link is redirected in a circle",
        "untagged": "the link carries no utm_source, so its visits cannot be told from others",
        "tags_lost": "a redirect drops the tags on the way",
    },
)
