"""What the fetcher's stories share: a scripted world behind respx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import respx

from tests.fetcher.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with respx.mock(assert_all_called=False) as router:
        world = World()
        router.route().mock(side_effect=world)
        yield world
