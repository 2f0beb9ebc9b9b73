"""Which pages and sources convert so well that more traffic should go there?"""

from decimal import Decimal

from functions.audit.absence import Absent, Reason
from functions.audit.check import PAGES, SESSIONS, SOURCES, Breach, Check, Facts, Reading, ratio
from functions.audit.checks._ranking import cut_short, line, nothing_listed, with_traffic
from functions.audit.outcome import Area, EvidenceValue
from functions.audit.snapshot import PageSeen, SourceSeen

LISTED = 10


def measure(seen: Facts) -> Reading:
    """Count the pages and sources that convert well above the channel."""
    now, pages, sources = seen.see(SESSIONS).current, seen.see(PAGES), seen.see(SOURCES)
    channel = ratio(now.session_conversion_rate, over=now.sessions)
    samples, at_least = {"sessions": now.sessions}, seen.parameters["min_sessions"]
    # Paid placements are not this channel: the audit is of organic traffic.
    organic = [source for source in sources.sources if not source.is_paid]
    busy_pages, unseen_pages = with_traffic(pages.pages, at_least)
    busy_sources, unseen_sources = with_traffic(organic, at_least)
    unseen = (
        *unseen_pages,
        *unseen_sources,
        *cut_short(pages.pages, at_least, truncated=pages.truncated),
        *cut_short(sources.sources, at_least, truncated=sources.truncated),
        *nothing_listed(pages.pages, of="page"),
        *nothing_listed(sources.sources, of="source"),
    )
    if channel == 0:
        channel = Absent.because(Reason.SAMPLE_TOO_SMALL, "the channel as a whole converts nobody: nothing to compare")
    if isinstance(channel, Absent):
        return Reading(value=channel, unit="candidates", samples=samples, unseen=unseen)
    enough = channel * seen.parameters["times_channel"]
    rows: list[tuple[PageSeen | SourceSeen, int, Decimal]] = [*busy_pages, *busy_sources]
    found: list[EvidenceValue] = [
        line(row.path if isinstance(row, PageSeen) else row.label, row, sessions, rate)
        for row, sessions, rate in rows
        if rate >= enough
    ]
    return Reading(
        value=Decimal(len(found)) if found or not unseen else Absent(unseen),
        unit="candidates",
        samples=samples,
        evidence={"channel_conversion_rate": channel, "candidates": found[:LISTED]} if found else {},
    )


CHECK = Check(
    id="amplify_candidates",
    area=Area.COMMERCE,
    good="No page or source stands out so far",
    bad="Pages or sources that deserve more traffic",
    advice="Show these pages in the next videos and link them in the bio: they convert far better than the channel.",
    measure=measure,
    breach=Breach.ABOVE,
    says="far better than the channel: {value}",
    formula=(
        "how many pages and unpaid sources have at least {min_sessions} sessions and convert at least "
        "{times_channel} times as well as the channel"
    ),
    inputs=("sessions.current.session_conversion_rate", "sessions.current.sessions", "pages.pages", "sources.sources"),
    needs=(SESSIONS, PAGES, SOURCES),
    parameters=frozenset({"min_sessions", "times_channel"}),
)
