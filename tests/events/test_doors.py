"""What only a door does: starting itself again, the app's keys, a crash that operators must hear of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.budget import Rate
from functions.audit.errors import InvalidInput, InvalidMessage
from functions.fetcher.pace import wall_clock
from functions.runtime import clients
from functions.store.merchants import PAGE
from functions.store.verdicts import settle
from tests.builders import NIGHT, NOW, channel, merchant
from tests.cloud import CLIENT_SECRET, REGION, Cloud
from tests.events.wiring import ROOMS, Context, call, environment_of, event, started
from tests.rooms.tiktok_posts import CLIENT_KEY, OPEN_ID, body, header
from tests.rooms.tiktok_posts import event as event_of
from tests.store.stories import TTL, audit
from tests.tables import PREFIX


class Hurried(Context):
    """A context whose time is as good as over."""

    def get_remaining_time_in_millis(self) -> int:
        return 1000


def test_a_dispatcher_whose_time_runs_out_hands_the_rest_to_a_fresh_one(cloud: Cloud) -> None:
    for number in range(PAGE + 1):
        cloud.tables.merchants.save(merchant(id=f"shop-{number:03}", enabled=False))

    with started("dispatcher", cloud) as module, Stubber(clients.lambda_()) as aws:
        last = cloud.tables.merchants.page(None)[1]
        rest = {"night": "2026-11-22", "segment": 0, "segments": 1, "start_after": last}
        aws.add_response(
            "invoke",
            {"StatusCode": 202},
            {
                "FunctionName": "nightjar-test-dispatcher",
                "InvocationType": "Event",
                "Payload": json.dumps(rest, separators=(",", ":")).encode(),
            },
        )
        done = module.handler(event("dispatcher"), Hurried("nightjar-test-dispatcher"))
        aws.assert_no_pending_responses()

        assert (done["disabled"], done["shards"]) == (PAGE, 1)
        assert call(module, rest)["disabled"] == 1


def test_the_apps_keys_are_read_once_in_a_while(cloud: Cloud) -> None:
    with started("fetcher", cloud, NIGHTJAR_RESEARCH_API="1") as module:
        keys, research = module.app_keys(), module.research()
        _store_keys('{"client_key": "another", "client_secret": "another"}')

        assert module.app_keys() == keys
        assert module.research() is research
        assert keys.client_key == CLIENT_KEY
        assert keys.client_secret.get_secret_value() == CLIENT_SECRET
        assert CLIENT_SECRET not in repr(keys)


@pytest.mark.parametrize("text", ["{}", '{"client_key": "k"}', '{"client_key": "", "client_secret": "s"}'])
def test_keys_that_nobody_has_stored_yet_are_no_keys(cloud: Cloud, text: str) -> None:
    with started("fetcher", cloud) as module:
        _store_keys(text)

        assert module.app_keys() is None


@pytest.mark.parametrize("text", ["MARKED, not JSON", '{"client_key": ["MARKED"]}'])
def test_keys_that_cannot_be_read_are_an_outage_and_are_not_repeated(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with started("fetcher", cloud) as module:
        _store_keys(text)

        keys = module.app_keys()
        assert [cause.reason for cause in keys.causes] == ["source_failed"]
        assert module.business_keys() is None

    told = capsys.readouterr().out
    assert "keys cannot be read" in told
    assert "MARKED" not in told


def test_keys_that_could_not_be_read_once_are_read_for_the_next_merchant(cloud: Cloud) -> None:
    with started("fetcher", cloud) as module:
        with Stubber(clients.secrets()) as aws:
            aws.add_client_error("get_secret_value", "ThrottlingException")
            refused = module.app_keys()

        assert [cause.reason for cause in refused.causes] == ["source_failed"]
        assert module.app_keys().client_key == CLIENT_KEY


@pytest.mark.parametrize(
    ("stored", "there"),
    [
        ({"business_app_id": "7301", "business_app_secret": "MARKED"}, True),
        ({"business_app_id": "7301"}, False),
        ({"business_app_secret": "MARKED"}, False),
        ({}, False),
    ],
)
def test_an_app_for_the_business_api_has_keys_of_its_own(cloud: Cloud, stored: dict[str, str], *, there: bool) -> None:
    with started("fetcher", cloud) as module:
        _store_keys(json.dumps({"client_key": "k", "client_secret": "s"} | stored))

        assert (module.business_keys() is not None) is there
        assert module.app_keys() is not None
        assert "MARKED" not in repr(module.business_keys())


def test_google_credentials_are_read_from_their_own_secret_when_somebody_needs_a_token(cloud: Cloud) -> None:
    secrets = boto3.client("secretsmanager", region_name=REGION)
    with started("fetcher", cloud, NIGHTJAR_GOOGLE_SECRET_ID=f"{PREFIX}google") as module:
        missing = module.runner.run(module.google.token())
        secrets.create_secret(Name=f"{PREFIX}google", SecretString="{}")
        empty = module.runner.run(module.google.token())
        secrets.put_secret_value(SecretId=f"{PREFIX}google", SecretString="MARKED")
        wrong = module.runner.run(module.google.token())

    told = [cause for absent in (missing, empty, wrong) for cause in absent.causes]
    assert [cause.reason for cause in told] == ["source_failed", "not_connected", "unauthorized"]
    assert "MARKED" not in str(told)


@pytest.mark.parametrize(("switch", "there"), [("1", True), ("0", False)])
def test_the_research_api_is_asked_only_where_it_is_switched_on(cloud: Cloud, switch: str, *, there: bool) -> None:
    with started("fetcher", cloud, NIGHTJAR_RESEARCH_API=switch) as module:
        assert (module.research() is not None) is there
        assert module.research() is module.research()


def test_a_fetch_that_finds_the_budget_spent_sends_its_message_back_and_is_counted(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.tables.merchants.save(merchant(tiktok={"open_id": "723f24d7"}))
    with started("fetcher", cloud) as module:
        # Others have booked the next sixty seconds.
        cloud.tables.budget("tiktok", Rate.per_minute(600)).take(600, now=wall_clock(), within=Decimal(100))
        answer = call(module, event("fetcher"))

    assert answer == {"batchItemFailures": []}
    assert cloud.raw("snapshots") == []
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["FetchesPostponed"] for line in told if "FetchesPostponed" in line] == [[1.0]]
    assert [line["status"] for line in told if "status" in line] == ["postponed"]
    waiting = cloud.sqs.get_queue_attributes(QueueUrl=cloud.queue("fetch"), AttributeNames=["All"])["Attributes"]
    assert waiting["ApproximateNumberOfMessagesDelayed"] == "1"
    assert cloud.messages(cloud.queue("evaluate")) == []


def test_a_fetch_for_which_too_little_time_is_left_comes_again_and_asks_nobody(cloud: Cloud) -> None:
    class Late(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 34_999

    cloud.tables.merchants.save(merchant(tiktok={"open_id": "723f24d7"}))
    fetches = event("fetcher")
    with started("fetcher", cloud) as module:
        answer = module.handler(fetches, Late("nightjar-test-fetcher"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in fetches["Records"]]}
    assert cloud.raw("snapshots") == []


@pytest.mark.parametrize(("left", "for_sources"), [(60.0, 45.0), (59.0, 44.0), (35.0, 20.0)])
def test_a_fetch_leaves_time_to_store_what_it_saw(cloud: Cloud, left: float, for_sources: float) -> None:
    with started("fetcher", cloud) as module:
        assert module.seconds_for_sources(left) == for_sources


def test_a_check_that_crashes_is_counted_for_the_alarm_and_its_words_are_not_logged(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    with started("evaluator", cloud) as module:
        module.report_crash("bounce_rate", ZeroDivisionError("MARKED"))
        call(module, event("evaluator"))

    told = capsys.readouterr().out
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["CheckCrashed"] for line in lines if "CheckCrashed" in line] == [[1.0]]
    assert [line["check_id"] for line in lines if "check_id" in line] == ["bounce_rate"]
    assert "MARKED" not in told


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_that_lacks_a_variable_does_not_start_and_names_it(cloud: Cloud, room: str) -> None:
    optional = {"STAGE", "TIKTOK_HOSTS", "ALLOW_LOOPBACK_HTTP", "RESEARCH_API", "SMS_SENDER_ID"}
    optional |= {"TABLE_PREFIX"} if room == "viewer" else set()  # it reads no table
    for variable in environment_of(room):
        if variable.startswith("NIGHTJAR_") and variable.removeprefix("NIGHTJAR_") not in optional:
            with pytest.raises(InvalidInput, match=f"{variable} is not set"), started(room, cloud, without=variable):
                pass


def test_a_night_that_cannot_be_dispatched_is_an_error_that_the_alarm_sees(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    with started("dispatcher", cloud) as module:
        cloud.dynamodb.delete_table(TableName=f"{PREFIX}nights")
        with pytest.raises(ClientError):
            call(module, event("dispatcher"))

    assert "The night could not be dispatched." in capsys.readouterr().out


def test_what_tiktok_posted_is_answered_with_a_status_and_its_name_only(cloud: Cloud) -> None:
    with started("webhook", cloud) as module:
        taken, forged = call(module, event("webhook")), call(module, event("webhook.poison"))

    plain = {"content-type": "text/plain", "allow": "POST"}
    assert taken == {"statusCode": 200, "headers": plain, "body": "OK"}
    assert forged == {"statusCode": 401, "headers": plain, "body": "Unauthorized"}


@pytest.mark.parametrize("text", ["{}", "MARKED, not JSON"])
def test_a_webhook_without_the_apps_keys_has_tiktok_come_again_and_repeats_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with started("webhook", cloud) as module:
        _store_keys(text)
        answer = call(module, event("webhook"))

        told = capsys.readouterr().out
        assert (answer["statusCode"], answer["body"]) == (500, "Internal Server Error")
        assert "A delivery could not be taken." in told
        assert "MARKED" not in told

        _store_keys(json.dumps({"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET}))
        assert call(module, event("webhook"))["statusCode"] == 200


def test_a_table_that_cannot_be_written_has_tiktok_come_again(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": "MARKED"}}, "UpdateItem")

    cloud.tables.merchants.save(merchant(tiktok={"open_id": OPEN_ID}))
    with started("webhook", cloud) as module:
        clients.dynamodb().update_item = refuse  # type: ignore[method-assign,assignment]  # the container's own client
        answer = call(module, event("webhook"))

    told = capsys.readouterr().out
    assert answer["statusCode"] == 500
    assert [line["merchant_id"] for line in map(json.loads, told.splitlines()) if "merchant_id" in line] == ["larkspur"]
    assert "MARKED" not in told


def test_the_webhook_logs_neither_account_nor_body_nor_signature(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    posts = [event("webhook"), event("webhook.poison"), event("webhook") | {"body": "x" * 70_000}]
    raw = body(event="video.MARKED")
    posts.append(posts[0] | {"body": raw.decode(), "headers": {"tiktok-signature": header(raw, CLIENT_SECRET, _now())}})
    with started("webhook", cloud) as module:
        said = [call(module, post) for post in posts]

    told = capsys.readouterr().out
    assert [answer["statusCode"] for answer in said] == [200, 401, 413, 200]
    assert len(told.splitlines()) == 8  # a line and its metrics each
    for secret in (OPEN_ID, CLIENT_KEY, CLIENT_SECRET, "MARKED", "reason\\", "t=", "s=", "192.0.2.7", "x" * 10):
        assert secret not in told


def test_whatever_arrives_is_refused_in_a_word_and_is_never_our_failure(cloud: Cloud) -> None:
    with started("webhook", cloud) as module:

        @given(st.binary(max_size=300), st.booleans(), st.text(max_size=80) | st.none())
        @settings(max_examples=100, deadline=None)
        def posted(raw: bytes, as_text: bool, junk: str | None) -> None:  # noqa: FBT001 - hypothesis gives them
            signature = header(raw, CLIENT_SECRET, _now()) if junk is None else junk
            post = event_of(raw, signature, encoded=True)
            if as_text:
                post |= {"body": raw.decode(errors="replace"), "isBase64Encoded": False}
            answer = call(module, post)

            assert (answer["statusCode"], answer["body"]) in {(400, "Bad Request"), (401, "Unauthorized")}

        posted()


def _now() -> datetime:
    return datetime.now(UTC)


def _store_keys(text: str) -> None:
    secrets = boto3.client("secretsmanager", region_name=REGION)
    secrets.put_secret_value(SecretId=f"{PREFIX}tiktok-app", SecretString=text)


@pytest.fixture
def rung(cloud: Cloud) -> Cloud:
    """Give a stage with one alert, whose shop's telephones may ring at any hour."""
    shop = merchant(alerts={"quiet": "off"})
    cloud.tables.merchants.save(shop)
    settle(cloud.tables, audit(), shop, ttl=TTL)
    return cloud


TEXT = {"merchant_id": "larkspur", "alert_id": f"{NIGHT}#critical", "deliver": "sms"}


def test_the_call_of_a_schedule_delivers_the_text_message_once(rung: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    rung.tables.alerts.record_published("larkspur", TEXT["alert_id"], at=NOW, message_id="m", topic_arn="t")
    queue = rung.queue("rung")
    arn = rung.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    with started("notifier", rung) as module:
        for topic in ("alerts", "texts"):
            rung.sns.subscribe(TopicArn=rung.topic(topic), Protocol="sqs", Endpoint=arn)
        for _ in range(2):
            assert module.handler(TEXT, Context("nightjar-test-notifier")) is None

    (heard,) = rung.messages(queue)
    assert heard["TopicArn"].endswith("-texts")
    row = rung.rows("alerts")[0]
    assert (row["sms_state"], row["sms_message_id"]) == ("published", heard["MessageId"])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["status"] for line in told if "status" in line] == ["text_published", "already_published"]
    assert [line["TextsPublished"] for line in told if "TextsPublished" in line] == [[1.0]]


@pytest.mark.parametrize(
    "poison", [{}, {"merchant_id": "larkspur"}, TEXT | {"deliver": "email"}, TEXT | {"merchant_id": 7}]
)
def test_a_call_that_names_no_text_message_is_refused(rung: Cloud, poison: dict[str, object]) -> None:
    before = rung.everything()
    with started("notifier", rung) as module, pytest.raises(InvalidMessage, match="delivers no text message"):
        module.handler(poison, Context("nightjar-test-notifier"))

    assert rung.everything() == before


def test_in_quiet_hours_a_schedule_is_made_and_whoever_subscribes_to_alerts_hears_once(rung: Cloud) -> None:
    """The clock on the wall decides, so the quiet hours lie around it."""
    now = datetime.now(UTC)
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    rung.tables.merchants.save(merchant(version=1, timezone="UTC", alerts={"quiet": hours}))
    queue = rung.queue("heard")
    arn = rung.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    with started("notifier", rung) as module:
        rung.sns.subscribe(TopicArn=rung.topic("alerts"), Protocol="sqs", Endpoint=arn)
        record = {"eventID": "1", "dynamodb": {"SequenceNumber": "1", "NewImage": rung.raw("alerts")[0]}}
        assert call(module, {"Records": [record]}) == {"batchItemFailures": []}
        (made,) = boto3.client("scheduler", region_name=REGION).list_schedules(GroupName=f"{PREFIX}texts")["Schedules"]

    assert made["Name"].startswith("text-")
    assert len(rung.messages(queue)) == 1
    row = rung.rows("alerts")[0]
    assert (row["state"], row["sms_state"], row["sms_held_for"]) == ("published", "held", "quiet_hours")


def test_a_text_that_the_budget_has_no_room_for_is_counted_once_for_the_alarm(
    rung: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    rung.tables.alerts.record_published("larkspur", TEXT["alert_id"], at=NOW, message_id="m", topic_arn="t")
    queue = rung.queue("reader")
    arn = rung.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rung.sns.subscribe(TopicArn=rung.topic("alerts"), Protocol="sqs", Endpoint=arn)
    rung.sns.subscribe(TopicArn=rung.topic("texts"), Protocol="sms", Endpoint="+447700900123")
    with started("notifier", rung, NIGHTJAR_SMS_PER_NIGHT="1") as module:
        assert module.phones.budget.take("foxglove", TEXT["alert_id"], on=datetime.now(UTC).date())
        for _ in range(2):
            module.handler(TEXT, Context("nightjar-test-notifier"))

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["status"] for line in told if "status" in line] == ["text_withheld", "already_published"]
    assert [line["AlertsHeldSmsBudget"] for line in told if "AlertsHeldSmsBudget" in line] == [[1.0]]
    assert not [line for line in told if "TextsPublished" in line]


def test_a_digest_that_left_is_counted_as_such(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    shop = merchant(alerts={"digest": "daily"})
    cloud.tables.merchants.save(shop)
    settle(cloud.tables, audit(channel(bounce_rate="65"), shop), shop, ttl=TTL)
    record = {"eventID": "1", "dynamodb": {"SequenceNumber": "1", "NewImage": cloud.raw("alerts")[0]}}
    with started("notifier", cloud) as module:
        assert call(module, {"Records": [record]}) == {"batchItemFailures": []}

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (counted,) = (line for line in told if "AlertsDigest" in line)
    assert (counted["AlertsDigest"], counted["AlertsPublished"]) == ([1.0], [1.0])
    assert "AlertsOpened" not in counted
