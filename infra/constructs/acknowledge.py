"""One way to say why a finding of cdk-nag is accepted: the rule, and the reason in words."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: dict[str, str]) -> None:
    """Record that these rules (as in ``AwsSolutions-SQS3``) are broken on purpose, each with its reason.

    A rule that finds several things in one place names each in brackets, and is acknowledged one by one: the wildcard
    that was explained does not cover the next one that somebody writes.
    """
    for rule, reason in reasons.items():
        pack = rule.partition("-")[0]
        Validations.of(construct).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))
