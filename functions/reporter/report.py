"""Making one report: what the tables hold becomes a page, and the page an object. Made again, it is the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from functions.audit.errors import NightjarError
from functions.audit.jobs import ReportJob
from functions.audit.profile import Profile
from functions.report.merchant_view import merchant_view
from functions.report.page import merchant_page
from functions.report.read import stored
from functions.runtime.report_links import key_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from functions.store.tables import Tables


class Reported(StrEnum):
    """What became of a report."""

    WRITTEN = "written"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Everything that it works with."""

    tables: Tables
    s3: S3Client
    bucket: str
    profile: Profile

    def report(self, job: ReportJob) -> Reported:
        """Write the report of a merchant's night; of a merchant that is not there any more, none.

        Raises:
            NightjarError: the night is not audited, or the merchant's settings cannot be read; the message comes again.
            botocore.exceptions.ClientError: DynamoDB or S3 refused; the message comes again.
        """
        merchant = self.tables.merchants.get(job.merchant_id)
        if merchant is None:
            return Reported.GONE
        found = stored(self.tables, merchant, job.night, exactly=True, today=job.night)
        if found is None:
            raise NightjarError(f"The night {job.night} of {job.merchant_id} is not audited.")
        at = key_of(job.merchant_id, job.night)
        self.s3.put_object(
            Bucket=self.bucket,
            Key=at,
            Body=merchant_page(merchant_view(found, self.profile)).encode(),
            ContentType="text/html; charset=utf-8",
            CacheControl="private, no-store",
        )
        if self.tables.merchants.erased_at(job.merchant_id) is not None:
            # Erased while it was written: the erasure may have looked here before.
            self.s3.delete_object(Bucket=self.bucket, Key=at)
            return Reported.GONE
        return Reported.WRITTEN
