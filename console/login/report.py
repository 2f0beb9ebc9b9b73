"""What came of a login, in words: for the terminal, and shorter for the browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from console.login.attempt import Connected
from console.login.page import Page
from functions.audit.text import one_line


def title(connected: Connected, where: str) -> str:
    """Return the sentence that says it."""
    return f"{connected.merchant.id} ({one_line(connected.merchant.name, limit=60)}) is connected {where}."


def granted_lines(connected: Connected) -> Iterator[str]:
    """Yield what was granted, and for how long."""
    grant = connected.grant
    if grant.scopes is None:
        yield "TikTok did not say which permissions were granted; the first night will tell."
    else:
        yield f"Granted: {', '.join(grant.scopes) or 'nothing'}."
    if grant.refresh_token is None:
        yield f"TikTok gave no refresh token: the connection ends{_at(grant.expires_at)} and cannot be renewed."
    else:
        yield f"The access token ends{_at(grant.expires_at)}; it can be renewed until{_at(grant.refresh_expires_at)}."


def missing_lines(connected: Connected) -> Iterator[str]:
    """Yield, for each scope that is missing, the checks that suffer and the figures that stay unknown."""
    known = {spot.scope for spot in connected.blind}
    for spot in connected.blind:
        yield f"{spot.scope} was not granted. Without it:"
        for outcome in spot.outcomes:
            status = "blind" if outcome.status.severity is None else outcome.status.value
            yield f"  {status:8}  {outcome.check.id:14}  {outcome.check.sentence(outcome)}"
        if spot.figures:
            yield f"  {'blind':8}  {'KPIs':14}  {', '.join(spot.figures)} stay unknown."
    for scope in connected.refused:
        if scope not in known:
            yield f"{scope} was not granted. No check needs it."
    if connected.blind:
        yield "To grant it after all, run this again with --ask-again and leave every permission ticked."


def page_of(connected: Connected, where: str) -> Page:
    """Return what the browser shows."""
    missing = [spot.scope for spot in connected.blind]
    paragraphs = list(granted_lines(connected))
    if missing:
        paragraphs.append(f"Not granted: {', '.join(missing)}. The terminal says which checks suffer from that.")
    return Page(
        HTTPStatus.OK,
        f"{one_line(connected.merchant.name, limit=60)} is connected",
        (f"Nightjar stored the connection of {connected.merchant.id} {where}.", *paragraphs),
        doubtful=bool(missing) or connected.grant.refresh_token is None,
    )


def _at(moment: datetime | None) -> str:
    if moment is None:
        return " at a time that TikTok did not tell"
    return f" {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
