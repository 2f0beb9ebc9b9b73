"""Reports that are written each night, and the links that open them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from functions.audit.errors import NightjarError
from functions.audit.jobs import ReportJob
from functions.audit.profile import default_profile
from functions.reporter.report import Reported, Reporter
from functions.runtime import clients
from functions.runtime.report_links import RememberedKey, key_of, opened, path_to
from functions.store.verdicts import settle
from functions.viewer.open import Viewer
from tests.builders import NIGHT, NOW, channel, merchant
from tests.cloud import REGION, Cloud
from tests.report.nights import Read
from tests.rooms.fakes import refused
from tests.store.stories import TTL, audit, night_after

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "nightjar-test-reports"
KEY = SecretStr("links-key-MARKED")
NOBODY: Any = None  # a client of which nobody may ask anything
JOB = ReportJob(merchant_id="larkspur", night=NIGHT)


@dataclass
class Desk:
    """A stage with reports, and one merchant that was audited."""

    cloud: Cloud
    s3: S3Client

    @property
    def reporter(self) -> Reporter:
        return Reporter(self.cloud.tables, self.s3, BUCKET, default_profile())

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.s3, BUCKET, lambda: KEY)

    def keys(self) -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())]


@pytest.fixture
def desk(cloud: Cloud) -> Desk:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET)
    cloud.tables.merchants.save(merchant())
    seen = channel(bounce_rate="81.2")
    cloud.tables.snapshots.put_once(seen, ttl=TTL)
    settle(cloud.tables, audit(seen), merchant(), ttl=TTL)
    return Desk(cloud, s3)


class _There:
    """S3's client, to which every object is there."""

    def __init__(self, s3: S3Client) -> None:
        self.generate_presigned_url = s3.generate_presigned_url

    def head_object(self, **_: str) -> None:
        """Find it."""


def call(path: str, method: str = "GET") -> dict[str, Any]:
    return {"rawPath": path, "requestContext": {"http": {"method": method}}}


def test_the_page_of_the_night_is_written_where_only_its_merchant_and_night_lead(desk: Desk) -> None:
    assert desk.reporter.report(JOB) is Reported.WRITTEN

    found = desk.s3.get_object(Bucket=BUCKET, Key="reports/larkspur/2026-11-21.html")
    assert (found["ContentType"], found["CacheControl"]) == ("text/html; charset=utf-8", "private, no-store")
    assert "81.2 % of sessions bounce" in Read(found["Body"].read().decode()).text("open")


def test_written_again_it_is_the_same(desk: Desk) -> None:
    tags = set()
    for _ in range(2):
        desk.reporter.report(JOB)
        tags.add(desk.s3.head_object(Bucket=BUCKET, Key=key_of("larkspur", NIGHT))["ETag"])

    assert len(tags) == 1


def test_a_night_that_is_not_audited_has_no_report_and_the_message_comes_again(desk: Desk) -> None:
    with pytest.raises(NightjarError, match="is not audited"):
        desk.reporter.report(ReportJob(merchant_id="larkspur", night=night_after(1)))

    assert desk.keys() == []


@pytest.mark.parametrize("job", [JOB, ReportJob(merchant_id="nobody", night=NIGHT)])
def test_of_a_merchant_that_is_gone_nothing_is_written(desk: Desk, job: ReportJob) -> None:
    desk.cloud.tables.merchants.erase("larkspur", at=NOW, until=TTL)

    assert desk.reporter.report(job) is Reported.GONE
    assert desk.keys() == []


def test_of_a_merchant_that_is_erased_while_its_report_is_written_nothing_stays(desk: Desk) -> None:
    get = desk.cloud.dynamodb.get_item
    asked: list[str] = []

    def erased_meanwhile(**request: Any) -> Any:
        asked.append(request["TableName"])
        if asked.count("nightjar-test-merchants") == 2:
            desk.cloud.tables.merchants.erase("larkspur", at=NOW, until=TTL)
        return get(**request)

    desk.cloud.instead("get_item", erased_meanwhile)

    assert desk.reporter.report(JOB) is Reported.GONE
    assert desk.keys() == []


def test_a_link_leads_to_its_report_for_a_minute(desk: Desk) -> None:
    desk.reporter.report(JOB)

    came = desk.viewer.open(call(path_to("larkspur", NIGHT, KEY)))

    assert came.status == 302
    assert "/reports/larkspur/2026-11-21.html?" in came.at


def test_what_is_signed_is_the_regions_own_host_with_version_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DEFAULT_REGION": "eu-west-1", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    clients.forget()
    there: Any = _There(clients.s3())

    came = Viewer(there, "some-reports", lambda: KEY).open(call(path_to("larkspur", NIGHT, KEY)))

    clients.forget()
    # The global host sends on to the region's own, and there the signature would be wrong.
    assert came.at.startswith("https://some-reports.s3.eu-west-1.amazonaws.com/reports/larkspur/2026-11-21.html?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in came.at
    assert "X-Amz-Expires=60&" in came.at


@pytest.mark.parametrize(
    "path",
    [
        path_to("larkspur", NIGHT, SecretStr("another key")),
        path_to("brasa", NIGHT, KEY).replace("brasa", "larkspur"),
        path_to("larkspur", NIGHT, KEY) + "/",
        path_to("larkspur", NIGHT, KEY)[:-1],
        "/r/../../x/2026-11-21/" + "A" * 43,
        "/r/larkspur/2026-02-30/" + "A" * 43,
        "/",
        "",
    ],
)
def test_every_other_path_leads_nowhere_and_s3_is_not_asked(path: str) -> None:
    came = Viewer(NOBODY, BUCKET, lambda: KEY).open(call(path))

    assert (came.status, came.why, came.at) == (404, "not a link of ours", "")


def test_the_link_to_a_report_that_is_not_there_leads_nowhere(desk: Desk) -> None:
    desk.reporter.report(JOB)

    came = desk.viewer.open(call(path_to("larkspur", night_after(1), KEY)))

    assert (came.status, came.why, came.at) == (404, "no such report", "")


@pytest.mark.parametrize("event", [call("/", "POST"), {}, {"requestContext": "odd"}])
def test_a_report_can_only_be_read(event: dict[str, Any]) -> None:
    assert Viewer(NOBODY, BUCKET, lambda: KEY).open(event).status == 405


def test_what_s3_refuses_is_no_missing_report() -> None:
    class Refusing:
        def head_object(self, **_: str) -> None:
            raise refused("403", "HeadObject")

    s3: Any = Refusing()
    with pytest.raises(ClientError, match="403"):
        Viewer(s3, BUCKET, lambda: KEY).open(call(path_to("larkspur", NIGHT, KEY)))


IDS = st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,20}\Z")
NIGHTS = st.dates(date(2016, 1, 1), date(2100, 1, 1))


@given(IDS, NIGHTS, IDS, NIGHTS)
@settings(max_examples=40, deadline=None)
def test_a_signature_is_of_one_merchant_and_one_night(one: str, night: date, other: str, later: date) -> None:
    assert opened(path_to(one, night, KEY), KEY) == (one, night)
    signature = path_to(one, night, KEY).rsplit("/", 1)[1]
    forged = f"/r/{other}/{later}/{signature}"
    assert opened(forged, KEY) == ((one, night) if (one, night) == (other, later) else None)


@given(st.text(max_size=80))
@settings(max_examples=40, deadline=None)
def test_whatever_a_path_is_it_is_refused_and_nothing_breaks(path: str) -> None:
    assert opened(path, KEY) is None
    assert opened(f"/r/larkspur/2026-11-21/{path}", KEY) is None


def test_the_key_is_read_again_after_a_while_and_never_printed(cloud: Cloud) -> None:
    assert cloud
    secrets = boto3.client("secretsmanager", region_name=REGION)
    secrets.create_secret(Name="links", SecretString="first-MARKED")
    now = 0.0
    key = RememberedKey(secrets, "links", clock=lambda: now)
    assert key().get_secret_value() == "first-MARKED"
    secrets.put_secret_value(SecretId="links", SecretString="second-MARKED")

    assert key().get_secret_value() == "first-MARKED"
    now = 301.0
    assert key().get_secret_value() == "second-MARKED"
    assert "MARKED" not in repr(key)
