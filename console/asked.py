"""What a person named in a call, looked up: a check by its id, a merchant of the stage."""

from __future__ import annotations

from typing import Final

from console.errors import Unusable
from console.stage import Stage
from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.merchant import Merchant

CHECKS: Final[dict[str, Check]] = {check.id: check for check in (*CATALOGUE, *EXTRAS)}


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
