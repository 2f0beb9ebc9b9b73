"""What starts a night: the schedule's event, a person's, or one for a shard; everything else is refused."""

from typing import Any

import pytest

from functions.audit.errors import InvalidMessage
from functions.audit.start import Start


@pytest.mark.parametrize(
    ("event", "night"),
    [
        ({"night": "2026-11-21"}, "2026-11-21"),
        ({"scheduled_time": "2026-11-21T02:15:00Z"}, "2026-11-21"),
        # The night is a UTC date, whatever zone the instant is written in.
        ({"scheduled_time": "2026-11-20T23:15:00-03:00"}, "2026-11-21"),
        ({"scheduled_time": "2026-11-22T01:30:00+02:00"}, "2026-11-21"),
        ({"scheduled_time": "2028-02-29T23:59:59Z"}, "2028-02-29"),
    ],
)
def test_an_event_names_its_night(event: dict[str, Any], night: str) -> None:
    assert Start.parse(event).of_night.isoformat() == night


def test_a_run_may_be_of_one_merchant_or_of_one_segment() -> None:
    one = Start.parse({"night": "2026-11-21", "merchant_id": "larkspur"})
    shard = Start.parse({"night": "2026-11-21", "segment": 3, "segments": 4, "start_after": "larkspur"})

    assert (one.merchant_id, one.segment) == ("larkspur", None)
    assert (shard.segment, shard.segments, shard.start_after, shard.merchant_id) == (3, 4, "larkspur", None)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "give either night"),
        ({"night": "2026-11-21", "scheduled_time": "2026-11-21T02:15:00Z"}, "only one of them"),
        ({"night": "2026-02-30"}, "night"),
        ({"night": "tonight"}, "night"),
        ({"night": 0}, "night"),
        ({"night": 1763683200}, "night"),
        ({"night": True}, "night"),
        ({"night": ["2026-11-21"]}, "night"),
        ({"scheduled_time": "2026-11-21T02:15:00"}, "timezone"),
        ({"scheduled_time": "<aws.scheduler.scheduled-time>"}, "scheduled_time"),
        ({"night": "2026-11-21", "merchant_id": "Larkspur Candles"}, "cannot be a merchant's id"),
        ({"night": "2026-11-21", "merchant_id": ""}, "cannot be a merchant's id"),
        ({"night": "2026-11-21", "segment": 0}, "belong together"),
        ({"night": "2026-11-21", "segments": 2}, "belong together"),
        ({"night": "2026-11-21", "segment": 2, "segments": 2}, "stays below segments"),
        ({"night": "2026-11-21", "segment": -1, "segments": 2}, "segment"),
        ({"night": "2026-11-21", "segment": 0, "segments": 0}, "segments"),
        ({"night": "2026-11-21", "colour": "red"}, "colour"),
        ({"Records": []}, "Records"),
        ({"night": {1, 2}}, "it is not plain JSON"),
    ],
)
def test_any_other_event_is_refused_with_what_to_send(event: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidMessage, match=says) as refused:
        Start.parse(event)

    assert 'Send {"night": "YYYY-MM-DD"}' in str(refused.value)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(InvalidMessage) as refused:
        Start.parse({"night": "hunter2"})

    assert "hunter2" not in str(refused.value)
