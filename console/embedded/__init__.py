"""An AWS inside this process, for ``nightjar demo`` and for the tests of the whole pipeline.

    with EmbeddedAws.start() as aws:
        aws.deploy(Path("cdk.out"))
        aws.fire_schedule("nightjar-demo-nightly", at=datetime(2026, 11, 22, 2, 15, tzinfo=UTC))
        aws.wait_until(aws.is_idle, timeout=30, what="the night to end")
        for delivery in aws.outbox():
            print(delivery.body)

``ministack`` emulates the services; what it does differently from AWS is said where it matters:
``server`` hosts it, ``workers`` starts its Lambda functions, ``streams`` reads tables' streams for them,
``outbox`` records what SNS delivered, ``assembly`` and ``deploy`` bring a CDK cloud assembly into it,
``aws`` is what callers use.
"""

from console.embedded.aws import EmbeddedAws, QueueDepth
from console.embedded.errors import DeployError, EmbeddedAwsError, WaitTimeoutError
from console.embedded.outbox import Delivery

__all__ = ["Delivery", "DeployError", "EmbeddedAws", "EmbeddedAwsError", "QueueDepth", "WaitTimeoutError"]
