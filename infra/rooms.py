"""The functions one by one: how big each is, what it is told, and the least that it must be allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import Aws, Duration
from constructs import Construct

from infra.constructs.function import Common, Function
from infra.constructs.later import Later
from infra.constructs.own_topics import publish_to_everybody
from infra.constructs.permissions import (
    allow,
    consume_stream,
    decrypt_secret,
    publish,
    query_index,
    read_secret,
    send,
    update_attributes,
    use_key_for_tables,
    use_key_through,
    use_table,
)
from infra.constructs.preflight import let_look
from infra.constructs.public_url import open_to_the_internet
from infra.constructs.queue import RECEIVES, DeadLetterQueue, WorkQueue
from infra.data_stack import DataStack

FETCH_SECONDS: Final = 60  # five calls at once inside their own deadline, a token refresh before them
EVALUATE_SECONDS: Final = 30
NOTIFY_SECONDS: Final = 30
NIGHT_SECONDS: Final = 300  # the dispatcher pages through the whole fleet
# On a night from which no fetch came back the closer writes everybody's audit: 6 ms of a whole processor each, so a
# minute for ten thousand. Lambda gives a whole one from 1,769 MB on, and 15 minutes at most.
CLOSE_SECONDS: Final = 900
CLOSE_MEMORY_MB: Final = 1769
WEBHOOK_SECONDS: Final = 15  # a look into an index and a write a merchant; TikTok wants its answer at once
# At ten requests a second each, far more than accounts are disconnected: a flood has the URL's callers wait, TikTok
# among them, who comes again for 72 hours, and takes next to nothing of the account's concurrency or money.
WEBHOOK_AT_ONCE: Final = 2
TEXT_SCHEDULES: Final = "text-"  # what the names of the notifier's schedules begin with
# What taking back that somebody was told of a finding names, keys included.
UNTOLD_ATTRIBUTES: Final = ("merchant_id", "check_id", "last_told_on")
# What marking a connection names, keys included: nothing else of a token's row can be written.
MARKED_ATTRIBUTES: Final = ("merchant_id", "provider", "state", "state_reason", "state_since", "connected_at")


@dataclass(frozen=True, slots=True)
class Rooms:
    """Makes the functions of one stage inside ``scope``, each by the name of its room."""

    scope: Construct
    common: Common
    data: DataStack

    def dispatcher(self, fetches: WorkQueue) -> Function:
        """Starts the night."""
        function = self._function(
            "dispatcher",
            says="Starts the night: writes the expected set, then sends one message a merchant",
            memory_mb=512,
            seconds=NIGHT_SECONDS,
            environment={"NIGHTJAR_FETCH_QUEUE_URL": fetches.queue.queue_url, **self._days("audit", "night")},
        )
        tables = self.data.tables
        # It starts shards of itself. By name: its own ARN would make role and function wait for each other.
        itself = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:{function.name}"
        function.allow(
            use_table(tables["merchants"], "ConditionCheckItem", "DescribeTable", "GetItem", "Scan"),
            use_table(tables["audits"], "GetItem", "PutItem"),
            use_table(tables["nights"], "PutItem"),
            send(fetches.queue),
            use_key_through(self.common.key, "sqs"),
            allow(["lambda:InvokeFunction"], [itself]),
        )
        return function

    def fetcher(self, fetches: WorkQueue, evaluations: WorkQueue) -> Function:
        """Asks the sources about one merchant."""
        stage, tables = self.common.stage, self.data.tables
        secret, google = self.data.tiktok_app.ref, self.data.google.ref
        function = self._function(
            "fetcher",
            says="Asks every source about one merchant and stores what it saw",
            memory_mb=512,
            seconds=FETCH_SECONDS,
            environment={
                "NIGHTJAR_EVALUATE_QUEUE_URL": evaluations.queue.queue_url,
                "NIGHTJAR_FETCH_QUEUE_URL": fetches.queue.queue_url,
                "NIGHTJAR_TIKTOK_PER_MINUTE": str(stage.tiktok_requests_per_minute),
                "NIGHTJAR_MAX_RECEIVES": str(RECEIVES),
                "NIGHTJAR_TOKENS_KEY_ID": self.common.key.key_arn,
                "NIGHTJAR_TIKTOK_SECRET_ID": secret,
                "NIGHTJAR_GOOGLE_SECRET_ID": google,
                "NIGHTJAR_ALLOWED_HOSTS": ",".join(stage.allowed_hosts),
                "NIGHTJAR_TIKTOK_HOSTS": ",".join(stage.tiktok_hosts),
                "NIGHTJAR_ALLOW_LOOPBACK_HTTP": "1" if stage.loopback_http else "0",
                "NIGHTJAR_SNAPSHOT_DAYS": str(stage.snapshot_days),
                "NIGHTJAR_RESEARCH_API": "1" if stage.research_api else "0",
            },
        )
        function.allow(
            use_table(tables["merchants"], "ConditionCheckItem", "GetItem"),
            use_table(tables["tokens"], "GetItem", "UpdateItem"),
            use_table(tables["snapshots"], "GetItem", "PutItem", "UpdateItem"),
            use_table(tables["audits"], "GetItem"),
            # The tokens themselves: this function alone may use the key directly.
            allow(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], [self.common.key.key_arn]),
            read_secret(secret),
            read_secret(google),
            use_table(tables["budgets"], "UpdateItem"),
            send(evaluations.queue),
            send(fetches.queue),  # a fetch that is postponed
        )
        # One message a call: a slow storefront then holds up its own merchant only, and a minute is enough.
        fetches.feed(function, batch_size=1, concurrency=stage.fetch_concurrency)
        return function

    def evaluator(self, fetches: WorkQueue, evaluations: WorkQueue) -> Function:
        """Judges one merchant's snapshot."""
        function = self._function(
            "evaluator",
            says="Judges one merchant's snapshot: outcomes, findings, and an alert if one is due",
            memory_mb=512,
            seconds=EVALUATE_SECONDS,
            environment={
                "NIGHTJAR_FETCH_QUEUE_URL": fetches.queue.queue_url,
                **self._days("audit", "alert", "finding"),
            },
        )
        tables = self.data.tables
        function.allow(
            use_table(tables["merchants"], "ConditionCheckItem", "GetItem"),
            use_table(tables["snapshots"], "GetItem", "Query"),
            use_table(tables["audits"], "GetItem", "PutItem"),
            use_table(tables["findings"], "PutItem", "Query"),
            use_table(tables["alerts"], "GetItem", "PutItem"),
            send(fetches.queue),  # a night that late figures have changed is asked for once more
            use_key_through(self.common.key, "sqs"),
            use_table(tables["mutes"], "Query"),
            use_table(tables["nights"], "GetItem"),
        )
        evaluations.feed(function, batch_size=10, concurrency=self.common.stage.evaluate_concurrency)
        return function

    def notifier(self, unpublished: DeadLetterQueue, unscheduled: DeadLetterQueue) -> Function:
        """Publishes alerts, and text messages when they may leave."""
        prefix = self.common.stage.prefix
        later = Later(
            self.scope,
            "Texts",
            name=f"{prefix}texts",
            prefix=TEXT_SCHEDULES,
            dead=unscheduled.queue,
            key=self.common.key,
        )
        function = self._function(
            "notifier",
            says="Publishes new alerts and records that it did",
            memory_mb=256,
            seconds=NOTIFY_SECONDS,
            environment={
                "NIGHTJAR_ALERTS_TOPIC_ARN": self.data.alerts.topic_arn,
                "NIGHTJAR_TEXTS_TOPIC_ARN": self.data.texts.topic_arn,
                **self._text_terms,
                **later.environment(f"{prefix}notifier"),
            },
        )
        alerts = self.data.tables["alerts"]
        function.allow(
            use_table(alerts, "GetItem", "UpdateItem"),
            consume_stream(alerts),
            use_table(self.data.tables["merchants"], "GetItem"),
            use_table(self.data.tables["budgets"], "UpdateItem"),
            update_attributes(self.data.tables["findings"], *UNTOLD_ATTRIBUTES),
            use_table(self.data.tables["recipients"], "Query"),
            send(unpublished.queue),
            use_key_through(self.common.key, "sns", "sqs"),
        )
        publish_to_everybody(function, self.common.stage, [self.data.alerts, self.data.texts], ["alerts", "texts"])
        later.open_to(function)
        return function

    def closer(self, dead: Sequence[DeadLetterQueue]) -> Function:
        """Ends the night. ``dead``: where it looks whether anything failed for good."""
        function = self._function(
            "closer",
            says="Ends the night: coverage, what is missing, the summary to the operators",
            memory_mb=CLOSE_MEMORY_MB,
            seconds=CLOSE_SECONDS,
            environment={
                "NIGHTJAR_OPERATORS_TOPIC_ARN": self.data.operators.topic_arn,
                "NIGHTJAR_ALERTS_TOPIC_ARN": self.data.alerts.topic_arn,
                "NIGHTJAR_TEXTS_TOPIC_ARN": self.data.texts.topic_arn,
                "NIGHTJAR_DEAD_LETTERS": ",".join(one.name for one in dead),
                **self._days("audit", "alert", "finding"),
            },
        )
        tables = self.data.tables
        function.allow(
            use_table(tables["merchants"], "ConditionCheckItem"),
            use_table(tables["audits"], "GetItem", "PutItem"),
            query_index(tables["audits"], "by_night"),
            use_table(tables["findings"], "ConditionCheckItem", "PutItem", "Query", "UpdateItem"),
            use_table(tables["alerts"], "GetItem", "PutItem", "UpdateItem"),
            query_index(tables["alerts"], "unsent"),
            query_index(tables["mutes"], "by_end"),
            use_table(tables["nights"], "GetItem", "UpdateItem"),
            use_table(tables["recipients"], "Query", "Scan"),
            publish(self.data.operators),
            use_key_through(self.common.key, "sns"),
        )
        let_look(
            function,
            self.common.stage,
            topics=[self.data.operators, self.data.alerts, self.data.texts],
            names=["alerts", "texts"],
            dead=[one.queue for one in dead],
        )
        return function

    def webhook(self) -> Function:
        """Hears from TikTok which accounts were disconnected."""
        tables, secret = self.data.tables, self.data.tiktok_app.ref
        function = self._function(
            "webhook",
            says="Takes TikTok's word that an account was disconnected and marks the connection with the reason",
            memory_mb=256,
            seconds=WEBHOOK_SECONDS,
            environment={"NIGHTJAR_TIKTOK_SECRET_ID": secret},
        )
        function.allow(
            query_index(tables["merchants"], "by_open_id"),
            update_attributes(tables["tokens"], *MARKED_ATTRIBUTES),
            read_secret(secret),
            decrypt_secret(self.common.key, secret),
        )
        open_to_the_internet(function, at_once=WEBHOOK_AT_ONCE, alarms=self.common.alarms)
        return function

    @property
    def _text_terms(self) -> dict[str, str]:
        stage = self.common.stage
        sender = {"NIGHTJAR_SMS_SENDER_ID": stage.sms_sender_id} if stage.sms_sender_id else {}
        return {
            "NIGHTJAR_SMS_PER_NIGHT": str(stage.sms_per_night),
            "NIGHTJAR_SMS_PER_MERCHANT": str(stage.sms_per_merchant),
            "NIGHTJAR_SMS_MAX_PRICE_USD": f"{stage.sms_max_price_usd:f}",
            **sender,
        }

    def _days(self, *kept: str) -> dict[str, str]:
        """Tell for how many days what a function writes is kept: ``audit_days`` of the stage for ``audit``."""
        return {f"NIGHTJAR_{what.upper()}_DAYS": str(getattr(self.common.stage, f"{what}_days")) for what in kept}

    def _function(self, room: str, *, says: str, memory_mb: int, seconds: int, environment: dict[str, str]) -> Function:
        timeout = Duration.seconds(seconds)
        function = Function(
            self.scope, room, self.common, says=says, memory_mb=memory_mb, timeout=timeout, environment=environment
        )
        function.allow(use_key_for_tables(self.common.key))
        return function
