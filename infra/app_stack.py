"""What can be thrown away and made again: the functions, their queues, the two schedules, alarms and dashboard."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration, Stack, aws_kms, aws_lambda
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.function import Common
from infra.constructs.queue import DeadLetterQueue, WorkQueue
from infra.constructs.schedule import DailySchedule
from infra.constructs.stream import feed_stream
from infra.constructs.watch import watch
from infra.data_stack import DataStack
from infra.report_rooms import ReportRooms
from infra.rooms import EVALUATE_SECONDS, FETCH_SECONDS, Rooms
from infra.stages import Stage

# How long a call of dispatcher or closer is tried before a person is asked: the night is hours, not minutes.
PATIENCE: Final = Duration.hours(1)
# Every change of an alert comes through the stream; only those that wait to be sent concern the notifier, and those
# whose text message the closer found waiting.
WAITING_ALERTS: Final = (
    {"dynamodb": {"NewImage": {"state": {"S": ["pending"]}}}},
    {"dynamodb": {"NewImage": {"sms_state": {"S": ["overdue"]}}}},
)


class AppStack(Stack):
    """The stateless half. It refers to the stateful one; never the other way round."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, data: DataStack, code: aws_lambda.Code
    ) -> None:
        super().__init__(
            scope, construct_id, description=f"Nightjar {stage.name}: functions, queues, schedules, alarms (stateless)"
        )
        # By its ARN: so that nothing here can add to the policy of a key that belongs to the other stack.
        key = aws_kms.Key.from_key_arn(self, "Key", data.key.key_arn)
        alarms = Alarms(operators=data.operators)

        def work(construct_id: str, name: str, seconds: int) -> WorkQueue:
            timeout = Duration.seconds(seconds)
            return WorkQueue(
                self, construct_id, stage=stage, name=name, function_timeout=timeout, key=key, alarms=alarms
            )

        def dead_letters(construct_id: str, name: str, holds: str) -> DeadLetterQueue:
            return DeadLetterQueue(self, construct_id, name=stage.prefix + name, holds=holds, key=key, alarms=alarms)

        fetches = work("FetchQueue", "fetch", FETCH_SECONDS)
        evaluations = work("EvaluateQueue", "evaluate", EVALUATE_SECONDS)
        unscheduled = dead_letters(
            "ScheduleDead", "schedule-dlq", "calls of dispatcher, closer or notifier that failed"
        )
        unpublished = dead_letters("StreamDead", "alerts-stream-dlq", "positions of alerts that were not published")

        rooms = Rooms(self, Common(stage, code, key, alarms), data)
        dispatcher = rooms.dispatcher(fetches)
        fetcher = rooms.fetcher(fetches, evaluations)
        evaluator = rooms.evaluator(fetches, evaluations)
        notifier = rooms.notifier(unpublished, unscheduled)
        dead = [unscheduled, fetches.dead, evaluations.dead, unpublished]
        webhook = [rooms.webhook()] if stage.webhook else []
        works, optional = [fetches, evaluations], [*webhook]
        if data.reports is not None:
            more = ReportRooms(self, Common(stage, code, key, alarms), data, data.reports)
            reports = more.queue(evaluator)
            works.append(reports)
            dead.append(reports.dead)
            optional += [more.reporter(reports), more.viewer(notifier)]
        closer = rooms.closer(dead)

        feed_stream(data.tables["alerts"], notifier, only=WAITING_ALERTS, dead=unpublished.queue)
        notifier.keep_failed_events(unscheduled.queue, max_age=PATIENCE)
        for name, at, function in (("nightly", stage.nightly, dispatcher), ("closing", stage.closing, closer)):
            function.keep_failed_events(unscheduled.queue, max_age=PATIENCE)
            DailySchedule(
                self,
                name.capitalize(),
                name=stage.prefix + name,
                at=at,
                function=function,
                dead=unscheduled.queue,
                key=key,
                patience=PATIENCE,
            )
        watch(
            self,
            stage=stage,
            alarms=alarms,
            topics={"Alerts": data.alerts, "Texts": data.texts},
            functions=[dispatcher, fetcher, evaluator, notifier, closer, *optional],
            queues=[one.queue for one in works],
            dead=[queue.queue for queue in dead],
            stream_reader=notifier,
        )
