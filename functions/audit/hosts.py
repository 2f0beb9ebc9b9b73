"""Where requests may go: https and allow-listed hosts, because a merchant's token travels with them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from functions.audit.errors import ForbiddenHost

TIKTOK_API = "https://open.tiktokapis.com"
TIKTOK_BUSINESS_API = "https://business-api.tiktok.com"
GOOGLE_ANALYTICS_API = "https://analyticsdata.googleapis.com"
DEFAULT_HOSTS = frozenset({"open.tiktokapis.com"})
# One label below Shopify's domain: the shop's permanent name, never a domain that the shop chose.
_SHOPIFY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,61}\.myshopify\.com")


class Party(StrEnum):
    """Who is asked. Each party's secret may go to its own hosts only."""

    TIKTOK = "tiktok"
    STOREFRONT = "storefront"
    TIKTOK_BUSINESS = "tiktok_business"
    GA4 = "ga4"
    SHOPIFY = "shopify"


_OWN_HOSTS: Final = {
    Party.TIKTOK_BUSINESS: frozenset({"business-api.tiktok.com"}),
    Party.GA4: frozenset({"analyticsdata.googleapis.com"}),
}


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """Which base addresses are acceptable.

    ``hosts``: exact host names of TikTok and of storefronts that https may reach; the other parties' hosts are fixed.
    ``loopback_http``: whether plain http to this very machine is
    allowed, which only the local console and the demo say yes to.
    """

    hosts: frozenset[str] = DEFAULT_HOSTS
    loopback_http: bool = False

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
        if not host or "@" in parts.netloc or parts.query or parts.fragment:
            # What is too much here may be a password or a key: it is not repeated.
            raise ForbiddenHost(
                f"The base URL with host {host!r} cannot be used: give scheme, host and path only, as in {TIKTOK_API}."
            )
        if self.loopback_http and parts.scheme in {"http", "https"} and is_loopback(host):
            return _plain(parts)
        if parts.scheme != "https":
            raise ForbiddenHost(f"{base_url!r} must use https: a merchant's token travels with every request.")
        if port in {None, 443} and self._allows(host, party):
            return _plain(parts)
        if party in {Party.TIKTOK, Party.STOREFRONT}:
            known = f"{', '.join(sorted(self.hosts))}. The operator may allow more hosts"
        else:
            known = "NAME.myshopify.com" if party is Party.SHOPIFY else ", ".join(sorted(_OWN_HOSTS[party]))
        raise ForbiddenHost(f"The host of {base_url!r} is not allowed. Allowed: {known}.")

    def _allows(self, host: str, party: Party) -> bool:
        if party is Party.SHOPIFY:
            return _SHOPIFY.fullmatch(host) is not None
        return host in _OWN_HOSTS.get(party, self.hosts)


def is_loopback(host: str) -> bool:
    """Say whether ``host`` names this machine itself. Names are not resolved: only ``localhost`` counts."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
