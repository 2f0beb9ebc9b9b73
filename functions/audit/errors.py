"""The errors of the domain.

NightjarError                   every error that Nightjar raises on purpose; its text says what to do
├── InvalidInput                a merchant, a profile, a night or a call that cannot be used as it is
│   └── ForbiddenHost           an address that a token may not be sent to
├── NeverOpened                 a night that no dispatcher opened: there is nothing to close
├── InvalidMessage              a message or event that is not one of ours; retrying it is useless
└── Conflict                    somebody else wrote first; read again and decide anew
"""


class NightjarError(Exception):
    """Every error that Nightjar raises on purpose. Its text is for people and holds no secret."""


class InvalidInput(NightjarError):
    """A merchant, a profile, a night or a call cannot be used as it is; the text says what to change."""


class ForbiddenHost(InvalidInput):
    """The address is not https, or its host is not one that the operator allows."""


class NeverOpened(NightjarError):
    """No dispatcher ever opened the night. Trying again cannot help: somebody has to start it."""


class InvalidMessage(NightjarError):
    """A queue message, stream record or event that is not one of ours. Trying again cannot help."""


class Conflict(NightjarError):
    """A conditional write lost against another writer."""
