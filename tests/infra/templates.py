"""Reads synthesised templates: resources by type and name, and policy statements with the roles they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """One stack's template."""

    path: Path
    body: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Template:
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    def of_type(self, kind: str) -> dict[str, Properties]:
        """Return the properties of every resource of a type (as in ``SQS::Queue``) by logical id."""
        resources = self.body["Resources"].items()
        return {name: found["Properties"] for name, found in resources if found["Type"] == f"AWS::{kind}"}

    def named(self, kind: str, key: str, name: str) -> Properties:
        """Return the one resource of a type whose property ``key`` is ``name``."""
        return next(found for found in self.of_type(kind).values() if found.get(key) == name)

    def logical_id(self, kind: str, key: str, name: str) -> str:
        return next(id_ for id_, found in self.of_type(kind).items() if found.get(key) == name)

    def deletion_policies(self, kind: str) -> set[str]:
        return {found["DeletionPolicy"] for found in self.body["Resources"].values() if found["Type"] == f"AWS::{kind}"}

    def statements(self) -> Iterator[tuple[str, Properties]]:
        """Yield every statement of every role's policy with the policy's logical id."""
        for name, policy in self.of_type("IAM::Policy").items():
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement

    def statements_of(self, room: str) -> list[Properties]:
        return [statement for name, statement in self.statements() if name.startswith(room)]


@dataclass(frozen=True, slots=True)
class Stacks:
    """Both templates of a stage."""

    data: Template
    app: Template

    @classmethod
    def read(cls, folder: Path, stage: str) -> Stacks:
        return cls(*(Template.read(folder / f"nightjar-{stage}-{half}.template.json") for half in ("data", "app")))


def listed(value: Any) -> list[Any]:
    """Return what a policy may write as one value or as a list, always as a list."""
    return value if isinstance(value, list) else [value]
