"""What a stage with reports has more of: the queue of those to be written, who writes them and who opens them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration
from constructs import Construct

from infra.constructs.function import Common, Function
from infra.constructs.permissions import (
    allow,
    decrypt_secret,
    read_secret,
    send,
    use_key_for_tables,
    use_key_through,
    use_objects,
    use_table,
)
from infra.constructs.public_url import open_to_the_internet
from infra.constructs.queue import WorkQueue
from infra.constructs.reports import FOLDER, Reports
from infra.data_stack import DataStack

REPORT_SECONDS: Final = 60  # five of them at half a second, and as much again for a slow minute of S3
REPORTS_AT_ONCE: Final = 5  # ten thousand in a quarter of an hour; nobody waits for one before morning
VIEW_SECONDS: Final = 15
VIEWS_AT_ONCE: Final = 5  # at ten a second each: a flood takes next to nothing of the account's concurrency or money


@dataclass(frozen=True, slots=True)
class ReportRooms:
    """Makes them inside ``scope``, and lets the evaluator ask for reports."""

    scope: Construct
    common: Common
    data: DataStack
    kept: Reports

    def queue(self, evaluator: Function) -> WorkQueue:
        """Make the queue, which the evaluator fills: what cannot be put there holds up no audit."""
        timeout = Duration.seconds(REPORT_SECONDS)
        common = self.common
        reports = WorkQueue(
            self.scope,
            "ReportQueue",
            stage=common.stage,
            name="report",
            function_timeout=timeout,
            key=common.key,
            alarms=common.alarms,
        )
        evaluator.function.add_environment("NIGHTJAR_REPORT_QUEUE_URL", reports.queue.queue_url)
        evaluator.allow(send(reports.queue))
        return reports

    def reporter(self, reports: WorkQueue) -> Function:
        """Writes the report of a merchant's night."""
        function = Function(
            self.scope,
            "reporter",
            self.common,
            says="Writes the report of a merchant's night into the bucket of reports",
            memory_mb=512,
            timeout=Duration.seconds(REPORT_SECONDS),
            environment={"NIGHTJAR_REPORTS_BUCKET": self.kept.name},
        )
        tables = self.data.tables
        function.allow(
            use_key_for_tables(self.common.key),
            use_table(tables["merchants"], "GetItem"),
            use_table(tables["audits"], "GetItem", "Query"),
            use_table(tables["findings"], "Query"),
            use_table(tables["mutes"], "Query"),
            use_table(tables["snapshots"], "GetItem"),
            use_objects(self.kept.arn, FOLDER, "DeleteObject", "PutObject"),
            use_key_through(self.common.key, "s3"),
        )
        self.kept.explain_folder(function.role)
        reports.feed(function, batch_size=5, concurrency=REPORTS_AT_ONCE)
        return function

    def viewer(self, notifier: Function) -> Function:
        """Opens a report to whoever holds its link, which the notifier signs."""
        secret = self.kept.link_key.ref
        may_read_key = (read_secret(secret), decrypt_secret(self.common.key, secret))
        function = Function(
            self.scope,
            "viewer",
            self.common,
            says="Leads the holder of a signed link to a report, for a minute",
            memory_mb=256,
            timeout=Duration.seconds(VIEW_SECONDS),
            environment={"NIGHTJAR_REPORTS_BUCKET": self.kept.name, "NIGHTJAR_REPORT_SECRET_ID": secret},
        )
        function.allow(
            use_objects(self.kept.arn, FOLDER, "GetObject"),
            # Without it, S3 answers for an object that is not there as for one that may not be read.
            allow(["s3:ListBucket"], [self.kept.arn]),
            use_key_through(self.common.key, "s3"),
            *may_read_key,
        )
        self.kept.explain_folder(function.role)
        url = open_to_the_internet(function, at_once=VIEWS_AT_ONCE, alarms=self.common.alarms)
        notifier.function.add_environment("NIGHTJAR_REPORTS_URL", url)
        notifier.function.add_environment("NIGHTJAR_REPORT_SECRET_ID", secret)
        notifier.allow(*may_read_key)
        return function
