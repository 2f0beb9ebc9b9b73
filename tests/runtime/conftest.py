"""Gives tests a logger that writes to a text, as the functions' loggers write to their stream."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from functions.runtime.telemetry import new_logger


@dataclass(frozen=True)
class Log:
    """A function's logger and what it has written."""

    logger: Logger
    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "room-of-a-test")
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    yield Log(new_logger(), stream)
    logging.Logger.manager.loggerDict.pop("room-of-a-test", None)
