"""What the fetcher's stories share: a scripted world behind respx, and an empty stage for those about the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import respx

from tests.cloud import Cloud, pretended_aws
from tests.fetcher.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with respx.mock(assert_all_called=False) as router:
        world = World()
        router.route().mock(side_effect=world)
        yield world


@pytest.fixture(scope="module")
def stage() -> Iterator[Cloud]:
    """One stage for all stories of a module: each is about a merchant of its own."""
    with pretended_aws() as cloud:
        yield cloud
