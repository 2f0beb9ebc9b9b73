"""What a person named in a call, looked up: a check by its id, a merchant of the stage, one of its nights."""

from __future__ import annotations

from datetime import UTC, date, datetime

from console.errors import Unusable
from console.stage import Stage
from functions.audit.check import Check
from functions.audit.merchant import Merchant
from functions.audit.periods import EARLIEST
from functions.report.stored import CHECKS
from functions.store.reading import Reading


def check_named(check_id: str) -> Check:
    """Return the check of that id, one of the fifteen or of the two beside them.

    Raises:
        Unusable: there is none.
    """
    if check_id not in CHECKS:
        raise Unusable(f"There is no check {check_id!r}; the checks are {', '.join(CHECKS)}.")
    return CHECKS[check_id]


def merchant_named(at: Stage, merchant_id: str) -> Merchant:
    """Return the merchant of that id.

    Raises:
        Unusable: there is none.
        functions.audit.errors.NightjarError: its settings cannot be read.
    """
    merchant = at.tables.merchants.get(merchant_id)
    if merchant is None:
        raise Unusable(f"There is no merchant {merchant_id!r} on stage {at.name}; nightjar merchants list shows all.")
    return merchant


def no_audit(at: Stage, merchant_id: str, nights: str, last: date) -> Unusable:
    """Return the error that there is no audit of these nights, the last of which is ``last``: it says which there are.

    To know that, all nights of the merchant are read: a night it never had is not asked for often.
    """
    reading = Reading(at.client("dynamodb"), at.prefix)
    there = [row["night"] for row in reading.audits_of(merchant_id, EARLIEST, date.max) if "outcomes" in row]
    if last > datetime.now(UTC).date() and (not there or last.isoformat() > there[-1]):
        return Unusable(f"{merchant_id} has no audit {nights}: {last} lies in the future.")
    if not there:
        return Unusable(f"{merchant_id} has no audit yet. Start one: nightjar run --merchant {merchant_id}.")
    return Unusable(f"{merchant_id} has no audit {nights}; there are audits from {there[0]} to {there[-1]}.")
