"""What keeps an erased merchant from being written back: a mark in its place, and a condition on every night's write.

The mark is one item in `merchants`: the id, when it was erased, and when the mark ends. Whatever a night writes of a
merchant that was not there before is written in one transaction with the condition that there is no mark. So a write
either came before the mark, and is found by who deletes, or it does not happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.audit.errors import Conflict
from functions.store.items import key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

NOT_ERASED: Final = "attribute_not_exists(erased_at)"
LOST: Final = "ConditionalCheckFailed"
BUSY: Final = "TransactionConflict"
NO_FAULT: Final = "None"
ATTEMPTS: Final = 5


def unless_erased(merchants: str, merchant_id: str) -> TransactWriteItemTypeDef:
    """Return the condition, as a part of a transaction: nobody has erased this merchant. It need not be there."""
    return {
        "ConditionCheck": {
            "TableName": merchants,
            "Key": key(merchant_id=merchant_id),
            "ConditionExpression": NOT_ERASED,
        }
    }


def written_unless_erased(client: DynamoDBClient, write: dict[str, Any], *, merchants: str, merchant_id: str) -> bool:
    """Write one item of a merchant, under the write's own condition; return whether it was written.

    ``write``: as a transaction takes it, as in ``{"Put": …}``.

    Raises:
        Conflict: other transactions about this merchant were under way at every attempt.
        botocore.exceptions.ClientError: it failed for anything else than what other writers did.
    """
    writes: list[Any] = [write, unless_erased(merchants, merchant_id)]
    for _ in range(ATTEMPTS):
        try:
            client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            refusals = refusals_of(error)
            if LOST in refusals:
                return False
            if not refusals or not set(refusals) <= {NO_FAULT, BUSY}:
                raise
        else:
            return True
    raise Conflict(f"other writes of {merchant_id} are under way")


def refusals_of(error: ClientError) -> list[str]:
    """Return what DynamoDB had against each write of a cancelled transaction, in their order; else nothing."""
    if error.response.get("Error", {}).get("Code") != "TransactionCanceledException":
        return []
    return [reason.get("Code", NO_FAULT) for reason in error.response.get("CancellationReasons", [])]
