"""The table `snapshots`: what a night saw, compressed, written once and never replaced."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from functions.audit.absence import Absent
from functions.audit.errors import NightjarError
from functions.audit.snapshot import SCHEMA_VERSION, PageSeen, Snapshot, SourceSeen
from functions.store.fence import put_unless_erased
from functions.store.items import (
    OVER,
    TTL_NAME,
    Clock,
    epoch,
    from_item,
    is_over,
    key,
    now_value,
    to_item,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB takes items of 400 KB; this leaves room for everything beside the body.
LARGEST_BODY = 350_000
NOT_THERE_YET = f"attribute_not_exists(merchant_id) OR {OVER}"
Row = TypeVar("Row", PageSeen, SourceSeen)


class Snapshots:
    """The table `snapshots`."""

    def __init__(self, client: DynamoDBClient, name: str, *, merchants: str, clock: Clock = time.time) -> None:
        self._client = client
        self._name = name
        self._merchants = merchants
        self._clock = clock

    def put_once(self, snapshot: Snapshot, *, ttl: datetime) -> bool:
        """Store the snapshot unless one of this merchant and night is there; return whether it was stored.

        Of a merchant that was erased meanwhile nothing is stored.
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
        put = {
            "TableName": self._name,
            "Item": item,
            "ConditionExpression": NOT_THERE_YET,
            "ExpressionAttributeNames": TTL_NAME,
            "ExpressionAttributeValues": now_value(self._clock),
        }
        return put_unless_erased(self._client, put, merchants=self._merchants, merchant_id=snapshot.merchant_id)

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
        if is_over(row, self._clock):
            return None
        try:
            encoded = gzip.decompress(row["body"])
            if hashlib.sha256(encoded).hexdigest() != row["sha256"]:
                raise NightjarError(f"The snapshot of {merchant_id} for {night} is not the one that was stored.")
            snapshot = Snapshot.model_validate_json(encoded)
        except (OSError, EOFError, zlib.error, ValidationError) as error:
            raise NightjarError(f"The snapshot of {merchant_id} for {night} cannot be read by this version.") from error
        if snapshot.schema_version != SCHEMA_VERSION:
            raise NightjarError(f"The snapshot of {merchant_id} for {night} cannot be read by this version.")
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
    """Return the snapshot with only the busier half of its longer listing."""
    pages, sources = snapshot.pages, snapshot.sources
    page_count = 0 if isinstance(pages, Absent) else len(pages.pages)
    source_count = 0 if isinstance(sources, Absent) else len(sources.sources)
    if not isinstance(pages, Absent) and page_count >= source_count and page_count:
        kept = pages.model_copy(update={"pages": _busier_half(pages.pages), "truncated": True})
        return _changed(snapshot, pages=kept)
    if not isinstance(sources, Absent) and source_count:
        less = sources.model_copy(update={"sources": _busier_half(sources.sources), "truncated": True})
        return _changed(snapshot, sources=less)
    raise NightjarError(f"The snapshot of {snapshot.merchant_id} is too large to store even without its listings.")


def _busier_half(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the half with the most sessions, in the order listed, whatever order that is.

    Rows of unknown size count as the biggest: a check must still learn that there is something it cannot judge.
    """

    def size(at: int) -> float:
        sessions = rows[at].sessions
        return float("inf") if isinstance(sessions, Absent) else sessions

    busier = sorted(range(len(rows)), key=size, reverse=True)[: len(rows) // 2]
    return tuple(rows[at] for at in sorted(busier))


def _changed(snapshot: Snapshot, **parts: object) -> Snapshot:
    """Return a copy with other parts, and without the encoding that the old one had cached."""
    fields = {name: getattr(snapshot, name) for name in type(snapshot).model_fields}
    return Snapshot.model_construct(**(fields | parts))
