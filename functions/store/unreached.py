"""Holding a message that nobody is there to get, and what the operators were told of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.audit.alert import Alert, AlertState
from functions.audit.errors import Conflict
from functions.audit.telling import Why
from functions.audit.unreached import unreached
from functions.store.alerts import told_plain
from functions.store.change import change
from functions.store.fence import BUSY, LOST, refusals_of
from functions.store.items import key, wrote

if TYPE_CHECKING:
    from functions.store.tables import Tables

STILL_PENDING = "#state = :pending"
TOLD_BY_IT = "#last_told_on = :night"
NOT_TOLD_YET = "attribute_not_exists(#operators_told_at) AND attribute_exists(#alert_id)"


def hold_unreached(tables: Tables, alert: Alert) -> bool:
    """Hold a pending alert, and note that nobody was told of its findings; return whether it was still pending.

    What nobody heard of is owed as if for the first time: whoever hears it on a later night may be new. The row stays
    in the index of what has not left, until the operators were told.

    Raises:
        Conflict: another transaction was under way; the record comes again.
    """
    row = {
        "Update": {"TableName": tables.alerts.name, "Key": _key(alert)}
        | change(
            {**told_plain(unreached(alert)), "unsent_night": alert.night},
            STILL_PENDING,
            given={"pending": AlertState.PENDING},
        )
    }
    # A finding that is over was told before; that it is over is said once, or never. So is a correction.
    owed = [one for one in alert.criticals if one.why not in {Why.RESOLVED, Why.CORRECTED}]
    untold = [_untold(tables, alert, one.check_id) for one in owed]
    while True:
        writes: Any = [row, *untold]
        try:
            tables.client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            refusals = refusals_of(error)
            if BUSY in refusals or not refusals:
                if refusals:
                    raise Conflict(f"another write of {alert.merchant_id} is under way") from error
                raise
            if refusals[0] == LOST:
                return False
            if LOST not in refusals:
                raise
            # A finding that went on without this message has a later one, or is well: it owes nothing.
            untold = [one for one, refusal in zip(untold, refusals[1:], strict=True) if refusal != LOST]
        else:
            return True


def record_operators_told(tables: Tables, alert: Alert, *, at: datetime) -> bool:
    """Note that the operators were told in the recipients' place; return whether this was the first note."""
    told = {"operators_told_at": at, "unsent_night": None}
    return wrote(tables.client.update_item, TableName=tables.alerts.name, Key=_key(alert), **change(told, NOT_TOLD_YET))


def _key(alert: Alert) -> dict[str, Any]:
    return key(merchant_id=alert.merchant_id, alert_id=alert.alert_id)


def _untold(tables: Tables, alert: Alert, check_id: str) -> dict[str, Any]:
    where = {"TableName": tables.findings.name, "Key": key(merchant_id=alert.merchant_id, check_id=check_id)}
    return {"Update": where | change({"last_told_on": None}, TOLD_BY_IT, given={"night": alert.night})}
