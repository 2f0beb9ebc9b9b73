"""Where a browser is sent: TikTok's authorise page, and back to an address that TikTok lets an app register.

The rules for redirect addresses are TikTok's (APIS 2.6). They are checked here because TikTok's own answer to a wrong
one is a page in the merchant's browser that says little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from console.errors import Unusable
from console.login.proof import Proof
from functions.audit.hosts import is_loopback

AUTHORIZE: Final = "https://www.tiktok.com/v2/auth/authorize/"
AUTHORIZE_HOST: Final = "www.tiktok.com"
DEFAULT_PORT: Final = 8585
CALLBACK_PATH: Final = "/callback/"
_DESKTOP_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
_LONGEST: Final = 511
_HIGHEST_PORT: Final = 65_535
_PLAIN: Final = re.compile(r"[!-~]+")
_DESKTOP: Final = re.compile(r"(?P<scheme>https?)://(?P<host>[^/:]+):(?P<port>\*|[0-9]{1,5})(?P<path>/.*)?")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where TikTok sends the browser back to.

    ``port`` is given for an address of this machine, which TikTok calls "desktop": 0 means any free one (registered
    with ``*``). Everything else is a website.
    """

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def here(cls, port: int) -> Redirect:
        """Return the address that Nightjar itself listens on."""
        return cls("http", "127.0.0.1", port, CALLBACK_PATH)

    @property
    def is_desktop(self) -> bool:
        """Whether it is this machine, for which TikTok insists on PKCE."""
        return self.port is not None

    @property
    def can_be_heard(self) -> bool:
        """Whether Nightjar can listen there itself: it has no certificate for https."""
        return self.is_desktop and self.scheme == "http"

    def at(self, port: int | None = None) -> str:
        """Return the address, with the port that was found free in place of "any"."""
        port = port or self.port
        return f"{self.scheme}://{self.host}{'' if port is None else f':{port}'}{self.path}"


def parse_redirect(text: str) -> Redirect:
    """Return the redirect address that somebody wrote.

    Raises:
        Unusable: TikTok would not take it; says why.
    """
    if len(text) > _LONGEST:
        raise Unusable(f"The redirect address has {len(text)} characters; TikTok takes fewer than 512.")
    if not _PLAIN.fullmatch(text) or "\\" in text:
        raise Unusable("The redirect address must be plain ASCII without spaces, as https://agency.example/cb is.")
    if "?" in text or "#" in text:
        raise Unusable("The redirect address must not have parameters (?…) or a fragment (#…): TikTok wants it static.")
    parts = _split(text)
    if "@" in parts.netloc or not parts.hostname:
        raise Unusable(
            "The redirect address must be absolute and without a user name, as in https://agency.example/cb."
        )
    if parts.hostname.lower() in _DESKTOP_HOSTS:
        return _desktop(text)
    if parts.scheme != "https" or "*" in text:
        raise Unusable(
            f"{text!r} cannot be a redirect address: a website's begins with https:// and is written out in full; "
            f"plain http is for this machine only, as in {Redirect.here(DEFAULT_PORT).at()}."
        )
    return Redirect("https", parts.netloc, None, parts.path)


def _desktop(text: str) -> Redirect:
    found = _DESKTOP.fullmatch(text)
    port = 0 if found is None or found["port"] == "*" else int(found["port"])
    if found is None or port > _HIGHEST_PORT:
        raise Unusable(
            f"{text!r} must name its port, as {Redirect.here(DEFAULT_PORT).at()} does, or * for any free one: TikTok "
            "wants it for an address of this machine."
        )
    return Redirect(found["scheme"], found["host"], port, found["path"] or "")


def check_authorize(address: str) -> str:
    """Return the address of the authorise page: TikTok's, or that of a sample server on this machine.

    Raises:
        Unusable: it is neither.
    """
    parts = _split(address)
    host = (parts.hostname or "").lower()
    tiktoks = parts.scheme == "https" and host == AUTHORIZE_HOST
    samples = parts.scheme == "http" and is_loopback(host)
    if "@" in parts.netloc or "?" in address or "#" in address or not (tiktoks or samples):
        raise Unusable(f"The authorise page is {AUTHORIZE}; only a sample server on this machine may stand in for it.")
    return address


def authorize_address(
    page: str, client_key: str, scopes: Iterable[str], redirect_uri: str, *, proof: Proof, ask_again: bool
) -> str:
    """Return the address that the browser opens. Nothing in it is secret once the login is over."""
    asked = {
        "client_key": client_key,
        "response_type": "code",
        "scope": ",".join(scopes),
        "redirect_uri": redirect_uri,
        "state": proof.state,
    }
    if ask_again:
        asked["disable_auto_auth"] = "1"
    if proof.challenge is not None:
        asked |= {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    return f"{page}?{urlencode(asked, quote_via=quote, safe=',')}"


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        # Reading it is what finds the mistake; a wildcard is no mistake.
        if not parts.netloc.endswith(":*"):
            _ = parts.port
    except ValueError as error:
        raise Unusable(f"{address!r} is not an address.") from error
    return parts
