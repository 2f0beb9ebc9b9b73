"""Is an address out on the public internet? What is not must never get a merchant's token.

From the IANA registries of special addresses, written out: what Python's ``ipaddress`` calls global changed between its
releases, and some addresses that it calls global belong to a cloud's own machinery.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

_LOOPBACK: Final = "loopback"
_SPECIAL_V4: Final[Mapping[IPv4Network, str]] = {
    IPv4Network(network): kind
    for kind, networks in {
        "unspecified": ("0.0.0.0/8",),
        "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        "shared by a provider's customers": ("100.64.0.0/10",),
        _LOOPBACK: ("127.0.0.0/8",),
        # 169.254.169.254 and 169.254.170.2 answer with credentials in every big cloud.
        "link-local": ("169.254.0.0/16",),
        # Azure's agent answers on an address out of a public range.
        "cloud metadata": ("168.63.129.16/32",),
        "multicast": ("224.0.0.0/4",),
        "reserved": (
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
        ),
    }.items()
    for network in networks
}
# Everything public is in here; the rest is loopback, private (fc00::/7), link-local, multicast, mapped or unassigned.
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_SPECIAL_V6: Final[Mapping[IPv6Network, str]] = {
    IPv6Network("2001::/23"): "reserved",  # Teredo, ORCHID, benchmarks; their few public hosts are no API's
    IPv6Network("2001:db8::/32"): "reserved",
    IPv6Network("2002::/16"): "another address in disguise",  # 6to4: reaches whatever IPv4 address it holds
    IPv6Network("2620:4f:8000::/48"): "reserved",
    IPv6Network("3fff::/20"): "reserved",
}
# What DNS64 answers on a network without IPv4: the address in the last four bytes is where the packet goes.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LAST_FOUR_BYTES: Final = 0xFFFF_FFFF
_NAMED_V6: Final[Mapping[IPv6Network, str]] = {
    IPv6Network("::/128"): "unspecified",
    IPv6Network("::1/128"): _LOOPBACK,
    IPv6Network("::ffff:0:0/96"): "another address in disguise",
    IPv6Network("fc00::/7"): "private",
    IPv6Network("fe80::/10"): "link-local",
    IPv6Network("ff00::/8"): "multicast",
}


def not_public(address: Address) -> str | None:
    """Return what kind of address it is, in words, if it is not public; ``None`` for one that may be asked."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _SPECIAL_V4.items() if address in network), None)
    if address in _NAT64:
        return not_public(IPv4Address(int(address) & _LAST_FOUR_BYTES))
    special = _SPECIAL_V6 if address in _GLOBAL_V6 else _NAMED_V6
    kind = next((kind for network, kind in special.items() if address in network), None)
    return kind if special is _SPECIAL_V6 else kind or "reserved"


def is_this_machine(address: Address) -> bool:
    """Say whether it is a loopback address in its plain form."""
    return not_public(address) == _LOOPBACK and (address.version == 4 or address == IPv6Address("::1"))  # noqa: PLR2004 - the protocol's name
