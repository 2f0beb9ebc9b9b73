"""What becomes of a message that nobody is there to get: it is held and still owed, and the operators hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from functions.audit.alert import Alert, AlertState, HeldBack
from functions.audit.telling import Held
from functions.audit.wording import counted

LISTED: Final = 50


def unreached(alert: Alert) -> Alert:
    """Return the alert as the ledger is to keep it: all that it would have told is held, for this reason."""
    back = [
        HeldBack(one.check_id, one.area, Held.RECIPIENT_UNREACHABLE, one.why, one.summary) for one in alert.criticals
    ]
    return replace(
        alert,
        state=AlertState.HELD,
        criticals=(),
        warnings=(),
        held=(*back, *alert.held),
        subject="",
        email="",
        sms="",
        document="",
        instead=None,
    )


def unreached_text(night: date, alerts: Sequence[Alert]) -> tuple[str, str]:
    """Return subject and body of the operators' message: whom nobody could be told of, and what to do."""
    merchants = sorted({alert.merchant_id for alert in alerts})
    about = counted(len(merchants), "merchant")
    lines = [
        f"Nobody got the messages about {about}: there is no confirmed recipient who would hear of it.",
        "You are told in their place. What is still critical is told again on the next night, to whoever is there.",
        "",
        *(_line(alert) for alert in sorted(alerts, key=lambda one: (one.merchant_id, one.night))[:LISTED]),
    ]
    if len(alerts) > LISTED:
        lines.append(f"- and {len(alerts) - LISTED} more")
    lines += [
        "",
        "See who is there: nightjar recipients list --merchant ID",
        "Add somebody: nightjar recipients add email ADDRESS --merchant ID, or --fleet for every merchant",
    ]
    return f"Nightjar {night}: criticals of {about} reached nobody", "\n".join(lines) + "\n"


def _line(alert: Alert) -> str:
    told = [
        f"{one.check_id} ({one.wanted.value.replace('_', ' ')})"
        for one in alert.held
        if one.because is Held.RECIPIENT_UNREACHABLE and one.wanted is not None
    ]
    return f"- {alert.merchant_id}, night of {alert.night}: {', '.join(told)}"
