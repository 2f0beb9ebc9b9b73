"""What must outlive a deployment: the tables, the key, the secrets, the topics with their subscribers."""

from __future__ import annotations

import json

from aws_cdk import ArnFormat, Aws, CfnOutput, RemovalPolicy, Stack, aws_iam, aws_kms, aws_secretsmanager, aws_sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import LOG_PREFIX
from infra.constructs.readers import Readers
from infra.constructs.reports import Reports
from infra.constructs.tables import Tables
from infra.stages import Stage


class DataStack(Stack):
    """The stateful half. It knows nothing of the other one, so that that can be deleted and made again."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope, construct_id, description=f"Nightjar {stage.name}: tables, key, secrets and topics (stateful)"
        )
        self._stage = stage
        self._kept = RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY
        self.key = self._own_key()
        self.tables = Tables(self, "Tables", stage=stage, key=self.key)
        Readers(self, "Readers", stage=stage, tables=self.tables, key=self.key)
        self.tiktok_app = self._secret(
            "TikTokApp",
            "tiktok-app",
            says="The TikTok app's client_key and client_secret.",
            empty={"client_key": "", "client_secret": ""},
            why="TikTok issues the app's secret by hand in its developer portal; there is no call that rotates it.",
        )
        self.google = self._secret(
            "Google",
            "google",
            says="A Google service account's key, or a workload identity pool's file, for Google Analytics.",
            empty={},
            why="Google hands out a service account's key by hand; without a key, which the guide prefers, the file "
            "holds nothing that could be rotated.",
        )
        self.reports = Reports(self, "Reports", stage=stage, key=self.key, kept=self._kept) if stage.reports else None
        self.alerts = self._topic("Alerts", "alerts", f"Nightjar {stage.name} alerts")
        # Text messages leave at a time of their own. On one topic, whoever subscribes without a filter would get each
        # alert twice: once when it is published, and once when the quiet hours of a telephone are over.
        self.texts = self._topic("Texts", "texts", f"Nightjar {stage.name} texts")
        self.operators = self._topic("Operators", "operators", f"Nightjar {stage.name} operators")
        self._subscribe()
        self.operators.add_to_resource_policy(_from_alarms(self, self.operators))

    def _own_key(self) -> aws_kms.Key:
        key = aws_kms.Key(
            self,
            "Key",
            alias=f"alias/{self._stage.prefix.removesuffix('-')}",
            description=f"Nightjar {self._stage.name}: tables, tokens, queues, topics and logs",
            enable_key_rotation=True,
            removal_policy=self._kept,
        )
        # An encrypted topic drops alarms silently unless its key admits CloudWatch, the one service that publishes
        # to it by itself. Scheduler and Lambda's destinations act under roles of ours, which name the key.
        key.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="AlarmsToEncryptedTopic",
                principals=[aws_iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's policy this is the key itself
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        key.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="EncryptedLogs",
                principals=[aws_iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": self.format_arn(
                            service="logs",
                            resource="log-group",
                            resource_name=f"{LOG_PREFIX}{self._stage.prefix}*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    }
                },
            )
        )
        return key

    def _secret(
        self, construct_id: str, name: str, *, says: str, empty: dict[str, str], why: str
    ) -> aws_secretsmanager.CfnSecret:
        # Written once, empty; `aws secretsmanager put-secret-value` fills it, and deployments leave that alone because
        # this text never changes. Not the L2 construct: that widens the key's policy by wildcards we do not need.
        secret = aws_secretsmanager.CfnSecret(
            self,
            construct_id,
            name=self._stage.prefix + name,
            description=f"{says} Fill it with put-secret-value.",
            kms_key_id=self.key.key_arn,
            secret_string=json.dumps(empty),
        )
        secret.apply_removal_policy(self._kept)
        acknowledge(secret, {"AwsSolutions-SMG4": why})
        return secret

    def _topic(self, construct_id: str, name: str, display_name: str) -> aws_sns.Topic:
        topic = aws_sns.Topic(
            self,
            construct_id,
            topic_name=self._stage.prefix + name,
            display_name=display_name,
            master_key=self.key,
            enforce_ssl=True,
        )
        topic.apply_removal_policy(self._kept)
        CfnOutput(self, f"{construct_id}TopicArn", value=topic.topic_arn, description="Subscribe to this topic")
        return topic

    def _subscribe(self) -> None:
        # All that there is to tell, and no test message of another recipient's.
        everything = {"severity": aws_sns.SubscriptionFilter.string_filter(allowlist=["critical", "warn"])}
        added = [
            self.alerts.add_subscription(subscriptions.EmailSubscription(email, filter_policy=everything))
            for email in self._stage.emails
        ]
        # Each part of a text message is billed: only what cannot wait until somebody reads email.
        critical = {"severity": aws_sns.SubscriptionFilter.string_filter(allowlist=["critical"])}
        added += [
            self.texts.add_subscription(subscriptions.SmsSubscription(phone, filter_policy=critical))
            for phone in self._stage.phones
        ]
        added += [
            self.operators.add_subscription(subscriptions.EmailSubscription(email)) for email in self._stage.operators
        ]
        reason = (
            "An alarm counts alerts that SNS could not deliver, and the alerts table keeps every text: a queue of them "
            "would only be one more place with personal data."
        )
        for subscription in added:
            acknowledge(subscription, {"Serverless-SNSRedrivePolicy": reason})


def _from_alarms(stack: Stack, topic: aws_sns.Topic) -> aws_iam.PolicyStatement:
    return aws_iam.PolicyStatement(
        sid="Alarms",
        principals=[aws_iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {
                "aws:SourceArn": stack.format_arn(
                    service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
                )
            },
        },
    )
