"""What a function is told by its environment, read once and checked.

A missing variable fails a deployment's first call with its name, not some later night with a riddle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from functions.audit.errors import InvalidInput
from functions.audit.hosts import TIKTOK_HOSTS, HostPolicy


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables of one function, by name."""

    variables: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a variable that must be set.

        Raises:
            InvalidInput: it is missing or empty.
        """
        value = self.variables.get(name, "").strip()
        if not value:
            raise InvalidInput(f"The environment variable {name} is not set; the CDK app sets it, so deploy again.")
        return value

    def optional(self, name: str) -> str | None:
        """Return a variable that need not be set; ``None`` when it is not."""
        return self.variables.get(name, "").strip() or None

    def number(self, name: str) -> int:
        """Return a variable that must hold a positive whole number.

        Raises:
            InvalidInput: it is missing or not such a number.
        """
        text = self.text(name)
        if not text.isdecimal() or int(text) < 1:
            raise InvalidInput(f"The environment variable {name} is {text!r}, which is not a positive whole number.")
        return int(text)

    def switched_on(self, name: str) -> bool:
        """Say whether a switch is on: it holds 1. One that is not there is off."""
        return self.variables.get(name, "").strip() == "1"

    @property
    def table_prefix(self) -> str:
        """What the names of this stage's tables begin with, as in ``nightjar-prod-``."""
        return self.text("NIGHTJAR_TABLE_PREFIX")

    @property
    def host_policy(self) -> HostPolicy:
        """Which hosts a merchant's token may be sent to on this stage."""
        return HostPolicy(
            hosts=_hosts(self.text("NIGHTJAR_ALLOWED_HOSTS")),
            loopback_http=self.switched_on("NIGHTJAR_ALLOW_LOOPBACK_HTTP"),
            tiktok_hosts=self.tiktok_hosts,
        )

    @property
    def tiktok_hosts(self) -> frozenset[str]:
        """Which hosts may be TikTok: TikTok's own where nobody says otherwise."""
        return _hosts(self.variables.get("NIGHTJAR_TIKTOK_HOSTS", "")) or TIKTOK_HOSTS


def _hosts(text: str) -> frozenset[str]:
    return frozenset(host.strip().lower() for host in text.split(",") if host.strip())
