"""The table `snapshots`: what a night saw, compressed, written once and never replaced."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.audit.absence import Absent
from functions.audit.errors import NightjarError
from functions.audit.snapshot import Snapshot
from functions.store.items import epoch, from_item, key, lost_condition, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB takes items of 400 KB; this leaves room for everything beside the body.
LARGEST_BODY = 350_000
NOT_THERE_YET = "attribute_not_exists(merchant_id)"


class Snapshots:
    """The table `snapshots`."""

    def __init__(self, client: DynamoDBClient, name: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def put_once(self, snapshot: Snapshot, *, ttl: datetime) -> bool:
        """Store the snapshot unless one of this merchant and night is there; return whether it was stored.

        A listing that would not fit loses its smallest rows and is marked as truncated.
        """
        fitting, body = _fitting(snapshot)
        item = to_item(
            {
                "merchant_id": snapshot.merchant_id,
                "night": snapshot.night,
                "taken_at": snapshot.taken_at,
                "fetched": snapshot.fetched,
                "sha256": fitting.sha256,
                "body": body,
                "ttl": epoch(ttl),
            }
        )
        try:
            self._client.put_item(TableName=self._name, Item=item, ConditionExpression=NOT_THERE_YET)
        except ClientError as error:
            if lost_condition(error):
                return False
            raise
        return True

    def get(self, merchant_id: str, night: date) -> Snapshot | None:
        """Return the snapshot, read consistently; ``None`` when there is none or its time is over.

        Raises:
            NightjarError: the body is not what was stored for this merchant and night, or of a form that this version
                does not read.
        """
        answer = self._client.get_item(
            TableName=self._name, Key=key(merchant_id=merchant_id, night=night.isoformat()), ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        row = from_item(answer["Item"])
        if row["ttl"] <= self._clock():
            return None  # TTL deletes days late; what is over is over
        try:
            encoded = gzip.decompress(row["body"])
            if hashlib.sha256(encoded).hexdigest() != row["sha256"]:
                raise NightjarError(f"The snapshot of {merchant_id} for {night} is not the one that was stored.")
            snapshot = Snapshot.model_validate_json(encoded)
        except (OSError, EOFError, zlib.error, ValidationError) as error:
            raise NightjarError(f"The snapshot of {merchant_id} for {night} cannot be read by this version.") from error
        if (snapshot.merchant_id, snapshot.night) != (merchant_id, night):
            # A row that was copied by hand would have one merchant judged by what another one did.
            raise NightjarError(f"The snapshot of {merchant_id} for {night} is of another merchant or night.")
        return snapshot


def _fitting(snapshot: Snapshot) -> tuple[Snapshot, bytes]:
    """Return the snapshot, its listings halved until it fits, and its compressed body."""
    while True:
        # No time stamp in the header: the same snapshot is the same bytes.
        body = gzip.compress(snapshot.encoded, mtime=0)
        if len(body) <= LARGEST_BODY:
            return snapshot, body
        snapshot = _halved(snapshot)


def _halved(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the second half of its longer listing gone; the most sessions come first."""
    pages, sources = snapshot.pages, snapshot.sources
    page_count = 0 if isinstance(pages, Absent) else len(pages.pages)
    source_count = 0 if isinstance(sources, Absent) else len(sources.sources)
    if not isinstance(pages, Absent) and page_count >= source_count and page_count:
        kept = pages.model_copy(update={"pages": pages.pages[: page_count // 2], "truncated": True})
        return _changed(snapshot, pages=kept)
    if not isinstance(sources, Absent) and source_count:
        less = sources.model_copy(update={"sources": sources.sources[: source_count // 2], "truncated": True})
        return _changed(snapshot, sources=less)
    raise NightjarError(f"The snapshot of {snapshot.merchant_id} is too large to store even without its listings.")


def _changed(snapshot: Snapshot, **parts: object) -> Snapshot:
    """Return a copy with other parts, and without the encoding that the old one had cached."""
    fields = {name: getattr(snapshot, name) for name in type(snapshot).model_fields}
    return Snapshot.model_construct(**(fields | parts))
