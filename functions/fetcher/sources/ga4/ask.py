"""The night's questions to one GA4 property, and what its answers make of the channel."""

from __future__ import annotations

from functions.audit.absence import Absent, Reason
from functions.fetcher.sources.channel import Asked, Channel
from functions.fetcher.sources.ga4.access import GoogleAccess


async def ask_ga4(asked: Asked, access: GoogleAccess) -> Channel:  # noqa: ARG001 - being written
    """Return the channel as the property saw it."""
    return Channel.unseen(Absent.because(Reason.NOT_CONNECTED, "being written"))
