"""What must outlive a deployment is kept as the stage wants it, encrypted, and shaped as other tools rely on."""

from __future__ import annotations

import json

import pytest

from functions.store.contract.catalogue import TABLES
from tests.infra.templates import Stacks, listed

pytestmark = pytest.mark.slow

# The contract, written out once more on purpose: a change of a key or an index must be made in two places.
KEYS = {
    "merchants": ["merchant_id"],
    "tokens": ["merchant_id", "provider"],
    "snapshots": ["merchant_id", "night"],
    "audits": ["merchant_id", "night"],
    "findings": ["merchant_id", "check_id"],
    "alerts": ["merchant_id", "alert_id"],
    "mutes": ["merchant_id", "check_id"],
    "recipients": ["merchant_id", "recipient_id"],
    "nights": ["night"],
    "budgets": ["budget"],
}
INDEXES = {
    "merchants": {"by_open_id": ["open_id", "merchant_id"]},
    "audits": {"by_night": ["night", "merchant_id"], "unfinished": ["pending_night", "merchant_id"]},
    "findings": {"open_by_severity": ["open_severity", "merchant_id"], "by_check": ["check_id", "merchant_id"]},
    "alerts": {"unsent": ["unsent_night", "merchant_id"], "by_night": ["night", "merchant_id"]},
    "mutes": {"by_end": ["until", "merchant_id"]},
}
KEYS_ONLY = {("merchants", "by_open_id"), ("alerts", "by_night")}
EXPIRING = {"merchants", "snapshots", "audits", "findings", "alerts", "mutes", "nights", "budgets"}


def test_there_are_these_tables_and_no_others(prod: Stacks) -> None:
    names = {table["TableName"] for table in prod.data.of_type("DynamoDB::Table").values()}
    assert names == {f"nightjar-prod-{name}" for name in KEYS}


@pytest.mark.parametrize("name", KEYS)
def test_a_table_has_its_keys_and_indexes(prod: Stacks, name: str) -> None:
    table = prod.data.named("DynamoDB::Table", "TableName", f"nightjar-prod-{name}")
    assert [key["AttributeName"] for key in table["KeySchema"]] == KEYS[name]
    assert {definition["AttributeType"] for definition in table["AttributeDefinitions"]} == {"S"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    indexes = table.get("GlobalSecondaryIndexes", [])
    found = {index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]] for index in indexes}
    assert found == INDEXES.get(name, {})
    whole = {index["IndexName"]: index["Projection"] == {"ProjectionType": "ALL"} for index in indexes}
    assert whole == {index: (name, index) not in KEYS_ONLY for index in found}


def test_what_is_published_of_keys_indexes_and_ends_is_what_is_deployed(prod: Stacks) -> None:
    deployed = {
        table["TableName"].removeprefix("nightjar-prod-"): (
            [key["AttributeName"] for key in table["KeySchema"]],
            {
                index["IndexName"]: (
                    [key["AttributeName"] for key in index["KeySchema"]],
                    index["Projection"]["ProjectionType"] == "KEYS_ONLY",
                )
                for index in table.get("GlobalSecondaryIndexes", [])
            },
            "TimeToLiveSpecification" in table,
        )
        for table in prod.data.of_type("DynamoDB::Table").values()
    }
    assert deployed == {
        table.name: (
            [key for key in (table.partition, table.sort) if key],
            {index.name: ([index.partition, index.sort], index.keys_only) for index in table.indexes},
            table.expires,
        )
        for table in TABLES
    }


def test_whose_an_account_is_can_be_asked_without_seeing_the_merchants_settings(prod: Stacks) -> None:
    merchants = prod.data.named("DynamoDB::Table", "TableName", "nightjar-prod-merchants")
    assert [index["Projection"] for index in merchants["GlobalSecondaryIndexes"]] == [{"ProjectionType": "KEYS_ONLY"}]


@pytest.mark.parametrize("name", KEYS)
def test_a_table_is_encrypted_recoverable_and_forgets_what_it_should(prod: Stacks, name: str) -> None:
    table = prod.data.named("DynamoDB::Table", "TableName", f"nightjar-prod-{name}")
    key_id = next(iter(prod.data.of_type("KMS::Key")))
    assert table["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": {"Fn::GetAtt": [key_id, "Arn"]},
    }
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    expires = {"AttributeName": "ttl", "Enabled": True} if name in EXPIRING else None
    assert table.get("TimeToLiveSpecification") == expires
    assert table.get("StreamSpecification") == ({"StreamViewType": "NEW_IMAGE"} if name == "alerts" else None)


def test_prod_protects_its_tables_and_the_demo_lets_them_go(prod: Stacks, demo: Stacks) -> None:
    for stacks, kept in ((prod, True), (demo, False)):
        tables = stacks.data.of_type("DynamoDB::Table").values()
        assert {table["DeletionProtectionEnabled"] for table in tables} == {kept}
        for kind in ("DynamoDB::Table", "KMS::Key", "SecretsManager::Secret", "SNS::Topic"):
            assert stacks.data.deletion_policies(kind) == {"Retain" if kept else "Delete"}, kind


def test_the_key_rotates_and_admits_only_who_sends_by_itself(prod: Stacks) -> None:
    (key,) = prod.data.of_type("KMS::Key").values()
    assert key["EnableKeyRotation"] is True
    account, *services = key["KeyPolicy"]["Statement"]
    assert account["Action"] == "kms:*"  # the account itself, without which the key could never be managed again
    assert "AWS" in account["Principal"]
    assert [statement["Sid"] for statement in services] == ["AlarmsToEncryptedTopic", "EncryptedLogs"]
    for statement in services:
        assert statement["Condition"]
        assert not [action for action in listed(statement["Action"]) if "*" in action]
    (alias,) = prod.data.of_type("KMS::Alias").values()
    assert alias["AliasName"] == "alias/nightjar-prod"


def test_topics_are_encrypted_and_refuse_plain_connections(prod: Stacks) -> None:
    topics = prod.data.of_type("SNS::Topic")
    assert {topic["TopicName"] for topic in topics.values()} == {
        "nightjar-prod-alerts",
        "nightjar-prod-texts",
        "nightjar-prod-operators",
    }
    assert all("KmsMasterKeyId" in topic for topic in topics.values())
    refusing = {
        policy["Topics"][0]["Ref"]
        for policy in prod.data.of_type("SNS::TopicPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == set(topics)


def test_alarms_of_this_account_may_publish_to_the_operators(prod: Stacks) -> None:
    operators = prod.data.logical_id("SNS::Topic", "TopicName", "nightjar-prod-operators")
    (policy,) = (
        policy for policy in prod.data.of_type("SNS::TopicPolicy").values() if policy["Topics"] == [{"Ref": operators}]
    )
    (allowed,) = (found for found in policy["PolicyDocument"]["Statement"] if found["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_the_stages_recipients_are_subscribed_and_phones_get_criticals_only(prod: Stacks) -> None:
    alerts, texts, operators = (
        prod.data.logical_id("SNS::Topic", "TopicName", f"nightjar-prod-{name}")
        for name in ("alerts", "texts", "operators")
    )
    found = {
        (item["TopicArn"]["Ref"], item["Protocol"], item["Endpoint"]): item.get("FilterPolicy")
        for item in prod.data.of_type("SNS::Subscription").values()
    }
    assert found == {
        (alerts, "email", "shop@example.com"): {"severity": ["critical", "warn"]},
        (texts, "sms", "+442079460000"): {"severity": ["critical"]},
        (operators, "email", "ops@example.com"): None,
    }


def test_the_secrets_begin_empty_and_encrypted(prod: Stacks) -> None:
    secrets = {secret["Name"]: secret for secret in prod.data.of_type("SecretsManager::Secret").values()}
    assert {name: json.loads(secret["SecretString"]) for name, secret in secrets.items()} == {
        "nightjar-prod-tiktok-app": {"client_key": "", "client_secret": ""},
        "nightjar-prod-google": {},
    }
    assert all("KmsKeyId" in secret for secret in secrets.values())


def test_the_stateful_stack_knows_nothing_of_the_other(prod: Stacks) -> None:
    assert "Fn::ImportValue" not in json.dumps(prod.data.body)
    assert not prod.data.of_type("Lambda::Function")
    assert not prod.app.of_type("DynamoDB::Table")
