"""Where requests may go: https and allow-listed hosts, because a merchant's token travels with them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from functions.audit.errors import ForbiddenHost

TIKTOK_API = "https://open.tiktokapis.com"
DEFAULT_HOSTS = frozenset({"open.tiktokapis.com"})


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """Which base addresses are acceptable.

    ``hosts``: exact host names that https may reach. ``loopback_http``: whether plain http to this very machine is
    allowed, which only the local console and the demo say yes to.
    """

    hosts: frozenset[str] = DEFAULT_HOSTS
    loopback_http: bool = False

    def check(self, base_url: str) -> str:
        """Return ``base_url`` without a trailing slash.

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
        if host not in self.hosts or port not in {None, 443}:
            raise ForbiddenHost(
                f"The host of {base_url!r} is not allowed. Allowed: {', '.join(sorted(self.hosts))}. "
                "The operator may allow more hosts."
            )
        return _plain(parts)


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
