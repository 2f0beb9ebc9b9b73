"""What the functions of an embedded AWS ask of it, and what DynamoDB would charge for it."""

from __future__ import annotations

import base64
import importlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.tables import INDEXES, KEYS, KEYS_ONLY

KIB: Final = 1024
# The console's own clients look on under this key; functions have another.
ONLOOKER: Final = "Credential=embedded/"
SERVICES: Final = ("dynamodb", "sqs", "sns", "kms", "scheduler", "secretsmanager")
_FORM_ACTION: Final = re.compile(rb"(?:^|&)Action=(\w+)")
Item = Mapping[str, Any]


@dataclass
class Meter:
    """Takes down every call of a function. Sizes are those of DynamoDB's own accounting, in bytes."""

    prefix: str
    calls: Counter[str] = field(default_factory=Counter)
    writes: float = 0.0
    reads: float = 0.0
    _indexed: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    _updates: Counter[str] = field(default_factory=Counter)
    _lookups: list[tuple[str, int, bool]] = field(default_factory=list)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Stand in front of the services that functions call, while this lasts."""
        modules: dict[str, Any] = {name: importlib.import_module(f"ministack.services.{name}") for name in SERVICES}
        real = {name: module.handle_request for name, module in modules.items()}

        def between(name: str) -> Any:
            async def answer(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
                answered = await real[name](method, path, headers, body, query)
                if ONLOOKER not in headers.get("authorization", ""):
                    self.note(name, headers, body, answered)
                return answered

            return answer

        for name, module in modules.items():
            module.handle_request = between(name)
        try:
            yield
        finally:
            for name, module in modules.items():
                module.handle_request = real[name]

    def note(self, service: str, headers: Mapping[str, str], body: bytes, answered: Sequence[Any]) -> None:
        """Take down one call and what came of it."""
        form = _FORM_ACTION.search(body or b"")
        action = form.group(1).decode() if form else headers.get("x-amz-target", "").rpartition(".")[2]
        self.calls[f"{service}:{action}"] += 1
        if service == "dynamodb":
            self.take(action, json.loads(body), answered[0], json.loads(answered[2] or b"{}"))

    def settle(self, sizes: Mapping[str, float]) -> None:
        """Add what can only be reckoned from how big the items of a table are in the end."""
        for table, count in self._updates.items():
            self.writes += count * units(sizes[table])
        for table, items, consistent in self._lookups:
            self.reads += max(math.ceil(items * sizes.get(table, 0) / (4 * KIB)), 1) * (1.0 if consistent else 0.5)

    def take(self, action: str, asked: dict[str, Any], status: int, answer: dict[str, Any]) -> None:
        """Take down what one call of DynamoDB costs."""
        match action:
            case "PutItem" if status == 200:
                self._put(asked["TableName"], asked["Item"], times=1)
            case "PutItem" | "UpdateItem" if status != 200:
                self.writes += 1  # a condition that does not hold is charged, too
            case "UpdateItem":
                self._updates[self._plain(asked["TableName"])] += 1
            case "TransactWriteItems":
                for write in asked["TransactItems"]:
                    ((kind, part),) = write.items()
                    if kind == "Put" and status == 200:
                        self._put(part["TableName"], part["Item"], times=2)
                    else:
                        self.writes += 2
            case "GetItem":
                self._lookups.append((self._plain(asked["TableName"]), 1, bool(asked.get("ConsistentRead"))))
            case "Query" | "Scan":
                seen = answer.get("ScannedCount", 0)
                self._lookups.append((self._plain(asked["TableName"]), seen, bool(asked.get("ConsistentRead"))))

    def _put(self, table: str, item: Item, *, times: int) -> None:
        name = self._plain(table)
        size = units(size_of(item))
        self.writes += times * size
        where = (name, *(item[part]["S"] for part in KEYS[name]))
        indexes = INDEXES.get(name, {})
        now = frozenset(index for index, parts in indexes.items() if parts[0] in item)
        before = self._indexed.get(where, frozenset())
        self.writes += sum(1 if (name, index) in KEYS_ONLY else size for index in now) + len(before - now)
        self._indexed[where] = now

    def _plain(self, table: str) -> str:
        return table.removeprefix(self.prefix)


def units(size: float) -> int:
    """Return the write units of an item."""
    return max(math.ceil(size / KIB), 1)


def size_of(item: Item) -> int:
    """Return an item's bytes: its names and its values (developer guide, "DynamoDB item sizes and formats")."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(typed: Item) -> int:  # noqa: PLR0911 - one case for each type
    value: Any
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            digits = len(value.strip("-").replace(".", ""))
            return 1 + math.ceil(digits / 2) + (1 if value.startswith("-") else 0)
        case "B":
            return len(value if isinstance(value, bytes) else base64.b64decode(value))
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(entry) for name, entry in value.items())
        case "L":
            return 3 + sum(1 + _value(entry) for entry in value)
        case "SS":
            return sum(len(entry.encode()) for entry in value)
        case _:
            return 1


def sizes_of(items: Mapping[str, Sequence[Item]]) -> dict[str, list[int]]:
    """Return the bytes of every item, by table."""
    found: dict[str, list[int]] = defaultdict(list)
    for table, rows in items.items():
        found[table] = sorted(size_of(row) for row in rows)
    return found
