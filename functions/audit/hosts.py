"""Where requests may go: https and allow-listed hosts, because a merchant's token travels with them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from functions.audit.errors import ForbiddenHost

TIKTOK_API = "https://open.tiktokapis.com"
TIKTOK_BUSINESS_API = "https://business-api.tiktok.com"
GOOGLE_ANALYTICS_API = "https://analyticsdata.googleapis.com"
TIKTOK_HOSTS = frozenset({"open.tiktokapis.com"})
DEFAULT_HOSTS = TIKTOK_HOSTS
# One label below Shopify's domain: the shop's permanent name, never a domain that the shop chose.
_SHOPIFY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,61}\.myshopify\.com")
_AWS_STS: Final = re.compile(r"sts\.[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com")
_PLAIN_ADDRESS: Final = re.compile(r"[!-~]+")
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# The last label has a letter first: what ends in a number is an IP address to some reader of URLs or other.
_HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+(?=[a-z]){_LABEL}")
_LOOPBACK_V6: Final = ipaddress.IPv6Address("::1")
_HTTPS_PORTS: Final = frozenset({None, 443})


class Party(StrEnum):
    """Who is asked. Each party's secret may go to its own hosts only."""

    TIKTOK = "tiktok"
    STOREFRONT = "storefront"
    TIKTOK_BUSINESS = "tiktok_business"
    GA4 = "ga4"
    GOOGLE_TOKENS = "google_tokens"
    SHOPIFY = "shopify"


_OWN_HOSTS: Final = {
    Party.TIKTOK_BUSINESS: frozenset({"business-api.tiktok.com"}),
    Party.GA4: frozenset({"analyticsdata.googleapis.com"}),
    # Where google-auth gets its tokens: by key, or without one by showing AWS's word for who we are.
    Party.GOOGLE_TOKENS: frozenset(
        {
            "oauth2.googleapis.com",
            "sts.googleapis.com",
            "iamcredentials.googleapis.com",
            "www.googleapis.com",
            "sts.amazonaws.com",
        }
    ),
}


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """Which base addresses are acceptable.

    ``hosts``: exact host names of storefronts that https may reach; ``tiktok_hosts``: those that may be TikTok, which
    get the app's secret and the refresh tokens. The other parties' hosts are fixed. ``loopback_http``: whether plain
    http to this very machine is allowed, which only the local console and the demo say yes to.

    Raises:
        ForbiddenHost: one of the hosts is no host name, but a pattern, an IP address or a whole URL.
    """

    hosts: frozenset[str] = DEFAULT_HOSTS
    loopback_http: bool = False
    tiktok_hosts: frozenset[str] = TIKTOK_HOSTS

    def __post_init__(self) -> None:
        for host in sorted(self.hosts | self.tiktok_hosts):
            if not is_host_name(host):
                raise ForbiddenHost(
                    f"{host!r} cannot be allowed: give one host's full name in lower case, as in open.tiktokapis.com, "
                    "no pattern, IP address, port or path."
                )

    def check(self, base_url: str, party: Party = Party.STOREFRONT) -> str:
        """Return ``base_url`` of ``party`` without a trailing slash.

        Raises:
            ForbiddenHost: it is not an absolute address of a permitted scheme and host.
        """
        try:
            parts = urlsplit(base_url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise ForbiddenHost(f"The base URL is not an address. Give one such as {TIKTOK_API}.") from error
        if not host or "@" in parts.netloc or "?" in base_url or "#" in base_url:
            # What is too much here may be a password or a key: it is not repeated.
            raise ForbiddenHost(
                f"The base URL with host {host!r} cannot be used: give scheme, host and path only, as in {TIKTOK_API}."
            )
        if not _PLAIN_ADDRESS.fullmatch(base_url) or "\\" in base_url:
            # Readers of URLs differ about these characters, and so about the host that is meant.
            raise ForbiddenHost(
                f"The base URL with host {host!r} cannot be used: write it in ASCII, without blanks, control "
                "characters and backslashes; an international host name in its xn-- form."
            )
        if self.permits(parts.scheme, host, port, (party,)):
            return _plain(parts)
        if parts.scheme != "https":
            raise ForbiddenHost(f"{base_url!r} must use https: a merchant's token travels with every request.")
        if party is Party.STOREFRONT:
            known = f"{', '.join(sorted(self.hosts))}. The operator may allow more hosts"
        elif party is Party.TIKTOK:
            known = f"{', '.join(sorted(self.tiktok_hosts))}. The operator may allow more hosts to be TikTok's"
        else:
            known = "NAME.myshopify.com" if party is Party.SHOPIFY else ", ".join(sorted(_OWN_HOSTS[party]))
        raise ForbiddenHost(f"The host of {base_url!r} is not allowed. Allowed: {known}.")

    def permits(self, scheme: str, host: str, port: int | None, parties: Iterable[Party]) -> bool:
        """Say whether a host, in lower case, may be asked on behalf of one of ``parties``."""
        if self.loopback_http and is_loopback(host):
            return scheme in {"http", "https"}
        return scheme == "https" and port in _HTTPS_PORTS and any(self._allows(host, party) for party in parties)

    def _allows(self, host: str, party: Party) -> bool:
        if party is Party.SHOPIFY:
            return _SHOPIFY.fullmatch(host) is not None
        if party is Party.GOOGLE_TOKENS and _AWS_STS.fullmatch(host):
            return True
        if party is Party.TIKTOK:
            return host in self.tiktok_hosts
        return host in _OWN_HOSTS.get(party, self.hosts)


def is_host_name(text: str) -> bool:
    """Say whether it is one host's full name in lower case: no pattern, no IP address in any spelling."""
    return _HOST_NAME.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Say whether ``host`` names this machine itself. Names are not resolved: only ``localhost`` counts."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # Python's releases differ about ::ffff:127.0.0.1; a zone behind a % is nothing that a URL needs.
    return address == _LOOPBACK_V6 if address.version == 6 else address.is_loopback  # noqa: PLR2004 - the protocol's name


def _plain(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
