"""Calls to AWS, watched on their way: the clients of botocore make all of theirs through one door."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.client import BaseClient

GoOn = Callable[[str, dict[str, Any]], Any]


def watch_calls(patch: pytest.MonkeyPatch, watch: Callable[[GoOn, str, dict[str, Any]], Any]) -> None:
    """Have ``watch`` answer every call; it is given how the call would go on, its operation and its parameters."""
    # Events would have to be registered with each client, and those that the console makes nobody here gets to see.
    made = vars(BaseClient)["_make_api_call"]

    def watched(self: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        return watch(partial(made, self), operation, parameters)

    patch.setattr(BaseClient, "_make_api_call", watched)
