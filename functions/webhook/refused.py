"""What a sender hears when a delivery is not taken, and what the log says of it."""

from __future__ import annotations

from http import HTTPStatus

from functions.audit.errors import NightjarError


class Refused(NightjarError):
    """The delivery is not taken. ``status`` is all that the sender hears; ``why`` is a fixed phrase for the log."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
