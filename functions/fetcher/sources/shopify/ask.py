"""The night's questions to one Shopify shop, and what its answers make of the channel."""

from __future__ import annotations

from functions.audit.absence import Absent, Reason
from functions.fetcher.sources.channel import Asked, Channel, Commerce


async def ask_shopify(asked: Asked, token: str) -> Channel:  # noqa: ARG001 - being written
    """Return the channel as the shop saw it: traffic, audience and commerce."""
    return Channel.unseen(Absent.because(Reason.NOT_CONNECTED, "being written"))


async def ask_commerce(asked: Asked, token: str) -> Commerce | Absent:  # noqa: ARG001 - being written
    """Return revenue, orders and carts alone, for a merchant whose traffic another provider measures."""
    return Absent.because(Reason.NOT_CONNECTED, "being written")
