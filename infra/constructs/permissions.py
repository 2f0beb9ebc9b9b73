"""Policy statements as narrow as AWS allows. The CDK's own grants add index and action wildcards, so none is used."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, aws_dynamodb, aws_iam, aws_kms, aws_sns, aws_sqs

# What DynamoDB asks of a caller's key permissions, without the star of ReEncrypt* and GenerateDataKey*
# (developer guide, "Using customer managed keys"). SQS and SNS need the first two only.
_READ_AND_SEND = ["kms:Decrypt", "kms:GenerateDataKey"]
_TABLE_KEY_USE = [
    *_READ_AND_SEND,
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]


def allow(actions: Sequence[str], resources: Sequence[str], **conditions: object) -> aws_iam.PolicyStatement:
    """Return a statement that allows just this."""
    return aws_iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions or None)


def use_table(table: aws_dynamodb.Table, *operations: str) -> aws_iam.PolicyStatement:
    """Allow DynamoDB ``operations`` (as in ``GetItem``) on a table itself, not on its indexes."""
    return allow([f"dynamodb:{operation}" for operation in operations], [table.table_arn])


def update_attributes(table: aws_dynamodb.Table, *attributes: str) -> aws_iam.PolicyStatement:
    """Allow these attributes of a table's items to be written or compared with, and no item to be returned.

    The keys are to be among them: DynamoDB counts them as named by every request, so the list is never empty
    (developer guide, "Using IAM policy conditions for fine-grained access control").
    """
    conditions: dict[str, object] = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": sorted(attributes)},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }
    return allow(["dynamodb:UpdateItem"], [table.table_arn], **conditions)


def query_index(table: aws_dynamodb.Table, index: str) -> aws_iam.PolicyStatement:
    """Allow one index of a table to be queried."""
    return allow(["dynamodb:Query"], [f"{table.table_arn}/index/{index}"])


def consume_stream(table: aws_dynamodb.Table) -> aws_iam.PolicyStatement:
    """Allow Lambda's pollers, which act as the function, to read a table's stream."""
    if table.table_stream_arn is None:
        raise ValueError(f"{table.node.path} has no stream")
    reads = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]
    # ListStreams knows no narrower resource than the streams of one table.
    return allow([f"dynamodb:{read}" for read in reads], [table.table_stream_arn])


def consume(queue: aws_sqs.IQueue) -> aws_iam.PolicyStatement:
    """Allow Lambda's pollers, which act as the function, to take messages from a queue."""
    return allow(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], [queue.queue_arn])


def send(queue: aws_sqs.IQueue) -> aws_iam.PolicyStatement:
    """Allow messages to be sent to a queue."""
    return allow(["sqs:SendMessage"], [queue.queue_arn])


def publish(topic: aws_sns.ITopic) -> aws_iam.PolicyStatement:
    """Allow messages to be published to a topic."""
    return allow(["sns:Publish"], [topic.topic_arn])


def use_key_for_tables(key: aws_kms.IKey) -> aws_iam.PolicyStatement:
    """Allow the key to be used by DynamoDB on the caller's behalf, and not by the caller itself."""
    return _use_key(key, _TABLE_KEY_USE, ["dynamodb"])


def decrypt_for_tables(key: aws_kms.IKey) -> aws_iam.PolicyStatement:
    """Allow DynamoDB to decrypt on the caller's behalf what it only reads, and the caller to decrypt nothing."""
    return _use_key(key, ["kms:Decrypt"], ["dynamodb"])


def use_key_through(key: aws_kms.IKey, *services: str) -> aws_iam.PolicyStatement:
    """Allow the key to be used by ``services`` (as in ``sqs``) on the caller's behalf, and not by the caller itself."""
    return _use_key(key, _READ_AND_SEND, services)


def use_objects(bucket_arn: str, folder: str, *operations: str) -> aws_iam.PolicyStatement:
    """Allow S3 ``operations`` (as in ``GetObject``) on the objects of one folder of a bucket."""
    return allow([f"s3:{operation}" for operation in operations], [f"{bucket_arn}/{folder}*"])


def read_secret(secret_arn: str) -> aws_iam.PolicyStatement:
    """Allow one secret to be read; that takes ``decrypt_secret`` too when the role may not use the key itself."""
    return allow(["secretsmanager:GetSecretValue"], [secret_arn])


def decrypt_secret(key: aws_kms.IKey, secret_arn: str) -> aws_iam.PolicyStatement:
    """Allow Secrets Manager to decrypt this one secret on the caller's behalf, and the caller to decrypt nothing."""
    held = {
        "kms:ViaService": f"secretsmanager.{Aws.REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": secret_arn,
    }
    return allow(["kms:Decrypt"], [key.key_arn], StringEquals=held)


def _use_key(key: aws_kms.IKey, actions: Sequence[str], services: Sequence[str]) -> aws_iam.PolicyStatement:
    through = [f"{service}.{Aws.REGION}.amazonaws.com" for service in sorted(services)]
    return allow(actions, [key.key_arn], StringEquals={"kms:ViaService": through})
