"""Writing a verdict: audit, findings and alert in one conditional transaction, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.audit.alert import AlertState
from functions.audit.errors import Conflict
from functions.audit.finding import Finding
from functions.audit.merchant import Merchant
from functions.audit.mute import Mute
from functions.audit.verdict import Audit, AuditState, Verdict, conclude
from functions.store.alerts import alert_item
from functions.store.audits import audit_item
from functions.store.fence import BUSY, LOST, NO_FAULT, refusals_of, unless_erased
from functions.store.findings import finding_item
from functions.store.items import OVER, TTL_NAME, now_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from functions.store.tables import Tables

ATTEMPTS = 5
NOT_DONE_YET = f"attribute_not_exists(merchant_id) OR #state <> :done OR {OVER}"
# A night that ended without a fetch must never take the place of one that was really audited, nor be written twice.
NOT_ENDED_YET = f"attribute_not_exists(merchant_id) OR #state = :pending OR {OVER}"
NEVER_FOUND = "attribute_not_exists(merchant_id)"
AS_IT_WAS_READ = "last_night = :night AND #status = :status AND good_nights = :good_nights AND "
NEVER_TOLD = "attribute_not_exists(last_told_on)"
TOLD_THEN = "last_told_on = :told"
NEVER_ALERTED = "attribute_not_exists(merchant_id)"


@dataclass(frozen=True, slots=True)
class Ends:
    """When the items of a verdict end. A finding ends only when no later night writes it anew."""

    audit: datetime
    alert: datetime
    finding: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the items of a verdict are kept, as the stage says."""

    audits: timedelta
    alerts: timedelta
    findings: timedelta

    @classmethod
    def days(cls, *, audits: int, alerts: int, findings: int) -> Kept:
        """Return it in days."""
        return cls(timedelta(days=audits), timedelta(days=alerts), timedelta(days=findings))

    def from_(self, now: datetime) -> Ends:
        """Return when what is written now ends."""
        return Ends(now + self.audits, now + self.alerts, now + self.findings)


class Committed(StrEnum):
    """What came of writing a verdict."""

    WRITTEN = "written"
    ALREADY_DONE = "already_done"
    ERASED = "erased"


def settle(
    tables: Tables,
    audit: Audit,
    merchant: Merchant,
    *,
    ttl: datetime | Ends,
    mutes: Collection[Mute] = (),
) -> Verdict | None:
    """Read the findings, conclude, and write the verdict; again when another writer was quicker.

    Returns the verdict as it was written, without findings and alert where the night is history already; ``None``
    when this merchant's night had ended before, or the merchant was erased meanwhile.

    Raises:
        Conflict: other writers were quicker every time.
    """
    for attempt in range(1, ATTEMPTS + 1):
        before = tables.findings.of_merchant(merchant.id)
        verdict = conclude(audit, merchant, before, mutes, stage=tables.stage)
        if _is_history(audit.night, before):
            verdict = verdict.as_history
        elif verdict.alert is not None and verdict.alert.state is AlertState.WAITING:
            night = tables.nights.get(audit.night)
            if night is not None and night.closed_at is not None:
                verdict = verdict.after_close({shared.failure for shared in night.fleet})
        try:
            came_of_it = commit(tables, verdict, before, ttl=ttl)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return verdict if came_of_it is Committed.WRITTEN else None
    raise AssertionError("the last attempt returns or raises")


def commit(tables: Tables, verdict: Verdict, before: Mapping[str, Finding], *, ttl: datetime | Ends) -> Committed:
    """Write the verdict in one transaction, provided that everything is still as it was read.

    ``ttl``: when each item ends; one time is for all of them.

    A night older than what the findings already know writes its audit only: it is history, and tells nobody. An alert
    that is in the outbox already stays as it is.

    Raises:
        Conflict: a finding changed since it was read, or another transaction was under way.
    """
    audit = verdict.audit
    ends = ttl if isinstance(ttl, Ends) else Ends(ttl, ttl, ttl)
    fence = unless_erased(tables.merchants.name, audit.merchant_id)
    writes: list[TransactWriteItemTypeDef] = [_audit_put(tables, verdict, ends.audit), fence]
    history = _is_history(audit.night, before)
    alert = None if history else verdict.alert
    if not history:
        writes += [
            _finding_put(tables.findings.name, finding, before.get(finding.check_id), ends.finding)
            for finding in verdict.findings
        ]
    if alert is not None:
        put: dict[str, Any] = {
            "TableName": tables.alerts.name,
            "Item": alert_item(alert, ttl=ends.alert),
            "ConditionExpression": NEVER_ALERTED,
        }
        writes.append({"Put": put})  # type: ignore[typeddict-item]  # built in steps
    try:
        tables.client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        refusals = _refusals(error, audit)
        if refusals[0] == LOST:
            return Committed.ALREADY_DONE
        if refusals[1:2] == [LOST]:
            return Committed.ERASED
        if alert is not None and refusals[-1] == LOST and set(refusals[:-1]) == {NO_FAULT}:
            # That night was judged before and its audit was taken away by hand: what was told is not told twice.
            return commit(tables, replace(verdict, alert=None), before, ttl=ttl)
        raise Conflict(f"the findings of {audit.merchant_id} changed while they were judged") from error
    return Committed.WRITTEN


def _is_history(night: date, before: Mapping[str, Finding]) -> bool:
    """Say whether the findings know of a later night already."""
    return any(finding.last_night > night for finding in before.values())


def _refusals(error: ClientError, audit: Audit) -> list[str]:
    """Return what DynamoDB had against each write of a cancelled transaction, in their order.

    Raises:
        Conflict: the same transaction is under way already.
        botocore.exceptions.ClientError: it failed for anything else than what other writers did.
    """
    code = error.response.get("Error", {}).get("Code")
    if code == "TransactionInProgressException":
        raise Conflict(f"another write of {audit.merchant_id} is under way") from error
    if code != "TransactionCanceledException":
        raise error
    refusals = refusals_of(error)
    if not refusals or not set(refusals) <= {NO_FAULT, LOST, BUSY}:
        raise error
    return refusals


def _audit_put(tables: Tables, verdict: Verdict, ttl: datetime) -> TransactWriteItemTypeDef:
    done = verdict.audit.state is AuditState.DONE
    value = {":done": {"S": "done"}} if done else {":pending": {"S": "pending"}}
    return {
        "Put": {
            "TableName": tables.audits.name,
            "Item": audit_item(
                verdict.audit,
                ttl=ttl,
                failures=verdict.failures,
                new_criticals=verdict.new_criticals,
                ended_criticals=verdict.ended_criticals,
            ),
            "ConditionExpression": NOT_DONE_YET if done else NOT_ENDED_YET,
            "ExpressionAttributeNames": {"#state": "state", **TTL_NAME},
            "ExpressionAttributeValues": {**value, **now_value(tables.clock)},
        }
    }


def _finding_put(name: str, finding: Finding, before: Finding | None, ttl: datetime) -> TransactWriteItemTypeDef:
    item = finding_item(finding, ttl=ttl)
    if before is None:
        return {"Put": {"TableName": name, "Item": item, "ConditionExpression": NEVER_FOUND}}
    values = {
        ":night": {"S": before.last_night.isoformat()},
        ":status": {"S": before.status.value},
        ":good_nights": {"N": str(before.good_nights)},
    }
    if before.last_told_on is not None:
        values[":told"] = {"S": before.last_told_on.isoformat()}
    put: dict[str, Any] = {
        "TableName": name,
        "Item": item,
        "ConditionExpression": AS_IT_WAS_READ + (NEVER_TOLD if before.last_told_on is None else TOLD_THEN),
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": values,
    }
    return {"Put": put}  # type: ignore[typeddict-item]  # built in steps
