"""What passes between the rooms names a merchant and a night, and nothing else."""

import pytest
from pydantic import ValidationError

from functions.audit.jobs import EvaluateJob, FetchJob


@pytest.mark.parametrize("job", [FetchJob, EvaluateJob])
def test_a_job_survives_the_queue(job: type[FetchJob] | type[EvaluateJob]) -> None:
    sent = job.model_validate_json('{"merchant_id": "larkspur", "night": "2026-11-21"}')

    assert job.model_validate_json(sent.model_dump_json()) == sent
    assert (sent.merchant_id, sent.night.isoformat()) == ("larkspur", "2026-11-21")


def test_a_fetch_message_says_how_often_it_was_postponed_once_it_was() -> None:
    first = FetchJob.model_validate_json('{"merchant_id": "larkspur", "night": "2026-11-21"}')

    assert first.body == '{"merchant_id":"larkspur","night":"2026-11-21"}'
    assert first.once_more().once_more().body == '{"merchant_id":"larkspur","night":"2026-11-21","postponed":2}'


@pytest.mark.parametrize("job", [FetchJob, EvaluateJob])
@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "{}", '{"merchant_id": "larkspur"}', '{"night": "2026-11-21"}',
     '{"merchant_id": "../x", "night": "2026-11-21"}', '{"merchant_id": "larkspur", "night": "soon"}',
     '{"merchant_id": "larkspur", "night": "2026-11-21", "token": "x"}'],
)  # fmt: skip
def test_a_poison_message_is_refused(job: type[FetchJob] | type[EvaluateJob], body: str) -> None:
    with pytest.raises(ValidationError):
        job.model_validate_json(body)
