"""A verdict that takes the place of an earlier one of the same night; the earlier one stays readable in the same item.

In the item and not beside it: whoever reads a merchant's nights by their keys finds one item a night, the newest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from functions.audit.alert import Alert
from functions.audit.errors import Conflict
from functions.audit.verdict import Audit, AuditState
from functions.store.alerts import alert_item
from functions.store.audits import audit_item
from functions.store.fence import LOST, refusals_of, unless_erased
from functions.store.items import Item, to_item

if TYPE_CHECKING:
    from functions.store.tables import Tables

# Keys, windows and end are those of the night, whatever a version says.
_OF_THE_NIGHT: Final = frozenset({"merchant_id", "night", "state", "periods", "failures", "ttl", "schema_version"})
AS_IT_WAS_READ: Final = "#state = :done AND #version = :version"
NEVER_SUPERSEDED: Final = "#state = :done AND attribute_not_exists(#version)"
NEVER_ALERTED: Final = "attribute_not_exists(merchant_id)"


class Standing(NamedTuple):
    """Which verdict of a night stands, and on which version of its snapshot it rests."""

    version: int
    snapshot_version: int


def standing(row: Item) -> Standing | None:
    """Return what stands in an audit's row; ``None`` where the night was not audited."""
    if row["state"] != AuditState.DONE:
        return None
    return Standing(row.get("version", 1), row.get("snapshot_version", 1))


def supersede(
    tables: Tables, row: Item, audit: Audit, alert: Alert | None, *, snapshot_version: int, alert_ends: datetime
) -> bool:
    """Write a new version of an audit over the row that was read, and the correction with it; return whether it was.

    ``False``: somebody else was quicker, or the merchant was erased.

    Raises:
        Conflict: another write of this merchant was under way.
    """
    version = row.get("version", 1)
    ends = datetime.fromtimestamp(row["ttl"], UTC)
    new = audit_item(audit, ttl=ends, failures=row.get("failures", ()))
    # What a verdict does not say is the night's, as what its fetch took.
    of_the_night = {name: value for name, value in row.items() if name not in new}
    earlier = {name: value for name, value in row.items() if name in new and name not in _OF_THE_NIGHT}
    history = {
        "version": version + 1,
        "supersedes": version,
        "superseded": {**row.get("superseded", {}), str(version): earlier | _resting_on(row)},
        "snapshot_version": snapshot_version,
    }
    item = to_item(of_the_night) | new | to_item(history)
    values: dict[str, Any] = {":done": {"S": AuditState.DONE.value}}
    if "version" in row:
        values[":version"] = {"N": str(version)}
    put: dict[str, Any] = {
        "TableName": tables.audits.name,
        "Item": item,
        "ConditionExpression": AS_IT_WAS_READ if "version" in row else NEVER_SUPERSEDED,
        "ExpressionAttributeNames": {"#state": "state", "#version": "version"},
        "ExpressionAttributeValues": values,
    }
    writes: list[Any] = [{"Put": put}, unless_erased(tables.merchants.name, audit.merchant_id)]
    if alert is not None:
        told = {"TableName": tables.alerts.name, "Item": alert_item(alert, ttl=alert_ends)}
        writes.append({"Put": {**told, "ConditionExpression": NEVER_ALERTED}})
    try:
        tables.client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        refusals = refusals_of(error)
        if LOST in refusals:
            return False
        if refusals:
            raise Conflict(f"another write of {audit.merchant_id} is under way") from error
        raise
    return True


def _resting_on(row: Item) -> Item:
    """Return which version of the snapshot, and which earlier verdict, a version names."""
    return {name: row[name] for name in ("snapshot_version", "supersedes") if name in row}
