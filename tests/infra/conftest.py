"""Synthesises each stage once for all tests of this folder that a worker runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from infra.app import build
from infra.bundling import Target
from infra.stages import choose
from tests.infra.templates import Stacks

RECIPIENTS = {"emails": ["shop@example.com"], "phones": ["+442079460000"], "operators": ["ops@example.com"]}


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    @cache
    def folder(stage: str) -> Path:
        outdir = tmp_path_factory.mktemp(f"cdk-{stage}")
        # The host's bundle: the templates differ from Lambda's by its hash only, and the demo has made it already.
        build(choose(stage, recipients=RECIPIENTS), outdir, target=Target.HOST)
        return outdir

    return folder


@pytest.fixture(scope="session")
def prod(synthesised: Callable[[str], Path]) -> Stacks:
    return Stacks.read(synthesised("prod"), "prod")


@pytest.fixture(scope="session")
def demo(synthesised: Callable[[str], Path]) -> Stacks:
    return Stacks.read(synthesised("demo"), "demo")
