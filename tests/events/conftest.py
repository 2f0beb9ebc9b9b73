"""Gives each test its own pretended AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cloud import Cloud, pretended_aws


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with pretended_aws() as stage:
        yield stage
