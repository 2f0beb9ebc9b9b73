"""The reports that a stage has written of a merchant: found and removed, where the stage has any."""

from __future__ import annotations

from botocore.exceptions import ClientError

from console.stage import Stage
from functions.runtime.report_links import folder_of

_AT_ONCE = 1000  # DeleteObjects takes no more, and ListObjectsV2 gives no more


def reports_of(stage: Stage, account: str, merchant_id: str) -> list[str]:
    """Return the keys of a merchant's reports; none where the stage has no bucket for them."""
    s3 = stage.client("s3")
    request = {"Bucket": _bucket(stage, account), "Prefix": folder_of(merchant_id)}
    keys: list[str] = []
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(**request):
            keys += [found["Key"] for found in page.get("Contents", ())]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchBucket":
            raise
    return keys


def delete_reports(stage: Stage, account: str, merchant_id: str) -> int:
    """Remove a merchant's reports; return how many there were."""
    s3, keys = stage.client("s3"), reports_of(stage, account, merchant_id)
    for first in range(0, len(keys), _AT_ONCE):
        some = [{"Key": key} for key in keys[first : first + _AT_ONCE]]
        # What could not be removed is found when the place is read again.
        s3.delete_objects(Bucket=_bucket(stage, account), Delete={"Objects": some, "Quiet": True})
    return len(keys)


def _bucket(stage: Stage, account: str) -> str:
    return f"{stage.prefix}reports-{account}-{stage.client('s3').meta.region_name}"
