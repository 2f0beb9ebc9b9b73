"""Stand-ins for what a room talks to: they take down what they are asked for, and refuse when told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


def refused(code: str, call: str) -> ClientError:
    """Return the error that AWS raises for a call it does not take."""
    return ClientError({"Error": {"Code": code, "Message": "the story says so"}}, call)


@dataclass
class FakeSqs:
    """Queues that take down each call. ``refuse`` names the merchants that a call's batch reports as failed."""

    refuse: Callable[[int, str], bool] = lambda _call, _merchant: False
    before: Callable[[list[str]], None] = lambda _merchants: None
    calls: list[list[str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    delayed: list[tuple[str, int]] = field(default_factory=list)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - SQS' own names
        assert QueueUrl
        assert 1 <= len(Entries) <= 10
        merchants = {entry["Id"]: str(json.loads(entry["MessageBody"])["merchant_id"]) for entry in Entries}
        self.before(list(merchants.values()))
        self.calls.append(list(merchants.values()))
        call = len(self.calls)
        failed = {id_ for id_, merchant in merchants.items() if self.refuse(call, merchant)}
        self.sent += [merchant for id_, merchant in merchants.items() if id_ not in failed]
        answer: dict[str, Any] = {"Successful": [{"Id": id_} for id_ in merchants if id_ not in failed]}
        if failed:
            answer["Failed"] = [{"Id": id_, "Code": "InternalError", "SenderFault": False} for id_ in failed]
        return answer

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, str]:  # noqa: N803 - SQS' own names
        merchant = str(json.loads(MessageBody)["merchant_id"])
        self.before([merchant])
        self.calls.append([merchant])
        if self.refuse(len(self.calls), merchant):
            raise refused("ServiceUnavailable", "SendMessage")
        self.sent.append(MessageBody)
        self.delayed += [(QueueUrl, DelaySeconds)] if DelaySeconds else []
        return {"MessageId": f"{QueueUrl}-{len(self.sent)}"}


@dataclass
class FakeScheduler:
    """A group of schedules that takes down each one and refuses a name that it has, as Scheduler does."""

    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: int = 0

    def create_schedule(self, **request: Any) -> dict[str, str]:
        self.before()
        self.asked += 1
        if request["Name"] in self.made:
            raise refused("ConflictException", "CreateSchedule")
        self.made[request["Name"]] = request
        self.after()
        return {"ScheduleArn": request["Name"]}


@dataclass
class FakeSns:
    """A topic that takes down each publish. ``before`` is called first, and may raise."""

    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    published: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **request: Any) -> dict[str, str]:
        self.before()
        self.published.append(request)
        self.after()
        return {"MessageId": f"message-{len(self.published)}"}
