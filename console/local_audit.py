"""Auditing the merchants of a file against their live sources: the real fetch and the real judge, no AWS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import SecretStr

from console.errors import Unusable
from console.local_budget import LocalBudget
from console.merchants_file import Entry
from functions.audit.budget import Rate
from functions.audit.grant import GrantStore
from functions.audit.hosts import HostPolicy
from functions.audit.profile import Profile
from functions.audit.verdict import Audit, audit_of
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http
from functions.fetcher.pace import Pacer
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.oauth import AppKeys
from functions.fetcher.sources.research import Research

AT_ONCE = 8  # merchants
# TikTok's 600 a minute. A fifth of them may come at once, so that a few merchants need not wait at all.
TIKTOK_RATE = Rate.per_minute(600, burst=120)
SECONDS_A_MERCHANT = 20.0
KEY, SECRET = "NIGHTJAR_TIKTOK_CLIENT_KEY", "NIGHTJAR_TIKTOK_CLIENT_SECRET"
BUSINESS_APP = "NIGHTJAR_TIKTOK_BUSINESS_APP_ID", "NIGHTJAR_TIKTOK_BUSINESS_APP_SECRET"
RESEARCH = "NIGHTJAR_TIKTOK_RESEARCH"


@dataclass(frozen=True, slots=True)
class Access:
    """What the environment opens for an audit beside the merchants' own tokens. Printing it shows no secret.

    ``google`` is what a file that the environment names opens (``local_google.py``).
    """

    app_keys: AppKeys | None = None
    business_keys: AppKeys | None = None
    research: Research | None = None
    google: GoogleAccess | None = None


def access_of(environment: Mapping[str, str], *, keeps_tokens: bool) -> Access:
    """Return what the environment opens.

    Without a file to keep tokens in, those for the Business API are used as they are: an optional lookup must not end
    the refresh token that the merchants file holds.

    Raises:
        Unusable: only one half of a pair is set, or the Research API is switched on without the app's keys.
    """
    keys = app_keys_of(environment)
    business = _pair(environment, *BUSINESS_APP)
    wanted = environment.get(RESEARCH, "").strip() == "1"
    if wanted and keys is None:
        raise Unusable(f"{RESEARCH} needs the app's keys: set {KEY} and {SECRET}.")
    return Access(keys, business if keeps_tokens else None, Research(keys) if wanted and keys is not None else None)


def app_keys_of(environment: Mapping[str, str]) -> AppKeys | None:
    """Return the TikTok app's keys; ``None`` when there are none, and tokens are used as they are.

    Raises:
        Unusable: only one of the two is set.
    """
    return _pair(environment, KEY, SECRET)


def _pair(environment: Mapping[str, str], name: str, secret_name: str) -> AppKeys | None:
    key, secret = environment.get(name, "").strip(), environment.get(secret_name, "").strip()
    if bool(key) != bool(secret):
        raise Unusable(f"Set both {name} and {secret_name}, or neither.")
    return AppKeys(key, SecretStr(secret)) if key else None


async def audit_entries(
    entries: Sequence[Entry],
    night: date,
    *,
    now: datetime,
    grants: GrantStore,
    access: Access,
    hosts: HostPolicy,
    profile: Profile,
    on_done: Callable[[], None],
) -> list[Audit]:
    """Return the audits in the order of the entries; ``on_done`` is called after each."""
    turn = asyncio.Semaphore(AT_ONCE)
    periods = profile.periods_of(night)
    async with Http(hosts, pace=Pacer(LocalBudget(TIKTOK_RATE))) as http:
        fetcher = Fetcher(
            http,
            grants,
            access.app_keys,
            hosts,
            SECONDS_A_MERCHANT,
            google=access.google,
            research=access.research,
            business_keys=access.business_keys,
        )

        async def one(entry: Entry) -> Audit:
            async with turn:
                snapshot = await fetcher.fetch(entry.merchant, night, periods, now=now)
            on_done()
            return audit_of(snapshot, entry.merchant, profile, evaluated_at=now)

        tasks = [asyncio.ensure_future(one(entry)) for entry in entries]
        try:
            return await asyncio.gather(*tasks)
        finally:
            # Where one of them ends it all, refreshes that others have on their way are stored first.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
