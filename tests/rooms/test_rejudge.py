"""A night that is over, read again: a new version beside the old one, a correction at most, and nothing twice."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest

from console.local_budget import LocalBudget
from functions.audit.absence import Reason
from functions.audit.budget import Rate
from functions.audit.jobs import EvaluateJob, FetchJob
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Series, Snapshot
from functions.evaluator.evaluate import Evaluator
from functions.evaluator.rejudge import Rejudge, Rejudged
from functions.fetcher.collect import Collected, Collector
from functions.fetcher.gate import Gate
from functions.fetcher.pace import Pacer
from functions.store.unreached import hold_unreached
from functions.store.verdicts import Kept
from tests.builders import NIGHT, NOW, absent, channel, figures, merchant, mute, sessions, snapshot
from tests.cloud import Cloud
from tests.contract import departures
from tests.rooms.fakes import FakeSqs
from tests.store.stories import TTL, night_after

BEFORE = night_after(-1)
KEPT = Kept.days(audits=90, alerts=60, findings=30)
AGAIN = FetchJob(merchant_id="larkspur", night=BEFORE, version=2)
ANEW = EvaluateJob(merchant_id="larkspur", night=BEFORE, version=2)


def seen(night: date, count: int, bounces: str = "52", *, hour: int = 0) -> Snapshot:
    """Return a night whose series shows a count for a day three days before the night of these stories."""
    daily = Series(
        start=NIGHT - timedelta(days=4), sessions=(90, count), goal_completions=(None, None), revenue=(None, None)
    )
    at = datetime(night.year, night.month, night.day, 2, 15, tzinfo=NOW.tzinfo) + timedelta(hours=hour)
    parts = sessions(current=figures(bounce_rate=bounces), series=daily)
    periods = default_profile().periods_of(night)
    return snapshot(night=night, taken_at=at, periods=periods, sessions=parts)


@dataclass
class Stage:
    """Fetcher and evaluator over one stage, the sources as the story has them."""

    cloud: Cloud
    sqs: FakeSqs = field(default_factory=FakeSqs)
    source: Snapshot = field(default_factory=lambda: seen(BEFORE, 100, "81.2", hour=24))
    fetched: list[FetchJob] = field(default_factory=list)

    def night(self, night: date, of: Snapshot) -> tuple[FetchJob, ...]:
        """Let a night pass; return what it asks for once more."""
        tables = self.cloud.tables
        tables.audits.expect("larkspur", night, at=NOW, ttl=TTL)
        tables.snapshots.put_once(of, ttl=TTL)
        job = EvaluateJob(merchant_id="larkspur", night=night)
        evaluator = Evaluator(
            tables=tables, profile=default_profile(), kept=KEPT, on_crash=lambda *_: None, clock=lambda: NOW
        )
        evaluator.evaluate(job)
        return self.rejudge().outdated(job)

    def rejudge(self) -> Rejudge:
        return Rejudge(self.cloud.tables, default_profile(), KEPT, lambda *_: None, lambda: NOW)

    def read_again(self, job: FetchJob = AGAIN) -> Collected:
        async def fetch(_shop: Merchant, job: FetchJob, _now: datetime) -> Snapshot:
            self.fetched.append(job)
            return self.source

        budget = LocalBudget(Rate.per_minute(600))
        collector = Collector(
            tables=self.cloud.tables,
            sqs=cast("Any", self.sqs),
            queue_url="https://evaluate",
            own_queue_url="https://fetch",
            gate=Gate(Pacer(budget, lambda: Decimal(1)), budget, Random(1)),  # noqa: S311 - the same every time
            profile=default_profile(),
            snapshot_ttl=lambda _now: TTL,
            max_receives=5,
            fetch=fetch,
            on_given_up=lambda *_: None,
        )
        return asyncio.run(collector.collect(job, receive_count=1, now=NOW))[0]

    def judge(self, job: EvaluateJob = ANEW, shop: Merchant | None = None) -> Rejudged:
        return self.rejudge().judge(job, shop or merchant())

    def row(self) -> dict[str, Any]:
        return next(row for row in self.cloud.rows("audits") if row["night"] == str(BEFORE))


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    """A stage on which the night before was good by what it saw; tonight shows another figure for one of its days."""
    cloud.tables.merchants.save(merchant())
    stage = Stage(cloud)
    assert stage.night(BEFORE, seen(BEFORE, 80)) == ()
    assert stage.night(NIGHT, seen(NIGHT, 100)) == (AGAIN,)
    return stage


def test_late_figures_make_a_version_beside_the_old_one_and_the_old_one_stays_readable(stage: Stage) -> None:
    first = stage.row()

    assert stage.read_again() is Collected.FETCHED_AGAIN
    assert [json.loads(body) for body in stage.sqs.sent] == [
        {"merchant_id": "larkspur", "night": str(BEFORE), "version": 2}
    ]
    assert stage.judge() is Rejudged.SUPERSEDED

    row = stage.row()
    assert (row["version"], row["supersedes"], row["snapshot_version"]) == (2, 1, 2)
    assert row["outcomes"]["bounce_rate"]["status"] == "critical"
    assert row["superseded"]["1"]["outcomes"] == first["outcomes"]
    assert row["superseded"]["1"]["snapshot_sha256"] == first["snapshot_sha256"]
    assert row["ttl"] == first["ttl"]
    (stored,) = (item for item in stage.cloud.rows("snapshots") if item["night"] == str(BEFORE))
    assert stored["sha256"] == first["snapshot_sha256"]
    assert stored["version_2"]["sha256"] == row["snapshot_sha256"]
    assert departures("audits", [row]) == []
    assert departures("snapshots", stage.cloud.rows("snapshots")) == []
    assert [head.merchant_id for head in stage.cloud.tables.audits.heads(BEFORE)] == ["larkspur"]


def test_findings_stay_where_the_newest_night_has_them(stage: Stage) -> None:
    before = stage.cloud.raw("findings")

    stage.read_again()
    stage.judge()

    assert stage.cloud.raw("findings") == before


def test_what_turned_critical_that_night_is_told_in_a_message_of_its_own(stage: Stage) -> None:
    stage.read_again()
    stage.judge()

    (alert,) = stage.cloud.rows("alerts")
    assert (alert["alert_id"], alert["state"], alert["audit_version"]) == (f"{BEFORE}#corrected-2", "pending", 2)
    assert [told["why"] for told in alert["criticals"]] == ["corrected"]
    assert '--reason "WHY" --stage test\n' in alert["email"]
    assert stage.cloud.tables.alerts.get("larkspur", alert["alert_id"]) is not None
    assert list(stage.cloud.tables.alerts.unsent(NIGHT)) == [("larkspur", alert["alert_id"])]
    assert departures("alerts", [alert]) == []


def test_a_figure_that_changes_no_severity_makes_a_version_and_no_message(stage: Stage) -> None:
    stage.source = seen(BEFORE, 100, "53", hour=24)
    stage.read_again()

    assert stage.judge() is Rejudged.SUPERSEDED
    assert (stage.row()["version"], stage.cloud.raw("alerts")) == (2, [])


def test_figures_that_change_no_verdict_write_none_and_are_not_asked_for_again(stage: Stage) -> None:
    stage.source = seen(BEFORE, 100, "52", hour=24)
    stage.read_again()
    before = stage.row()

    assert stage.judge() is Rejudged.UNCHANGED
    assert stage.row() == before
    assert stage.rejudge().outdated(EvaluateJob(merchant_id="larkspur", night=NIGHT)) == ()


def test_every_message_twice_changes_nothing(stage: Stage) -> None:
    stage.read_again()
    stage.judge()
    before = stage.cloud.everything()

    assert stage.night(NIGHT, seen(NIGHT, 100)) == ()
    assert stage.read_again() is Collected.FETCHED_AGAIN
    assert stage.judge() is Rejudged.NOT_DUE
    assert stage.cloud.everything() == before
    assert len(stage.fetched) == 1


def test_two_at_once_write_one_version_and_one_message(stage: Stage) -> None:
    stage.read_again()

    with ThreadPoolExecutor(2) as both:
        found = sorted(both.map(lambda _: stage.judge(), range(2)))

    assert found == [Rejudged.NOT_DUE, Rejudged.SUPERSEDED]
    assert (stage.row()["version"], len(stage.cloud.raw("alerts"))) == (2, 1)


def test_a_crash_between_storing_and_sending_is_made_good_by_the_next_receive(stage: Stage) -> None:
    stage.sqs.refuse = lambda call, _: call == 1

    with pytest.raises(Exception, match="ServiceUnavailable"):
        stage.read_again()
    assert stage.read_again() is Collected.FETCHED_AGAIN
    assert (len(stage.fetched), stage.judge()) == (1, Rejudged.SUPERSEDED)


def test_a_third_reading_rests_on_the_second(stage: Stage) -> None:
    stage.read_again()
    stage.judge()

    asked = stage.night(night_after(), seen(night_after(), 120))
    assert asked == (
        FetchJob(merchant_id="larkspur", night=BEFORE, version=3),
        FetchJob(merchant_id="larkspur", night=NIGHT, version=2),
    )
    stage.source = seen(BEFORE, 120, "52", hour=48)
    stage.read_again(asked[0])

    assert stage.judge(EvaluateJob(merchant_id="larkspur", night=BEFORE, version=3)) is Rejudged.SUPERSEDED
    row = stage.row()
    assert (row["version"], row["supersedes"], sorted(row["superseded"])) == (3, 2, ["1", "2"])
    # The second version had said critical, and was told: that it was not is told, too.
    assert [told["alert_id"] for told in stage.cloud.rows("alerts")] == [
        f"{BEFORE}#corrected-2",
        f"{BEFORE}#corrected-3",
    ]


def test_a_night_is_read_again_by_three_later_ones_and_no_more(stage: Stage) -> None:
    for version in (2, 3, 4):
        again = seen(BEFORE, 100 + version, hour=24 * version)
        assert stage.cloud.tables.snapshots.add_version(again, version)

    assert stage.rejudge().outdated(EvaluateJob(merchant_id="larkspur", night=NIGHT)) == ()
    tonight = seen(night_after(2), 999)
    assert BEFORE not in {job.night for job in stage.night(night_after(2), tonight)}


def test_a_threshold_that_was_changed_since_corrects_nothing(stage: Stage) -> None:
    stage.source = seen(BEFORE, 100, "52", hour=24)
    stage.read_again()
    stricter = merchant(thresholds={"bounce_rate": {"warn": 20, "critical": 30, "reason": "we are strict now"}})

    assert stage.judge(shop=stricter) is Rejudged.UNCHANGED


def test_a_source_that_cannot_be_seen_now_leaves_what_was_seen_first(stage: Stage) -> None:
    stage.source = seen(BEFORE, 100).model_copy(update={"sessions": absent(Reason.SOURCE_FAILED)})

    assert stage.read_again() is Collected.UNSEEN
    assert not [row for row in stage.cloud.rows("snapshots") if "version_2" in row]
    assert stage.sqs.sent == []


def test_a_muted_check_is_corrected_in_the_ledger_alone(stage: Stage) -> None:
    stage.cloud.tables.mutes.save(mute(check_id="bounce_rate", until=NIGHT))
    stage.read_again()
    stage.judge()

    (alert,) = stage.cloud.rows("alerts")
    assert (alert["state"], "unsent_night" in alert) == ("held", False)


def test_a_correction_that_nobody_is_there_to_get_leaves_the_finding_as_told(cloud: Cloud) -> None:
    cloud.tables.merchants.save(merchant())
    stage = Stage(cloud, source=seen(BEFORE, 100, hour=24))
    stage.night(BEFORE, seen(BEFORE, 80, "81.2"))
    stage.night(NIGHT, seen(NIGHT, 100, "81.2"))
    stage.read_again()
    stage.judge()
    alert = cloud.tables.alerts.get("larkspur", f"{BEFORE}#corrected-2")

    assert alert is not None
    assert hold_unreached(cloud.tables, alert)
    assert cloud.tables.findings.of_merchant("larkspur")["bounce_rate"].last_told_on == BEFORE


def test_of_an_erased_merchant_nothing_is_read_again_or_written(stage: Stage) -> None:
    stage.read_again()
    stage.cloud.tables.merchants.erase("larkspur", at=NOW, until=TTL)
    before = stage.cloud.everything()

    assert stage.judge() is Rejudged.NOT_DUE
    assert stage.cloud.everything() == before


def test_a_night_without_an_audit_is_not_read_again(stage: Stage) -> None:
    job = FetchJob(merchant_id="larkspur", night=night_after(-2), version=2)
    stage.cloud.tables.snapshots.put_once(channel(), ttl=TTL)

    assert stage.read_again(job) is Collected.ALREADY_DONE
    assert stage.fetched == []
