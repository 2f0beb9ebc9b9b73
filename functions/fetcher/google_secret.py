"""The Google credentials as Secrets Manager keeps them: read with the first merchant that has a GA4 property."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from functions.audit.absence import Absent, Reason
from functions.audit.hosts import HostPolicy
from functions.fetcher.sources.ga4.access import GoogleAccess, NoAccess

NOT_STORED = Absent.because(Reason.NOT_CONNECTED, "no Google credentials are stored on this stage (docs/guides/ga4.md)")


class StoredGoogle:
    """The container's way to a Google token. ``read`` returns the secret's text, ``environment`` holds the role's keys.

    Credentials that gave a token are kept for the container's life. Others are read anew next time: somebody may have
    stored better ones meanwhile.
    """

    def __init__(self, read: Callable[[], str], hosts: HostPolicy, environment: Mapping[str, str]) -> None:
        self._read = read
        self._hosts = hosts
        self._environment = environment
        self._access: GoogleAccess | None = None
        self._turn = asyncio.Lock()

    async def token(self, *, renew: bool = False) -> str | Absent:
        """Return a token, or why there is none; see ``GoogleAccess``."""
        async with self._turn:
            access = self._access = self._access or await self._stored()
        came = await access.token(renew=renew)
        if isinstance(came, Absent) and self._access is access:
            self._access = None
        return came

    async def _stored(self) -> GoogleAccess:
        try:
            text = await asyncio.to_thread(self._read)
        except (BotoCoreError, ClientError, KeyError) as error:
            why = f"the stored Google credentials could not be read ({type(error).__name__})"
            return NoAccess(Absent.because(Reason.SOURCE_FAILED, why))
        # Loaded now: most containers never meet a merchant with a GA4 property.
        from functions.fetcher.sources.ga4.credentials import google_access

        return google_access(text, self._hosts, self._environment) or NoAccess(NOT_STORED)
