"""What can go wrong with the embedded AWS.

EmbeddedAwsError
 ├─ DeployError        an assembly could not be read or one of its stacks was not created
 └─ WaitTimeoutError   something awaited did not happen in time
"""


class EmbeddedAwsError(Exception):
    """The embedded AWS could not do what it was asked for; the message says what and why."""


class DeployError(EmbeddedAwsError):
    """A cloud assembly could not be read, or a stack of it was not created."""


class WaitTimeoutError(EmbeddedAwsError):
    """What `EmbeddedAws.wait_until` waited for did not happen in time."""
