"""How a recipient is shown, to people and to programs."""

from __future__ import annotations

from typing import Any

from functions.audit.recipient import FLEET, Recipient


def name_of(one: Recipient) -> str:
    """Return what a recipient is called, and whose it is."""
    called = one.entry.recipient_id if one.entry else one.protocol
    return f"{called} of {'the fleet' if one.merchant_id == FLEET else one.merchant_id}"


def state_of(one: Recipient) -> str:
    """Return its state in words."""
    return one.state.value.replace("_", " ")


def hears_of(one: Recipient) -> str:
    """Return what it hears of."""
    if one.entry is None:
        return "its own filter" if one.subscription and one.subscription.policy else "everything"
    return f"{', '.join(one.entry.severities)} in {', '.join(one.entry.areas) or 'all areas'}"


def address_of(one: Recipient, *, addresses: bool) -> str:
    """Return its address in full, or as far as it may be shown anywhere."""
    return one.subscription.endpoint if addresses and one.subscription else one.hint


def plain_of(one: Recipient, *, addresses: bool) -> dict[str, Any]:
    """Return a recipient for programs. Of what others subscribed there is the filter that they gave it."""
    entry = one.entry
    return {
        "merchant_id": None if one.merchant_id == FLEET else one.merchant_id,
        "recipient_id": entry.recipient_id if entry else None,
        "protocol": one.protocol,
        "address": address_of(one, addresses=addresses),
        "state": one.state.value,
        "severities": list(entry.severities) if entry else None,
        "areas": list(entry.areas) if entry else None,
        "filter": dict(one.subscription.policy) if one.subscription and one.subscription.policy else None,
        "added_by": entry.added_by if entry else None,
        "added_at": entry.added_at.isoformat() if entry else None,
    }
