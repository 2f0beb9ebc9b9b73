"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import botocore.session
import moto.kms.models
import pytest
import typer.main
from botocore.loaders import create_loader
from moto.kms.utils import generate_private_key


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """Let all tests share what takes longer to make than most of them take.

    One reader of AWS's service descriptions serves all sessions. Moto gives every key a pair to sign with, also those
    that only encrypt; nobody signs here, so all keys have the same one. And the console's options are put together
    once, as in a process that calls it once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(create_loader))
        patch.setattr(moto.kms.models, "generate_private_key", cache(generate_private_key))
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield
