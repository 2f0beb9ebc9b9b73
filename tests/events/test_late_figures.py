"""Through the real doors: tonight's figures have an earlier night asked for again, and what comes is judged anew."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from functions.audit.jobs import EvaluateJob
from functions.audit.profile import default_profile
from functions.audit.snapshot import Series, Snapshot
from tests.builders import figures, merchant, sessions, snapshot
from tests.cloud import Cloud
from tests.events.wiring import call, event, started

TONIGHT: Final = date(2026, 11, 22)  # of the event in events/evaluator.json
BEFORE: Final = TONIGHT - timedelta(days=1)
TTL: Final = datetime.now(UTC) + timedelta(days=400)


def seen(night: date, count: int, bounces: str = "52", *, hours: int = 0) -> Snapshot:
    daily = Series(start=BEFORE - timedelta(days=3), sessions=(count,), goal_completions=(None,), revenue=(None,))
    return snapshot(
        night=night,
        taken_at=datetime(night.year, night.month, night.day, 2, 15, tzinfo=UTC) + timedelta(hours=hours),
        periods=default_profile().periods_of(night),
        sessions=sessions(current=figures(bounce_rate=bounces), series=daily),
    )


def asked(job: EvaluateJob) -> dict[str, Any]:
    """Return the event of one message."""
    whole = event("evaluator")
    return whole | {"Records": [whole["Records"][0] | {"body": job.body}]}


def test_a_night_that_late_figures_changed_is_asked_for_and_judged_anew(cloud: Cloud) -> None:
    tables = cloud.tables
    tables.merchants.save(merchant())
    with started("evaluator", cloud) as evaluator:
        for night, count in ((BEFORE, 80), (TONIGHT, 100)):
            tables.audits.expect("larkspur", night, at=datetime.now(UTC), ttl=TTL)
            tables.snapshots.put_once(seen(night, count), ttl=TTL)
            first = call(evaluator, asked(EvaluateJob(merchant_id="larkspur", night=night)))
            assert first == {"batchItemFailures": []}
        (again,) = cloud.messages(cloud.queue("fetch"))
        tables.snapshots.add_version(seen(BEFORE, 100, "81.2", hours=24), 2)
        second = call(evaluator, asked(EvaluateJob(merchant_id="larkspur", night=BEFORE, version=2)))

    assert again == {"merchant_id": "larkspur", "night": str(BEFORE), "version": 2}
    assert second == {"batchItemFailures": []}
    row = tables.audits.get("larkspur", BEFORE)
    assert row is not None
    assert (row["version"], row["outcomes"]["bounce_rate"]["status"]) == (2, "critical")
    assert [alert["alert_id"] for alert in cloud.rows("alerts")] == [f"{BEFORE}#corrected-2"]
    assert json.loads(cloud.rows("alerts")[0]["document"])["news"][0]["why"] == "corrected"
