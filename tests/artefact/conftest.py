"""The host's bundle, unpacked once for all tests of this folder that a worker runs."""

from __future__ import annotations

import pytest

from infra.bundling import Target, bundle
from tests.artefact.task import Task, supply, unpack


@pytest.fixture(scope="session")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = tmp_path_factory.mktemp("lambda")
    return Task(unpack(bundle(Target.HOST).path, folder / "task"), supply(folder / "runtime"))
