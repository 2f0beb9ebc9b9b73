"""Where reports are kept: a bucket that nobody but our functions reads, and the key that signs the links to them."""

from __future__ import annotations

from typing import Final

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy, aws_iam, aws_kms, aws_s3, aws_secretsmanager
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.stages import Stage

FOLDER: Final = "reports/"  # what the keys of all reports begin with


class Reports(Construct):
    """The bucket and the links' key. Both outlive a deployment as the tables do."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, key: aws_kms.IKey, kept: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        # Names of buckets are everybody's: account and region make it ours, and let the console find it.
        self.name = f"{stage.prefix}reports-{Aws.ACCOUNT_ID}-{Aws.REGION}"
        self.arn = f"arn:{Aws.PARTITION}:s3:::{self.name}"
        self._in_folder = f"arn:<AWS::Partition>:s3:::{stage.prefix}reports-<AWS::AccountId>-<AWS::Region>/{FOLDER}*"
        bucket = aws_s3.Bucket(
            self,
            "Bucket",
            bucket_name=self.name,
            encryption=aws_s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=aws_s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            lifecycle_rules=[
                aws_s3.LifecycleRule(
                    id="Expire",
                    expiration=Duration.days(stage.report_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=kept,
        )
        reason = (
            "Two functions of ours are all that reads and writes here, and both log each report by its merchant and "
            "night; a log of every request would be one more place with personal data, and a second bucket to keep."
        )
        acknowledge(bucket, {"AwsSolutions-S1": reason})
        self.link_key = aws_secretsmanager.CfnSecret(
            self,
            "LinkKey",
            name=f"{stage.prefix}report-links",
            description="Signs the links to reports. A new value ends every link that was ever sent.",
            kms_key_id=key.key_arn,
            generate_secret_string=aws_secretsmanager.CfnSecret.GenerateSecretStringProperty(
                password_length=64, exclude_punctuation=True
            ),
        )
        self.link_key.apply_removal_policy(kept)
        rotation = "A new key ends every link in every message: it is replaced when one has leaked, by a person."
        acknowledge(self.link_key, {"AwsSolutions-SMG4": rotation})
        CfnOutput(self, "Name", value=bucket.bucket_name, description="Where the reports are")

    def explain_folder(self, role: aws_iam.Role) -> None:
        """Say why a role may reach every object of the folder."""
        reason = "The reports and nothing else of the bucket: one object a merchant and night, named as they come."
        acknowledge(role, {f"AwsSolutions-IAM5[Resource::{self._in_folder}]": reason})
