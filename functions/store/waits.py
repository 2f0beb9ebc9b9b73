"""Ending the wait of an alert: its row and the finding that it tells of, in one transaction."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.audit.alert import Alert, AlertState, released, withheld
from functions.audit.errors import Conflict
from functions.audit.telling import Held
from functions.store.alerts import told_plain
from functions.store.change import change
from functions.store.fence import LOST, refusals_of
from functions.store.items import key

if TYPE_CHECKING:
    from functions.store.tables import Tables

STILL_WAITING = "#state = :waiting"
TOLD_BY_IT = "#last_told_on = :night"


class Waited(StrEnum):
    """What became of an alert that waited for the close."""

    RELEASED = "released"
    WITHHELD = "withheld"
    OVERTAKEN = "overtaken"
    NOT_WAITING = "not_waiting"


def end_wait(tables: Tables, alert: Alert, *, shared: bool) -> Waited:
    """Release the alert, or withhold it where the fleet shares its root cause; then nobody counts as told.

    Where the finding went on without the alert, because its night was never closed, nobody is told of it any more.

    Raises:
        Conflict: another transaction was under way; the next close ends the wait.
    """
    if alert.state is not AlertState.WAITING or alert.root is None:
        return Waited.NOT_WAITING
    after = withheld(alert) if shared else released(alert)
    on_finding = {
        "TableName": tables.findings.name,
        "Key": key(merchant_id=alert.merchant_id, check_id=alert.root.check_id),
    }
    unless_overtaken: dict[str, Any]
    if shared:
        untold = change({"last_told_on": alert.told_before}, TOLD_BY_IT, given={"night": alert.night})
        unless_overtaken = {"Update": on_finding | untold}
    else:
        unless_overtaken = {
            "ConditionCheck": on_finding
            | {
                "ConditionExpression": TOLD_BY_IT,
                "ExpressionAttributeNames": {"#last_told_on": "last_told_on"},
                "ExpressionAttributeValues": {":night": {"S": alert.night.isoformat()}},
            }
        }
    refused = _write(tables, [_row(tables, after), unless_overtaken], alert)
    if not refused:
        return Waited.WITHHELD if shared else Waited.RELEASED
    if refused[0] == LOST or _write(tables, [_row(tables, withheld(alert, Held.NOTHING_NEW))], alert):
        return Waited.NOT_WAITING
    return Waited.OVERTAKEN


def _row(tables: Tables, after: Alert) -> dict[str, Any]:
    where = {
        "TableName": tables.alerts.name,
        "Key": key(merchant_id=after.merchant_id, alert_id=after.alert_id),
    }
    return {"Update": where | change(told_plain(after), STILL_WAITING, given={"waiting": AlertState.WAITING})}


def _write(tables: Tables, writes: list[dict[str, Any]], alert: Alert) -> list[str]:
    """Write all or nothing; return what DynamoDB had against each write, nothing when it took them."""
    try:
        tables.client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]  # built in steps
    except ClientError as error:
        refused = refusals_of(error)
        if LOST in refused:
            return refused
        if refused or error.response.get("Error", {}).get("Code") == "TransactionInProgressException":
            raise Conflict(f"another write of {alert.merchant_id} is under way") from error
        raise
    return []
