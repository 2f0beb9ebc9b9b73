"""One Google token for the whole container: made by google-auth, renewed before it ends, never twice at a time."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from functions.audit.absence import Absent, Reason
from functions.audit.errors import InvalidInput
from functions.audit.hosts import HostPolicy, Party
from functions.fetcher.answer import TOO_MANY
from functions.fetcher.network import guarded_sync_transport
from functions.fetcher.sources.ga4.access import GoogleAccess, NoAccess
from functions.fetcher.sources.ga4.carrier import Carrier, new_client
from functions.fetcher.sources.ga4.config import Config, Keyless, ServiceAccountKey, read_config

SCOPE: Final = "https://www.googleapis.com/auth/analytics.readonly"
RENEWED_BEFORE: Final = timedelta(minutes=5)
TRIES: Final = 2  # of a renewal that got no answer; google-auth itself repeats what was answered with 5xx
_TOKEN: Final = re.compile(r"[!-~]{1,8192}")
_CLIENT_ERRORS: Final = range(400, 500)
_UNREADABLE: Final = Absent.because(Reason.UNAUTHORIZED, "the stored Google credentials hold no key that can be read")
_NO_ROLE: Final = Absent.because(
    Reason.UNAUTHORIZED, "there are no AWS credentials and region in the environment to show to Google"
)

# google-auth may name accounts and addresses at DEBUG: nothing for our log.
logging.getLogger("google").setLevel(logging.WARNING)


def google_access(text: str, hosts: HostPolicy, environment: Mapping[str, str]) -> GoogleAccess | None:
    """Return the access that stored credentials give; ``None`` when nobody has stored any.

    What cannot be used gives no token, and says why.
    """
    try:
        config = read_config(text, hosts)
    except InvalidInput as error:
        return NoAccess(Absent.because(Reason.UNAUTHORIZED, str(error).rstrip(".")))
    return None if config is None else GoogleCredentials(config, hosts, environment=environment)


class GoogleCredentials:
    """Hands out the token; ``functions/fetcher/sources/ga4/access.py`` says what a fetch needs of it.

    ``environment`` holds the AWS role's own credentials, which stand for a key where none is stored: Lambda sets them,
    and the metadata service is never asked. ``now`` tells the time; a ``transport`` stands in for the guarded one.
    """

    def __init__(
        self,
        config: Config,
        hosts: HostPolicy,
        *,
        environment: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._config = config
        self._hosts = hosts
        self._environment = environment
        self._now = now
        self._transport = transport
        self._source: Any = None
        self._token = ""
        self._ends = datetime.min.replace(tzinfo=UTC)
        self._renewing: asyncio.Task[str | Absent] | None = None

    async def token(self, *, renew: bool = False) -> str | Absent:
        """Return a token that lives for five minutes more; with ``renew`` a new one.

        Whoever asks while one is being made gets that one. Being cancelled stops the waiting, not the making.
        """
        if not renew and self._token and self._ends - self._now() >= RENEWED_BEFORE:
            return self._token
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())
        return await asyncio.shield(self._renewing)

    async def _renew(self) -> str | Absent:
        # google-auth signs and waits synchronously: on a thread, so that everybody else's answers are read meanwhile.
        made = await asyncio.to_thread(self._make)
        if isinstance(made, Absent):
            return made
        self._token, self._ends = made
        return self._token

    def _make(self) -> tuple[str, datetime] | Absent:
        """Return a new token and its end, or why there is none. Runs on a thread; one at a time."""
        if self._source is None:
            source = self._new_source()
            if isinstance(source, Absent):
                return source
            self._source = source
        came: tuple[str, datetime] | Absent = _UNREADABLE
        # A token an hour is no reason to keep a connection.
        with new_client(
            self._transport or guarded_sync_transport(self._hosts, parties={Party.GOOGLE_TOKENS})
        ) as client:
            for _ in range(TRIES):
                carrier = Carrier(client)
                came = self._refreshed(carrier)
                if not isinstance(came, Absent) or carrier.status is not None:
                    break
        return came

    def _refreshed(self, carrier: Carrier) -> tuple[str, datetime] | Absent:
        source = self._source
        try:
            source.refresh(carrier)
            token, ends = source.token, source.expiry
        except Exception:  # noqa: BLE001 - whatever google-auth makes of an odd answer; its texts may quote the answer
            return _failure(carrier)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            return _failure(carrier)
        # Without a word about its end it serves the one who asked, and the next one asks again.
        return token, self._now() if ends is None else ends.replace(tzinfo=UTC)

    def _new_source(self) -> Any:  # noqa: ANN401 - google-auth says no types
        config = self._config
        try:
            return self._by_key(config) if isinstance(config, ServiceAccountKey) else self._by_role(config)
        except Exception:  # noqa: BLE001 - a broken key raises what its reader pleases, and may be quoted
            return _UNREADABLE

    def _by_key(self, config: ServiceAccountKey) -> Any:  # noqa: ANN401 - as above
        # Loaded with the first token, and only where somebody has a GA4 property: it takes a tenth of a second.
        from google.oauth2 import service_account

        plain = {
            "client_email": config.client_email,
            "private_key": config.private_key.get_secret_value(),
            "private_key_id": config.private_key_id,
            "token_uri": config.token_uri,
        }
        return service_account.Credentials.from_service_account_info(plain, scopes=[SCOPE])  # type: ignore[no-untyped-call] # as above

    def _by_role(self, config: Keyless) -> Any:  # noqa: ANN401 - as above
        from google.auth import aws

        role = _Role(self._environment)
        if not role.complete:
            return _NO_ROLE
        return aws.Credentials(  # type: ignore[no-untyped-call] # as above
            audience=config.audience,
            subject_token_type=config.subject_token_type,
            token_url=config.token_url,
            service_account_impersonation_url=config.service_account_impersonation_url,
            service_account_impersonation_options=config.service_account_impersonation.model_dump(exclude_none=True),
            aws_security_credentials_supplier=role,
            scopes=[SCOPE],
        )


class _Role:
    """The function's own AWS credentials, from the environment and nowhere else.

    google-auth's own way would go on to the metadata service, at an address that no request of ours may go to.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @property
    def complete(self) -> bool:
        """Whether there is enough to sign with."""
        signed = (self._environment.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        return all(signed) and bool(self.get_aws_region())

    def get_aws_region(self, *_: object) -> str:
        """Return the region, under the name that google-auth knows this by."""
        return self._environment.get("AWS_REGION") or self._environment.get("AWS_DEFAULT_REGION") or ""

    def get_aws_security_credentials(self, *_: object) -> Any:  # noqa: ANN401 - google-auth says no types
        """Return the role's credentials of this moment, under the name that google-auth knows this by."""
        from google.auth import aws

        of = self._environment
        return aws.AwsSecurityCredentials(
            of["AWS_ACCESS_KEY_ID"], of["AWS_SECRET_ACCESS_KEY"], of.get("AWS_SESSION_TOKEN") or None
        )


def _failure(carrier: Carrier) -> Absent:
    """Return why there is no token, going by the last answer: an outage says nothing against the credentials."""
    status, code = carrier.status, carrier.code
    shown = f"HTTP {status} {code}".rstrip()
    if status is None:
        return Absent.because(Reason.SOURCE_FAILED, "Google's token service could not be reached")
    if status == TOO_MANY:
        return Absent.because(Reason.RATE_LIMITED, "Google's token service gives no more tokens for now")
    if status in _CLIENT_ERRORS:
        return Absent.because(Reason.UNAUTHORIZED, f"Google does not accept the stored credentials ({shown})")
    return Absent.because(Reason.SOURCE_FAILED, f"Google's token service gave no token ({shown})")
