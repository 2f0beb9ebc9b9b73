"""What starts a night: the schedule's event, a person's, or a dispatcher's own for one shard of the fleet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from functions.audit.errors import InvalidMessage
from functions.audit.merchant import MerchantId
from functions.audit.model import Model
from functions.audit.periods import EARLIEST
from functions.audit.profile import sentence


class Start(Model):
    """Which night, and of whom: everybody, one merchant, or one segment of the merchants' table."""

    scheduled_time: AwareDatetime | None = None
    # Strict: a number would be read as seconds since 1970 and open a night that nobody meant.
    night: date | None = Field(default=None, strict=True, ge=EARLIEST)
    merchant_id: MerchantId | None = None
    segment: int | None = Field(default=None, ge=0)
    segments: int | None = Field(default=None, ge=1, le=1000)
    # Any key of the table: a page may end with a row whose id is not of our form.
    start_after: str | None = Field(default=None, min_length=1, max_length=2048)

    @model_validator(mode="after")
    def _hangs_together(self) -> Start:
        if (self.night is None) == (self.scheduled_time is None):
            raise ValueError("give either night (YYYY-MM-DD) or scheduled_time (an instant), and only one of them")
        if (self.segment is None) != (self.segments is None):
            raise ValueError("segment and segments belong together")
        if self.segment is not None and self.segments is not None and self.segment >= self.segments:
            raise ValueError("segment counts from 0 and stays below segments")
        return self

    @property
    def of_night(self) -> date:
        """The UTC date that the run belongs to, the same however late it is delivered or how often repeated."""
        if self.night is not None:
            return self.night
        assert self.scheduled_time is not None  # noqa: S101 - the validator above leaves no third case
        return self.scheduled_time.astimezone(UTC).date()

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> Start:
        """Return the start that an event asks for.

        Raises:
            InvalidMessage: the event is not one of ours.
        """
        try:
            return cls.model_validate_json(json.dumps(event))
        except (ValidationError, TypeError, ValueError) as error:
            said = sentence(error) if isinstance(error, ValidationError) else "it is not plain JSON"
            raise InvalidMessage(
                f"This event cannot start or close a night: {said}. "
                'Send {"night": "YYYY-MM-DD"}, with "merchant_id" for one merchant only.'
            ) from error
