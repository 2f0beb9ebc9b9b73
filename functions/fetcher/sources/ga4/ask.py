"""The night's questions to one GA4 property, and what its answers make of the channel."""

from __future__ import annotations

import asyncio

from functions.audit.absence import Absent, Reason
from functions.fetcher.sources.channel import Asked, Channel
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.ga4.answers import Answers
from functions.fetcher.sources.ga4.listings import pages_seen, sources_seen
from functions.fetcher.sources.ga4.plan import batches
from functions.fetcher.sources.ga4.property import Bearer, Property
from functions.fetcher.sources.ga4.sessions import sessions_seen
from functions.fetcher.sources.ga4.settled import flags_of, unsettled, zone_of


async def ask_ga4(asked: Asked, access: GoogleAccess) -> Channel:
    """Return the channel as the property saw it. Both batches are asked for at the same time."""
    token = await _token(asked, access)
    if isinstance(token, Absent):
        return Channel.unseen(token)
    place = Property(asked, Bearer(access, token))
    reports = await place.ask(*batches(asked.settings, asked.periods, asked.merchant.currency))
    return _channel(asked, Answers.of(reports, asked.settings, asked.periods))


async def _token(asked: Asked, access: GoogleAccess) -> str | Absent:
    try:
        async with asyncio.timeout(max(asked.deadline - asked.http.clock(), 0)):
            return await access.token()
    except TimeoutError:
        return Absent.because(Reason.SOURCE_FAILED, "Google gave no token in time")


def _channel(asked: Asked, answers: Answers) -> Channel:
    periods, merchant = asked.periods, asked.merchant
    zone = zone_of(answers.first(*answers.reports, said="time_zone"), merchant.zone)
    early = unsettled(periods, zone, asked.now)
    if early is not None and answers.any_came:
        return Channel.unseen(early)
    known_from, start = answers.known_from, periods.current.start
    if known_from is not None and known_from > start:
        why = f"GA4 has no data before {known_from}, the period begins {start}"
        return Channel.unseen(Absent.because(Reason.NOT_MEASURED, why))
    flags = flags_of(periods, zone, merchant=merchant.zone, now=asked.now)
    return Channel(
        sessions_seen(answers, currency=merchant.currency, flags=flags),
        pages_seen(answers, flags=flags),
        sources_seen(answers, flags=flags),
    )
