"""Adding, listing, testing and removing recipients, as a person types it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import boto3
import pytest
from moto.sns.models import SNSBackend

from functions.audit.recipient import FLEET
from tests.builders import merchant
from tests.cloud import Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.rooms.fakes import refused
from tests.tables import PREFIX

__all__ = ["cloud", "say"]  # fixtures

BY = ("--author", "Anna")
TOPIC = f"arn:aws:sns:us-east-1:123456789012:{PREFIX}alerts"
TEXTS = f"arn:aws:sns:us-east-1:123456789012:{PREFIX}texts"
OF_LARKSPUR = ("--merchant", "larkspur")


@cache
def _session(**told: Any) -> boto3.Session:
    return boto3.session.Session(**told)


@pytest.fixture(autouse=True)
def one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read boto3's descriptions of the services once for all calls here; that takes longer than the calls."""
    monkeypatch.setattr(boto3, "Session", _session)


@pytest.fixture
def fleet(cloud: Cloud) -> Cloud:
    """Give a stage with its two topics and two merchants."""
    for name in ("alerts", "texts"):
        attributes = {"DisplayName": f"Nightjar test {name}", "KmsMasterKeyId": cloud.key_arn}
        cloud.sns.create_topic(Name=f"{PREFIX}{name}", Attributes=attributes)
    for shop in ("larkspur", "anna.shop"):
        cloud.tables.merchants.save(merchant(id=shop))
    return cloud


def policies(cloud: Cloud) -> dict[tuple[str, str], Any]:
    """Return the filter policy of each subscription by topic and address."""
    found = dict[tuple[str, str], Any]()
    for one in cloud.sns.list_subscriptions()["Subscriptions"]:
        attributes = cloud.sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
        name = one["TopicArn"].removeprefix(f"arn:aws:sns:us-east-1:123456789012:{PREFIX}")
        found[name, one["Endpoint"]] = json.loads(attributes.get("FilterPolicy", "null"))
    return found


def listed(say: Say, *words: str) -> list[tuple[str | None, str | None, str, str]]:
    rows = say("recipients", "list", "--format", "json", *words).plain["recipients"]
    return [(row["merchant_id"], row["recipient_id"], row["address"], row["state"]) for row in rows]


def test_a_merchants_recipient_gets_a_topic_of_the_merchant_made_like_the_fleets(fleet: Cloud, say: Say) -> None:
    said = say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, "--area", "traffic", *BY)

    assert said.code == 0, said.err
    assert said.out == "email-1 of larkspur, b…@example.com, hears of warn, critical in traffic: confirmed.\n"
    assert policies(fleet) == {
        ("alerts_larkspur", "ben@example.com"): {
            "severity": ["warn", "critical", "test:email-1"],
            "areas": ["traffic", "test:email-1"],
            "merchant_id": ["larkspur"],
        }
    }
    for topic in (f"{TOPIC}_larkspur", f"{TEXTS}_larkspur"):
        attributes = fleet.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        assert attributes["KmsMasterKeyId"] == fleet.key_arn
        (statement,) = json.loads(attributes["Policy"])["Statement"]
        assert (statement["Effect"], statement["Resource"]) == ("Deny", topic)
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        tags = fleet.sns.list_tags_for_resource(ResourceArn=topic)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {
            "project": "nightjar",
            "stage": "test",
            "merchant_id": "larkspur",
        }


def test_the_row_says_who_added_whom_and_holds_no_address(fleet: Cloud, say: Say) -> None:
    say("recipients", "add", "sms", "+44 7700 900123", *OF_LARKSPUR, *BY)

    (row,) = fleet.rows("recipients")
    assert (row["recipient_id"], row["hint"], row["added_by"]) == ("sms-1", "+44…123", "Anna")
    assert row["severities"] == ["critical"]
    assert row["subscription_arn"].startswith(f"{TEXTS}_larkspur:")
    assert "7700900" not in repr(row)


def test_the_fleets_recipients_subscribe_to_the_stages_topics(fleet: Cloud, say: Say) -> None:
    queue = fleet.sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = fleet.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    say("recipients", "add", "sqs", arn, "--fleet", "--severity", "critical", *BY)
    say("recipients", "add", "sms", "+447700900123", "--fleet", *BY)

    assert policies(fleet) == {
        ("alerts", arn): {"severity": ["critical", "test:sqs-1"]},
        ("texts", "+447700900123"): {"severity": ["critical", "test:sms-1"]},
    }
    assert [topic["TopicArn"] for topic in fleet.sns.list_topics()["Topics"]] == [TOPIC, TEXTS]
    assert {row["merchant_id"] for row in fleet.rows("recipients")} == {FLEET}


def test_adding_again_gives_other_filters_and_nobody_twice(fleet: Cloud, say: Say) -> None:
    say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, *BY)
    before = fleet.rows("recipients")[0]["subscription_arn"]

    said = say("recipients", "add", "email", "ben@EXAMPLE.com", *OF_LARKSPUR, "--severity", "warn", *BY)

    assert said.out.startswith("email-1 of larkspur")
    ((_, policy),) = policies(fleet).items()
    assert policy["severity"] == ["warn", "test:email-1"]
    (row,) = fleet.rows("recipients")
    assert (row["severities"], row["subscription_arn"]) == (["warn"], before)


def test_a_topic_that_is_there_is_left_as_it_is(fleet: Cloud, say: Say) -> None:
    own = f"{TOPIC}_larkspur"
    fleet.sns.create_topic(Name=own.rpartition(":")[2], Attributes={"DisplayName": "Candles"})

    assert say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, *BY).code == 0
    assert fleet.sns.get_topic_attributes(TopicArn=own)["Attributes"]["DisplayName"] == "Candles"
    assert list(policies(fleet)) == [("alerts_larkspur", "ben@example.com")]


def test_one_that_is_gone_comes_back_under_its_own_name(fleet: Cloud, say: Say) -> None:
    say("recipients", "add", "email", "ben@example.com", "--fleet", *BY)
    fleet.sns.unsubscribe(SubscriptionArn=fleet.rows("recipients")[0]["subscription_arn"])
    assert listed(say, "--fleet") == [(None, "email-1", "b…@example.com", "deleted")]

    say("recipients", "add", "email", "ben@example.com", "--fleet", *BY)

    assert listed(say, "--fleet") == [(None, "email-1", "b…@example.com", "confirmed")]


def test_who_stops_half_way_adds_again_and_it_is_the_same_recipient(
    fleet: Cloud, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe = SNSBackend.subscribe

    def and_then_nothing(*words: Any) -> None:
        subscribe(*words)
        raise refused("InternalError", "Subscribe")

    with monkeypatch.context() as patch:
        patch.setattr(SNSBackend, "subscribe", and_then_nothing)
        assert say("recipients", "add", "email", "ben@example.com", "--fleet", *BY).code == 2
    assert "subscription_arn" not in fleet.rows("recipients")[0]
    assert listed(say, "--fleet") == [(None, "email-1", "b…@example.com", "confirmed")]

    assert say("recipients", "add", "email", "ben@example.com", "--fleet", *BY).code == 0

    (row,) = fleet.rows("recipients")
    assert row["subscription_arn"].startswith(f"{TOPIC}:")
    assert len(policies(fleet)) == 1


def test_what_sns_refuses_is_said_and_the_row_shows_that_nobody_is_there(
    fleet: Cloud, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object) -> None:
        raise refused("FilterPolicyLimitExceeded", "Subscribe")

    monkeypatch.setattr(SNSBackend, "subscribe", no)

    said = say("recipients", "add", "email", "ben@example.com", "--fleet", *BY)

    assert said.code == 2
    assert "example.com" not in said.err
    assert listed(say, "--fleet") == [(None, "email-1", "b…@example.com", "deleted")]
    assert fleet.rows("recipients")[0]["recipient_id"] == "email-1"


def test_the_list_shows_everybody_with_state_and_addresses_only_when_asked(fleet: Cloud, say: Say) -> None:
    say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, *BY)
    say("recipients", "add", "sms", "+447700900199", "--fleet", *BY)
    say("recipients", "add", "https", "https://hooks.example.com/T0/secret", "--merchant", "anna.shop", *BY)
    fleet.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="deployed@example.com")

    assert listed(say) == [
        (None, "sms-1", "+44…199", "opted_out"),
        (None, None, "d…@example.com", "confirmed"),
        ("anna.shop", "https-1", "https://hooks.example.com/…", "confirmed"),
        ("larkspur", "email-1", "b…@example.com", "confirmed"),
    ]
    assert [row[:2] for row in listed(say, *OF_LARKSPUR)] == [("larkspur", "email-1"), (None, "sms-1"), (None, None)]
    assert listed(say, *OF_LARKSPUR, "--addresses")[0][2] == "ben@example.com"
    table = say("recipients", "list")
    assert (table.code, table.err) == (0, "4 recipients on stage test; 1 of them not reached.\n")
    assert "ben@" not in table.out
    assert "secret" not in table.out
    for word in ("opted out", "other means", "Anna", "critical in all areas"):
        assert word in table.out


def test_a_test_message_reaches_its_recipient_alone(fleet: Cloud, say: Say) -> None:
    queues = {}
    for name in ("one", "two"):
        queues[name] = fleet.sqs.create_queue(QueueName=name)["QueueUrl"]
        said = say("recipients", "add", "sqs", f"arn:aws:sqs:us-east-1:123456789012:{name}", *OF_LARKSPUR, *BY)
        assert said.code == 0, said.err

    said = say("recipients", "test", "sqs-2", *OF_LARKSPUR)

    assert said.code == 0, said.err
    assert fleet.messages(queues["one"]) == []
    (message,) = fleet.messages(queues["two"])
    assert said.out == f"{message['MessageId']}\n"
    assert message["Subject"] == "Nightjar: a test for sqs-2"
    body = json.loads(message["Message"])
    assert (body["kind"], body["merchant_id"], body["recipient_id"]) == ("test", "larkspur", "sqs-2")
    assert "Nothing is wrong" in body["text"]


def test_who_has_no_filter_of_ours_is_not_tested_unasked(fleet: Cloud, say: Say) -> None:
    fleet.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="deployed@example.com")
    say("recipients", "add", "email", "ben@example.com", "--fleet", *BY)

    said = say("recipients", "test", "email-1", "--fleet")

    assert said.code == 2
    assert (
        "1 other recipient of this topic, subscribed by other means, would get the test too. Say --anyway" in said.err
    )
    assert say("recipients", "test", "email-1", "--fleet", "--anyway").code == 0


def test_the_last_recipient_takes_the_merchants_topics_along(fleet: Cloud, say: Say) -> None:
    for address in ("ben@example.com", "cleo@example.com"):
        say("recipients", "add", "email", address, *OF_LARKSPUR, *BY)

    said = say("recipients", "remove", "email-1", *OF_LARKSPUR)
    assert (said.code, said.out) == (0, "email-1 of larkspur, b…@example.com, is removed.\n")
    assert list(policies(fleet)) == [("alerts_larkspur", "cleo@example.com")]

    say("recipients", "remove", "email-2", *OF_LARKSPUR)
    assert policies(fleet) == {}
    assert [topic["TopicArn"] for topic in fleet.sns.list_topics()["Topics"]] == [TOPIC, TEXTS]
    assert fleet.rows("recipients") == []


def test_topics_to_which_others_subscribe_are_not_taken_from_under_them(fleet: Cloud, say: Say) -> None:
    say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, *BY)
    fleet.sns.subscribe(TopicArn=f"{TOPIC}_larkspur", Protocol="email", Endpoint="by-hand@example.com")

    said = say("recipients", "remove", "email-1", *OF_LARKSPUR)

    assert said.code == 2
    assert "1 other subscribed to this merchant's topics by other means" in said.err
    assert len(policies(fleet)) == 2


@pytest.mark.parametrize("how", [("--yes",), ("--yes", "--erase")])
def test_a_merchant_that_is_removed_takes_its_recipients_and_topics_along(
    fleet: Cloud, say: Say, how: tuple[str, ...]
) -> None:
    say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, *BY)
    say("recipients", "add", "email", "cleo@example.com", "--merchant", "anna.shop", *BY)

    assert say("merchants", "remove", "larkspur", *how).code == 0

    assert [row["merchant_id"] for row in fleet.rows("recipients")] == ["anna.shop"]
    assert list(policies(fleet)) == [("alerts_annaDOTshop", "cleo@example.com")]
    topics = {topic["TopicArn"].rpartition(":")[2] for topic in fleet.sns.list_topics()["Topics"]}
    assert not {name for name in topics if name.endswith("larkspur")}


def test_an_import_leaves_recipients_alone(fleet: Cloud, say: Say, tmp_path: Any) -> None:
    say("recipients", "add", "email", "ben@example.com", *OF_LARKSPUR, *BY)
    before = fleet.rows("recipients")
    (tmp_path / "merchants.toml").write_text('[[merchant]]\nid = "larkspur"\nname = "Another name"\n')

    assert say("merchants", "import", str(tmp_path / "merchants.toml")).code == 0
    assert fleet.rows("recipients") == before


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "email", "ben@example.com", *BY), "Say whose recipient it is"),
        (("add", "email", "ben@example.com", "--fleet", *OF_LARKSPUR, *BY), "Say whose recipient it is"),
        (("add", "email", "ben@example.com", "--merchant", "nobody", *BY), "There is no merchant 'nobody'"),
        (("add", "email", "ben-at-example.com", "--fleet", *BY), "This is no email address"),
        (
            ("add", "email", "ben@example.com", "--fleet", "--author", "ben@example.com"),
            "author: no email address and no telephone number belongs here",
        ),
        (("remove", "email-9", "--fleet"), "The fleet has no recipient 'email-9'"),
        (("test", "email-9", *OF_LARKSPUR), "larkspur has no recipient 'email-9'"),
        (("list", "--fleet", *OF_LARKSPUR), "Say --merchant ID or --fleet, not both"),
    ],
)
def test_a_wrong_call_says_what_to_change_and_changes_nothing(
    cloud: Cloud, say: Say, words: tuple[str, ...], says: str
) -> None:
    said = say("recipients", *words)

    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert "ben@" not in said.err
    assert policies(cloud) == {}
    assert cloud.rows("recipients") == []


def test_a_stage_without_topics_is_not_deployed(cloud: Cloud, say: Say) -> None:
    said = say("recipients", "add", "email", "ben@example.com", "--fleet", *BY)

    assert said.code == 2
    assert "Stage 'test' is not deployed" in said.err
    assert cloud.rows("recipients") == []


def test_the_deployments_own_subscribers_are_not_ours_to_change(fleet: Cloud, say: Say) -> None:
    fleet.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="ben@example.com")

    said = say("recipients", "add", "email", "ben@example.com", "--fleet", *BY)

    assert said.code == 2
    assert "b…@example.com is subscribed to this topic already" in said.err
    assert fleet.rows("recipients") == []
